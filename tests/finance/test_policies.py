"""A book's policy of rates: what a fresh one says aloud, and changing it as a recorded act."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client

from channels.models import ChannelAccount
from ecomhub.access import Actor, Role
from ecomhub.models import Event
from finance import tasks
from finance.accounting.policies import PolicyRefused, change_policy, changes_of
from finance.closing import period_checks, periods
from finance.closing.period_checks import Finding, Weight
from finance.closing.periods import PeriodRefused
from finance.models import (
    Book,
    FxRate,
    Journal,
    MoneyAccount,
    OrderMoney,
    PolicyChange,
    Posting,
    Settlement,
    SettlementFile,
)
from finance.statements import importing, money_accounts, uploading
from orders.models import Order
from tests.browser.looking import logged_in, person
from tests.finance.making import book_sale, make_book, make_rate
from tests.finance.selling import LATER, SHIPPED_AT, sell, turn
from tests.finance.settling import AT, take
from tests.finance.v2 import V2, fee, price
from tests.orders import factory

pytestmark = pytest.mark.django_db(transaction=True)

MARCH = date(2026, 3, 31)
FINANCE = Actor(name="accountant", role=Role.FINANCE)
PARITY = {"rate_policy": "day", "rate_source": "pboc", "rate_days": 7, "allows_cross_rates": False}
FIRST = {"rate_policy": "day", "rate_source": "ecb", "rate_days": 92, "allows_cross_rates": True}
CAPS = {"rounding_cap": "0.10", "rounding_cap_month": "2.00"}


@pytest.fixture
def shop(transactional_db: None) -> ChannelAccount:
    """A seller in the USA; nobody opened the book of the company, which is in yuan."""
    return factory.make_account(name="Busy seller", go_live_at=datetime(2026, 2, 1, tzinfo=UTC))


@pytest.fixture
def account(shop: ChannelAccount) -> MoneyAccount:
    """Its money account, with the book that was opened by itself."""
    return money_accounts.of_channel(channel=shop, at=AT)


@pytest.fixture
def euros(transactional_db: None) -> None:
    """What the European Central Bank published: everything for one euro."""
    for day in (date(2026, 3, 2), date(2026, 3, 5)):
        make_rate("EUR", "USD", "1.25", on=day)
        make_rate("EUR", "CNY", "9.00", on=day)


@pytest.fixture
def order(shop: ChannelAccount) -> Order:
    """The order the rows speak of."""
    factory.make_goods({"mug": 10}, account=shop)
    return factory.taken(shop, factory.incoming(1))


def change(book: Book, **changes: Any) -> PolicyChange:
    """Change a book's policy as the accountant does."""
    given: dict[str, Any] = {
        "reason": "The auditor wants the central parity",
        "actor": FINANCE,
        "at": AT,
    } | changes
    return change_policy(book=book, **{**PARITY, **given})


def parity() -> None:
    """The central parity of the days that the statements speak of."""
    for day in (date(2026, 3, 5), date(2026, 3, 15)):
        make_rate("USD", "CNY", "7.1", on=day, source="pboc")


def statement(number: str = "9001", amount: str = "100.00", *, day: int = 5) -> V2:
    """A small settlement in dollars."""
    return V2([price(amount, day=day), fee("-10.00", day=day)], number=number)


def crossed(book: Book, through: date = MARCH) -> Finding:
    """What the checklist says of rates through a third currency."""
    (found,) = (one for one in period_checks.look(book=book, through=through) if one.key == "crossed")
    return found


def flagged(client: Client, settlement: Settlement) -> bool:
    """Whether a settlement's page says that it was booked by such rates."""
    return "cross rates" in client.get(f"/finance/settlements/{settlement.pk}/").content.decode()


def test_a_fresh_installation_books_dollars_in_yuan_and_is_loud_about_the_rate(
    account: MoneyAccount, order: Order, euros: None, tmp_path: Path
) -> None:
    (summary,) = take(account, statement().write(tmp_path))
    assert summary.state == SettlementFile.State.POSTED
    settlement = Settlement.objects.get()
    client = logged_in(person())
    assert flagged(client, settlement)
    found = crossed(account.book)
    assert (found.weight, found.count, found.examples) == (Weight.ACCEPTABLE, 1, ["USD/CNY 2026-03-05"])
    assert "through a third currency" in client.get("/finance/rates/").content.decode()
    kinds = {row.kind for row, _title in client.get("/finance/rates/?kind=cross").context["rows"]}
    assert kinds == {"cross"}


