"""Several documents about one settlement, and settlements that go on in the next, in any order of arrival."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import pytest

from finance.accounting import plan
from finance.models import CarriedLine, Journal, MoneyAccount, Payout, Posting, Settlement, SettlementFile
from orders.models import Order
from tests.finance.settling import balances, take
from tests.finance.v2 import V2, Row, fee, other, price

pytestmark = pytest.mark.django_db(transaction=True)
State = SettlementFile.State
ROWS = [price("100.00"), fee("-15.00"), other("-39.99", "Subscription Fee")]


def full() -> dict[tuple[str, str], Decimal]:
    """Balances by account and settlement, payouts beside them."""
    found: dict[tuple[str, str], Decimal] = {}
    for row in Posting.objects.select_related("settlement", "payout__settlement"):
        place = row.settlement.external_id if row.settlement else ""
        if row.payout and row.payout.settlement:
            place = f"payout of {row.payout.settlement.external_id}"
        found[row.account_id, place] = found.get((row.account_id, place), Decimal(0)) + row.amount
    return {key: amount for key, amount in found.items() if amount}


def write(folder: Path, rows: list[Row], name: str, **changes: object) -> Path:
    """A file about settlement 9001."""
    return V2(rows, **changes).write(folder, name)  # type: ignore[arg-type]


REISSUED = [*ROWS, other("-5.00", "Storage Fee")]
INCONSISTENT = {"rows": ROWS, "total": "40.01"}


def test_a_reissued_file_posts_only_what_it_adds(account: MoneyAccount, order: Order, tmp_path: Path) -> None:
    take(account, write(tmp_path, ROWS, "first.txt"))
    (summary,) = take(account, write(tmp_path, REISSUED, "again.txt"))
    assert (summary.state, summary.posted, summary.lines) == (State.POSTED, 1, 4)
    assert Payout.objects.get().amount == Decimal("40.01")
    assert full()[plan.PAYOUTS, "payout of 9001"] == Decimal("40.01")


@pytest.mark.parametrize("first", ["original", "reissued"])
@pytest.mark.parametrize("total", ["its own", "of the whole"])
def test_the_reissue_and_the_original_end_alike_whichever_comes_first(
    account: MoneyAccount, order: Order, tmp_path: Path, first: str, total: str
) -> None:
    """The original may state its own sum, or the deposit that its missing line belongs to."""
    original = write(tmp_path, ROWS, "first.txt", total=None if total == "its own" else "40.01")
    reissued = write(tmp_path, REISSUED, "again.txt")
    for path in (original, reissued) if first == "original" else (reissued, original):
        take(account, path)
    assert full() == {
        ("5220", ""): Decimal("39.99"),
        ("5230", ""): Decimal("5.00"),
        (plan.UNSETTLED, ""): Decimal("-85.00"),
        (plan.PAYOUTS, "payout of 9001"): Decimal("40.01"),
    }
    settlement = Settlement.objects.get()
    assert (settlement.state, settlement.line_count, settlement.total) == (
        Settlement.State.POSTED,
        4,
        Decimal("40.01"),
    )
    assert settlement.closed_at is not None


def test_a_file_with_fewer_lines_is_kept_beside_as_evidence(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, write(tmp_path, REISSUED, "all.txt"))
    before = full()
    (summary,) = take(account, write(tmp_path, ROWS, "less.txt"))
    assert (summary.state, summary.reason, summary.posted) == (State.EVIDENCE, "subset", 0)
    assert full() == before


def test_a_file_with_other_lines_waits_for_a_person(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, write(tmp_path, ROWS, "first.txt"))
    before = full()
    changed = [price("101.00"), *ROWS[1:]]
    (summary,) = take(account, write(tmp_path, changed, "other.txt"))
    assert (summary.state, summary.reason, summary.posted) == (State.STAGED, "differs", 0)
    assert full() == before
    assert Settlement.objects.get().state == Settlement.State.POSTED
    beside = SettlementFile.objects.get(state=State.STAGED)
    assert (beside.added, beside.missing, beside.lines_total) == (1, 1, Decimal("46.01"))


def test_one_more_of_an_equal_line_is_money_that_was_added(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, write(tmp_path, [price("10.00")], "one.txt"))
    (summary,) = take(account, write(tmp_path, [price("10.00"), price("10.00")], "two.txt"))
    assert summary.posted == 1
    assert balances()[plan.UNSETTLED] == Decimal("-20.00")


def chain() -> list[V2]:
    """Three settlements: the second is negative and carried by the third; a reserve runs through all."""
    return [
        V2([price("100.00"), other("-30.00", "Current Reserve Amount")], number="1", first=1),
        V2(
            [
                other("30.00", "Previous Reserve Amount Balance", day=15),
                other("-80.00", "Cost of Advertising", day=16),
            ],
            number="2",
            first=15,
        ),
        V2(
            [price("200.00", day=3), other("-50.00", "Payable to Amazon", day=2)],
            number="3",
            month=4,
            first=1,
        ),
    ]


@pytest.mark.parametrize("arrival", list(itertools.permutations(range(3))))
def test_a_negative_settlement_and_a_reserve_run_through_in_any_order_of_arrival(
    account: MoneyAccount, order: Order, tmp_path: Path, arrival: tuple[int, ...]
) -> None:
    files = [file.write(tmp_path) for file in chain()]
    for place in arrival:
        (summary,) = take(account, files[place])
        assert summary.state is State.POSTED
    assert full() == {
        (plan.UNSETTLED, ""): Decimal("-300.00"),
        ("5400", ""): Decimal("80.00"),
        (plan.PAYOUTS, "payout of 1"): Decimal("70.00"),
        (plan.PAYOUTS, "payout of 3"): Decimal("150.00"),
    }
    assert not Settlement.objects.filter(closed_at=None).exists()
    older = CarriedLine.objects.get().older
    assert older is not None
    assert older.external_id == "2"
    assert not Journal.objects.filter(kind="reversal").exists()


def test_a_negative_settlement_stays_open_until_it_is_carried(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, chain()[1].write(tmp_path))
    negative = Settlement.objects.get()
    assert negative.closed_at is None
    assert not Payout.objects.exists()
    assert full()[plan.CLEARING, "2"] == Decimal("-50.00")
