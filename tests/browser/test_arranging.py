"""Arranging a shipment as a person does it, where the marketplace gives number and label."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.browser.looking import PHONE, complaints, log_in, person, sideways
from tests.channels.bazaar import bazaar
from tests.logistics.parcels import Parcels, open_parcels

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