def test_such_a_period_is_closed_only_with_a_reason_that_stays(
    account: MoneyAccount, euros: None, tmp_path: Path
) -> None:
    make_rate("EUR", "USD", "1.25", on=date(2026, 3, 30))
    make_rate("EUR", "CNY", "9.00", on=date(2026, 3, 30))
    take(account, statement().write(tmp_path))
    found = period_checks.look(book=account.book, through=MARCH)
    others = {one.key: "seen" for one in found if one.key != "crossed" and one.weight is Weight.ACCEPTABLE}
    asked: dict[str, Any] = {"book": account.book, "through": MARCH, "at": AT, "actor": FINANCE}
    with pytest.raises(PeriodRefused, match="with a reason: crossed"):
        periods.close(**asked, accepted=others)
    act = periods.close(**asked, accepted=others | {"crossed": "Agreed with the auditor"})
    (said,) = (one for one in act.checks if one["key"] == "crossed")
    assert said["accepted"] == "Agreed with the auditor"


def test_rates_published_for_their_pair_and_books_in_other_currencies_raise_nothing(
    account: MoneyAccount, order: Order, euros: None, tmp_path: Path
) -> None:
    change(account.book)
    parity()
    take(account, statement().write(tmp_path))
    settlement = Settlement.objects.get()
    assert settlement.state == Settlement.State.POSTED
    assert not flagged(logged_in(person()), settlement)
    assert crossed(account.book).is_fine
    dollars = make_book(currency="USD", allows_cross_rates=True)
    assert crossed(dollars).is_fine


def test_an_upload_says_on_its_card_that_cross_rates_booked_it(
    account: MoneyAccount, order: Order, euros: None, tmp_path: Path
) -> None:
    client = logged_in(person())
    with statement().write(tmp_path).open("rb") as content:
        answer = client.post("/finance/import/", {"account": f"m{account.pk}", "documents": content})
    assert answer.status_code in (200, 302), answer.content.decode()
    for pk in uploading.due_imports():
        uploading.carry_out(import_id=pk, now=lambda: AT)
    assert "cross rates" in client.get("/finance/import/").content.decode()


def test_the_command_that_imports_says_it_in_words_and_keeps_the_keys_of_its_objects(
    account: MoneyAccount, order: Order, euros: None, tmp_path: Path
) -> None:
    path = statement().write(tmp_path)
    out = StringIO()
    call_command("import_settlement", "--account", account.name, str(path), stdout=out)
    assert "through a third currency" in out.getvalue()
    out = StringIO()
    call_command("import_settlement", "--account", account.name, str(path), "--json", stdout=out)
    assert "lines_posted" in json.loads(out.getvalue())


def test_a_change_holds_for_what_is_booked_from_then_on_and_nothing_booked_changes(
    account: MoneyAccount, order: Order, euros: None, tmp_path: Path
) -> None:
    parity()
    take(account, statement().write(tmp_path))
    before = list(Posting.objects.order_by("pk").values_list("pk", "base_amount", "rate__source"))
    act = change(account.book)
    take(account, statement("9002").write(tmp_path))
    after = list(Posting.objects.order_by("pk").values_list("pk", "base_amount", "rate__source"))
    assert after[: len(before)] == before
    assert {source for _pk, _base, source in before} == {"ecb"}
    assert {source for _pk, _base, source in after[len(before) :]} == {"pboc"}
    assert act.instead_of == FIRST | CAPS
    client = logged_in(person())
    shown = {one.external_id: flagged(client, one) for one in Settlement.objects.all()}
    assert shown == {"9001": True, "9002": False}


