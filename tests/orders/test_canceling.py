"""An order is canceled at its platform once, and here when the platform took it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.urls import reverse
from pytest_django.fixtures import Settings

from channels.models import ChannelAccount
from ecomhub import work
from ecomhub.access import Role
from ecomhub.models import Event
from ecomhub.sentences import shown
from inventory.models import StockLevel
from logistics.planning import plan
from logistics.splitting import Part
from orders import canceling, holds
from orders.cancel_calls import carry_out, due_cancels, report_stopped
from orders.models import Order, OrderIssue, OrderLine, PlatformCancel
from orders.opened import NotAllowed
from orders.tasks import cancel_there
from tests.api.calling import Api
from tests.channels.bazaar import bazaar
from tests.logistics.making import send
from tests.logistics.parcels import AFTER, LATER, Parcels, open_parcels
from tests.logistics.test_pages import client_of
from tests.sandbox_fixture import START


@pytest.fixture
def parcels(transactional_db: None, settings: Settings) -> Iterator[Parcels]:
    """An account whose platform cancels, with one order of two units whose stock is reserved."""
    with bazaar(settings) as market:
        yield open_parcels(market)


def ask(parcels: Parcels, reason: str = "sold_out") -> PlatformCancel:
    """Ask the platform to cancel the order."""
    return canceling.ask(
        order_id=parcels.order.pk, reason=reason, at=LATER, actor="somebody", note="none left"
    )


def step(at: object = LATER) -> PlatformCancel:
    """Carry the newest cancellation on now, whenever it is due."""
    row = PlatformCancel.objects.latest("pk")
    PlatformCancel.objects.filter(pk=row.pk).update(due_at=START - timedelta(days=999))
    carry_out(cancel_id=row.pk, at=at)  # type: ignore[arg-type]
    row.refresh_from_db()
    return row


def spoil(parcels: Parcels) -> None:
    """Let the next call come to nothing; its access token is fresh already."""
    parcels.refresh(LATER)
    parcels.market.spoiled = [(503, "text/html", b"")]


def reserved() -> int:
    """The units that orders hold."""
    return sum(StockLevel.objects.values_list("reserved", flat=True))


def wish(parcels: Parcels) -> Order:
    """Let the buyer ask to cancel."""
    shown = parcels.market.orders["o1"]
    shown.update(wish=True, changed=shown["changed"] + 1)
    return parcels.refresh(LATER)


def test_platform_cancels_and_the_stock_is_given_back(parcels: Parcels) -> None:
    ask(parcels)
    held = parcels.order
    assert (held.hold_reason, held.status, reserved()) == ("canceling", "label", 2)
    row = step()
    assert (row.outcome, row.taken_at, row.state) == ("confirmed", LATER, "waiting")
    order = parcels.order
    assert (order.status, order.hold_reason, reserved()) == ("canceled", "", 0)
    assert parcels.market.orders["o1"]["state"] == "gone"
    row = step(AFTER)
    assert (row.state, row.checked_at) == ("done", AFTER)
    kinds = set(Event.objects.filter(object_kind="order").values_list("kind", flat=True))
    assert {"cancel_asked", "cancel_taken", "close"} <= kinds
    plan(order_ids=[order.pk], at=AFTER)
    assert parcels.shipment.state == "voided"
    assert parcels.refresh().status == "canceled"


def test_nothing_leaves_while_the_platform_is_asked(parcels: Parcels) -> None:
    ask(parcels)
    with pytest.raises(NotAllowed):
        send(parcels.shipment)
    with pytest.raises(NotAllowed) as held:
        holds.release_hold(order_id=parcels.order.pk, at=LATER, actor="somebody")
    assert held.value.code == "canceling"
    with pytest.raises(NotAllowed) as twice:
        ask(parcels)
    assert twice.value.code == "canceling"


@pytest.mark.parametrize("arrived", [True, False])
def test_lost_answer_is_read_back_before_anything_is_said_again(parcels: Parcels, arrived: bool) -> None:
    ask(parcels)
    if arrived:
        parcels.market.lost.append("cancel")
    else:
        spoil(parcels)
    assert step().outcome == "unknown"
    assert step(LATER + timedelta(seconds=30)).outcome == "unknown"
    row = step(AFTER)
    if not arrived:
        assert row.outcome == "intended"
        row = step(AFTER)
    assert row.outcome == "confirmed"
    assert parcels.calls("cancel") == (1 if arrived else 2)
    assert parcels.order.status == "canceled"


@pytest.mark.parametrize("arrived", [True, False])
def test_killed_worker_leaves_an_unknown_that_is_read_back(
    parcels: Parcels, arrived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(parcels)
    if not arrived:
        spoil(parcels)

    class Killed(BaseException):
        pass

    def die(**_given: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        for name in ("finish", "fail", "postpone"):
            patch.setattr(work, name, die)
        with pytest.raises(Killed):
            step()
    assert PlatformCancel.objects.get().outcome == "sent"
    PlatformCancel.objects.update(lease_until=START - timedelta(days=999))
    row = step(AFTER)
    row = row if arrived else step(AFTER)
    assert row.outcome == "confirmed"
    assert parcels.calls("cancel") == (1 if arrived else 2)


def test_refused_order_goes_on_and_a_person_is_told(parcels: Parcels) -> None:
    ask(parcels)
    parcels.market.refused.add("cancel")
    row = step()
    assert row.outcome == "refused"
    assert shown(row.answer) == "The platform does not take it: no cancel"
    order = parcels.order
    assert (order.status, order.hold_reason, reserved()) == ("label", "", 2)
    assert OrderIssue.objects.get(solved_at=None).kind == "cancel_refused"
    parcels.market.refused.clear()
    ask(parcels)
    assert step().outcome == "confirmed"
    assert not OrderIssue.objects.filter(solved_at=None).exists()


def test_hold_by_hand_comes_back_after_a_refusal(parcels: Parcels) -> None:
    holds.hold(order_id=parcels.order.pk, at=LATER, actor="somebody")
    ask(parcels)
    parcels.market.refused.add("cancel")
    step()
    assert parcels.order.hold_reason == "manual"


def test_platforms_own_cancellation_comes_first(parcels: Parcels) -> None:
    ask(parcels)
    shown = parcels.market.orders["o1"]
    shown.update(state="gone", changed=shown["changed"] + 1)
    parcels.refresh(LATER)
    row = step()
    assert (row.outcome, parcels.calls("cancel")) == ("confirmed", 0)
    assert (parcels.order.status, parcels.order.hold_reason) == ("canceled", "")


def test_taken_and_never_shown_is_a_discrepancy(parcels: Parcels) -> None:
    ask(parcels)
    step()
    parcels.market.orders["o1"]["state"] = "paid"
    for _look in range(6):
        row = step(AFTER)
    assert row.state == "done"
    assert OrderIssue.objects.get(solved_at=None).detail == {"about": "cancel"}


def test_part_that_left_is_refused_with_what_to_do(parcels: Parcels) -> None:
    ChannelAccount.objects.update(confirms_shipments=False)
    send(parcels.shipment, Part(OrderLine.objects.get().pk, 1), at=LATER)
    with pytest.raises(NotAllowed, match="handle what left as a return"):
        ask(parcels)


def test_reason_must_be_one_of_the_platforms(parcels: Parcels) -> None:
    with pytest.raises(NotAllowed, match="sold_out, wrong_price"):
        ask(parcels, reason="because")
    ChannelAccount.objects.update(switched_on_at=None)
    with pytest.raises(NotAllowed, match="seller center"):
        ask(parcels)


def test_giving_up_lets_the_order_go_on(parcels: Parcels) -> None:
    ask(parcels)
    spoil(parcels)
    step()
    with pytest.raises(NotAllowed) as early:
        canceling.give_up(order_id=parcels.order.pk, at=LATER, actor="somebody")
    assert early.value.code == "on_its_way"
    PlatformCancel.objects.update(state="quarantined", last_error="the worker died three times on this")
    report_stopped(at=AFTER)
    assert OrderIssue.objects.get(kind="cancel_refused").detail["kind"] == "cancel"
    canceling.give_up(order_id=parcels.order.pk, at=AFTER, actor="somebody")
    assert parcels.order.hold_reason == ""
    assert PlatformCancel.objects.get().outcome == "refused"


def test_accepted_wish_cancels_here_when_the_platform_took_it(parcels: Parcels) -> None:
    assert wish(parcels).hold_reason == "cancel_requested"
    canceling.answer(order_id=parcels.order.pk, accept=True, at=LATER, actor="somebody")
    row = step()
    assert row.outcome == "confirmed"
    assert (parcels.order.status, parcels.order.cancel_requested, reserved()) == ("canceled", False, 0)
    assert parcels.market.orders["o1"]["state"] == "gone"


def test_declined_wish_goes_on_when_the_platform_took_it(parcels: Parcels) -> None:
    wish(parcels)
    canceling.answer(order_id=parcels.order.pk, accept=False, at=LATER, actor="somebody")
    assert parcels.order.cancel_requested
    assert step().outcome == "confirmed"
    order = parcels.order
    assert (order.cancel_requested, order.hold_reason, order.cancel_declined_at) == (False, "", LATER)
    assert parcels.market.orders["o1"]["wish"] is False
    assert parcels.refresh().cancel_requested is False


def test_wish_withdrawn_meanwhile_refuses_an_acceptance(parcels: Parcels) -> None:
    wish(parcels)
    canceling.answer(order_id=parcels.order.pk, accept=True, at=LATER, actor="somebody")
    parcels.market.orders["o1"]["wish"] = False
    row = step()
    assert row.outcome == "refused"
    parcels.market.orders["o1"]["changed"] += 5
    assert parcels.refresh().status == "label"
    assert parcels.order.hold_reason == ""


def test_clockwork_finds_due_cancellations(parcels: Parcels) -> None:
    row = ask(parcels)
    assert due_cancels(limit=10) == [row.pk]
    cancel_there(row.pk)
    assert parcels.order.status == "canceled"
    assert due_cancels(limit=10) == []


def test_page_asks_for_a_reason_and_shows_what_is_awaited(parcels: Parcels) -> None:
    client = client_of(Role.OPERATIONS)
    where = reverse("orders:cancel", args=[parcels.order.pk])
    page = client.get(reverse("orders:detail", args=[parcels.order.pk])).content.decode()
    assert where in page
    assert "Sold out" in client.get(where).content.decode()
    assert "Name one of the reasons" in client.post(where, {"reason": ""}).content.decode()
    assert client.post(where, {"reason": "sold_out"}).headers["HX-Refresh"] == "true"
    page = client.get(reverse("orders:detail", args=[parcels.order.pk])).content.decode()
    assert "word is awaited" in page
    assert where not in page.replace(f"{where}again/", "").replace(f"{where}give-up/", "")
    client.post(reverse("orders:cancel-give-up", args=[parcels.order.pk]))
    assert parcels.order.hold_reason == ""
    wish(parcels)
    page = client.get(reverse("orders:detail", args=[parcels.order.pk])).content.decode()
    assert "Accept the cancel request" in page
    client.post(reverse("orders:accept", args=[parcels.order.pk]))
    assert step().outcome == "confirmed"
    assert client_of(Role.VIEWER).post(where, {"reason": "sold_out"}).status_code == 403


def test_program_cancels_with_a_reason(parcels: Parcels) -> None:
    api = Api()
    where = f"orders/{parcels.order.pk}/actions/"
    assert api.post(where, {"action": "close"}, status=409)["code"] == "reason"
    shown = api.post(where, {"action": "close", "reason": "sold_out"}, status=200)
    assert (shown["status"], shown["hold_reason"]) == ("label", "canceling")
    step()
    assert api.get(f"orders/{parcels.order.pk}/")["status"] == "canceled"
