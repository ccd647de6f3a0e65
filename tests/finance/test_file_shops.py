"""A shop nobody speaks for, from its orders' sheet to its statement: it reconciles like the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from channels import file_accounts
from channels.models import ChannelAccount
from ecomhub import verifying
from finance.models import MoneyAccount, RememberedLayout
from finance.statements import money_accounts
from inventory import imports
from inventory.models import SheetImport
from logistics.models import Confirmation
from orders.models import Order
from tests.finance.making import OPENS
from tests.finance.selling import earned, owed, publish, raised, state, turn
from tests.finance.settling import AT, balances, take
from tests.inventory.making import make_entity
from tests.logistics.making import planned, send
from tests.orders import factory

pytestmark = pytest.mark.django_db(transaction=True)
LEFT = datetime(2026, 3, 3, 12, tzinfo=UTC)
SOON = datetime(2026, 4, 3, 12, tzinfo=UTC)
HEAD = "店铺,订单号,下单时间,付款时间,订单状态,收件国家,卖家SKU,数量,单价,币种,买家运费,运单号,发货时间\n"
LAZADA = (
    "Transaction Date,Transaction Type,Fee Name,Transaction Number,Details,Seller SKU,Amount,VAT in Amount,"
    "WHT Amount,WHT included in Amount,Statement,Paid Status,Order No.,Order Item No.\n"
)
WEEK = "09 Mar 2026 - 15 Mar 2026"


def add(platform: str, name: str, country: str, **changes: str) -> ChannelAccount:
    """A file-only account whose books are in its shop's currency."""
    made = file_accounts.add(
        platform=platform, name=name, countries=[country], legal_entity=make_entity(),
        go_live_at=datetime(2026, 2, 1, tzinfo=UTC), at=datetime(2026, 2, 1, tzinfo=UTC), **changes,
    )  # fmt: skip
    book = money_accounts.of_channel(channel=made, at=AT).book
    book.currency, book.opens_on = made.shops.get().currency, OPENS
    book.save()
    return made


@pytest.fixture
def lazada(transactional_db: None, tmp_path: Path, settings: object) -> ChannelAccount:
    """Lazada in Malaysia, with goods and what it publishes to take."""
    settings.ECOMHUB_FILES_DIR = tmp_path / "files"  # type: ignore[attr-defined]
    account = add("lazada", "Lazada MY", "MY")
    factory.make_goods({"mug": 20}, account=account, country="MY")
    publish(platform="lazada", percent="5", currency="MYR")
    return account


def sheet(*rows: str) -> dict[str, int]:
    """Orders taken in by a sheet."""
    row = imports.upload(
        kind="orders", name="orders.csv", data=(HEAD + "\n".join(rows)).encode(), at=AT, actor="li"
    )
    row = imports.preview(import_id=row.pk, at=AT)
    assert row.step == SheetImport.Step.PREVIEWED, row.report
    imports.begin(import_id=row.pk)
    claimed = imports.claim(import_id=row.pk)
    assert claimed is not None
    imports.apply_claimed(row=claimed, at=AT)
    row.refresh_from_db()
    return {word: count for word, count in row.report["counts"].items() if count}


def paid(order: str, *, status: str = "待发货", more: str = ",") -> str:
    """A paid order of two mugs at 50.00, 4.90 for shipping."""
    return f"Lazada MY,{order},2026-03-02 10:00,2026-03-02 10:05,{status},MY,mug,2,50.00,MYR,4.90,{more}"


def line(order: str, fee: str, amount: str) -> str:
    """A line of Lazada's statement."""
    return (
        f"10 Mar 2026,Orders-Sales,{fee},T-{order}-{fee},,mug,{amount},0.00,0.00,No,{WEEK},Paid,{order},1\n"
    )


def statement(folder: Path, *lines: str) -> Path:
    """A statement as Lazada's seller center exports it."""
    path = folder / "lazada.csv"
    path.write_text(LAZADA + "".join(lines), encoding="utf-8")
    return path


def ship(order: Order, tracking: str) -> None:
    """Let an order leave our warehouse."""
    [shipment] = planned(order)
    send(shipment, tracking_number=tracking, at=LEFT)


def held() -> None:
    """Every law of every house holds."""
    assert verifying.verify().broken == []