def test_what_waited_for_a_rate_is_booked_by_the_clockwork_once_the_policy_finds_one(
    account: MoneyAccount, order: Order, euros: None, tmp_path: Path
) -> None:
    change(account.book)
    take(account, statement().write(tmp_path))
    assert Settlement.objects.get().reason == "rate_missing"
    tasks.catch_up()
    assert not Journal.objects.filter(kind="settlement").exists()
    change(account.book, **FIRST, reason="Parity is not imported yet")
    tasks.catch_up()
    assert Settlement.objects.get().state == Settlement.State.POSTED
    assert Posting.objects.get(account="1110", amount=100).base_amount == Decimal("720.00")


def test_an_order_that_waited_for_a_rate_is_expected_once_the_policy_finds_one(
    account: MoneyAccount, shop: ChannelAccount, euros: None
) -> None:
    change(account.book)
    factory.make_goods({"mug": 10}, account=shop)
    sell(shop)
    turn(SHIPPED_AT)
    assert OrderMoney.objects.get().reason == "rate_missing"
    change(account.book, **FIRST, reason="Parity is not imported yet")
    turn(LATER)
    assert OrderMoney.objects.get().reason == ""


def test_a_change_is_on_record_with_what_it_replaced_who_and_why() -> None:
    book = make_book()
    act = change(book, rate_policy="month_first", reason="  As the tax office asks  ")
    book.refresh_from_db()
    assert (book.rate_policy, book.rate_source) == ("month_first", "pboc")
    assert (act.actor, act.reason, act.instead_of["rate_source"]) == (
        "accountant", "As the tax office asks", "ecb",
    )  # fmt: skip
    event = Event.objects.get(object_kind="book", object_id=book.pk, kind="policy_changed")
    assert event.data["rate_policy"] == "month_first"
    later = change(book)
    assert [one.pk for one in changes_of(book=book)] == [later.pk, act.pk]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate_source": "moon"}, "no source of rates moon.*ecb, pboc"),
        ({"rate_policy": "tomorrow"}, "no policy tomorrow.*day, month_first, typed"),
        ({"rate_days": -1}, "0 to 366"),
        ({"rate_days": 367}, "0 to 366"),
        ({"reason": " "}, "Say why"),
        ({"actor": Actor(name="pia", role=Role.PICKER)}, "role"),
        ({"actor": Actor(name="half", role=Role.FINANCE, shop_ids=frozenset({1}))}, "role"),
        ({"rate_source": "ecb"}, "already"),
        ({"rounding_cap": Decimal("-0.01")}, "amount in CNY"),
        ({"rounding_cap": Decimal("0.005")}, "finer"),
        ({"rounding_cap_month": Decimal("0.05")}, "at least as much"),
    ],
)
def test_what_no_book_can_have_is_refused_with_words_and_changes_nothing(
    changes: dict[str, Any], words: str
) -> None:
    book = make_book()
    with pytest.raises(PolicyRefused, match=words):
        change(book, **changes)
    assert not PolicyChange.objects.exists()
    book.refresh_from_db()
    assert (book.rate_source, book.rate_days) == ("ecb", 7)


def test_the_database_changes_the_policy_of_a_book_in_use_only_with_its_record() -> None:
    fresh, used, changed = make_book(), make_book(), make_book()
    book_sale(used)
    change(changed)
    for book in (used, changed):
        with pytest.raises(IntegrityError, match="recorded act"):
            Book.objects.filter(pk=book.pk).update(rate_days=30)
    assert Book.objects.filter(pk=fresh.pk).update(rate_days=30) == 1
    change(used)
    used.refresh_from_db()
    assert used.rate_source == "pboc"


