"""From payout to wallet to bank: found by rules in their order, every difference booked to the cent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from channels.settlement_messages import Holder
from ecomhub import verifying
from ecomhub.access import SYSTEM
from finance import laws
from finance.accounting import policies
from finance.models import Book, FxRate, Match, MoneyAccount, Payout, Posting, Settlement
from finance.reconciliation import matching_by_hand, reconciling
from finance.statements import money_accounts
from orders.models import Order
from tests.finance.making import make_rate
from tests.finance.settling import AT, balances, take
from tests.finance.v2 import V2, Row, price

pytestmark = pytest.mark.django_db(transaction=True)
LATER = datetime(2026, 4, 20, tzinfo=UTC)
HEADER = (
    "交易时间,交易类型,交易金额,收支方向,手续费,账户余额,币种,交易状态,"
    "PingPong流水号,店铺名称,目标金额,目标币种"
)


@pytest.fixture
def wallet(account: MoneyAccount) -> MoneyAccount:
    """A collection wallet of the same company."""
    return money_accounts.create(
        name="PingPong", holder=Holder.WALLET, provider="pingpong", at=AT, zone="UTC",
        legal_entity=account.book.legal_entity,
    )  # fmt: skip


def pay(account: MoneyAccount, folder: Path, amount: str = "100.00", **changes: object) -> Payout:
    """A settlement that pays on the fifteenth of March."""
    take(account, V2([price(amount)], **changes).write(folder))  # type: ignore[arg-type]
    return Payout.objects.latest("pk")


def arrive(
    wallet: MoneyAccount,
    folder: Path,
    amount: str,
    *,
    currency: str = "USD",
    fee: str = "",
    reference: str = "PP1",
    day: int = 16,
    balance: str = "",
    name: str = "wallet.csv",
) -> None:
    """A wallet's statement with one receipt."""
    words = (f"2026-03-{day:02} 10:00:00", "入账", amount, "收入", fee, balance or amount, currency, "成功")
    rows = [",".join([*words, reference, "Shop", "", ""])]
    path = folder / name
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    (summary,) = take(wallet, path)
    assert summary.state.value == "posted", summary


def held() -> None:
    """Every law of the house holds."""
    assert verifying.verify(laws=laws.LAWS).broken == []


def rule() -> str:
    """The rule of the only match."""
    match = Match.objects.get()
    return "" if match.rule is None else match.rule.key


