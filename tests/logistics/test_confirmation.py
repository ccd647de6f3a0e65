"""The marketplace is told once, whatever happens to the answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.messages import IncomingParcel, OrderState
from channels.models import ChannelAccount, Shop
from ecomhub import work
from ecomhub.models import Event
from logistics.confirmation import again
from logistics.dispatch import change_tracking
from logistics.models import Confirmation, Shipment
from logistics.planning import plan
from logistics.queries import due_confirmations
from logistics.recognition import holds_parcel
from logistics.tasks import tick
from orders import cancellation, holds
from orders.models import OrderIssue
from tests.logistics.making import Part, planned
from tests.logistics.telling import LATER, Counter
from tests.orders.factory import incoming

AFTER = LATER + timedelta(minutes=15)


def label(counter: Counter) -> Shipment:
    """Give the order's planned shipment its number, for a shop that tells then."""
    Shop.objects.update(tells=Shop.Tell.ON_LABEL)
    [shipment] = planned(counter.order)
    return change_tracking(shipment_id=shipment.pk, carrier="UPS", tracking_number="1ZEARLY", at=LATER)


def void(counter: Counter) -> None:
    """Cancel the order here, which voids its planned shipment."""
    cancellation.close(order_id=counter.order.pk, at=LATER, actor="somebody")
    plan(order_ids=[counter.order.pk], at=LATER)
    assert Shipment.objects.get().state == "voided"


def test_marketplace_holds_carrier_number_and_units(counter: Counter) -> None:
    gone = counter.send()
    told = counter.tell()
    assert (told.outcome, told.told_at, told.checked_at) == ("confirmed", LATER, None)
    [parcel] = counter.packages()
    assert parcel["tracking"] == gone.tracking_number
    assert parcel["reference"] == told.reference
    assert counter.market.order(counter.order.external_id)["status"] == "shipped"
    assert Event.objects.filter(object_kind="order", kind="platform_told").count() == 1


def test_accepted_notice_is_read_back_and_then_done(counter: Counter) -> None:
    counter.send()
    assert counter.tell().state == "waiting"
    done = counter.tell(AFTER)
    assert (done.outcome, done.state, done.checked_at) == ("confirmed", "done", AFTER)
    assert counter.confirmations() == 1


def test_two_parts_are_two_parcels(counter: Counter) -> None:
    first = counter.send(Part(counter.line().pk, 1))
    counter.tell(shipment=first)
    assert counter.market.order(counter.order.external_id)["status"] == "partially_shipped"
    second = counter.send()
    counter.tell(shipment=second)
    assert counter.market.order(counter.order.external_id)["status"] == "shipped"
    assert {parcel["tracking"] for parcel in counter.packages()} == {
        first.tracking_number,
        second.tracking_number,
    }


def test_unknown_outcome_is_read_back_and_tells_nothing_twice(counter: Counter) -> None:
    counter.send()
    counter.market.fault("timeout_after_write", operation="confirmShipment", seconds=0)
    lost = counter.tell()
    assert (lost.outcome, lost.state) == ("unknown", "waiting")
    assert len(counter.packages()) == 1
    found = counter.tell(AFTER)
    assert (found.outcome, found.state, found.told_at) == ("confirmed", "done", LATER)
    assert counter.confirmations() == 1


def test_unknown_outcome_that_never_arrived_is_told_again(counter: Counter) -> None:
    counter.send()
    counter.market.fault("empty_500", operation="confirmShipment")
    assert counter.tell().outcome == "unknown"
    assert counter.packages() == []
    assert counter.tell(AFTER).outcome == "intended"
    assert counter.tell(AFTER).outcome == "confirmed"
    assert len(counter.packages()) == 1


def test_not_there_is_not_believed_before_the_platform_settled(counter: Counter) -> None:
    counter.send()
    counter.market.fault("empty_500", operation="confirmShipment")
    counter.tell()
    reads = len(counter.market.calls(operation="getOrder"))
    assert counter.tell(LATER + timedelta(seconds=30)).outcome == "unknown"
    assert len(counter.market.calls(operation="getOrder")) == reads


