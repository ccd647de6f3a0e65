"""A platform that gives the tracking number is asked once, and its number and label come later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels.models import ChannelAccount
from ecomhub import files, work
from ecomhub.access import SYSTEM
from ecomhub.files import read
from ecomhub.models import Event
from ecomhub.sentences import shown
from logistics import arranging, queries
from logistics.arranging import again, offers, prefer
from logistics.dispatch import change_tracking
from logistics.models import Arrangement, Confirmation, Shipment
from logistics.planning import plan
from logistics.refusals import ShipmentRefused
from logistics.splitting import Part
from logistics.tasks import arrange_shipment, tick
from orders import cancellation, holds
from orders.models import OrderIssue, OrderLine
from orders.opened import NotAllowed
from orders.queries import OrderFilter, found
from tests.logistics.making import send
from tests.logistics.parcels import AFTER, LATER, Parcels
from tests.platforms_fake.sandbox import LABEL
from tests.sandbox_fixture import START


def refusal(parcels: Parcels, **changes: str) -> str:
    """Why the shipment cannot be arranged."""
    with pytest.raises(ShipmentRefused) as refused:
        parcels.ask(**changes)
    return refused.value.code


def test_arranged_shipment_gets_its_number_its_label_and_leaves(parcels: Parcels) -> None:
    parcels.ask()
    row = parcels.step()
    assert (row.outcome, row.told_at, row.state) == ("confirmed", LATER, "done")
    assert (row.tracking_number, row.carrier) == ("FBo1", "Bazaar Post")
    assert row.document is not None
    assert row.document.sealed
    assert read(file=row.document) == LABEL
    assert parcels.market.boxes["o1"]["way"] == "shop"
    assert parcels.market.boxes["o1"]["rows"] == [["o1-1", 2]]
    gone = send(parcels.shipment, carrier="", tracking_number="", at=AFTER)
    assert (gone.carrier, gone.tracking_number, gone.service) == (
        "Bazaar Post", "FBo1", "At a parcel shop",
    )  # fmt: skip
    told = Confirmation.objects.get()
    assert (told.outcome, told.told_at, told.state) == ("confirmed", LATER, "done")
    assert parcels.order.status == "shipped"
    assert parcels.calls("parcels") == 0
    kinds = Event.objects.filter(object_kind="shipment").order_by("sequence").values_list("kind", flat=True)
    assert list(kinds) == ["planned", "arrange_asked", "arranged", "numbered", "label_fetched", "dispatched"]


def test_choices_are_shown_and_the_shops_rule_marks_one(parcels: Parcels) -> None:
    def best() -> str:
        [one] = [each for each in offers(shipment_id=parcels.shipment.pk, at=LATER) if each.is_default]
        return one.choice.label

    assert len(offers(shipment_id=parcels.shipment.pk, at=LATER)) == 4
    assert best() == "At a parcel shop"
    prefer(shop=parcels.order.shop, preference="pickup")
    assert best() == "This afternoon"
    parcels.market.ways = parcels.market.ways[-1:]
    assert best() == "Our own carrier"


def test_chosen_way_is_arranged_and_one_that_is_gone_is_not(parcels: Parcels) -> None:
    late = next(
        each for each in offers(shipment_id=parcels.shipment.pk, at=LATER)
        if each.choice.label == "Tomorrow morning"
    )  # fmt: skip
    parcels.market.ways = parcels.market.ways[1:]
    assert refusal(parcels, choice_key=late.key) == "no_such_choice"
    assert not Arrangement.objects.exists()
    parcels.market.ways.append({"id": "late", "kind": "pickup", "label": "Renamed"})
    parcels.ask(late.key)
    parcels.step()
    assert parcels.market.boxes["o1"]["way"] == "late"


def test_own_carrier_needs_a_number_and_brings_it(parcels: Parcels) -> None:
    own = arranging.key_of(
        choice=next(
            each.choice for each in offers(shipment_id=parcels.shipment.pk, at=LATER) if each.needs_number
        )
    )
    assert refusal(parcels, choice_key=own) == "tracking_missing"
    parcels.ask(own, tracking_number=" MINE1 ")
    assert parcels.step().tracking_number == "MINE1"


def test_number_comes_later_and_is_asked_for_more_and_more_seldom(parcels: Parcels) -> None:
    parcels.market.later = {"number": 3, "label": 1}
    parcels.ask()
    row = parcels.step()
    assert (row.outcome, row.tracking_number, row.state, row.asks) == ("confirmed", "", "waiting", 1)
    with pytest.raises(ShipmentRefused) as early:
        send(parcels.shipment)
    assert early.value.code == "number_awaited"
    assert parcels.step().asks == 2
    row = parcels.step(AFTER)
    assert (row.tracking_number, row.numbered_at, row.document_id, row.asks) == ("FBo1", AFTER, None, 1)
    assert parcels.step(AFTER).document_at == AFTER
    assert [order.pk for order in found(actor=SYSTEM, wanted=OrderFilter(text="FBo1"))] == [parcels.order.pk]


def test_news_of_the_order_make_the_question_due_at_once(parcels: Parcels) -> None:
    parcels.market.later = {"number": 2}
    parcels.ask()
    parcels.step()
    assert queries.due_arrangements(limit=10, per_account=10) == []
    parcels.refresh()
    assert queries.due_arrangements(limit=10, per_account=10) == [parcels.row.pk]


def test_lost_answer_is_read_back_and_nothing_is_arranged_twice(parcels: Parcels) -> None:
    parcels.ask()
    parcels.market.lost.append("handover")
    row = parcels.step()
    assert (row.outcome, row.state) == ("unknown", "waiting")
    asked = parcels.calls("handover", "GET")
    assert parcels.step(LATER + timedelta(seconds=30)).outcome == "unknown", "not believed so soon"
    assert parcels.calls("handover", "GET") == asked
    row = parcels.step(AFTER)
    assert (row.outcome, row.told_at, row.tracking_number) == ("confirmed", LATER, "FBo1")
    assert parcels.calls("handover") == 1


def test_lost_question_is_asked_again_only_when_the_platform_has_nothing(parcels: Parcels) -> None:
    parcels.ask()
    parcels.market.spoiled = [(503, "text/html", b"")]
    assert parcels.step().outcome == "unknown"
    assert parcels.market.boxes == {}
    row = parcels.step(AFTER)
    assert row.outcome == "confirmed"
    assert parcels.calls("handover") == 2


@pytest.mark.parametrize("arrived", [True, False])
def test_killed_worker_leaves_an_unknown_that_is_read_back(
    parcels: Parcels, arrived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcels.ask()
    if not arrived:
        parcels.market.spoiled = [(503, "text/html", b"")]

    class Killed(BaseException):
        pass

    def die(**_given: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        for name in ("finish", "fail", "postpone"):
            patch.setattr(work, name, die)
        with pytest.raises(Killed):
            parcels.step()
    assert parcels.row.outcome == "sent"
    Arrangement.objects.update(lease_until=START - timedelta(days=999))
    assert parcels.step(AFTER).outcome == "confirmed"
    assert parcels.calls("handover") == (1 if arrived else 2)


def test_refusal_is_an_exception_and_can_be_put_right(parcels: Parcels) -> None:
    parcels.ask()
    parcels.market.refused.add("handover")
    row = parcels.step()
    assert (row.outcome, row.state) == ("refused", "quarantined")
    assert shown(row.reason) == "The platform does not take it: no handover"
    assert OrderIssue.objects.get(solved_at=None).kind == "confirm_refused"
    parcels.market.refused.clear()
    again(arrangement_id=row.pk, at=AFTER, actor="somebody")
    assert parcels.step(AFTER).outcome == "confirmed"
    assert not OrderIssue.objects.filter(solved_at=None).exists()


def test_refused_arrangement_may_be_made_with_another_choice(parcels: Parcels) -> None:
    parcels.ask()
    parcels.market.refused.add("handover")
    parcels.step()
    parcels.market.refused.clear()
    prefer(shop=parcels.order.shop, preference="pickup")
    parcels.ask()
    assert parcels.step().outcome == "confirmed"
    assert parcels.market.boxes["o1"]["way"] == "soon"


@pytest.mark.parametrize("stop", ["hold", "wish"])
def test_hold_or_wish_to_cancel_stops_it_before_it_is_sent(parcels: Parcels, stop: str) -> None:
    parcels.ask()
    if stop == "hold":
        holds.hold(order_id=parcels.order.pk, at=LATER, actor="somebody")
    else:
        parcels.market.orders["o1"].update(wish=True, changed=parcels.market.orders["o1"]["changed"] + 1)
        parcels.refresh()
    row = parcels.step()
    assert (row.outcome, row.state, parcels.calls("handover")) == ("intended", "waiting", 0)
    assert row.reason
    with pytest.raises(NotAllowed):
        offers(shipment_id=parcels.shipment.pk, at=LATER)


def test_canceled_order_takes_an_unsent_arrangement_back(parcels: Parcels) -> None:
    parcels.ask()
    cancellation.close(order_id=parcels.order.pk, at=LATER, actor="somebody")
    plan(order_ids=[parcels.order.pk], at=LATER)
    assert (parcels.row.outcome, parcels.row.state) == ("withdrawn", "done")
    parcels.step()
    assert parcels.calls("handover") == 0


@pytest.mark.parametrize(("there", "issues"), [(True, 0), (False, 1)])
def test_voiding_what_was_arranged_is_a_discrepancy_unless_the_platform_canceled(
    parcels: Parcels, there: bool, issues: int
) -> None:
    parcels.ask()
    parcels.step()
    if there:
        parcels.market.orders["o1"].update(state="gone", changed=parcels.market.orders["o1"]["changed"] + 1)
        parcels.refresh()
    else:
        cancellation.close(order_id=parcels.order.pk, at=AFTER, actor="somebody")
    plan(order_ids=[parcels.order.pk], at=AFTER)
    assert parcels.shipment.state == "voided"
    assert OrderIssue.objects.filter(kind="discrepancy", solved_at=None).count() == issues


def test_nothing_leaves_unarranged_nor_in_part(parcels: Parcels) -> None:
    with pytest.raises(ShipmentRefused) as bare:
        send(parcels.shipment)
    assert bare.value.code == "not_arranged"
    with pytest.raises(ShipmentRefused) as typed:
        change_tracking(
            shipment_id=parcels.shipment.pk, carrier="UPS", tracking_number="1", at=LATER, actor="somebody"
        )
    assert typed.value.code == "number_is_given"
    parcels.ask()
    parcels.step()
    assert refusal(parcels) == "arranged_already"
    with pytest.raises(ShipmentRefused) as half:
        send(parcels.shipment, Part(OrderLine.objects.get().pk, 1), at=AFTER)
    assert half.value.code == "already_told"


def test_import_only_account_arranges_nothing_and_ships_with_its_own_number(parcels: Parcels) -> None:
    ChannelAccount.objects.update(confirms_shipments=False)
    assert refusal(parcels) == "switched_off"
    send(parcels.shipment, at=AFTER)
    assert Confirmation.objects.get().outcome == "withheld"


def test_account_switched_off_meanwhile_sends_nothing(parcels: Parcels) -> None:
    parcels.ask()
    ChannelAccount.objects.update(confirms_shipments=False)
    assert parcels.step().outcome == "intended"
    assert parcels.calls("handover") == 0


def test_silent_platform_is_said_in_words(parcels: Parcels) -> None:
    parcels.market.spoiled = [(503, "text/html", b"")]
    assert refusal(parcels) == "platform_away"
    parcels.market.ways.clear()
    assert refusal(parcels) == "no_choices"


def test_more_units_of_the_order_get_a_shipment_of_their_own(parcels: Parcels) -> None:
    parcels.ask()
    parcels.step()
    order = parcels.market.orders["o1"]
    order["rows"][0]["count"], order["changed"] = 3, order["changed"] + 5
    parcels.refresh()
    plan(order_ids=[parcels.order.pk], at=AFTER)
    assert [row.lines.get().quantity for row in Shipment.objects.order_by("pk")] == [2, 1]


def test_damaged_label_is_asked_for_again(parcels: Parcels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.platforms_fake.sandbox.LABEL", b"<html>sorry</html>")
    parcels.ask()
    row = parcels.step()
    assert (row.document_id, row.state, row.tracking_number) == (None, "waiting", "FBo1")
    assert "whole document" in row.reason
    monkeypatch.undo()
    assert parcels.step(AFTER).document_id is not None


def test_lost_file_is_noticed_when_it_is_read(parcels: Parcels) -> None:
    parcels.ask()
    document = parcels.step().document
    assert document is not None
    document.digest = "0" * 64
    with pytest.raises(files.FileMissing):
        read(file=document)


def test_clockwork_finds_what_is_due_and_the_task_carries_it_on(parcels: Parcels) -> None:
    parcels.ask()
    [due] = queries.due_arrangements(limit=10, per_account=10)
    arrange_shipment(due)
    assert parcels.row.outcome == "confirmed"
    assert queries.due_arrangements(limit=10, per_account=10) == []


def test_given_up_arrangement_becomes_an_exception(parcels: Parcels) -> None:
    parcels.ask()
    Arrangement.objects.update(state="quarantined", last_error="the worker died three times on this")
    tick()
    assert OrderIssue.objects.get(kind="confirm_refused").detail["reason"].startswith("the worker died")
