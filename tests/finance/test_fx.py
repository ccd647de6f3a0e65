"""A rate is the last one published, in its own units, by the book's policy, and never a later one."""

from __future__ import annotations

import io
import itertools
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finance.accounting.fx import BookRate, RateMissing, as_quoted, rate_for, rates_for
from finance.accounting.rate_sources import (
    MANUAL,
    PARITY,
    Quote,
    RatesUnreadable,
    packaged,
    quotes_of,
    source_of,
)
from finance.accounting.rates import (
    ensure_packaged,
    event_rate,
    has_packaged,
    import_packaged,
    import_rates,
    type_rate,
)
from finance.models import Book, FxRate
from finance.tasks import take_packaged_rates, tick
from tests.finance.making import DAY, make_book, make_rate

pytestmark = pytest.mark.django_db
_sources = itertools.count(1)

PARITY_SHEET = """日期,USD/CNY,EUR/CNY,100JPY/CNY,HKD/CNY,CNY/MYR,100CNY/KRW
2026-03-02,7.0500,7.6500,4.6100,0.9010,61.500,19850
2026-02-27,7.0400,7.6400,4.6000,0.9000,61.400,---
数据来源：中国货币网,,,,,,
""".encode()


def _row(rate: BookRate) -> FxRate:
    return FxRate.objects.get(pk=rate.rate_id or 0)


def _ago(days: int) -> date:
    return DAY - timedelta(days=days)


def test_the_last_published_rate_is_taken_at_most_so_many_days_back() -> None:
    book = make_book(rate_days=7)
    make_rate("EUR", "CNY", "7.60", on=_ago(9))
    assert rates_for(book=book, wanted=[("EUR", DAY)]) == {}
    make_rate("EUR", "CNY", "7.65", on=_ago(7))
    assert rate_for(book=book, currency="EUR", day=DAY).multiply == Decimal("7.65")
    make_rate("EUR", "CNY", "7.70", on=DAY)
    assert rate_for(book=book, currency="EUR", day=DAY).multiply == Decimal("7.70")
    assert rate_for(book=book, currency="EUR", day=_ago(1)).multiply == Decimal("7.65")


def test_a_later_rate_is_never_taken() -> None:
    book = make_book()
    make_rate("EUR", "CNY", "7.65", on=DAY + timedelta(days=1))
    with pytest.raises(RateMissing, match=r"EUR in CNY for 2026-03-02.*Import rates or type one"):
        rate_for(book=book, currency="EUR", day=DAY)


def test_the_books_own_currency_needs_no_rate() -> None:
    rate = rate_for(book=make_book(), currency="CNY", day=DAY)
    assert rate.rate_id is None
    assert rate.base(Decimal("12.34")) == Decimal("12.34")


def test_a_corrected_rate_is_a_new_version_and_counts_from_then_on() -> None:
    book = make_book()
    make_rate("EUR", "CNY", "7.65")
    make_rate("EUR", "CNY", "7.66", version=2)
    assert rate_for(book=book, currency="EUR", day=DAY).multiply == Decimal("7.66")


def test_the_units_and_the_direction_of_a_quotation_are_kept() -> None:
    book = make_book(rate_source=PARITY)
    done = import_rates(data=PARITY_SHEET, name="parity.csv")
    assert (done.source, done.rates, done.new) == (PARITY, 11, 11)
    held = {(row.base, row.quote): (row.unit, row.rate) for row in FxRate.objects.filter(on=date(2026, 3, 2))}
    assert held[("JPY", "CNY")] == (100, Decimal("4.61"))
    assert held[("CNY", "MYR")] == (100, Decimal("61.5"))
    assert held[("CNY", "KRW")] == (100, Decimal(19850))
    assert held[("USD", "CNY")] == (1, Decimal("7.05"))
    base = {
        currency: rate_for(book=book, currency=currency, day=DAY).base(Decimal(1000))
        for currency in ("JPY", "MYR", "KRW", "USD")
    }
    assert base == {
        "JPY": Decimal("46.10"),
        "MYR": Decimal("1626.02"),
        "KRW": Decimal("5.04"),
        "USD": Decimal("7050.00"),
    }


