"""Settlement reports: what an order's money is in Amazon's words, and the V2 flat file."""

from collections.abc import Sequence
from zlib import crc32

from channels.platforms.amazon.sandbox import tariff
from channels.sandbox.goods import stream
from channels.sandbox.market_clock import instant
from channels.sandbox.money import (
    BY_SHIPMENT,
    DAY,
    REFUND,
    SERVICE,
    Event,
    MoneyRules,
    Payment,
    Row,
    Service,
    Share,
    refunded,
    share_of,
)
from channels.sandbox.money_statements import (
    NEGATIVE,
    REISSUE,
    RESERVE,
    TWINS,
    UNKNOWN_TYPE,
    ZERO,
    Statement,
)
from channels.sandbox.money_tariff import tariff as fees
from channels.sandbox.orders import Line, Order
from channels.sandbox.places import amount_text
from channels.sandbox.sellers import Seller
from channels.sandbox.world import World

COLUMNS = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount",
    "currency", "transaction-type", "order-id", "merchant-order-id", "adjustment-id", "shipment-id",
    "marketplace-name", "amount-type", "amount-description", "amount", "fulfillment-id", "posted-date",
    "posted-date-time", "order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku",
    "quantity-purchased", "promotion-id",
)  # fmt: skip
DEPOSIT_AFTER = 2 * DAY
_OTHER = "other-transaction"
# How a country's reports write days; all others write them as ISO 8601.
_DAYS = {"GBP": "%d/%m/%Y", "EUR": "%d.%m.%Y", "SEK": "%d.%m.%Y", "PLN": "%d.%m.%Y", "JPY": "%Y/%m/%d"}
_COMMA = frozenset({"EUR", "SEK", "PLN"})
_ENCODINGS = {"EUR": "cp1252", "GBP": "cp1252", "SEK": "cp1252", "JPY": "cp932"}
_WITHHELD = {
    "USD": "MarketplaceFacilitatorTax",
    "CAD": "MarketplaceFacilitatorTax",
    "AUD": "LowValueGoodsTax",
}


def rows(world: World, event: Event, order: Order | None) -> list[Row]:
    """Return what an event is on a settlement."""
    if event.kind == SERVICE or order is None:
        return _service_rows(event)
    if event.kind == REFUND:
        line = order.line(event.doc["line"])
        return [] if line is None else _refund_rows(world, event, order, line)
    found: list[Row] = []
    for line_id, units, before in event.doc["items"]:
        line = order.line(line_id)
        if line is not None:
            found += _sale_rows(world, event, order, line, units, before)
    return found


def _service_rows(event: Event) -> list[Row]:
    return [{"at": event.at, "a": event.doc["amount"], "t": event.doc["types"]}]


def _writer(event: Event, order: Order, line: Line, kind: str, units: int) -> "_Writer":
    return _Writer(event=event, order=order, line=line, kind=kind, units=units)


class _Writer:
    """Collects the rows of one line; what is zero is left out."""

    def __init__(self, *, event: Event, order: Order, line: Line, kind: str, units: int) -> None:
        self.found: list[Row] = []
        self._common = {
            "o": order.id, "l": line.id, "s": line.code, "p": event.place, "f": int(order.by_platform),
            "id": event.id,
        }  # fmt: skip
        self._at, self._kind, self._units = event.at, kind, units

    def add(self, amount_type: str, description: str, amount: int, promotion: str = "") -> None:
        """Add one amount."""
        if not amount:
            return
        row: Row = {"at": self._at, "a": amount, "t": [self._kind, amount_type, description], **self._common}
        if description == "Principal" and amount_type == "ItemPrice":
            row["q"] = self._units
        if promotion:
            row["m"] = promotion
        self.found.append(row)


def commission(world: World, order: Order, line: Line, at: int, charges: int) -> int:
    """Return what Amazon takes of a sale."""
    listing = world.listings.get(line.listing)
    kind = listing.product_type if listing is not None else "*"
    rule = fees(world, "amazon").rule(
        marketplace=order.marketplace, category=kind, fee=tariff.COMMISSION, at=at
    )
    return rule.charge(charges)


