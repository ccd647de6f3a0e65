"""Sheets to download: what the seller would bring from its former tools, and the credentials to connect."""

import csv
import io
from collections.abc import Iterable

from channels.sandbox.goods import Good, goods
from channels.sandbox.listings import opening_stock, plan_goods
from channels.sandbox.pictures import picture_url
from channels.sandbox.sellers import Seller
from channels.sandbox.sets import parts_of
from channels.sandbox.wire import Call, Response, Route, json_response

SKU_COLUMNS = (
    "code", "name_en", "name_zh", "category", "barcode", "weight_g", "length_mm", "width_mm", "height_mm",
    "hs_code", "origin_country", "declared_name_en", "declared_name_zh", "declared_value",
    "declared_currency", "has_battery", "is_liquid", "picture_url",
)  # fmt: skip
STOCK_COLUMNS = (
    "warehouse",
    "sku",
    "quantity",
    "unit_cost",
    "currency",
    "warehouse_name",
    "warehouse_country",
    "warehouse_kind",
    "warehouse_serves",
)
WAREHOUSES = {
    "SZ-01": ("Shenzhen 深圳仓", "CN", "own", ""),
    "LA-01": ("Los Angeles 洛杉矶海外仓", "US", "overseas", "US CA MX BR"),
    "DE-01": ("Duisburg 德国三方仓", "DE", "third_party", "DE FR IT ES NL SE PL BE AT IE PT GR FI DK CZ"),
}
PAIRING_COLUMNS = ("platform", "account", "marketplace", "listing", "sku", "quantity")


def _sheet(name: str, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Response:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(rows)
    return Response(
        status=200,
        body=("\ufeff" + out.getvalue()).encode("utf-8"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _seller(call: Call) -> Seller | None:
    return call.world.sellers.get(call.request.one("seller") or "busy")


def _unknown() -> Response:
    return json_response(
        {"error": "There is no seller of this name; /seller-center/sellers.json lists them."}, status=404
    )


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _declared(good: Good) -> str:
    return f"{max(1, good.cost_fen // 710)}.00"


def _skus(call: Call) -> Response:
    seller = _seller(call)
    if seller is None:
        return _unknown()
    rows = [
        (
            good.code, good.name_en, good.name_zh, good.category, good.barcode, good.weight, *good.size,
            good.hs_code, good.origin, good.declared_en, good.declared_zh, _declared(good),
            "USD", str(good.has_battery).lower(), str(good.is_liquid).lower(),
            picture_url(base_url=call.request.base_url, code=good.code),
        )
        for good in plan_goods(seed=call.world.seed, plan=seller.plan, plans=call.world.plans)
    ]  # fmt: skip
    return _sheet(f"skus-{seller.name}", SKU_COLUMNS, rows)


def _stock(call: Call) -> Response:
    seller = _seller(call)
    if seller is None:
        return _unknown()
    rows = [
        (warehouse, good.code, quantity, _yuan(good.cost_fen), "CNY", *WAREHOUSES[warehouse])
        for good in plan_goods(seed=call.world.seed, plan=seller.plan, plans=call.world.plans)
        for warehouse, quantity in opening_stock(seed=call.world.seed, code=good.code).items()
        if quantity > 0
    ]
    return _sheet(f"opening-stock-{seller.name}", STOCK_COLUMNS, rows)


def _pairings(call: Call) -> Response:
    seller = _seller(call)
    if seller is None:
        return _unknown()
    known = {good.code for good in goods(call.world.seed)}
    name = call.world.dialect(seller).listing_name
    rows = [
        (
            seller.platform, seller.seller_id, listing.marketplace,
            listing.code if name is None else name(call.world, listing), sku, units,
        )
        for listing in call.world.listings.values()
        if listing.seller == seller.name and listing.paired and not parts_of(call.world, listing)
        for sku, units in listing.components
        if sku in known
    ]  # fmt: skip
    return _sheet(f"pairings-{seller.name}", PAIRING_COLUMNS, rows)


def _credentials(call: Call) -> Response:
    seller = _seller(call)
    if seller is None:
        return _unknown()
    dialect = call.world.dialect(seller)
    return json_response(dialect.credential_sheet(call.world, seller, call.request.base_url))


def _sellers(call: Call) -> Response:
    world = call.world
    found = [
        {
            "name": seller.name, "platform": seller.platform, "title": world.dialect(seller).title,
            "seller_id": seller.seller_id, "waits": seller.plan.waits,
            "pushes": world.dialect(seller).push is not None,
        }
        for seller in sorted(world.sellers.values(), key=lambda each: (each.platform, each.name))
    ]  # fmt: skip
    return json_response({"sellers": found})


ROUTES = (
    Route(method="GET", pattern="/seller-center/sellers.json", handler=_sellers),
    Route(method="GET", pattern="/seller-center/sheets/skus.csv", handler=_skus),
    Route(method="GET", pattern="/seller-center/sheets/opening-stock.csv", handler=_stock),
    Route(method="GET", pattern="/seller-center/sheets/pairings.csv", handler=_pairings),
    Route(method="GET", pattern="/seller-center/credentials.json", handler=_credentials),
)
