"""A shop worked by file in a real browser: added, its orders brought as a sheet, and how the pages look."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from channels.models import ChannelAccount
from ecomhub import clock
from inventory.models import SheetImport
from inventory.tasks import apply_import
from orders.models import Order
from tests.browser.looking import log_in, look_over, person
from tests.inventory.making import make_entity

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_shop_worked_by_file_is_added_and_its_orders_come_as_a_sheet(
    page: Page, live_server: LiveServer, tmp_path: Path, settings: Settings
) -> None:
    settings.ECOMHUB_FILES_DIR = tmp_path / "files"
    make_entity()
    log_in(page=page, address=live_server.url, user=person())
    page.goto(f"{live_server.url}/channels/")
    page.get_by_role("link", name="Connect an account").first.click()
    page.get_by_role("link", name="Work it by file · Lazada").click()
    page.get_by_label("What you call it").fill("Lazada MY")
    page.get_by_label("Malaysia · MYR").check()
    page.get_by_label("Work orders placed from").fill("2026-01-01T00:00")
    page.get_by_role("button", name="Add the account").click()
    expect(page.get_by_role("heading", name="Lazada MY")).to_be_visible()
    expect(page.get_by_text("By file", exact=True)).to_be_visible()
    assert ChannelAccount.objects.get().shops.get().currency == "MYR"
    look_over(page, live_server.url, "/channels/", "/channels/connect/", "/channels/add-by-file/temu/")

    sheet = tmp_path / "orders.csv"
    day = (clock.now() - timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
    sheet.write_text(f"店铺,订单号,下单时间,订单状态,卖家SKU,单价\nLazada MY,1001,{day},待发货,mug,39.90\n")
    page.goto(f"{live_server.url}/channels/")
    page.get_by_role("link", name="Import orders").click()
    page.locator("input[type=file]").set_input_files(sheet)
    page.get_by_role("button", name="Check the sheet").click()
    expect(page.get_by_text("1001 · mug")).to_be_visible()
    page.get_by_role("button", name="Take it in").click()
    expect(page.get_by_text("Being applied").first).to_be_visible()
    apply_import(SheetImport.objects.get().pk)
    expect(page.get_by_text("Applied", exact=True).first).to_be_visible(timeout=15_000)
    page.goto(f"{live_server.url}/orders/{Order.objects.get().pk}/")
    expect(page.get_by_text("1001").first).to_be_visible()