def test_the_rate_of_the_months_first_day_is_the_last_one_published_by_then() -> None:
    book = make_book(rate_source=PARITY, rate_policy=Book.RatePolicy.MONTH_FIRST)
    import_rates(data=PARITY_SHEET, name="parity.csv")
    rate = rate_for(book=book, currency="USD", day=date(2026, 3, 20))
    assert (rate.multiply, rate.on) == (Decimal("7.04"), date(2026, 2, 27))


def test_a_typed_monthly_rate_is_of_its_month_only() -> None:
    book = make_book(rate_policy=Book.RatePolicy.TYPED)
    make_rate("USD", "CNY", "7.05", on=date(2026, 3, 1))
    with pytest.raises(RateMissing, match="Type the month's rate of USD in CNY for 2026-03-01"):
        rate_for(book=book, currency="USD", day=DAY)
    type_rate(base="USD", quote="CNY", on=date(2026, 3, 1), rate=Decimal("7.1"), reason="Accountant's rate")
    assert rate_for(book=book, currency="USD", day=date(2026, 3, 31)).multiply == Decimal("7.1")
    with pytest.raises(RateMissing):
        rate_for(book=book, currency="USD", day=date(2026, 4, 1))


def test_a_persons_own_rate_counts_like_a_published_one_and_wins_on_its_day() -> None:
    book = make_book()
    make_rate("USD", "CNY", "7.05", on=DAY)
    type_rate(base="USD", quote="CNY", on=DAY, rate=Decimal("7.2"), reason="Bank's rate")
    assert rate_for(book=book, currency="USD", day=DAY).multiply == Decimal("7.2")
    make_rate("USD", "CNY", "7.06", on=DAY + timedelta(days=1))
    assert rate_for(book=book, currency="USD", day=DAY + timedelta(days=1)).multiply == Decimal("7.06")


def test_a_cny_book_uses_no_rate_through_a_third_currency_unless_it_says_so() -> None:
    make_rate("EUR", "USD", "1.10")
    make_rate("EUR", "CNY", "7.70")
    with pytest.raises(RateMissing, match=r"no rates through a third currency \(EUR\)"):
        rate_for(book=make_book(), currency="USD", day=DAY)
    assert not FxRate.objects.filter(kind="cross").exists()
    rate = rate_for(book=make_book(allows_cross_rates=True), currency="USD", day=DAY)
    assert rate.base(Decimal(100)) == Decimal("700.00")
    row = _row(rate)
    assert row.first_leg is not None
    assert row.second_leg is not None
    assert (row.kind, row.first_leg.quote, row.second_leg.quote) == ("cross", "USD", "CNY")
    assert rate_for(book=make_book(allows_cross_rates=True), currency="USD", day=DAY).rate_id == row.pk


def test_the_legs_of_a_cross_rate_are_of_one_day() -> None:
    book = make_book(allows_cross_rates=True)
    make_rate("EUR", "USD", "1.10", on=_ago(1))
    make_rate("EUR", "CNY", "7.70", on=_ago(1))
    make_rate("EUR", "USD", "1.20", on=DAY)
    rate = rate_for(book=book, currency="USD", day=DAY)
    assert (rate.multiply, rate.on) == (Decimal(7), _ago(1))


def test_a_corrected_leg_makes_a_new_cross_rate() -> None:
    book = make_book(allows_cross_rates=True)
    make_rate("EUR", "USD", "1.10")
    make_rate("EUR", "CNY", "7.70")
    before = rate_for(book=book, currency="USD", day=DAY)
    make_rate("EUR", "CNY", "7.81", version=2)
    after = rate_for(book=book, currency="USD", day=DAY)
    assert (before.multiply, after.multiply) == (Decimal(7), Decimal("7.1"))
    assert _row(after).version == 2


def test_two_publishers_are_never_mixed_in_one_rate() -> None:
    book = make_book(allows_cross_rates=True)
    make_rate("EUR", "USD", "1.10")
    make_rate("EUR", "CNY", "7.70", source="other")
    assert rates_for(book=book, wanted=[("USD", DAY)]) == {}