def _sale_rows(world: World, event: Event, order: Order, line: Line, units: int, before: int) -> list[Row]:
    share = share_of(line, units, before)
    write = _writer(event, order, line, "Order", units)
    write.add("ItemPrice", "Principal", share.item)
    write.add("ItemPrice", "Shipping", share.shipping)
    write.add("ItemPrice", "GiftWrap", share.gift_wrap)
    _taxes(write, order, share, 1)
    write.add("Promotion", "Principal", -share.discount, line.promotion)
    write.add("ItemFees", "Commission", -commission(world, order, line, event.at, share.charges))
    if order.by_platform:
        rule = fees(world, "amazon").rule(
            marketplace=order.marketplace, category="*", fee=tariff.FULFILLMENT, at=event.at
        )
        write.add("ItemFees", tariff.FULFILLMENT, -rule.charge(0, units))
        write.add("ItemFees", "ShippingChargeback", -share.shipping)
    return write.found


def _taxes(write: _Writer, order: Order, share: Share, sign: int) -> None:
    write.add("ItemPrice", "Tax", sign * share.tax_item)
    write.add("ItemPrice", "ShippingTax", sign * share.tax_shipping)
    if order.tax_by_marketplace:
        scheme = _WITHHELD.get(order.currency, "MarketplaceFacilitatorVAT")
        write.add("ItemWithheldTax", f"{scheme}-Principal", -sign * share.tax_item)
        write.add("ItemWithheldTax", f"{scheme}-Shipping", -sign * share.tax_shipping)


def _refund_rows(world: World, event: Event, order: Order, line: Line) -> list[Row]:
    share = refunded(line, event.doc["amount"])
    write = _writer(event, order, line, "Refund", 0)
    write.add("ItemPrice", "Principal", -share.item)
    write.add("ItemPrice", "Shipping", -share.shipping)
    write.add("ItemPrice", "GiftWrap", -share.gift_wrap)
    _taxes(write, order, share, -1)
    write.add("Promotion", "Principal", share.discount, line.promotion)
    whole = share_of(line, line.quantity, 0).charges
    taken = commission(world, order, line, event.at, whole)
    back = taken * share.charges // whole if whole else 0
    rule = fees(world, "amazon").rule(
        marketplace=order.marketplace, category="*", fee=tariff.REFUND_ADMINISTRATION, at=event.at
    )
    write.add("ItemFees", "Commission", back)
    write.add("ItemFees", "RefundCommission", -rule.charge(back))
    return write.found


def services(world: World, seller: Seller, place: str, starts: int, ends: int) -> Sequence[Service]:
    """Return what a seller pays besides in a period: the month's subscription and storage, advertising."""
    book = fees(world, "amazon")

    def fee(name: str, at: int, units: int) -> int:
        return -book.rule(marketplace=place, category="*", fee=name, at=at).charge(0, units)

    found: list[Service] = []
    for day in range(starts, ends, DAY):
        if instant(day).day == 1:
            kept = sum(
                each.by_platform and not each.is_parent
                for each in world.listings_of(seller=seller.name, marketplace=place).values()
            )
            found.append(_other(tariff.SUBSCRIPTION, day + 7200, fee(tariff.SUBSCRIPTION, day, 1)))
            if kept:
                found.append(_other(tariff.STORAGE, day + 10800, fee(tariff.STORAGE, day, kept)))
    orders = world.db.execute(
        "select count(distinct object) as n from money where seller = ? and place = ? and kind = 'sale'"
        " and at >= ? and at < ?",
        (seller.name, place, starts, ends),
    ).fetchone()["n"]
    if orders:
        at = ends - 6 * 3600
        types = ["ServiceFee", tariff.ADVERTISING, "TransactionTotalAmount"]
        found.append(Service(tariff.ADVERTISING, at, fee(tariff.ADVERTISING, at, orders), {"types": types}))
    return found


def _other(description: str, at: int, amount: int) -> Service:
    return Service(description, at, amount, {"types": [_OTHER, _OTHER, description]})


