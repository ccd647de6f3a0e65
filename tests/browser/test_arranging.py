"""Arranging a shipment as a person does it, where the marketplace gives number and label."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from ecomhub.models import User
from logistics.models import Arrangement, Shipment
from logistics.planning import plan
from logistics.tasks import arrange_shipment
from orders.allocation import allocate
from tests.browser.looking import DESKTOP, PHONE, complaints, log_in, look_over, person, sideways
from tests.channels.bazaar import bazaar
from tests.logistics.divided import Divided, open_divided
from tests.logistics.parcels import Parcels, open_parcels
from tests.sandbox_fixture import START, Sandbox

WAIT = 30_000
"""Milliseconds: there is no broker here, so ringing for the work takes until it is given up."""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def parcels(transactional_db: None, settings: Settings) -> Iterator[Parcels]:
    """An account whose platform gives the tracking number, with one order planned to leave."""
    with bazaar(settings) as market:
        yield open_parcels(market)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_person_arranges_prints_and_ships(
    page: Page, live_server: LiveServer, parcels: Parcels, theme: str
) -> None:
    log_in(page=page, address=live_server.url, user=person(theme=theme))
    page.goto(live_server.url + reverse("orders:detail", args=[parcels.order.pk]))
    panel = page.locator("#panel-shipments")
    panel.get_by_role("button", name="Arrange the shipment").click()
    dialog = page.locator("#dialog")
    expect(dialog.get_by_text("At a parcel shop")).to_be_visible()
    assert complaints(page, within="#dialog") == []
    page.set_viewport_size(PHONE)
    assert sideways(page) <= 0
    dialog.get_by_label("This afternoon").check()
    dialog.get_by_role("button", name="Arrange").click()
    expect(panel.get_by_text("Goes to the marketplace next")).to_be_visible(timeout=WAIT)
    parcels.step()
    expect(panel.get_by_role("link", name="Label")).to_be_visible(timeout=WAIT)
    assert parcels.market.boxes["o1"]["way"] == "soon"
    assert complaints(page, within="#panel-shipments") == []
    assert sideways(page) <= 0
    panel.get_by_role("button", name="Goods have left").click()
    expect(panel.get_by_text("Dispatched")).to_be_visible(timeout=WAIT)
    expect(panel.get_by_text("FBo1")).to_be_visible()


def opened(page: Page, button: Locator) -> Locator:
    """The dialog a button opens, looked at in light and dark, in both languages, on a desktop and a phone."""
    for theme, language in (("light", "en"), ("dark", "en"), ("dark", "zh-hans")):
        User.objects.update(theme=theme, language=language)
        page.set_viewport_size(DESKTOP)
        page.reload()
        for box in page.locator("[data-select]").all():
            box.check()
        button.click()
        expect(page.locator("#dialog .box-foot")).to_be_visible(timeout=WAIT)
        assert complaints(page, within="#dialog") == []
        page.set_viewport_size(PHONE)
        assert sideways(page) <= 0
    User.objects.update(theme="light", language="en")
    page.set_viewport_size(DESKTOP)
    page.reload()
    for box in page.locator("[data-select]").all():
        box.check()
    button.click()
    return page.locator("#dialog")


def test_person_arranges_many_and_prints_them(page: Page, live_server: LiveServer, parcels: Parcels) -> None:
    parcels.market.place("o2", at=int(START.timestamp()), code="A-1", count=1)
    order = parcels.refresh_one("o2")
    allocate(order_ids=[order.pk], at=START)
    plan(order_ids=[order.pk], at=START)
    log_in(page=page, address=live_server.url, user=person())
    look_over(page, live_server.url, reverse("logistics:list"))
    page.goto(live_server.url + reverse("logistics:list"))
    dialog = opened(page, page.locator("[data-bulk] button").first)
    expect(dialog.get_by_text("2 shipments will be arranged")).to_be_visible()
    dialog.get_by_label("Bazaar").select_option("pickup")
    dialog.get_by_role("button", name="Arrange").click()
    expect(dialog.get_by_text("Goes to the marketplace next").first).to_be_visible(timeout=WAIT)
    assert complaints(page, within="#dialog") == []
    page.set_viewport_size(PHONE)
    assert sideways(page) <= 0
    for pk in Arrangement.objects.values_list("pk", flat=True):
        arrange_shipment(pk)
    link = dialog.get_by_role("link", name="2 labels")
    expect(link).to_be_visible(timeout=WAIT)
    assert complaints(page, within="#dialog") == []
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "labels.zip"
    page.goto(live_server.url + reverse("logistics:list"))
    shown = opened(page, page.locator("[data-bulk] button").nth(1))
    expect(shown.get_by_text("2 labels are ready")).to_be_visible()


@pytest.fixture
def divided(transactional_db: None, sandbox: Sandbox, settings: Settings) -> Divided:
    """A Shopee order of three units."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return open_divided(sandbox)


def test_person_arranges_a_part(page: Page, live_server: LiveServer, divided: Divided) -> None:
    log_in(page=page, address=live_server.url, user=person())
    page.goto(live_server.url + reverse("orders:detail", args=[divided.order.pk]))
    dialog = opened(page, page.locator("#panel-shipments .arrangement .btn-primary"))
    expect(dialog.get_by_text("What is in this parcel?")).to_be_visible(timeout=WAIT)
    dialog.get_by_label("Units in this parcel").fill("1")
    dialog.get_by_role("button", name="Arrange").click()
    panel = page.locator("#panel-shipments")
    expect(panel.get_by_text("Goes to the marketplace next")).to_be_visible(timeout=WAIT)
    expect(panel.get_by_role("button", name="Arrange the shipment")).to_be_visible()
    first, _rest = Shipment.objects.order_by("pk")
    divided.step(first)
    expect(panel.get_by_text("Waiting for the label")).to_be_visible(timeout=WAIT)
    assert divided.packages() == [("arranged", 1)]
    assert complaints(page, within="#panel-shipments") == []


def test_person_cancels_at_the_platform(page: Page, live_server: LiveServer, parcels: Parcels) -> None:
    log_in(page=page, address=live_server.url, user=person())
    page.goto(live_server.url + reverse("orders:detail", args=[parcels.order.pk]))
    page.get_by_role("button", name="Cancel the order").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Reason").select_option("sold_out")
    assert complaints(page, within="#dialog") == []
    dialog.get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_text("word is awaited")).to_be_visible(timeout=WAIT)
    assert complaints(page, within="section[aria-labelledby='cancel-title']") == []
    page.set_viewport_size(PHONE)
    assert sideways(page) <= 0