def test_a_file_only_shop_sells_ships_and_settles_to_nothing(lazada: ChannelAccount, tmp_path: Path) -> None:
    assert sheet(paid("70001")) == {"created": 1}
    order = Order.objects.get()
    assert order.status == "label"
    ship(order, "MYX1")
    assert Confirmation.objects.get().outcome == "withheld"
    turn(SOON)
    assert owed(order) == {"4000": Decimal(100), "4010": Decimal("4.90"), "5200": Decimal("-5.25")}
    later = paid("70001", status="已完成", more="MYX1,2026-03-03 20:00")
    assert sheet(later) == {"updated": 1}
    order.refresh_from_db()
    assert order.status == "completed"
    assert order.lines.get().quantity_shipped_elsewhere == 0

    account = money_accounts.find(name="Lazada MY", at=AT)
    assert (account.provider, account.currency, account.zone) == ("lazada", "MYR", "Asia/Kuala_Lumpur")
    told = (
        line("70001", "Item Price Credit", "100.00"),
        line("70001", "Shipping Fee Paid by Customer", "4.90"),
        line("70001", "Commission", "-5.25"),
    )
    [summary] = take(account, statement(tmp_path, *told))
    assert (str(summary.state), summary.posted) == ("posted", 3)
    turn(SOON)
    assert (state(order), owed(order), raised()) == ("settled", {}, [])
    assert earned(order)["4000"] == Decimal(100)
    assert balances(account="1105") == {}
    held()


def test_a_difference_of_such_a_shop_is_explained(lazada: ChannelAccount, tmp_path: Path) -> None:
    sheet(paid("70001"), paid("70002"))
    for order in Order.objects.order_by("pk"):
        ship(order, f"MYX{order.pk}")
    turn(SOON)
    account = money_accounts.find(name="Lazada MY", at=AT)
    told = [
        line(number, fee, amount)
        for number, commission in (("70001", "-5.35"), ("70002", "-20.00"))
        for fee, amount in (
            ("Item Price Credit", "100.00"),
            ("Shipping Fee Paid by Customer", "4.90"),
            ("Commission", commission),
        )
    ]
    take(account, statement(tmp_path, *told, line("99999", "Item Price Credit", "7.00")))
    turn(SOON)
    small, large = Order.objects.order_by("external_id")
    assert (state(small), owed(small)) == ("settled", {})
    assert state(large) == "waiting"
    assert raised() == [("fee_above_tariff", Decimal("14.75")), ("unknown_order", Decimal(7))]
    held()
    assert sheet(paid("99999", status="已发货", more=",2026-03-03 20:00")) == {"created": 1}
    turn(SOON)
    assert "unknown_order" not in [kind for kind, _amount in raised()]
    assert owed(Order.objects.get(external_id="99999"))["4000"] == Decimal(93)
    held()


def test_temu_pays_in_yuan_by_its_own_export(
    transactional_db: None, tmp_path: Path, settings: object
) -> None:
    settings.ECOMHUB_FILES_DIR = tmp_path / "files"  # type: ignore[attr-defined]
    temu = add("temu", "Temu US", "US", currency="CNY", time_zone="Asia/Shanghai")
    factory.make_goods({"mug": 20}, account=temu)
    assert sheet(
        "Temu US,PO-1,2026-03-02 10:00,2026-03-02 10:00,待发货,美国,mug,1,88.00,CNY,,,"
    ) == {"created": 1}  # fmt: skip
    order = Order.objects.get()
    ship(order, "T1")
    turn(SOON)
    path = tmp_path / "temu.csv"
    path.write_text(
        "账务时间,账务类型,订单编号,SKU货号,币种,收入金额,支出金额,结算单号\n"
        "2026-03-10 10:11:12,销售回款,PO-1,mug,CNY,88.00,,T1\n",
        encoding="utf-8",
    )
    take(MoneyAccount.objects.get(channel=temu), path)
    turn(SOON)
    assert (state(order), owed(order)) == ("settled", {})
    held()


def test_any_other_shop_is_read_by_a_remembered_layout(
    transactional_db: None, tmp_path: Path, settings: object
) -> None:
    settings.ECOMHUB_FILES_DIR = tmp_path / "files"  # type: ignore[attr-defined]
    other = add("other", "My shop", "GB")
    factory.make_goods({"mug": 20}, account=other, country="GB")
    sheet("My shop,A-1,2026-03-02 10:00,2026-03-02 10:00,paid,GB,mug,1,20.00,GBP,,,")
    order = Order.objects.get()
    ship(order, "G1")
    turn(SOON)
    account = MoneyAccount.objects.get(channel=other)
    headings = ["When", "What", "Order", "Money"]
    RememberedLayout.objects.create(
        account=account, name="My export", headings=headings,
        layout={"columns": {"date": ["When"], "type": ["What"], "order": ["Order"], "amount": ["Money"]}},
        saved_at=AT,
    )  # fmt: skip
    path = tmp_path / "own.csv"
    path.write_text("When,What,Order,Money\n2026-03-10,Release,A-1,20.00\n", encoding="utf-8")
    [summary] = take(account, path)
    assert str(summary.state) == "posted", summary
    turn(SOON)
    assert (state(order), owed(order)) == ("settled", {})
    held()