def odd(world: World, seller: Seller, place: str, name: str, ends: int, total: int) -> Sequence[Service]:
    """Return what an oddity brings into a settlement with this total so far."""
    at = ends - 2 * 3600
    step = 100 if world.marketplaces[place].currency != "JPY" else 1
    chance = stream(world.seed, "odd", seller.name, place, name, ends)
    match name:
        case "negative":
            types = ["ServiceFee", tariff.ADVERTISING, "TransactionTotalAmount"]
            amount = -(max(total, 0) * 5 // 4 + 10 * step)
            return [Service(tariff.ADVERTISING, at, amount, {"types": types})]
        case "unknown_type":
            return [_other("Regulatory Recovery Levy", at, -chance.randint(3, 40) * step)]
        case "twins":
            fee = -chance.randint(1, 9) * step
            return [_other("Manual Processing Fee", at, fee), _other("Manual Processing Fee", at, fee)]
        case "zero":
            return [_other("BalanceAdjustment", at, 0)]
        case "reissue":
            types = [_OTHER, "FBA Inventory Reimbursement", "WAREHOUSE_LOST"]
            given = chance.randint(8, 60) * step
            return [
                Service("WAREHOUSE_LOST", at, given, {"types": types}),
                _other("StorageRenewalBilling", at, -chance.randint(1, 4) * step),
            ]
    return []


def flat_file(world: World, statement: Statement) -> bytes:
    """Return a settlement as Amazon's V2 flat file, in its country's way to write days and amounts."""
    currency = statement.currency
    day, comma = _DAYS.get(currency, "%Y-%m-%d"), currency in _COMMA
    names = {place.id: place.name for place in world.marketplaces.values()}

    def money(minor: int) -> str:
        text = amount_text(minor, currency)
        return text.replace(".", ",") if comma else text

    def when(second: int) -> str:
        return instant(second).strftime(f"{day} %H:%M:%S UTC")

    head = dict.fromkeys(COLUMNS, "") | {
        "settlement-id": statement.number,
        "settlement-start-date": when(statement.starts),
        "settlement-end-date": when(statement.ends),
        "deposit-date": when(statement.ends + DEPOSIT_AFTER),
        "total-amount": money(statement.total),
        "currency": currency,
    }
    lines = ["\t".join(COLUMNS), "\t".join(head.values())]
    for row in statement.rows:
        order, at = row.get("o", ""), instant(row["at"])
        refund = row["t"][0] == "Refund"
        cells = dict.fromkeys(COLUMNS, "") | {
            "settlement-id": statement.number,
            "transaction-type": row["t"][0],
            "order-id": order,
            "merchant-order-id": order,
            "adjustment-id": f"amzn1:crow:{row['id']}" if refund else "",
            "shipment-id": f"S{row['id']:09d}" if order and not refund else "",
            "marketplace-name": names.get(row.get("p", ""), ""),
            "amount-type": row["t"][1],
            "amount-description": row["t"][2],
            "amount": money(row["a"]),
            "fulfillment-id": "" if not order else "AFN" if row["f"] else "MFN",
            "posted-date": at.strftime(day),
            "posted-date-time": when(row["at"]),
            "order-item-code": row.get("l", ""),
            "sku": row.get("s", ""),
            "quantity-purchased": str(row["q"]) if "q" in row else "",
            "promotion-id": row.get("m", ""),
        }
        lines.append("\t".join(cells.values()))
    return ("\r\n".join(lines) + "\r\n").encode(_ENCODINGS.get(currency, "utf-8"), "replace")


def file(world: World, statement: Statement) -> tuple[str, bytes]:
    """Return a settlement as a person downloads it."""
    return f"{statement.number}-{statement.revision}.txt", flat_file(world, statement)


def payment(statement: Statement) -> Payment:
    """Return a deposit as the bank sees it: its trace is in no report."""
    number = statement.number
    return Payment(
        sent=statement.ends + DEPOSIT_AFTER, payer="Amazon Payments", text="AMAZON PAYMENTS DISBURSEMENT",
        trace=f"AMZN{crc32(number.encode()) % 10**9:09d}", number=number,
    )  # fmt: skip


MONEY = MoneyRules(
    counts=BY_SHIPMENT,
    days=14,
    holds=9 * DAY,
    tariff=tariff.rules,
    rows=rows,
    services=services,
    odd=odd,
    shares={NEGATIVE: 0.04, UNKNOWN_TYPE: 0.08, REISSUE: 0.05, RESERVE: 0.12, TWINS: 0.1, ZERO: 0.15},
    movements={
        "reserve": (_OTHER, _OTHER, "Current Reserve Amount"),
        "reserve_back": (_OTHER, _OTHER, "Previous Reserve Amount Balance"),
        "carry": (_OTHER, _OTHER, "Payable to Amazon"),
    },
    carries=True,
    file=file,
    payment=payment,
)
