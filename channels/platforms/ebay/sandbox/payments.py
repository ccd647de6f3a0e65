"""What a sale brings at eBay: its tariff, its transactions, and what an oddity adds to a payout."""

from collections.abc import Sequence
from typing import Any

from channels.platforms.ebay.sandbox.answers import money, time_text
from channels.sandbox.goods import stream
from channels.sandbox.market_clock import instant
from channels.sandbox.money import (
    BY_PAYMENT,
    CANCEL,
    DAY,
    REFUND,
    SALE,
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
from channels.sandbox.money_statements import NEGATIVE, UNKNOWN_TYPE, ZERO, Statement
from channels.sandbox.money_tariff import ANY, Rule, changed, dollars
from channels.sandbox.money_tariff import tariff as fees
from channels.sandbox.orders import Line, Order
from channels.sandbox.sellers import Seller
from channels.sandbox.world import World

FINAL_VALUE, FIXED, INTERNATIONAL = "FINAL_VALUE_FEE", "FINAL_VALUE_FEE_FIXED_PER_ORDER", "INTERNATIONAL_FEE"
ARRIVES_AFTER = 2 * DAY
ADVERTISING, SUBSCRIPTION = "AD_FEE", "STORE_SUBSCRIPTION_FEE"

_TARIFF = (
    # fee, share in basis points, its base, fixed amount in US cents, what the shares and amounts rose by
    (FINAL_VALUE, 1325, "total", 0, (10, 0)),
    (FIXED, 0, "orders", 30, (0, 10)),
    (INTERNATIONAL, 165, "total", 0, (0, 0)),
    (ADVERTISING, 0, "orders", 20, (0, 0)),
    (SUBSCRIPTION, 0, "months", 2195, (0, 0)),
)


def rules(world: World, first: int, turn: int) -> Sequence[Rule]:
    """Return eBay's fees on every marketplace, before and after they changed."""
    places = world.dialects["ebay"].marketplaces

    def edition(number: int) -> list[Rule]:
        return [
            Rule(
                place.id, ANY, name, share + rise[0] * number, base, place.currency,
                dollars(fixed + rise[1] * number, place.currency) if fixed else 0,
            )
            for place in places
            for name, share, base, fixed, rise in _TARIFF
        ]  # fmt: skip

    return changed(edition(0), first=first, turn=turn, after=edition(1))


def _rule(world: World, place: str, name: str, at: int) -> Rule:
    return fees(world, "ebay").rule(marketplace=place, category=ANY, fee=name, at=at)


def _due(order: Order, share: Share) -> int:
    """Return what of the buyer's money is the seller's: without the tax eBay collects."""
    return share.charges if order.tax_by_marketplace else share.charges + share.tax


def _fees(
    world: World, order: Order, at: int, line: Line, share: Share, *, first: bool
) -> list[tuple[str, int]]:
    """Return what eBay charges for a line. Its share is of all the buyer pays, tax included."""
    paid = share.charges + share.tax
    found = [(FINAL_VALUE, _rule(world, order.marketplace, FINAL_VALUE, at).charge(paid))]
    if first:
        found.append((FIXED, _rule(world, order.marketplace, FIXED, at).charge(0)))
    if order.address.get("country") != world.marketplaces[order.marketplace].country:
        found.append((INTERNATIONAL, _rule(world, order.marketplace, INTERNATIONAL, at).charge(paid)))
    return [(name, amount) for name, amount in found if amount]


def rows(world: World, event: Event, order: Order | None) -> list[Row]:
    """Return the transactions of an event: one, as eBay writes it, with its sign apart."""
    if event.kind == SERVICE or order is None:
        return [_service(event)]
    if event.kind == REFUND:
        line = order.line(event.doc["line"])
        if line is None or not event.doc["amount"]:
            return []
        share = refunded(line, event.doc["amount"])
        return [_of_order(world, event, order, [(line, share, _credited(world, event, order, line, share))])]
    parts = []
    for place, (line_id, units, before) in enumerate(event.doc["items"]):
        line = order.line(line_id)
        if line is None:
            continue
        share = share_of(line, units, before)
        whole = units == line.quantity
        first = place == 0 and (event.kind == SALE or whole)
        parts.append((line, share, _fees(world, order, _sold_at(order), line, share, first=first)))
    return [_of_order(world, event, order, parts)] if parts else []


def _sold_at(order: Order) -> int:
    return int(order.extra.get("paid", order.placed))


def _credited(world: World, event: Event, order: Order, line: Line, share: Share) -> list[tuple[str, int]]:
    """Return the fees eBay gives back with a refund: the shares, not what is fixed per order."""
    return _fees(world, order, _sold_at(order), line, share, first=False)


def _of_order(
    world: World, event: Event, order: Order, parts: list[tuple[Line, Share, list[tuple[str, int]]]]
) -> Row:
    currency, sign = order.currency, 1 if event.kind == SALE else -1
    gross = sum(_due(order, share) for _, share, _ in parts)
    taken = sum(amount for _, _, charged in parts for _, amount in charged)
    tax = sum(share.tax for _, share, _ in parts) if order.tax_by_marketplace else 0
    net = gross - taken
    body: dict[str, Any] = {
        "transactionId": order.id if event.kind == SALE else f"{event.id:011d}",
        "orderId": order.id,
        "transactionType": "SALE" if event.kind == SALE else "REFUND",
        "amount": money(abs(net), currency),
        "bookingEntry": "CREDIT" if sign * net >= 0 else "DEBIT",
        "transactionDate": time_text(event.at),
        "salesRecordReference": str(event.id),
        "paymentsEntity": "eBay Commerce Inc.",
        "totalFeeBasisAmount": money(gross, currency),
        "totalFeeAmount": money(taken, currency),
        "orderLineItems": [
            {
                "lineItemId": line.id,
                "feeBasisAmount": money(share.charges + share.tax, currency),
                "marketplaceFees": [
                    {"feeType": name, "amount": money(amount, currency)} for name, amount in charged
                ],
            }
            for line, share, charged in parts
        ],
    }
    if tax:
        body["eBayCollectedTaxAmount"] = money(tax, currency)
    if event.kind == CANCEL:
        body["transactionMemo"] = "Order canceled"
    return {
        "at": event.at,
        "id": event.id,
        "a": sign * net,
        "t": [body["transactionType"], "", ""],
        "o": order.id,
        "x": body,
    }


def _service(event: Event) -> Row:
    amount = int(event.doc["amount"])
    body = {
        "transactionId": f"FEE-{event.id:010d}",
        "transactionType": event.doc.get("type", "NON_SALE_CHARGE"),
        "amount": money(abs(amount), event.doc["currency"]),
        "bookingEntry": "CREDIT" if amount > 0 else "DEBIT",
        "transactionDate": time_text(event.at),
        "transactionMemo": event.doc["name"],
        "references": [{"referenceId": f"{event.id:012d}", "referenceType": "ITEM_ID"}],
    }
    if event.doc.get("fee"):
        body["feeType"] = event.doc["fee"]
    return {
        "at": event.at,
        "id": event.id,
        "a": amount,
        "t": [body["transactionType"], event.doc.get("fee", ""), ""],
        "x": body,
    }


def services(world: World, seller: Seller, place: str, starts: int, ends: int) -> Sequence[Service]:
    """Return what a seller pays besides: the shop's subscription on its first marketplace, advertising."""
    currency = world.marketplaces[place].currency
    found: list[Service] = []
    for day in range(starts, ends, DAY):
        if instant(day).day == 1 and place == next(iter(seller.plan.marketplaces)):
            amount = -_rule(world, place, SUBSCRIPTION, day).charge(0)
            found.append(_charge("Store subscription fee", day + 3600, amount, SUBSCRIPTION, currency))
    sold = world.db.execute(
        "select count(*) as n from money where seller = ? and place = ? and kind = 'sale' and at >= ?"
        " and at < ?",
        (seller.name, place, starts, ends),
    ).fetchone()["n"]
    if sold:
        amount = -_rule(world, place, ADVERTISING, ends - 1).charge(0, sold)
        found.append(_charge("Promoted listings", ends - 3 * 3600, amount, ADVERTISING, currency))
    return found


def _charge(
    name: str, at: int, amount: int, fee: str, currency: str, kind: str = "NON_SALE_CHARGE"
) -> Service:
    return Service(name, at, amount, {"fee": fee, "currency": currency, "type": kind})


def odd(world: World, seller: Seller, place: str, name: str, ends: int, total: int) -> Sequence[Service]:
    """Return what an oddity brings into a payout."""
    at, currency = ends - 2 * 3600, world.marketplaces[place].currency
    chance = stream(world.seed, "odd", seller.name, place, name, ends)
    match name:
        case "negative":
            amount = -(max(total, 0) * 5 // 4 + 1000)
            return [_charge("Promoted listings", at, amount, ADVERTISING, currency)]
        case "unknown_type":
            amount = -chance.randint(300, 4000)
            return [_charge("Regional levy", at, amount, "", currency, "MARKET_LEVY")]
        case "zero":
            return [_charge("Adjustment", at, 0, "", currency, "CREDIT")]
    return []


def bank_reference(statement: Statement) -> str:
    """Return what eBay says a payout is called at the bank."""
    return f"EBAY{statement.number}"


def payment(statement: Statement) -> Payment:
    """Return a payout as the bank sees it."""
    trace = bank_reference(statement)
    return Payment(
        sent=statement.created + ARRIVES_AFTER, payer="eBay Commerce Inc.", text="EBAY COMMERCE PAYOUT",
        trace=trace, number=trace,
    )  # fmt: skip


MONEY = MoneyRules(
    counts=BY_PAYMENT,
    days=7,
    holds=2 * DAY,
    tariff=rules,
    rows=rows,
    services=services,
    odd=odd,
    shares={NEGATIVE: 0.03, UNKNOWN_TYPE: 0.06, ZERO: 0.1},
    payment=payment,
)
