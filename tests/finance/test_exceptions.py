"""What needs a look: raised once, solved with its cause, accepted with a reason, never hidden."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from channels.models import ChannelAccount
from channels.settlement_messages import Binding, LineKind
from ecomhub.models import Event
from finance.models import LineType, MoneyAccount, MoneyException, Progress
from finance.reconciliation import exceptions, explaining, noticing
from finance.reconciliation.exceptions import ExceptionRefused
from finance.statements import classifying
from orders.models import Order, PlatformReturn
from tests.finance.selling import LATER, SHIPPED_AT, earned, owed, raised, sell, state, turn
from tests.finance.settling import take
from tests.finance.v2 import V2, Row, other, price
from tests.orders import factory
from tests.orders.factory import line

pytestmark = pytest.mark.django_db(transaction=True)
SOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def sold(account: MoneyAccount, shop: ChannelAccount) -> Order:
    """A shipped order of 12.50."""
    factory.make_goods({"mug": 50}, account=shop)
    return sell(shop, 1, line(tax=Decimal(0)))


def accept(reason: str = "known") -> int:
    """Accept everything that is open."""
    ids = list(MoneyException.objects.filter(state="open").values_list("pk", flat=True))
    return exceptions.accept(ids=ids, reason=reason, at=LATER, actor="Ann")


def test_an_order_nobody_paid_for_is_raised_once_and_solved_when_paid(
    account: MoneyAccount, sold: Order, tmp_path: Path
) -> None:
    turn(SHIPPED_AT + timedelta(days=29))
    assert raised() == []
    turn(SHIPPED_AT + timedelta(days=32))
    turn(SHIPPED_AT + timedelta(days=33))
    assert raised() == [("never_paid", Decimal("12.50"))]
    take(account, V2([price("12.50")]).write(tmp_path))
    turn(LATER)
    assert raised() == []
    row = MoneyException.objects.get(kind="never_paid")
    assert row.state == "solved"
    kinds = (
        Event.objects.filter(object_kind="money_exception", object_id=row.pk)
        .order_by("sequence")
        .values_list("kind", flat=True)
    )
    assert list(kinds) == ["raised", "solved"]


def test_accepting_that_nobody_pays_writes_the_order_off(account: MoneyAccount, sold: Order) -> None:
    turn(LATER)
    assert accept("the platform closed the shop") == 1
    turn(LATER + timedelta(days=1))
    assert (owed(sold), state(sold), raised()) == ({}, "settled", [])
    assert "4000" not in earned(sold)


def test_a_refund_without_a_return_waits_for_the_return(
    account: MoneyAccount, sold: Order, tmp_path: Path
) -> None:
    take(account, V2([price("12.50"), Row("-12.50", kind="Refund", day=6)]).write(tmp_path))
    turn(SOON)
    assert raised() == []
    turn(LATER)
    assert raised() == [("refund_without_return", Decimal("12.50"))]
    PlatformReturn.objects.create(
        order=sold, external_id="R1", quantity=1, status="received", reported_at=LATER
    )
    turn(LATER + timedelta(days=1))
    assert raised() == []


def test_more_given_back_than_sold_is_listed(account: MoneyAccount, sold: Order, tmp_path: Path) -> None:
    take(account, V2([price("12.50"), Row("-15.00", kind="Refund", day=6)]).write(tmp_path))
    turn(SOON)
    assert ("refund_above_sales", Decimal("2.50")) in raised()


def test_the_same_money_in_two_settlements_is_raised_and_equal_lines_of_one_are_not(
    account: MoneyAccount, sold: Order, tmp_path: Path
) -> None:
    take(account, V2([price("6.25"), price("6.25")], number="9001").write(tmp_path))
    turn(SOON)
    assert raised() == []
    take(account, V2([price("6.25"), other("-1.00", "Subscription Fee")], number="9002").write(tmp_path))
    turn(SOON)
    assert ("duplicate", Decimal("6.25")) in raised()


def test_money_for_an_unknown_order_is_raised_until_the_order_comes(
    account: MoneyAccount, shop: ChannelAccount, sold: Order, tmp_path: Path
) -> None:
    take(account, V2([price("8.00", order="902-0000077")]).write(tmp_path))
    turn(SOON)
    assert raised() == [("unknown_order", Decimal("8.00"))]
    sell(shop, 77, line(charge=Decimal("8.00"), tax=Decimal(0)))
    turn(SOON)
    assert raised() == []


def test_an_unknown_type_is_raised_until_it_is_mapped(
    account: MoneyAccount, sold: Order, tmp_path: Path
) -> None:
    take(account, V2([price("12.50"), other("-7.00", "Moon Tax")]).write(tmp_path))
    turn(SOON)
    assert raised() == [("unknown_type", Decimal("-7.00"))]
    classifying.map_type(
        line_type=LineType.objects.get(third="Moon Tax"), account="5700", binding=Binding.ACCOUNT,
        kind=LineKind.FEE, reason="a fine", actor="Ann",
    )  # fmt: skip
    turn(SOON)
    assert raised() == []


def test_a_wrong_total_and_a_payout_nobody_found_are_raised(
    account: MoneyAccount, sold: Order, tmp_path: Path
) -> None:
    take(account, V2([price("12.50")], total="13.00").write(tmp_path))
    turn(SOON)
    assert raised() == [("wrong_total", Decimal("0.50"))]
    take(account, V2([price("20.00")], number="9009").write(tmp_path, "other.txt"))
    turn(LATER)
    assert ("unmatched_payout", Decimal("20.00")) in raised(payouts=True)


def test_what_was_accepted_stays_quiet_until_its_amount_changes(
    account: MoneyAccount, sold: Order, tmp_path: Path
) -> None:
    take(account, V2([price("8.00", order="902-0000077")]).write(tmp_path))
    turn(SOON)
    assert accept() == 1
    turn(SOON)
    assert raised() == []
    take(account, V2([price("8.00", order="902-0000077", day=6)], number="9002").write(tmp_path))
    turn(SOON)
    assert raised() == [("unknown_order", Decimal("16.00"))]
    assert sorted(MoneyException.objects.values_list("state", flat=True)) == ["open", "solved"]


def test_an_exception_takes_an_owner_and_a_note_while_it_is_open(account: MoneyAccount, sold: Order) -> None:
    turn(LATER)
    row = MoneyException.objects.get()
    exceptions.note(exception_id=row.pk, at=LATER, actor="Ann", owner="Ben", text="asked the platform")
    row.refresh_from_db()
    assert (row.owner, row.note) == ("Ben", "asked the platform")
    accept()
    with pytest.raises(ExceptionRefused):
        exceptions.note(exception_id=row.pk, at=LATER, actor="Ann", owner="Ben")


def test_what_is_booked_while_the_queue_is_looked_through_is_looked_at_next_time(
    account: MoneyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    explaining.take_turn(at=LATER, sweeps=True)
    assert not noticing.needs_sweep(at=LATER)
    whole = exceptions.sweep

    def overtaken(**given: Any) -> exceptions.Changed:
        changed = whole(**given)
        Progress.objects.update_or_create(name=noticing.JOURNALS_READ, defaults={"transaction": 1, "row": 1})
        return changed

    monkeypatch.setattr(exceptions, "sweep", overtaken)
    explaining.take_turn(at=LATER, sweeps=True)
    assert noticing.needs_sweep(at=LATER)
