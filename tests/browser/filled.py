"""A small company at work, made through the functions its users' pages call: what the page tests look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zlib import crc32

from django.db import transaction

from channels import accounts, failures, listings
from channels.messages import (
    FulfillmentMethod,
    IncomingAddress,
    IncomingBuyer,
    IncomingLine,
    IncomingListing,
    IncomingOrder,
    IncomingReturn,
    Marketplace,
    OrderState,
)
from channels.models import ChannelAccount, Listing, Pull, Shop, SyncRun
from ecomhub import clock
from inventory import catalog, ledger, warehouses
from inventory.models import Sku, Warehouse
from logistics.dispatch import dispatch
from logistics.models import Shipment
from logistics.planning import plan
from orders import holds
from orders.intake import take_in
from orders.models import Order
from tests.inventory.making import make_entity

US, DE, JP = "ATVPDKIKX0DER", "A1PA6795UKMFR9", "A1VC38T7YXB528"
PLACES = {
    "US": Marketplace(US, "US", "USD", "America/Los_Angeles", "Amazon.com"),
    "DE": Marketplace(DE, "DE", "EUR", "Europe/Berlin", "Amazon.de"),
    "JP": Marketplace(JP, "JP", "JPY", "Asia/Tokyo", "Amazon.co.jp"),
}
ADDRESS = "http://127.0.0.1:9"
"""Nobody answers there: what these pages show, they show without asking a platform."""

PRODUCTS: tuple[tuple[str, str, str, str, int, int, str], ...] = (
    ("LAMP-WOOD-01", "Bedside lamp, beech and linen", "榉木亚麻床头灯", "Lighting", 140, 60, "38.20"),
    (
        "LAMP-CLIP-02",
        "Clip-on reading lamp, 3 colors of light",
        "夹式阅读灯 三色温",
        "Lighting",
        320,
        0,
        "21.00",
    ),
    ("MUG-ENAMEL-WH", "Enamel mug 350 ml, white", "搪瓷杯 350毫升 白色", "Kitchen", 900, 210, "6.80"),
    ("MUG-ENAMEL-GN", "Enamel mug 350 ml, moss green", "搪瓷杯 350毫升 苔绿", "Kitchen", 12, 3, "6.80"),
    ("KNIFE-PARING", "Paring knife with walnut handle", "胡桃木柄水果刀", "Kitchen", 75, 40, "17.35"),
    ("TOWEL-LINEN-3", "Linen kitchen towels, set of three", "亚麻厨房巾 三件套", "Kitchen", 180, 0, "24.90"),
    ("BAG-CANVAS-L", "Canvas shopper, large", "大号帆布购物袋", "Bags", 410, 95, "9.40"),
    ("BAG-CANVAS-S", "Canvas shopper, small", "小号帆布购物袋", "Bags", 0, 0, "7.10"),
    ("POWER-20K", "Power bank 20 000 mAh", "移动电源 20000毫安", "Electronics", 66, 30, "72.00"),
    ("CABLE-USBC-2M", "USB-C cable 2 m, braided", "编织USB-C数据线 2米", "Electronics", 1500, 700, "4.15"),
    ("STAND-PHONE", "Folding phone stand, aluminium", "铝合金折叠手机支架", "Electronics", 240, 120, "13.60"),
    ("SOAP-OLIVE-6", "Olive soap, six bars", "橄榄皂 六块装", "Bath", 55, 0, "19.80"),
    ("SHAMPOO-BAR", "Solid shampoo bar, rosemary", "迷迭香洗发皂", "Bath", 130, 44, "8.25"),
    ("GAME-WOOD-4", "Four in a row, solid wood", "实木四子棋", "Toys", 38, 12, "31.00"),
    ("KITE-DELTA", "Delta kite 160 cm with line", "三角风筝 160厘米", "Toys", 20, 0, "26.40"),
    ("PEN-BRASS", "Brass ballpoint pen in a tin", "黄铜圆珠笔 铁盒装", "Office", 88, 41, "29.90"),
)
BUYERS = (
    ("Erika Mustermann", ("Seestraße 14",), "Berlin", "13353", "DE"),
    ("渡辺 直美", ("中央1-2-3", "サンプルビル 401"), "大阪市", "530-0001", "JP"),
    ("José Álvarez Núñez", ("Calle Mayor 8",), "Sevilla", "41001", "ES"),
    ("Марія Шевченко", ("вул. Лесі Українки 5",), "Київ", "01133", "UA"),
    ("Grace O’Neill", ("221 Harbor View Rd",), "Portland", "97201", "US"),
    ("Nguyễn Thị Hoa", ("12 Lê Lợi",), "Đà Nẵng", "550000", "VN"),
)


@dataclass
class Company:
    """The company and the orders tests speak of, by what is special about them."""

    at: datetime
    account: ChannelAccount
    shops: dict[str, Shop]
    warehouses: dict[str, Warehouse]
    skus: dict[str, Sku]
    orders: dict[str, Order]

    def again(self, name: str) -> Order:
        """A named order as it stands now."""
        return Order.objects.get(pk=self.orders[name].pk)


def fill(*, orders: int = 64, at: datetime | None = None) -> Company:
    """Make the company: warehouses, sixteen SKUs, an account with three shops, and so many plain orders."""
    at = at or clock.now()
    houses = _warehouses()
    skus = _products(houses, at)
    account = _account(at)
    shops = {shop.country: shop for shop in account.shops.all()}
    Shop.objects.filter(pk=shops["JP"].pk).update(auto_approve=False)
    _listings(account, shops, skus, at)
    company = Company(at, account, shops, houses, skus, {})
    take(company, *[_plain(company, number) for number in range(orders)])
    _specials(company)
    _work(company)
    _runs(company)
    return company


def _warehouses() -> dict[str, Warehouse]:
    make_entity()
    return {
        "SZ": warehouses.create(code="SZ", name="Shenzhen Longgang", country="CN", priority=20),
        "LA": warehouses.create(
            code="LA", name="Los Angeles", kind="overseas", country="US", priority=10, serves_countries=["US"]
        ),
        "FBA": warehouses.create(
            code="FBA-US", name="Amazon US", kind="channel", country="US", is_sellable=False, priority=90
        ),
    }


def _products(houses: dict[str, Warehouse], at: datetime) -> dict[str, Sku]:
    skus = {}
    for place, (code, english, chinese, category, near, far, cost) in enumerate(PRODUCTS):
        skus[code] = catalog.create_sku(
            code=code,
            values={
                "name_en": english,
                "name_zh": chinese,
                "category": category,
                "barcodes": [f"69012345{place:05}"],
                "weight_g": 120 + 35 * place,
                "length_mm": 180,
                "width_mm": 120,
                "height_mm": 60,
                "hs_code": "940520",
                "origin_country": "CN",
                "declared_name_en": english.split(",")[0],
                "declared_value": Decimal(cost),
                "declared_currency": "CNY",
                "safety_stock": 5,
                "has_battery": code.startswith("POWER"),
                "is_liquid": False,
            },
            at=at - timedelta(days=40),
            actor="mei",
        )
        for house, quantity in (("SZ", near), ("LA", far)):
            if quantity:
                receive(skus[code], houses[house], quantity, cost=cost, at=at - timedelta(days=30))
    return skus


def receive(sku: Sku, warehouse: Warehouse, quantity: int, *, cost: str = "10", at: datetime) -> None:
    """Units that arrived, each at a cost in CNY."""
    ledger.receive(
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        quantity=quantity,
        unit_cost=Decimal(cost),
        currency="CNY",
        cause=f"opening:{sku.code}:{warehouse.code}:{quantity}",
        at=at,
        actor="mei",
        note="Opening stock",
    )


def _account(at: datetime) -> ChannelAccount:
    began = at - timedelta(days=20)
    account = accounts.add(
        platform="amazon",
        name="Nordlicht Home",
        environment="sandbox",
        endpoint=ADDRESS,
        token_endpoint=f"{ADDRESS}/auth/o2/token",
        seller_id="A3NORDLICHT77X",
        credentials={"client_id": "app", "client_secret": "hush", "refresh_token": "again"},
        marketplaces=list(PLACES.values()),
        legal_entity=make_entity(),
        go_live_at=began,
        at=began,
        actor="mei",
    )
    return accounts.switch_on(account=account, pushes_stock=True, confirms_shipments=True, at=began)


def _offer(code: str, place: Marketplace, *, title: str, price: str, **changes: Any) -> IncomingListing:
    values: dict[str, Any] = {
        "listing_id": code,
        "marketplace": place.id,
        "title": title,
        "status": "BUYABLE",
        "product_id": f"B0{crc32(f'{code}{place.id}'.encode()) % 10**8:08}",
        "price": Decimal(price),
        "currency": place.currency,
        "quantity": 40,
        "product_type": "HOME",
    }
    return IncomingListing(**{**values, **changes})


def _listings(account: ChannelAccount, shops: dict[str, Shop], skus: dict[str, Sku], at: datetime) -> None:
    prices = {"US": "24.99", "DE": "22.90", "JP": "2980"}
    offers = [
        _offer(sku.code, place, title=f"{sku.name_en} – Nordlicht Home, gift box", price=prices[country])
        for country, place in PLACES.items()
        for sku in skus.values()
    ]
    offers += [
        _offer("MUG-ENAMEL-RED", PLACES["US"], title="Enamel mug 350 ml, red", price="14.50", quantity=4),
        _offer("LAMP-WOOD-01-NEW", PLACES["DE"], title="Nachttischlampe Buche Leinen", price="49.00"),
        _offer("MUG-PAIR", PLACES["US"], title="Two enamel mugs, white and moss green", price="26.00"),
        _offer("MUG-ENAMEL", PLACES["US"], title="Enamel mugs", price="14.50", is_parent=True, quantity=None),
    ]
    with transaction.atomic():
        listings.take_in(account=account, listings=offers, at=at - timedelta(minutes=20))
    for listing in Listing.objects.filter(external_id__in=list(skus)):
        pair(listing, skus[listing.external_id], at=at)
    bundle = Listing.objects.get(external_id="MUG-PAIR")
    parts = [(skus["MUG-ENAMEL-WH"].pk, 1), (skus["MUG-ENAMEL-GN"].pk, 1)]
    listings.pair(listing=bundle, components=parts, at=at, actor="mei")


def pair(listing: Listing, sku: Sku, *, at: datetime) -> None:
    """One unit of the listing sells one unit of the SKU."""
    listings.pair(listing=listing, components=[(sku.pk, 1)], at=at, actor="mei")


def line(
    code: str, quantity: int = 1, *, number: int = 1, price: str = "24.99", **changes: Any
) -> IncomingLine:
    """One line of an order."""
    charge = Decimal(price) * quantity
    values: dict[str, Any] = {
        "external_id": f"5{number:013}",
        "listing_id": code,
        "title": next((row[1] for row in PRODUCTS if row[0] == code), f"Something called {code}"),
        "quantity": quantity,
        "charge": charge,
        "tax": (charge / 10).quantize(Decimal(1) if "." not in price else Decimal("0.01")),
    }
    return IncomingLine(**{**values, **changes})


def order(
    company: Company, number: int, *lines: IncomingLine, country: str = "US", **changes: Any
) -> IncomingOrder:
    """An incoming order of one of the shops; the higher its number, the later it was placed."""
    external_id = f"114-{4400000 + number * 7919:07}-{1000003 * (number + 1) % 10**7:07}"
    placed = company.at - timedelta(hours=30) + timedelta(minutes=17 * number)
    name, streets, city, code, lives_in = BUYERS[number % len(BUYERS)]
    place = PLACES[country]
    price = "2980" if country == "JP" else "24.99"
    given = lines or (line(PRODUCTS[number % 7][0], 1 + number % 3, price=price),)
    total = sum((each.charge or Decimal(0)) + each.tax for each in given)
    values: dict[str, Any] = {
        "external_id": external_id,
        "marketplace": place.id,
        "state": OrderState.OPEN,
        "platform_status": "UNSHIPPED",
        "fulfillment_method": FulfillmentMethod.BY_SELLER,
        "placed_at": placed,
        "paid_at": placed + timedelta(minutes=1),
        "updated_at": placed + timedelta(minutes=2),
        "ship_by_at": placed + timedelta(hours=34),
        "currency": place.currency,
        "total": total,
        "lines": given,
        "country": lives_in,
        "shipping_service": "Std Cont US Street Addr",
        "buyer": IncomingBuyer(
            name=name,
            email=f"buyer{number}@marketplace.example",
            phone="+1 503 555 0142",
            address=IncomingAddress(
                name=name,
                lines=streets,
                city=city,
                postal_code=code,
                country=lives_in,
                phone="+1 503 555 0142",
            ),
        ),
    }
    values.update(changes)
    values.setdefault("raw", {"orderId": external_id, "state": values["platform_status"]})
    return IncomingOrder(**values)


def take(company: Company, *found: IncomingOrder) -> list[Order]:
    """Take orders in as the pull does and return them."""
    with transaction.atomic():
        result = take_in(account=company.account, orders=found, bad=[], at=company.at)
    assert not result.reasons, result.reasons
    rows = {row.external_id: row for row in Order.objects.filter(account=company.account)}
    return [rows[each.external_id] for each in found]


def _plain(company: Company, number: int, **changes: Any) -> IncomingOrder:
    return order(company, number, country=("US", "DE", "US", "JP")[number % 4], **changes)


def arrive(company: Company, number: int, **changes: Any) -> Order:
    """Let one plain order arrive."""
    [taken] = take(company, _plain(company, number, **changes))
    return taken


SPECIALS: Sequence[tuple[str, dict[str, Any]]] = (
    ("plain", {}),
    ("review", {"country": "JP"}),
    ("unpaid", {"state": OrderState.UNPAID, "platform_status": "PENDING", "paid_at": None, "total": None}),
    ("held", {}),
    ("asks", {"cancel_requested": True, "cancel_reason": "No longer needed"}),
    ("fba", {"fulfillment_method": FulfillmentMethod.BY_CHANNEL}),
    ("shipped", {"state": OrderState.SHIPPED, "platform_status": "SHIPPED"}),
    ("canceled", {"state": OrderState.CANCELED, "platform_status": "CANCELLED"}),
    ("left", {}),
)


def _specials(company: Company) -> None:
    lines: dict[str, tuple[IncomingLine, ...]] = {
        "plain": (
            line("LAMP-WOOD-01", 3),
            line("PEN-BRASS", 1, number=2, is_gift=True, gift_message="生日快乐!"),
        ),
        "left": (line("CABLE-USBC-2M", 4),),
    }
    for place, (name, changes) in enumerate(SPECIALS):
        number = 70 + place
        country = changes.get("country", "US")
        rest = {key: value for key, value in changes.items() if key != "country"}
        [taken] = take(company, order(company, number, *lines.get(name, ()), country=country, **rest))
        company.orders[name] = taken
    for name, bought in (("short", line("BAG-CANVAS-S", 2)), ("unmapped", line("MUG-ENAMEL-RED", 1))):
        [company.orders[name]] = take(company, order(company, 80 + len(company.orders), bought))
    many = [line(row[0], 1, number=place) for place, row in enumerate(PRODUCTS[8:13], 1)]
    [company.orders["many"]] = take(company, order(company, 98, *many))


def _work(company: Company) -> None:
    at = company.at
    holds.hold(order_id=company.orders["held"].pk, at=at, actor="mei", note="Buyer wrote: wait for Monday")
    plan(order_ids=list(Order.objects.filter(status="label").values_list("pk", flat=True)), at=at)
    shipment = Shipment.objects.get(lines__line__order=company.orders["left"])
    dispatch(
        shipment_id=shipment.pk,
        lines=None,
        carrier="UPS",
        tracking_number="1Z999AA10123456784",
        service="Ground",
        at=at,
        actor="mei",
    )
    left = company.orders["left"]
    back = IncomingReturn(
        external_id="RMA-70041",
        line_id=left.lines.get().external_id,
        quantity=1,
        status="Authorized",
        reason="Wrong color",
        refunded=Decimal("24.99"),
        at=at,
    )
    take(
        company,
        order(
            company, 78, line("CABLE-USBC-2M", 4), returns=(back,), updated_at=at, raw={"orderId": "again"}
        ),
    )


def _runs(company: Company) -> None:
    """What the page of the channels shows of the past: passes, one failed import."""
    at = company.at
    for pull in Pull.objects.filter(account=company.account, stream__in=["orders", "listings"]):
        for minutes in (40, 20, 2):
            ended = at - timedelta(minutes=minutes)
            SyncRun.objects.create(
                pull=pull,
                started_at=ended - timedelta(seconds=3),
                ended_at=ended,
                ok=True,
                pages=2,
                seen=140,
                created=9,
                updated=4,
                unchanged=127,
                lag_s=20 + minutes,
            )
        Pull.objects.filter(pk=pull.pk).update(last_success_at=at - timedelta(minutes=2), cursor=at)
    for number, reason in enumerate(
        ("The line names no listing", "A total in a currency nobody knows: XQX"), 1
    ):
        with transaction.atomic():
            failures.quarantine(
                account_id=company.account.pk,
                kind="order",
                external_id=f"114-9990000-000000{number}",
                reason=reason,
                raw={"orderId": f"114-9990000-000000{number}", "orderItems": [{"quantity": number}]},
                at=at - timedelta(minutes=5 * number),
            )