def test_central_parity_quotations_cross_in_both_directions() -> None:
    book = make_book(currency="USD", rate_source=PARITY, allows_cross_rates=True)
    import_rates(data=PARITY_SHEET, name="parity.csv")
    rate = rate_for(book=book, currency="MYR", day=DAY)
    assert rate.base(Decimal(615)) == Decimal("141.84")  # 1000 CNY at 7.05
    assert rate_for(book=book, currency="JPY", day=DAY).base(Decimal(100_000)) == Decimal("653.90")


@settings(max_examples=25, deadline=None)
@given(
    published=st.dictionaries(st.integers(0, 40), st.integers(100, 900), max_size=8),
    day=st.integers(0, 40),
    age=st.integers(0, 12),
)
def test_resolving_agrees_with_looking_back_day_by_day(published: dict[int, int], day: int, age: int) -> None:
    base = date(2026, 1, 1)
    source = f"source {next(_sources)}"
    for offset, rate in published.items():
        make_rate("EUR", "CNY", str(Decimal(rate) / 100), on=base + timedelta(days=offset), source=source)
    book = make_book(rate_days=age, rate_source=source)
    expected = next((published[at] for at in range(day, day - age - 1, -1) if at in published), None)
    found = rates_for(book=book, wanted=[("EUR", base + timedelta(days=day))])
    assert [rate.multiply * 100 for rate in found.values()] == ([] if expected is None else [expected])


@given(
    amount=st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    rate=st.decimals(min_value="0.000001", max_value="100000", places=6),
    unit=st.sampled_from([1, 100, 1000]),
    inverse=st.booleans(),
)
def test_a_conversion_is_rounded_once_and_half_up(
    amount: Decimal, rate: Decimal, unit: int, inverse: bool
) -> None:
    multiply, divide = (Decimal(unit), rate) if inverse else (rate, Decimal(unit))
    got = BookRate("CNY", 1, multiply, divide, DAY).base(amount)
    exact = Fraction(amount) * Fraction(multiply) / Fraction(divide)
    assert abs(Fraction(got) - exact) <= Fraction(1, 200)
    assert got.as_tuple().exponent == -2
    cents = abs(exact) * 100
    if cents % 1 == Fraction(1, 2):
        assert abs(got) * 100 > Decimal(int(cents))


@given(exact=st.decimals(min_value="1e-9", max_value="1e9").filter(lambda rate: rate > 0))
def test_a_stored_cross_rate_keeps_ten_digits(exact: Decimal) -> None:
    unit, rate = as_quoted(exact)
    assert abs(rate / unit - exact) / exact < Decimal("1e-9")


@pytest.fixture
def short_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """The packaged file with its newest days and two weeks of an older January."""
    with zipfile.ZipFile(io.BytesIO(packaged())) as archive:
        name = archive.namelist()[0]
        lines = archive.read(name).splitlines(keepends=True)
    kept = [*lines[:10], *(line for line in lines[1:] if line.startswith(b"2016-01-0"))]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, b"".join(kept))
    monkeypatch.setattr("finance.accounting.rate_sources.packaged", packed.getvalue)
    monkeypatch.setattr(
        "finance.accounting.rates._packaged_digest", lambda: sha256(packed.getvalue()).hexdigest()
    )


def test_the_packaged_history_reads_back_to_the_euros_first_day() -> None:
    quotes = quotes_of(data=packaged(), source=source_of("ecb"))
    assert len(quotes) > 200_000
    assert quotes[-1].on == date(1999, 1, 4)
    assert Quote("EUR", "USD", 1, date(1999, 1, 4), Decimal("1.1789")) in quotes[-60:]


@pytest.mark.usefixtures("short_history")
def test_the_ecbs_history_comes_with_the_installation_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[object] = []
    monkeypatch.setattr("finance.tasks.ring", lambda task, *_args: rung.append(task))
    assert not has_packaged()
    tick()
    assert take_packaged_rates in rung
    take_packaged_rates()
    assert has_packaged()
    rung.clear()
    tick()
    assert take_packaged_rates not in rung
    again = import_packaged()
    assert (again.was_known, again.new) == (True, 0)
    assert FxRate.objects.count() == again.rates > 200
    book = make_book(allows_cross_rates=True, opens_on=date(2010, 1, 1))
    saturday, friday = date(2016, 1, 9), date(2016, 1, 8)
    assert rate_for(book=book, currency="USD", day=saturday).on == friday


