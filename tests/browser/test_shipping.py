"""Shipping as a person does it: from the order page to the list of what left."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from logistics.models import Confirmation, Shipment
from tests.browser.looking import complaints, log_in, person, sideways
from tests.logistics.making import LATER, line, make_goods, planned_one, send, telling

pytestmark = pytest.mark.django_db(transaction=True)

PHONE: ViewportSize = {"width": 390, "height": 844}


def test_person_ships_part_of_an_order_from_its_page(page: Page, live_server: LiveServer) -> None:
    order, shipment = planned_one(make_goods({"mug": 9}, account=telling()), line("mug", 3))
    log_in(page=page, address=live_server.url, user=person())
    page.goto(live_server.url + reverse("orders:detail", args=[order.pk]))
    panel = page.locator("#panel-shipments")
    expect(panel.get_by_text(shipment.number)).to_be_visible()
    assert complaints(page, within="#panel-shipments") == []
    panel.get_by_label("Units that leave now").fill("2")
    panel.get_by_label("Carrier").fill("UPS")
    panel.get_by_role("button", name="Goods have left").click()
    expect(panel.get_by_role("alert")).to_contain_text("Enter the tracking number")
    panel.get_by_label("Tracking number").fill("1Z999")
    panel.get_by_role("button", name="Goods have left").click()
    expect(panel.get_by_text("Dispatched")).to_be_visible()
    expect(panel.get_by_text("1Z999")).to_be_visible()
    expect(page.get_by_text("has left. The marketplace is told next.")).to_be_visible()
    assert Shipment.objects.get(state="dispatched").tracking_number == "1Z999"
    assert complaints(page, within="#panel-shipments") == []
    page.set_viewport_size(PHONE)
    assert sideways(page) <= 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_list_of_shipments_is_readable_by_everybody(page: Page, live_server: LiveServer, theme: str) -> None:
    goods = make_goods({"mug": 99}, account=telling())
    planned_one(goods)
    _order, leaving = planned_one(goods, line("mug", 2))
    gone = send(leaving)
    Confirmation.objects.update(outcome="refused", state="quarantined", reason="carrierName", sent_at=LATER)
    log_in(page=page, address=live_server.url, user=person(theme=theme))
    page.goto(f"{live_server.url}{reverse('logistics:list')}?view=all")
    expect(page.get_by_role("link", name=gone.number)).to_be_visible()
    page.get_by_role("link", name="Not marked as shipped").click()
    expect(page.locator("#shipments-rows tr")).to_have_count(1)
    page.set_viewport_size(PHONE)
    assert sideways(page) <= 0
    assert complaints(page) == []