@pytest.mark.parametrize("arrived", [True, False])
def test_worker_killed_after_the_call_leaves_an_unknown_that_is_read_back(
    counter: Counter, arrived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.send()
    if not arrived:
        counter.market.fault("html_503", operation="confirmShipment")

    class Killed(BaseException):
        pass

    def die(**_given: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        for name in ("finish", "fail", "postpone"):
            patch.setattr(work, name, die)
        with pytest.raises(Killed):
            counter.tell()
    row = Confirmation.objects.get()
    assert row.outcome == "sent"
    assert counter.tell(AFTER).outcome == "sent", "its lease still runs"
    Confirmation.objects.update(lease_until=LATER - timedelta(days=999))
    found = counter.tell(AFTER)
    if not arrived:
        assert found.outcome == "intended"
        found = counter.tell(AFTER)
    assert found.outcome == "confirmed"
    assert len(counter.packages()) == 1
    assert [call["status"] for call in counter.market.calls(operation="confirmShipment")].count(204) == 1


def test_refused_notice_is_an_exception_for_a_person_who_puts_it_right(counter: Counter) -> None:
    gone = counter.send()
    Confirmation.objects.update(lines=[["no-such-line", 1]])
    refused = counter.tell()
    assert (refused.outcome, refused.state) == ("refused", "quarantined")
    issue = OrderIssue.objects.get(kind="confirm_refused")
    assert issue.detail["shipment"] == gone.number
    assert "orderItemId" in issue.detail["reason"]
    Confirmation.objects.update(lines=[[counter.line().external_id, 3]])
    again(confirmation_id=refused.pk, at=AFTER, actor="somebody")
    assert counter.tell(AFTER).outcome == "confirmed"
    issue.refresh_from_db()
    assert issue.solved_at is not None


def test_refusal_of_what_the_platform_already_holds_is_a_success(counter: Counter) -> None:
    """Somebody told it on the platform's pages, with our number."""
    gone = counter.send()
    counter.tell()
    Confirmation.objects.update(outcome="intended", state="waiting", told_at=None, reference="99")
    told = counter.tell(AFTER)
    assert (told.outcome, told.checked_at) == ("confirmed", AFTER)
    assert [parcel["tracking"] for parcel in counter.packages()] == [gone.tracking_number]


def test_accepted_and_never_shown_is_told_again(counter: Counter) -> None:
    counter.send()
    Confirmation.objects.update(outcome="confirmed", sent_at=LATER, told_at=LATER)
    for _look in range(2):
        assert counter.tell(AFTER).outcome == "confirmed"
    assert counter.tell(AFTER).outcome == "intended"
    assert counter.tell(AFTER).outcome == "confirmed"
    assert len(counter.packages()) == 1


def test_throttled_account_waits_without_an_error(counter: Counter) -> None:
    counter.send()
    counter.market.fault("html_429", operation="confirmShipment")
    told = counter.tell()
    assert (told.outcome, told.state, told.errors) == ("intended", "waiting", 0)
    counter.account.buckets.update(tokens=1)
    assert counter.tell().outcome == "confirmed"


def test_paused_account_is_not_spoken_for(counter: Counter) -> None:
    counter.send()
    ChannelAccount.objects.update(state="paused")
    assert due_confirmations(limit=10, per_account=5) == []
    assert counter.tell().outcome == "intended"
    assert counter.confirmations() == 0
    ChannelAccount.objects.update(state="connected")
    assert counter.tell().outcome == "confirmed"


def test_account_that_stopped_confirming_withholds(counter: Counter) -> None:
    counter.send()
    ChannelAccount.objects.update(confirms_shipments=False)
    told = counter.tell()
    assert (told.outcome, told.state) == ("withheld", "paused")
    assert counter.confirmations() == 0


def test_shipment_told_early_reaches_the_marketplace(counter: Counter) -> None:
    """What the next tests stop does go out when nothing stops it."""
    label(counter)
    assert counter.tell().outcome == "confirmed"
    assert counter.confirmations() == 1


@pytest.mark.parametrize("outcome", ["intended", "refused", "confirmed"])
def test_voided_shipment_is_never_told(counter: Counter, outcome: str) -> None:
    """Not by a call that was put off meanwhile, not after a refusal, and not after a look that found none."""
    label(counter)
    void(counter)
    Confirmation.objects.update(
        outcome=outcome, state="waiting", checks=2, told_at=LATER if outcome == "confirmed" else None
    )
    if outcome == "refused":
        again(confirmation_id=Confirmation.objects.get().pk, at=AFTER, actor="somebody")
    for _step in range(2):
        row = counter.tell(AFTER)
    assert (row.outcome, row.state, row.reason) == ("withheld", "done", "the shipment was voided")
    assert row.told_at is None
    assert counter.confirmations() == 0
    assert counter.packages() == []


def test_refused_notice_of_a_voided_shipment_is_put_away_not_tried_again(counter: Counter) -> None:
    label(counter)
    Confirmation.objects.update(outcome="refused", state="quarantined")
    void(counter)
    row = again(confirmation_id=Confirmation.objects.get().pk, at=AFTER, actor="somebody")
    assert (row.outcome, row.state) == ("withheld", "done")
    assert not Confirmation.objects.stopped().exists()
    assert not Event.objects.filter(kind="tell_again").exists()


def test_planned_shipment_of_a_held_order_is_told_once_the_hold_is_released(counter: Counter) -> None:
    label(counter)
    holds.hold(order_id=counter.order.pk, at=LATER, actor="somebody")
    held = counter.tell()
    assert (held.outcome, held.state, held.errors, held.lease_until) == ("intended", "waiting", 0, None)
    assert "on hold" in held.last_error
    assert counter.confirmations() == 0
    holds.release_hold(order_id=counter.order.pk, at=LATER, actor="somebody")
    assert counter.tell().outcome == "confirmed"
    assert counter.confirmations() == 1


def test_corrected_number_edits_the_parcel(counter: Counter) -> None:
    gone = counter.send()
    counter.tell()
    change_tracking(shipment_id=gone.pk, carrier="USPS", tracking_number="9400111", at=AFTER)
    assert counter.tell(AFTER).outcome == "confirmed"
    assert [parcel["tracking"] for parcel in counter.packages()] == ["9400111"]


def test_woken_sleeper_writes_nothing(counter: Counter) -> None:
    counter.send()
    row = Confirmation.objects.get()
    taken = work.claim_one(model=Confirmation, pk=row.pk)
    assert taken is not None
    Confirmation.objects.update(lease_until=LATER - timedelta(days=999))
    assert counter.tell().outcome == "confirmed"
    with pytest.raises(work.LeaseLost):
        work.finish(row=taken)
    assert counter.confirmations() == 1


def test_given_up_confirmation_becomes_an_exception(counter: Counter) -> None:
    counter.send()
    Confirmation.objects.update(state="quarantined", last_error="the worker died three times on this")
    tick()
    assert OrderIssue.objects.get(kind="confirm_refused").detail["reason"].startswith("the worker died")


def test_clockwork_rings_for_what_is_due(counter: Counter) -> None:
    counter.send()
    assert due_confirmations(limit=10, per_account=5) == [Confirmation.objects.get().pk]
    counter.tell()
    assert due_confirmations(limit=10, per_account=5) == []


@pytest.mark.parametrize(
    ("state", "parcels", "held"),
    [
        (OrderState.OPEN, (), False),
        (OrderState.SHIPPED, (), True),
        (OrderState.PARTLY_SHIPPED, (), None),
        (OrderState.UNKNOWN, (), None),
        (OrderState.CANCELED, (), False),
        (OrderState.SHIPPED, (("1", "1Z1"),), True),
        (OrderState.SHIPPED, (("17", ""),), True),
        (OrderState.SHIPPED, (("17", "other"),), False),
        (OrderState.SHIPPED, (("1", "other"),), False),
    ],
)
def test_what_the_platform_shows_decides(
    state: OrderState, parcels: tuple[tuple[str, str], ...], held: bool | None
) -> None:
    shown = tuple(IncomingParcel(reference, "UPS", number, None) for reference, number in parcels)
    order = incoming(9, state=state, parcels=shown)
    assert holds_parcel(order=order, reference="17", tracking_number="1z 1") is held