def test_a_publisher_that_corrects_a_rate_adds_a_version() -> None:
    head = b"Date,USD,CNY,\n"
    import_rates(data=head + b"2026-03-02,1.10,7.70,\n2026-02-27,1.09,N/A,\n", name="a.csv")
    done = import_rates(data=head + b"2026-03-02,1.10,7.71,\n2026-02-27,1.09,N/A,\n", name="b.csv")
    assert (done.new, done.corrected, done.rates) == (0, 1, 3)
    rates = FxRate.objects.filter(quote="CNY").order_by("version").values_list("version", "rate")
    assert list(rates) == [(1, Decimal("7.70")), (2, Decimal("7.71"))]


def test_a_rate_in_the_wrong_unit_is_refused_by_what_the_ecb_says() -> None:
    make_rate("EUR", "KRW", "1491.76")
    make_rate("EUR", "CNY", "7.4326")
    wrong = PARITY_SHEET.replace(b"100CNY/KRW", b"1CNY/KRW")
    with pytest.raises(RatesUnreadable, match="1 CNY for 19850 KRW is far from"):
        import_rates(data=wrong, name="parity.csv")
    assert not FxRate.objects.filter(source=PARITY).exists()
    assert import_rates(data=PARITY_SHEET, name="parity.csv").new == 11


def test_a_plain_list_is_taken_in_for_a_named_source() -> None:
    data = b"date,base,quote,unit,rate\n2026-03-02,VND,CNY,1000,0.27\n2026/03/03,twd,CNY,,0.22\n"
    with pytest.raises(RatesUnreadable, match="whose rates"):
        import_rates(data=data, name="list.csv")
    with pytest.raises(RatesUnreadable, match="need a reason"):
        import_rates(data=data, name="list.csv", source=MANUAL)
    done = import_rates(data=data, name="list.csv", source=MANUAL, reason="Bank of Taiwan")
    assert done.new == 2
    row = FxRate.objects.get(base="VND")
    assert (row.kind, row.unit, row.reason) == ("typed", 1000, "Bank of Taiwan")
    assert rate_for(book=make_book(), currency="VND", day=DAY).base(Decimal(1_000_000)) == Decimal("270.00")


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (b"2026-03-02,XQQ,CNY,1,7", "XQQ is not a currency"),
        (b"2026-03-02,CNY,CNY,1,7", "currencies are the same"),
        (b"2026-03-02,USD,CNY,0,7", "0 is not a unit"),
        (b"02.03.26,USD,CNY,1,7", "02.03.26 is not a day"),
        (b"2026-03-02,USD,CNY,1,-7", "-7 is not a rate"),
        (b"2026-03-02,USD,CNY,1,7\n2026-03-02,USD,CNY,1,8", "two rates of USD"),
    ],
)
def test_a_list_that_is_not_clear_is_refused_wholly(row: bytes, words: str) -> None:
    data = b"date,base,quote,unit,rate\n2026-03-02,EUR,CNY,1,7.7\n" + row
    with pytest.raises(RatesUnreadable, match=words):
        import_rates(data=data, name="list.csv", source="platform")
    assert not FxRate.objects.exists()


def test_the_rate_of_a_conversion_is_what_was_given_and_got() -> None:
    made = event_rate(
        base="CAD", quote="CNY", on=DAY, sold=Decimal("-100"), bought=Decimal("513.20"), reason="wallet 1"
    )
    same = event_rate(
        base="CAD", quote="CNY", on=DAY, sold=Decimal("50"), bought=Decimal("256.60"), reason="wallet 2"
    )
    other = event_rate(
        base="CAD", quote="CNY", on=DAY, sold=Decimal(1), bought=Decimal("5.14"), reason="wallet 3"
    )
    assert made.rate == Decimal("5.132")
    assert (same.pk, other.version) == (made.pk, 2)
    assert rates_for(book=make_book(), wanted=[("CAD", DAY)]) == {}


@pytest.mark.usefixtures("short_history")
def test_who_needs_a_rate_at_once_takes_the_packaged_ones_in() -> None:
    assert ensure_packaged()
    assert not ensure_packaged()
