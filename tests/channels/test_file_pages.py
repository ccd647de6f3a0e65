"""The pages of an account worked by file: added, shown for what it is, never asked to do what it cannot."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from channels.models import ChannelAccount
from ecomhub import clock
from ecomhub.access import Role
from inventory.models import SheetImport
from inventory.tasks import apply_import
from orders.models import Order
from tests.browser.looking import logged_in, person
from tests.inventory.making import make_entity

SHEETS = reverse("inventory:imports")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(transactional_db: None, tmp_path: Path, settings: Settings) -> Client:
    """Mei, the owner."""
    settings.ECOMHUB_FILES_DIR = tmp_path / "files"
    make_entity()
    return logged_in(person())


def add(client: Client, platform: str = "lazada", **changes: object) -> str:
    """Send the form; what the page that follows says."""
    given = {"name": "Lazada MY", "countries": ["MY"], "go_live_at": "2026-01-01T00:00", **changes}
    answer = client.post(f"/channels/add-by-file/{platform}/", given, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_account_worked_by_file_is_added_and_shown_for_what_it_is(client: Client) -> None:
    offered = client.get("/channels/connect/").content.decode()
    for key in ("lazada", "tiktok", "aliexpress", "temu", "other"):
        assert f"/channels/add-by-file/{key}/" in offered
    assert "/channels/add/lazada/" not in offered
    page = add(client)
    assert "Lazada MY is added." in page
    assert "By file" in page
    account = ChannelAccount.objects.get()
    assert (account.platform, account.seller_id, account.endpoint) == ("lazada", "Lazada MY", "")
    shop = account.shops.get()
    assert (shop.country, shop.currency, shop.time_zone) == ("MY", "MYR", "Asia/Kuala_Lumpur")
    for never in ("Import only", "Sync now", "Preview and switches", "New credentials", "Last success"):
        assert never not in page
    assert "kind=orders" in page
    home = client.get("/channels/freshness/").content.decode()
    assert shop.short_name not in home


def test_what_is_wrong_is_said_on_the_form(client: Client) -> None:
    assert "Asia/Shanghai" in add(client, time_zone="Mars/Base")
    assert "ISO 4217" in add(client, currency="XXY")
    assert "required" in add(client, countries=[])
    assert not ChannelAccount.objects.exists()
    add(client)
    assert "connected already" in add(client)
    assert client.get("/channels/add-by-file/amazon/").status_code == 404
    assert client.get("/channels/add-by-file/nowhere/").status_code == 404


def test_orders_come_by_the_page_of_sheets(client: Client) -> None:
    add(client)
    day = (clock.now() - timedelta(days=1)).strftime("%Y-%m-%d")
    file = SimpleUploadedFile(
        "orders.csv",
        f"店铺,订单号,下单时间,卖家SKU,单价\nLazada MY,1001,{day},mug,39.90\n".encode(),
        "text/csv",
    )
    assert 'value="orders" selected' in client.get(f"{SHEETS}?kind=orders").content.decode()
    looked = client.post(SHEETS, {"kind": "orders", "file": file}, follow=True)
    assert "Would be created" in looked.content.decode()
    row = SheetImport.objects.get()
    assert row.file.sealed
    client.post(f"{SHEETS}{row.pk}/apply/")
    apply_import(row.pk)
    row.refresh_from_db()
    assert row.step == SheetImport.Step.APPLIED
    order = Order.objects.get()
    assert client.get(f"/orders/{order.pk}/").status_code == 200
    assert "Lazada MY" in client.get("/orders/").content.decode()


def test_who_may_not_add_accounts_or_bring_orders_is_refused(transactional_db: None) -> None:
    picker = logged_in(person(role=Role.PICKER))
    assert picker.get("/channels/add-by-file/lazada/").status_code == 403
    money = logged_in(person(role=Role.FINANCE, username="fin"))
    assert 'value="orders"' not in money.get(SHEETS).content.decode()
