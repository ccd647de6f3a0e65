"""Arranging part of an order: Shopee divides it into packages, and a platform that cannot is never asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django import Settings

from ecomhub import verifying
from logistics.arranging import again, offers
from logistics.models import Arrangement, Confirmation, Shipment
from logistics.planning import plan, void
from logistics.refusals import ShipmentRefused
from logistics.splitting import Part
from orders import cancellation
from orders.models import OrderIssue, OrderLine
from tests.logistics.divided import LATER, Divided, open_divided
from tests.logistics.making import content, send
from tests.logistics.parcels import AFTER, Parcels
from tests.sandbox_fixture import Sandbox


@pytest.fixture
def divided(transactional_db: None, sandbox: Sandbox, settings: Settings) -> Divided:
    """One line of three units in one warehouse."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return open_divided(sandbox)


@pytest.fixture
def two_places(transactional_db: None, sandbox: Sandbox, settings: Settings) -> Divided:
    """Two lines of two units, each in its own warehouse: two shipments of one order."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return open_divided(sandbox, units=2, places=2)


def test_part_leaves_as_a_package_of_its_own_and_the_rest_follows(divided: Divided) -> None:
    [shipment] = divided.shipments
    [line] = divided.lines()
    divided.ask(shipment, Part(line.pk, 1))
    first, rest = divided.shipments
    assert [content(each)[0][2] for each in (first, rest)] == [1, 2]
    row = divided.step(first)
    assert (row.outcome, row.lines) == ("confirmed", [[line.external_id, 1]])
    assert row.package
    assert divided.packages() == [("arranged", 1)]
    assert row.tracking_number
    assert divided.step(first).document_id is not None
    gone = send(first, carrier="", tracking_number="", at=AFTER)
    assert gone.tracking_number == row.tracking_number
    divided.ask(rest)
    other = divided.step(rest)
    assert (other.outcome, other.lines) == ("confirmed", [[line.external_id, 2]])
    assert other.package not in ("", row.package)
    assert other.tracking_number not in ("", row.tracking_number)
    assert divided.packages() == [("arranged", 1), ("arranged", 2)]
    assert divided.calls("splitOrder") == 1
    assert Confirmation.objects.filter(outcome="confirmed").count() == 2
    send(rest, carrier="", tracking_number="", at=AFTER)
    assert divided.order.status == "shipped"
    assert verifying.verify().broken == []


def test_whole_order_is_arranged_without_dividing_it(divided: Divided) -> None:
    [shipment] = divided.shipments
    [line] = divided.lines()
    divided.ask(shipment, Part(line.pk, 3))
    row = divided.step(shipment)
    assert (row.outcome, row.package) == ("confirmed", "")
    assert divided.calls("splitOrder") == 0


def test_shipments_of_two_warehouses_are_two_packages(two_places: Divided) -> None:
    first, second = two_places.shipments
    two_places.ask(second)
    two_places.ask(first)
    rows = [two_places.step(each) for each in (second, first)]
    assert [row.outcome for row in rows] == ["confirmed", "confirmed"]
    assert len({row.package for row in rows} - {""}) == 2
    assert len({row.tracking_number for row in rows} - {""}) == 2
    assert two_places.calls("splitOrder") == 1
    assert two_places.packages() == [("arranged", 2), ("arranged", 2)]


def test_equal_parcels_never_share_a_package(divided: Divided) -> None:
    [shipment] = divided.shipments
    [line] = divided.lines()
    divided.ask(shipment, Part(line.pk, 1))
    _first, rest = divided.shipments
    divided.ask(rest, Part(line.pk, 1))
    one, two, three = divided.shipments
    divided.ask(three)
    rows = [divided.step(each) for each in (two, one, three)]
    assert [row.outcome for row in rows] == ["confirmed"] * 3
    assert len({row.package for row in rows} - {""}) == 3
    assert divided.calls("splitOrder") == 1


def test_lost_answer_of_the_division_is_no_second_one(divided: Divided) -> None:
    [shipment] = divided.shipments
    [line] = divided.lines()
    divided.ask(shipment, Part(line.pk, 1))
    divided.market.fault("timeout_after_write", operation="splitOrder", seconds=0)
    row = divided.step(shipment)
    assert (row.outcome, row.state, row.package) == ("intended", "waiting", "")
    assert divided.packages() == []
    row = divided.step(shipment, AFTER)
    assert row.outcome == "confirmed"
    assert divided.calls("splitOrder") == 1


def test_lost_answer_of_a_parts_arrangement_is_read_back_by_its_package(divided: Divided) -> None:
    [shipment] = divided.shipments
    [line] = divided.lines()
    divided.ask(shipment, Part(line.pk, 1))
    divided.market.fault("timeout_after_write", operation="shipOrder", seconds=0)
    assert divided.step(shipment).outcome == "unknown"
    row = divided.step(shipment, AFTER)
    assert row.outcome == "confirmed"
    assert divided.calls("shipOrder") == 1
    assert divided.packages() == [("arranged", 1)]


def test_order_divided_otherwise_is_an_exception_in_clear_words(divided: Divided) -> None:
    [shipment] = divided.shipments
    [line] = divided.lines()
    divided.ask(shipment, Part(line.pk, 1))
    first, rest = divided.shipments
    divided.step(first)
    divided.ask(rest, Part(line.pk, 1))
    row = divided.step(rest)
    assert row.outcome == "refused"
    assert "other packages already" in row.reason
    assert OrderIssue.objects.filter(kind="confirm_refused", solved_at=None).count() == 1


def test_parts_the_shipment_does_not_hold_are_refused(divided: Divided) -> None:
    [shipment] = divided.shipments
    [line] = divided.lines()
    for parts, code in (([Part(line.pk, 4)], "not_in_shipment"), ([Part(line.pk, 0)], "no_lines")):
        with pytest.raises(ShipmentRefused) as refused:
            divided.ask(shipment, *parts)
        assert refused.value.code == code
    assert len(divided.shipments) == 1
    assert not Arrangement.objects.exists()


def test_units_taken_away_before_the_call_are_not_arranged(divided: Divided) -> None:
    [shipment] = divided.shipments
    [line] = divided.lines()
    divided.ask(shipment, Part(line.pk, 2))
    first, rest = divided.shipments
    cut = first.lines.get()
    cut.quantity = cut.line_quantity = 1
    cut.save()
    left = rest.lines.get()
    left.quantity = left.line_quantity = 2
    left.save()
    row = divided.step(first)
    assert (row.outcome, row.lines) == ("confirmed", [[line.external_id, 1]])
    assert divided.packages() == [("arranged", 1)]


def test_platform_that_does_not_divide_orders_is_not_asked(parcels: Parcels) -> None:
    line = OrderLine.objects.get()
    for ask in (
        lambda: offers(shipment_id=parcels.shipment.pk, parts=[Part(line.pk, 1)], at=LATER),
        lambda: parcels.ask(parts=[Part(line.pk, 1)]),
    ):
        with pytest.raises(ShipmentRefused) as refused:
            ask()
        assert refused.value.code == "whole_only"
        assert "Fake Bazaar arranges an order only as a whole" in refused.value.text
    assert parcels.market.calls == []
    assert Shipment.objects.count() == 1
    parcels.ask(parts=[Part(line.pk, 2)])
    assert parcels.step().outcome == "confirmed"


def test_second_parcel_of_an_order_arranged_whole_is_refused_there(parcels: Parcels) -> None:
    parcels.ask()
    parcels.step()
    order = parcels.market.orders["o1"]
    order["rows"][0]["count"], order["changed"] = 3, order["changed"] + 5
    parcels.refresh()
    plan(order_ids=[parcels.order.pk], at=AFTER)
    asked = parcels.calls("handover")
    with pytest.raises(ShipmentRefused) as refused:
        parcels.ask()
    assert refused.value.code == "whole_only"
    assert parcels.calls("handover") == asked


def test_order_that_grew_before_the_call_is_refused_and_can_be_put_right(parcels: Parcels) -> None:
    row = parcels.ask()
    order = parcels.market.orders["o1"]
    order["rows"][0]["count"], order["changed"] = 3, order["changed"] + 5
    parcels.refresh()
    assert parcels.step().outcome == "refused"
    assert "only as a whole" in parcels.row.reason
    assert parcels.calls("handover") == 0
    OrderLine.objects.update(quantity_canceled=1)
    again(arrangement_id=row.pk, at=AFTER, actor="somebody")
    assert parcels.step(AFTER).outcome == "confirmed"


def test_parcel_planned_anew_takes_the_package_of_the_one_voided_here(divided: Divided) -> None:
    [shipment] = divided.shipments
    [line] = divided.lines()
    divided.ask(shipment, Part(line.pk, 1))
    first, rest = divided.shipments
    taken = divided.step(first)
    with transaction.atomic():
        void(shipment=first, at=LATER, actor="somebody", reason="planned anew")
    plan(order_ids=[divided.order.pk], at=LATER)
    assert content(rest) == [(line.pk, 3, 3)]
    divided.ask(rest, Part(line.pk, 1))
    row = divided.step(rest)
    assert (row.outcome, row.package) == ("confirmed", taken.package)
    assert row.tracking_number == taken.tracking_number


def test_canceled_order_is_not_divided(divided: Divided) -> None:
    [shipment] = divided.shipments
    [line] = divided.lines()
    divided.ask(shipment, Part(line.pk, 1))
    cancellation.close(order_id=divided.order.pk, at=LATER, actor="somebody")
    divided.step(shipment, LATER + timedelta(minutes=1))
    assert divided.calls("splitOrder") == 0
