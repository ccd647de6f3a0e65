"""What a person reads on the pages: words instead of codes, nothing cut, nothing wider than the screen."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from ecomhub.models import Event
from inventory.models import StockMovement
from logistics.models import Shipment
from logistics.planning import plan
from orders.models import Order
from tests.browser.looking import PHONE, log_in, person, sideways
from tests.logistics.making import LATER, line, make_goods, planned_one, ready, telling

pytestmark = pytest.mark.django_db(transaction=True)

LAPTOP: ViewportSize = {"width": 1280, "height": 800}


def _planned() -> tuple[Order, Shipment]:
    return planned_one(make_goods({"mug": 9}, account=telling()), line("mug", 3))


def test_a_long_platform_status_breaks_into_lines(page: Page, live_server: LiveServer) -> None:
    order, _shipment = _planned()
    Order.objects.filter(pk=order.pk).update(platform_status="FAILED NOT_STARTED CANCELED AND_MORE")
    log_in(page=page, address=live_server.url, user=person())
    page.set_viewport_size(LAPTOP)
    page.goto(live_server.url + reverse("orders:detail", args=[order.pk]))
    assert sideways(page) <= 0


def test_a_phone_shows_the_whole_order_number(page: Page, live_server: LiveServer) -> None:
    goods = make_goods({"mug": 9}, account=telling())
    order = ready(goods, line("mug", 3), external_id="339199062325-16062547678183")
    log_in(page=page, address=live_server.url, user=person())
    page.set_viewport_size(PHONE)
    page.goto(live_server.url + reverse("orders:detail", args=[order.pk]))
    cut = "one => one.scrollWidth - one.clientWidth"
    assert page.locator(".bar-number").evaluate(cut) <= 0
    assert sideways(page) <= 0


def test_the_actions_of_an_order_stand_in_one_row_on_a_laptop(page: Page, live_server: LiveServer) -> None:
    order, _shipment = _planned()
    log_in(page=page, address=live_server.url, user=person())
    page.set_viewport_size(LAPTOP)
    page.goto(live_server.url + reverse("orders:detail", args=[order.pk]))
    tops = page.locator(".bar-acts .btn").evaluate_all("all => all.map(one => one.offsetTop)")
    assert len(tops) > 1
    assert len(set(tops)) == 1


def test_a_shipment_planned_while_somebody_looks_appears_by_itself(
    page: Page, live_server: LiveServer
) -> None:
    order = ready(make_goods({"mug": 9}, account=telling()), line("mug", 3))
    log_in(page=page, address=live_server.url, user=person())
    page.goto(live_server.url + reverse("orders:detail", args=[order.pk]))
    panel = page.locator("#panel-shipments")
    expect(panel.get_by_text("appears here by itself")).to_be_visible()
    plan(order_ids=[order.pk], at=LATER)
    expect(panel.get_by_text("Planned", exact=True)).to_be_visible(timeout=20_000)


def test_the_journal_leads_from_a_movement_to_its_order(page: Page, live_server: LiveServer) -> None:
    order, _shipment = _planned()
    held = StockMovement.objects.filter(kind="reserve").get()
    log_in(page=page, address=live_server.url, user=person())
    page.goto(live_server.url + reverse("inventory:movements"))
    row = page.locator(f"#movement-{held.pk}")
    expect(row).not_to_contain_text("order-line:")
    row.get_by_role("link", name="Order line").click()
    expect(page.get_by_role("heading", name=order.external_id)).to_be_visible()


def test_a_timeline_has_words_for_every_step_and_for_who_took_it(page: Page, live_server: LiveServer) -> None:
    order, _shipment = _planned()
    last = Event.objects.filter(object_kind="order", object_id=order.pk).order_by("-sequence").first()
    assert last is not None
    Event.objects.create(
        object_kind="order",
        object_id=order.pk,
        sequence=last.sequence + 1,
        kind="hand_over",
        at=LATER,
        actor="system",
        data={},
    )
    log_in(page=page, address=live_server.url, user=person())
    page.goto(live_server.url + reverse("orders:detail", args=[order.pk]))
    told = page.locator(".story")
    expect(told.get_by_text("Paid; the channel ships it")).to_be_visible()
    expect(told).not_to_contain_text("hand_over")
    expect(told).not_to_contain_text("· system")


def test_an_empty_tab_of_a_working_company_does_not_send_people_to_the_channels(
    page: Page, live_server: LiveServer
) -> None:
    _planned()
    log_in(page=page, address=live_server.url, user=person())
    page.goto(f"{live_server.url}{reverse('orders:list')}?tab=ignored")
    expect(page.get_by_text("Nothing waits here")).to_be_visible()
    expect(page.get_by_role("link", name="Open Channels")).to_have_count(0)


def test_a_page_without_the_menu_offers_the_other_language(page: Page, live_server: LiveServer) -> None:
    page.goto(live_server.url + reverse("account_login"))
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_connect_form_fits_a_phone_beside_its_long_address(page: Page, live_server: LiveServer) -> None:
    log_in(page=page, address=live_server.url, user=person())
    page.set_viewport_size(PHONE)
    page.goto(live_server.url + reverse("channels:connect-start", args=["shopee"]))
    edges = page.locator("main .form-control, main .text-break").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().right)"
    )
    assert max(edges) <= PHONE["width"]