def test_a_payout_is_found_where_it_arrived(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    arrive(wallet, tmp_path, "100.00")
    assert reconciling.match_payouts(at=AT) == 1
    assert reconciling.match_payouts(at=AT) == 0
    payout.refresh_from_db()
    assert (payout.state, rule()) == ("arrived", "payout_by_amount")
    assert "1120" not in balances()
    assert balances()["1020"] == Decimal("100.00")
    held()


def test_a_reference_decides_between_equal_amounts(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    first = pay(account, tmp_path, number="9001111")
    second = pay(account, tmp_path, number="9002222")
    arrive(wallet, tmp_path, "100.00", reference="AMZ 9002222")
    assert reconciling.match_payouts(at=AT) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state, rule()) == ("sent", "arrived", "payout_by_reference")


def test_equal_amounts_without_a_reference_are_left_to_a_person(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    first = pay(account, tmp_path, number="9001")
    pay(account, tmp_path, number="9002")
    arrive(wallet, tmp_path, "100.00")
    assert reconciling.match_payouts(at=AT) == 0
    line = Posting.objects.get(account="1120", payout=None).line
    assert line is not None
    matching_by_hand.match(payout_id=first.pk, lines=[line.pk], reason="the bank says so", at=AT, actor="Ann")
    assert (Match.objects.get().actor, rule()) == ("Ann", "")
    held()


def test_the_fee_between_is_booked_by_itself(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    pay(account, tmp_path)
    arrive(wallet, tmp_path, "99.00")
    assert reconciling.match_payouts(at=AT) == 1
    assert rule() == "payout_by_amount_less_fee"
    assert balances()["5510"] == Decimal("1.00")
    assert "1120" not in balances()
    held()


def test_too_little_is_no_fee(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    pay(account, tmp_path)
    arrive(wallet, tmp_path, "80.00")
    assert reconciling.match_payouts(at=AT) == 0


def test_rounding_is_booked_within_the_books_caps_only(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    Book.objects.filter(pk=account.book_id).update(
        rounding_cap=Decimal("0.05"), rounding_cap_month=Decimal("0.06")
    )
    pay(account, tmp_path, number="9001")
    arrive(wallet, tmp_path, "100.04")
    assert reconciling.match_payouts(at=AT) == 1
    assert balances()["1910"] == Decimal("-0.04")
    pay(account, tmp_path, "50.00", number="9002")
    arrive(wallet, tmp_path, "50.03", name="second.csv", day=17, balance="150.07")
    assert reconciling.match_payouts(at=AT) == 0


def test_a_cap_that_was_lowered_later_breaks_no_law_about_what_was_rounded_before(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    pay(account, tmp_path)
    arrive(wallet, tmp_path, "99.93")
    assert reconciling.match_payouts(at=AT) == 1
    assert (rule(), balances()["1910"]) == ("payout_by_amount_rounded", Decimal("0.07"))
    book = account.book
    policies.change_policy(
        book=book, rate_policy=book.rate_policy, rate_source=book.rate_source, rate_days=book.rate_days,
        allows_cross_rates=book.allows_cross_rates, rounding_cap=Decimal("0.02"),
        rounding_cap_month=Decimal("0.03"), reason="Look at more of it", actor=SYSTEM, at=AT,
    )  # fmt: skip
    held()
    pay(account, tmp_path, "50.00", number="9002")
    arrive(wallet, tmp_path, "50.03", name="second.csv", day=17, balance="149.96")
    assert reconciling.match_payouts(at=AT) == 0


@pytest.mark.parametrize("fee", ["", "2.00"])
def test_canadian_dollars_received_in_yuan_are_explained_to_the_cent(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path, fee: str
) -> None:
    Book.objects.update(currency="CNY")
    account, wallet = MoneyAccount.objects.get(pk=account.pk), MoneyAccount.objects.get(pk=wallet.pk)
    make_rate("CAD", "CNY", "5.00", on=date(2026, 3, 2))
    make_rate("CAD", "CNY", "5.10", on=date(2026, 3, 16))
    payout = pay(account, tmp_path, currency="CAD")
    arrive(wallet, tmp_path, "505.00", currency="CNY", fee=fee, balance="505.00" if not fee else "503.00")
    assert reconciling.match_payouts(at=AT) == 1
    payout.refresh_from_db()
    assert (payout.state, rule()) == ("arrived", "payout_by_amount_converted")
    base: dict[str, Decimal] = {}
    for row in Posting.objects.all():
        base[row.account_id] = base.get(row.account_id, Decimal(0)) + row.base_amount
    assert base["7100"] == Decimal("-10.00")
    assert base["7120"] == Decimal("5.00")
    assert base["1800"] == Decimal(0)
    assert base.get("5510", Decimal(0)) == Decimal(fee or 0)
    assert base["1020"] == Decimal("505.00") - Decimal(fee or 0)
    assert "1120" not in {code for code, amount in base.items() if amount}
    trading = {row.currency: (row.amount, row.base_amount) for row in Posting.objects.filter(account="1800")}
    assert trading == {
        "CAD": (Decimal("100.00"), Decimal("505.00")),
        "CNY": (Decimal("-505.00"), Decimal("-505.00")),
    }
    event = FxRate.objects.get(kind="event")
    assert (event.base, event.quote, event.rate) == ("CAD", "CNY", Decimal("5.05"))
    held()


def test_a_payout_that_came_back_is_in_clearing_again(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    back = Row(
        "100.00",
        kind="other-transaction",
        amount_type="other-transaction",
        what="Failed Disbursement",
        order="",
        item="",
    )
    take(account, V2([back], number="9002", month=4).write(tmp_path))
    reconciling.match_payouts(at=AT)
    payout.refresh_from_db()
    assert payout.state == "failed"
    assert Match.objects.get().rule.key == "payout_came_back"  # type: ignore[union-attr]
    assert Settlement.objects.get(external_id="9002").posted_count == 1


def test_money_a_wallet_converts_passes_through_the_trading_account(
    wallet: MoneyAccount, tmp_path: Path
) -> None:
    Book.objects.update(currency="CNY")
    wallet = MoneyAccount.objects.get(pk=wallet.pk)
    make_rate("CAD", "CNY", "5.10", on=date(2026, 3, 16))
    rows = [
        "2026-03-16 10:00:00,换汇,100.00,支出,,0.00,CAD,成功,CONV778899,Shop,,",
        "2026-03-16 10:00:00,换汇,505.00,收入,,505.00,CNY,成功,CONV778899,Shop,,",
    ]
    path = tmp_path / "conversion.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    assert [summary.state.value for summary in take(wallet, path)] == ["posted", "posted"]
    assert reconciling.match_payouts(at=AT) == 1
    assert rule() == "payout_by_reference_converted"
    held_on = {(row.account_id, row.currency): row.amount for row in Posting.objects.filter(account="1800")}
    assert held_on == {("1800", "CAD"): Decimal("100.00"), ("1800", "CNY"): Decimal("-505.00")}
    assert "1130" not in balances(currency="CAD")
    assert "1130" not in balances(currency="CNY")
    spread = sum(row.base_amount for row in Posting.objects.filter(account="7120"))
    assert spread == Decimal("5.00")
    held()