def test_the_dialog_changes_the_policy_and_shows_how_it_was_changed(account: MoneyAccount) -> None:
    client = logged_in(person(username="fang", role=Role.FINANCE))
    page = client.get("/finance/rates/").content.decode()
    assert f"/finance/rates/policy/?book={account.book_id}" in page
    where = {"book": account.book_id, "rate_policy": "month_first", "rate_source": "pboc", "rate_days": 7}
    where |= {"rounding_cap": "0.20", "rounding_cap_month": "3"}
    assert client.post("/finance/rates/policy/", where).status_code == 200
    assert client.post("/finance/rates/policy/", where | {"reason": "x", "rate_days": 400}).status_code == 200
    assert not PolicyChange.objects.exists()
    done = client.post("/finance/rates/policy/", where | {"reason": "The auditor asked"})
    assert done.status_code == 204, done.content.decode()
    assert PolicyChange.objects.get().actor == "fang"
    page = client.get("/finance/rates/").content.decode()
    assert "Central parity" in page
    assert "through a third currency where needed" not in page
    assert "rounding up to 0.20, 3.00 in a month" in page
    assert "The auditor asked" in client.get("/finance/rates/policy/").content.decode()
    again = client.post("/finance/rates/policy/", where | {"reason": "once more"})
    assert "already" in again.content.decode()


def test_people_limited_to_shops_and_people_without_the_right_change_no_policy(
    account: MoneyAccount, order: Order
) -> None:
    limited = person(username="half", role=Role.FINANCE, shop_ids=[order.shop_id])
    for user in (limited, person(username="pia", role=Role.PICKER)):
        client = logged_in(user)
        assert client.get("/finance/rates/policy/").status_code == 403
        assert "rates/policy" not in client.get("/finance/rates/").content.decode()


def _run(*words: str) -> dict[str, Any]:
    out = StringIO()
    call_command("book_policy", *words, "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_the_command_shows_changes_and_posts_what_waited(
    account: MoneyAccount, order: Order, euros: None, tmp_path: Path
) -> None:
    assert {key: _run()[key] for key in FIRST} == FIRST
    assert not PolicyChange.objects.exists()
    with pytest.raises(CommandError, match="Say why"):
        _run("--rate-source", "pboc")
    strict = _run("--rate-source", "pboc", "--no-cross-rates", "--rate-days", "7", "--reason", "auditor")
    assert {key: strict[key] for key in PARITY} == PARITY
    take(account, statement().write(tmp_path))
    assert importing.post_waiting(at=AT) == 0
    assert (
        _run("--rate-source", "ecb", "--cross-rates", "--rate-days", "92", "--reason", "no parity")["posted"]
        == 1
    )
    person(username="pia", role=Role.PICKER)
    with pytest.raises(CommandError, match="role"):
        _run("--rate-days", "3", "--reason", "x", "--user", "pia")
    assert FxRate.objects.filter(kind="cross").exists()


def test_the_commands_say_and_change_what_passes_as_rounding(shop: ChannelAccount) -> None:
    company = shop.shops.get().legal_entity
    out = StringIO()
    call_command(
        "book_open", "--company", company.code, "--opens-on", "2026-01-01", "--rounding-cap", "0.3", "--json",
        stdout=out,
    )  # fmt: skip
    said = json.loads(out.getvalue())
    assert (said["rounding_cap"], said["rounding_cap_month"]) == ("0.30", "2.00")
    changed = _run("--rounding-cap", "0", "--rounding-cap-month", "0", "--reason", "A person looks at all")
    assert (changed["rounding_cap"], changed["rate_source"]) == ("0.00", "ecb")
    assert PolicyChange.objects.get().instead_of["rounding_cap"] == "0.30"


@pytest.mark.parametrize(("currency", "cap", "month"), [("JPY", "10", "200"), ("KWD", "0.010", "0.200")])
def test_a_book_lets_few_of_its_smallest_units_pass_as_rounding_unless_it_says(
    currency: str, cap: str, month: str
) -> None:
    book = make_book(currency=currency)
    book.refresh_from_db()
    assert (book.rounding_cap, book.rounding_cap_month) == (Decimal(cap), Decimal(month))


def test_the_database_changes_the_caps_of_a_book_in_use_only_with_their_record() -> None:
    book = make_book()
    book_sale(book)
    with pytest.raises(IntegrityError, match="recorded act"):
        Book.objects.filter(pk=book.pk).update(rounding_cap=1)
    with pytest.raises(IntegrityError, match="recorded act"):
        Book.objects.filter(pk=book.pk).update(rounding_cap_month=1)
    change(book, rounding_cap=Decimal(1))
    book.refresh_from_db()
    assert (book.rounding_cap, book.rounding_cap_month) == (Decimal(1), Decimal(2))
