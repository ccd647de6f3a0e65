"""Orders of shops nobody speaks for: they come by sheet and live like every other order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook
from pytest_django import Settings

from channels import accounts, file_accounts, queries
from channels.accounts import AccountRefused
from channels.models import ChannelAccount, Listing, Pull
from ecomhub import discovery, verifying
from ecomhub.access import SYSTEM
from ecomhub.sheets import read_table, template
from inventory import imports
from inventory.models import SheetImport
from orders import golive, lag_queries
from orders.buyers import open_buyer
from orders.models import Order, OrderIssue, OrderLine
from orders.sweeps import to_approve
from tests.inventory.making import make_entity
from tests.orders import factory

pytestmark = pytest.mark.django_db(transaction=True)
AT = factory.AT
HEAD = "shop,order,placed_at,paid_at,status,listing,quantity,price,shipping,tracking,shipped_at\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, settings: Settings) -> None:
    settings.ECOMHUB_FILES_DIR = tmp_path / "files"


@pytest.fixture
def lazada(transactional_db: None) -> ChannelAccount:
    """A seller on Lazada in Malaysia."""
    return add("lazada", "Lazada", "MY")


def add(platform: str, name: str, *countries: str, **changes: str) -> ChannelAccount:
    """An account worked by file, at work for a month."""
    return file_accounts.add(
        platform=platform, name=name, countries=countries, legal_entity=make_entity(),
        go_live_at=factory.GO_LIVE, at=factory.GO_LIVE, **changes,
    )  # fmt: skip


def look(text: str | bytes) -> SheetImport:
    """Upload and preview."""
    data = text.encode() if isinstance(text, str) else text
    row = imports.upload(kind="orders", name="orders.csv", data=data, at=AT, actor="li")
    return imports.preview(import_id=row.pk, at=AT)


def take(text: str | bytes) -> dict[str, int]:
    """Upload, preview, apply; how many rows came to what, without the zeros."""
    row = look(text)
    assert row.step == SheetImport.Step.PREVIEWED, row.report
    imports.begin(import_id=row.pk)
    claimed = imports.claim(import_id=row.pk)
    assert claimed is not None
    assert imports.apply_claimed(row=claimed, at=AT)
    row.refresh_from_db()
    return {word: count for word, count in row.report["counts"].items() if count}


def reasons(text: str | bytes) -> dict[int, str]:
    """Why rows are refused."""
    found = imports.findings_of(report=look(text).report)
    return {one.row: one.reason for one in found if one.outcome == "refused"}


def row(order: str = "1001", listing: str = "mug", **cells: str) -> str:
    """One row below ``HEAD``."""
    values = {
        "shop": "Lazada", "order": order, "placed_at": "2026-02-20 10:00", "paid_at": "2026-02-20 10:05",
        "status": "paid", "listing": listing, "quantity": "1", "price": "10.00", "shipping": "",
        "tracking": "", "shipped_at": "", **cells,
    }  # fmt: skip
    return ",".join(values.values()) + "\n"


def held() -> None:
    """Every law holds."""
    assert verifying.verify().broken == []


def test_a_sheet_becomes_orders_whose_stock_is_reserved(lazada: ChannelAccount) -> None:
    goods = factory.make_goods({"mug": 5, "pot": 5}, account=lazada, country="MY")
    sheet = HEAD + row(quantity="2", shipping="3.00") + row(listing="pot") + row("1002")
    assert [str(one.outcome) for one in imports.findings_of(report=look(sheet).report)] == ["created"] * 3
    assert Order.objects.count() == 0
    assert take(sheet) == {"created": 3}
    order = Order.objects.get(external_id="1001")
    assert (order.shop, order.currency, order.total, order.status) == (
        goods.shop,
        "MYR",
        Decimal(33),
        "label",
    )
    assert order.placed_at == datetime(2026, 2, 20, 2, 0, tzinfo=UTC)
    lines = (
        OrderLine.objects.filter(order=order).order_by("pk").values_list("external_id", "quantity", "charge")
    )
    assert list(lines) == [("mug", 2, Decimal(20)), ("pot", 1, Decimal(10))]
    assert goods.skus["mug"].levels.get().reserved == 3
    held()


def test_the_same_sheet_twice_and_an_older_one_change_nothing(lazada: ChannelAccount) -> None:
    factory.make_goods({"mug": 5}, account=lazada)
    first = HEAD + row()
    later = HEAD + row(status="Completed", shipped_at="2026-02-21 09:00")
    assert take(first) == {"created": 1}
    assert take(first) == {"unchanged": 1}
    assert take(later) == {"updated": 1}
    before = Order.objects.get()
    assert (before.status, before.platform_status) == ("completed", "Completed")
    assert take(later) == {"unchanged": 1}
    [older] = imports.findings_of(report=look(first).report)
    assert (older.outcome, "later state" in older.reason) == ("unchanged", True)
    assert take(first) == {"unchanged": 1}
    assert Order.objects.get().status == "completed"
    held()


@pytest.mark.parametrize("gone_by", ["time", "word"])
def test_a_later_sheet_pays_ships_elsewhere_and_cancels(lazada: ChannelAccount, gone_by: str) -> None:
    """Also where the sheet names no time of the change."""
    goods = factory.make_goods({"mug": 5}, account=lazada)
    when = "2026-02-22 08:00" if gone_by == "time" else ""
    unpaid = {"paid_at": "", "status": "待付款"}
    assert take(HEAD + row("1", **unpaid) + row("2", **unpaid) + row("3")) == {"created": 3}
    assert dict(Order.objects.values_list("external_id", "status")) == {
        "1": "unpaid",
        "2": "unpaid",
        "3": "label",
    }
    sheet = (
        HEAD + row("1") + row("2", paid_at="", status="已取消") + row("3", status="shipped", shipped_at=when)
    )
    assert take(sheet) == {"updated": 3}
    assert dict(Order.objects.values_list("external_id", "status")) == {
        "1": "label", "2": "canceled", "3": "shipped",
    }  # fmt: skip
    level = goods.skus["mug"].levels.get()
    assert (level.on_hand, level.reserved) == (4, 1)
    held()


def test_a_line_canceled_alone_gives_its_stock_back(lazada: ChannelAccount) -> None:
    goods = factory.make_goods({"mug": 5, "pot": 5}, account=lazada)
    take(HEAD + row() + row(listing="pot"))
    assert take(HEAD + row() + row(listing="pot", status="canceled")) == {"updated": 2}
    assert goods.skus["pot"].levels.get().reserved == 0
    assert goods.skus["mug"].levels.get().reserved == 1
    held()


def test_unpaired_listings_wait_for_a_person(lazada: ChannelAccount) -> None:
    take(HEAD + row(listing="NEW-CODE"))
    assert Listing.objects.unmapped().get().external_id == "NEW-CODE"
    assert OrderIssue.objects.get().kind == "unmapped_listing"
    assert Order.objects.get().status == "process"


def test_an_order_older_than_go_live_is_kept_and_never_worked(lazada: ChannelAccount) -> None:
    factory.make_goods({"mug": 5}, account=lazada)
    take(HEAD + row(placed_at="2026-01-01 10:00"))
    order = Order.objects.get()
    assert (order.status, order.is_before_go_live) == ("ignored", True)
    accounts.switch_on(
        account=lazada, pushes_stock=True, confirms_shipments=True, pushes_prices=True, at=AT,
        go_live_at=factory.GO_LIVE - timedelta(days=90),
    )  # fmt: skip
    lazada.refresh_from_db()
    assert (lazada.pushes_stock, lazada.confirms_shipments, lazada.pushes_prices) == (False, False, False)
    assert golive.reconsider(at=AT) == 1
    assert to_approve(limit=9) == [order.pk]


def test_chinese_headings_and_a_buyer_who_stays_sealed(lazada: ChannelAccount, tmp_path: Path) -> None:
    sheet = (
        "店铺,订单号,下单时间,订单状态,收件国家,卖家SKU,商品名称,数量,单价,币种,买家运费,收件人,电话,地址,城市,邮编\n"
        "Lazada,88001,2026年2月20日 10:00,待发货,马来西亚,mug,马克杯,2,39.90,MYR,4.90,Aminah binti Ali,"
        "+60 12 345,12 Jalan Ampang,Kuala Lumpur,50450\n"
    )
    assert take(sheet) == {"created": 1}
    order = Order.objects.get()
    assert (order.country, order.total) == ("MY", Decimal("84.70"))
    buyer = open_buyer(order=order)
    assert buyer is not None
    assert buyer.address is not None
    assert (buyer.name, buyer.address.city, buyer.address.lines) == (
        "Aminah binti Ali", "Kuala Lumpur", ("12 Jalan Ampang",),
    )  # fmt: skip
    kept = [path.read_bytes() for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert kept
    assert not any(b"Aminah" in data for data in kept)


def test_bad_rows_say_what_to_do_and_take_only_their_order_along(lazada: ChannelAccount) -> None:
    sheet = HEAD + (
        row("1", status="hmm")
        + row("1", listing="pot")
        + row("2", placed_at="02/03/2026")
        + row("3", placed_at="2031-01-01")
        + row("4", price="1.005")
        + row("5", shop="Nowhere")
        + row("6")
        + row("7")
        + row("6", listing="pot")
        + row("8", placed_at="yesterday")
        + row("9")
        + row("10", quantity="0")
    )
    said = reasons(sheet)
    words = {
        2: "no status", 3: "2", 4: "two ways", 5: "future", 6: "decimals", 7: "no shop", 8: "stand together",
        10: "stand together", 11: "not a date", 13: "less than 1",
    }  # fmt: skip
    assert set(said) == set(words)
    for number, word in words.items():
        assert word in said[number], (number, said[number])
    assert take(sheet) == {"created": 2, "refused": 10}
    assert set(Order.objects.values_list("external_id", flat=True)) == {"7", "9"}
    assert take(HEAD + row("1") + row("1", listing="pot")) == {"created": 2}


def test_shops_that_are_connected_take_no_sheet_and_several_shops_ask_which(transactional_db: None) -> None:
    factory.make_account(name="Amazon US")
    add("tiktok", "TikTok", "GB", "DE")
    said = reasons(HEAD + row(shop="Amazon US") + row("2", shop="TikTok"))
    assert "come by themselves" in said[2]
    assert "several shops" in said[3]
    head = HEAD.replace("shop,", "shop,marketplace,")
    assert take(head + row(shop="TikTok,DE") + row("2", shop="TikTok GB,")) == {"created": 2}
    assert dict(Order.objects.values_list("external_id", "currency")) == {"1001": "EUR", "2": "GBP"}


def test_numbers_excel_has_shortened_are_refused(lazada: ChannelAccount) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["shop", "order", "placed_at", "listing", "price"])
    day = AT.replace(tzinfo=None)
    sheet.append(["Lazada", 4012345678901234567, day, "mug", 10])
    sheet.append(["Lazada", "4012345678901234568", day, "mug", 10.5])
    buffer = BytesIO()
    book.save(buffer)
    assert list(reasons(buffer.getvalue())) == [2]
    assert take(buffer.getvalue()) == {"created": 1, "refused": 1}
    assert Order.objects.get().external_id == "4012345678901234568"


def test_an_order_is_never_parted_between_two_chunks(
    lazada: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ecomhub.sheets.nouns.Importer.chunks.__kwdefaults__", {"size": 2})
    sheet = HEAD + "".join(row(str(order), f"thing-{line}") for order in range(3) for line in range(3))
    assert take(sheet) == {"created": 9}
    assert [order.lines.filter(quantity_canceled=0).count() for order in Order.objects.all()] == [3, 3, 3]
    assert take(sheet) == {"unchanged": 9}


def test_the_template_is_a_sheet_the_importer_takes(lazada: ChannelAccount) -> None:
    importer = discovery.importers()["orders"]
    data = template(importer=importer)
    assert len(read_table(data=data, columns=importer.columns).found) == len(importer.columns)
    lazada.name = "Lazada MY"
    lazada.save()
    row_ = imports.upload(
        kind="orders", name="o.csv", data=data, at=datetime(2026, 7, 1, tzinfo=UTC), actor="li"
    )
    report = imports.preview(import_id=row_.pk, at=datetime(2026, 7, 1, tzinfo=UTC)).report
    assert report["counts"]["created"] == 1, report


def test_an_account_worked_by_file_has_shops_and_nothing_that_reads_or_waits(lazada: ChannelAccount) -> None:
    add("temu", "Temu", "US", "DE", currency="CNY", time_zone="Asia/Shanghai")
    shops = ChannelAccount.objects.get(name="Temu").shops
    assert set(shops.values_list("country", "currency", "time_zone")) == {
        ("US", "CNY", "Asia/Shanghai"), ("DE", "CNY", "Asia/Shanghai"),
    }  # fmt: skip
    assert not Pull.objects.exists()
    assert queries.freshness(actor=SYSTEM, at=AT) == []
    assert lag_queries.shop_lags(actor=SYSTEM, at=AT) == []
    for wrong in (
        ("lazada", "Lazada", "MY"),
        ("lazada", "L2", "DE"),
        ("lazada", "L3"),
        ("amazon", "A", "US"),
    ):
        with pytest.raises(AccountRefused):
            add(*wrong)
    for changes in ({"currency": "XXY"}, {"time_zone": "Mars/Base"}):
        with pytest.raises(AccountRefused):
            add("temu", "Another", "US", **changes)


def test_the_command_adds_an_account_worked_by_file(transactional_db: None) -> None:
    out = StringIO()
    call_command(
        "channel_add", "--platform", "lazada", "--name", "Lazada MY", "--country", "MY", "--country", "sg",
        stdout=out,
    )  # fmt: skip
    assert "import_sheet orders" in out.getvalue()
    account = ChannelAccount.objects.get()
    assert sorted(account.shops.values_list("country", flat=True)) == ["MY", "SG"]
    with pytest.raises(CommandError, match="--credentials"):
        call_command("channel_add", "--platform", "amazon", "--name", "A", stdout=StringIO())
