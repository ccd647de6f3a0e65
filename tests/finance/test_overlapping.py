"""Statements whose periods overlap: the same movement told twice is posted once, or shown and not posted."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import pytest

from channels.settlement_messages import Holder
from finance.models import MoneyAccount, Settlement, SettlementLine
from finance.statements import money_accounts
from finance.statements.summaries import Summary
from orders.models import Order
from tests.finance.receiving import Bank, bank, held
from tests.finance.settling import AT, balances, take

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = (
    "交易时间,交易类型,交易金额,收支方向,手续费,账户余额,币种,交易状态,"
    "PingPong流水号,店铺名称,目标金额,目标币种"
)
MOVES = [(1, "100.00"), (5, "40.00"), (9, "25.00"), (12, "8.00"), (15, "60.00")]


@pytest.fixture
def wallet(account: MoneyAccount) -> MoneyAccount:
    """A collection wallet of the same company."""
    return money_accounts.create(
        name="PingPong", holder=Holder.WALLET, provider="pingpong", at=AT, zone="UTC",
        legal_entity=account.book.legal_entity,
    )  # fmt: skip


def statement(wallet: MoneyAccount, folder: Path, first: int, last: int, *, numbered: bool = True) -> Summary:
    """The wallet's statement of some days of March, with its balances."""
    running, rows = Decimal(0), []
    for day, amount in MOVES:
        running += Decimal(amount)
        if first <= day <= last:
            number = f"PP{day:04}" if numbered else ""
            words = (f"2026-03-{day:02} 10:00:00", "入账", amount, "收入", "", f"{running}", "USD", "成功")
            rows.append(",".join([*words, number, "Shop", "", ""]))
    path = folder / f"{first}-{last}-{numbered}.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    (summary,) = take(wallet, path)
    return summary


def chain() -> list[tuple[Decimal | None, Decimal | None]]:
    """Openings and closings of the posted statements in their order."""
    rows = Settlement.objects.filter(state="posted").order_by("starts_at")
    return list(rows.values_list("opening", "closing"))


@pytest.mark.parametrize("order_of", list(itertools.permutations([(1, 9), (5, 12), (9, 15)])))
def test_overlapping_statements_post_each_movement_once_in_any_order(
    wallet: MoneyAccount, tmp_path: Path, order_of: tuple[tuple[int, int], ...]
) -> None:
    for first, last in order_of:
        assert statement(wallet, tmp_path, first, last).state.value in ("posted", "evidence")
    assert balances()["1020"] == Decimal("233.00")
    assert SettlementLine.objects.filter(settlement__state="posted").count() == 5
    for first, last in order_of:
        statement(wallet, tmp_path, first, last)
    assert balances()["1020"] == Decimal("233.00")
    if None not in dict(chain()):
        held()


def test_a_statement_stands_for_what_is_new_and_chains_to_the_one_before(
    wallet: MoneyAccount, tmp_path: Path
) -> None:
    statement(wallet, tmp_path, 1, 9)
    second = statement(wallet, tmp_path, 5, 15)
    assert (second.state.value, second.reason) == ("posted", "partly_known")
    assert (second.lines, second.posted, second.lines_total) == (4, 2, Decimal("133.00"))
    assert chain() == [(Decimal(0), Decimal("165.00")), (Decimal("165.00"), Decimal("233.00"))]
    held()


def test_an_older_statement_that_comes_later_stands_for_what_was_before(
    wallet: MoneyAccount, tmp_path: Path
) -> None:
    statement(wallet, tmp_path, 9, 15)
    statement(wallet, tmp_path, 1, 12)
    assert chain() == [(Decimal(0), Decimal("140.00")), (Decimal("140.00"), Decimal("233.00"))]
    held()


def test_a_statement_in_which_everything_is_known_is_kept_beside(
    wallet: MoneyAccount, tmp_path: Path
) -> None:
    statement(wallet, tmp_path, 1, 15)
    within = statement(wallet, tmp_path, 5, 12)
    assert (within.state.value, within.reason, within.posted) == ("evidence", "known_elsewhere", 0)
    held()


def test_two_movements_with_one_number_are_both_money(wallet: MoneyAccount, tmp_path: Path) -> None:
    rows = [
        "2026-03-01 10:00:00,入账,10.00,收入,,10.00,USD,成功,PP1,Shop,,",
        "2026-03-01 10:00:00,入账,10.00,收入,,20.00,USD,成功,PP1,Shop,,",
    ]
    for name, some in (("a.csv", rows[:1]), ("b.csv", rows)):
        more = (
            [*some, "2026-03-02 10:00:00,入账,5.00,收入,,,USD,成功,PP2,Shop,,"] if name == "b.csv" else some
        )
        path = tmp_path / name
        path.write_text("\n".join([HEADER, *more, ""]), encoding="utf-8")
        take(wallet, path)
    assert balances()["1020"] == Decimal("25.00")


def test_equal_lines_without_a_number_are_shown_and_not_posted(wallet: MoneyAccount, tmp_path: Path) -> None:
    statement(wallet, tmp_path, 1, 9, numbered=False)
    second = statement(wallet, tmp_path, 5, 15, numbered=False)
    assert (second.state.value, second.reason, second.posted) == ("staged", "overlaps", 0)
    assert balances()["1020"] == Decimal("165.00")
    after = statement(wallet, tmp_path, 12, 15, numbered=False)
    assert after.state.value == "posted"
    held()


def test_a_banks_statements_that_follow_each_other_on_one_day_are_both_posted(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    icbc: Bank = bank(account, tmp_path)
    icbc.says("-20.00", day=15, what="Rent")
    icbc.says("-20.00", day=16, what="Rent")
    icbc.send()
    icbc.says("-20.00", day=16, what="Rent")
    icbc.says("5.00", day=17)
    assert icbc.send().state.value == "posted"
    assert balances()["1010"] == Decimal("-55.00")
    held()
