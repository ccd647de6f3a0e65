"""What an order brings on Shopee: its fees, the escrow that is released, what is corrected afterwards."""

from collections.abc import Sequence
from typing import Any

from channels.sandbox.goods import stream
from channels.sandbox.money import (
    BY_COMPLETION,
    DAY,
    REFUND,
    SERVICE,
    Event,
    MoneyRules,
    Payment,
    Row,
    Service,
    share_of,
)
from channels.sandbox.money_statements import NEGATIVE, UNKNOWN_TYPE, Statement
from channels.sandbox.money_tariff import ANY, Rule, changed
from channels.sandbox.money_tariff import tariff as fees
from channels.sandbox.orders import Order
from channels.sandbox.places import WHOLE_UNITS, decimals
from channels.sandbox.sellers import Seller
from channels.sandbox.world import World

KEY = "shopee"
COMMISSION, SERVICE_FEE, TRANSACTION = "commission_fee", "service_fee", "seller_transaction_fee"
RELEASED, CORRECTED, WITHDRAWN = "ESCROW_VERIFIED_ADD", "ADJUSTMENT_MINUS", "WITHDRAWAL_CREATED"
HOLDS = 15 * DAY


def rules(world: World, first: int, turn: int) -> Sequence[Rule]:
    """Return Shopee's fees, before and after they changed."""
    before, after = (
        [
            Rule(place.id, ANY, name, share, base, place.currency)
            for place in world.dialects[KEY].marketplaces
            for name, share, base in (
                (COMMISSION, 600 + 50 * edition, "charges"),
                (SERVICE_FEE, 350, "charges"),
                (TRANSACTION, 218, "charges"),
            )
        ]
        for edition in (0, 1)
    )
    return changed(before, first=first, turn=turn, after=after)


def income(world: World, order: Order, event: Event) -> dict[str, int]:
    """Return the amounts of an order's escrow in minor units; fees are positive, refunds negative.

    What the buyer pays for shipping goes on to the carrier; a refund after the release is no part of it.
    """
    shares = [
        share_of(line, units, before)
        for line_id, units, before in event.doc["items"]
        if (line := order.line(line_id)) is not None
    ]
    goods = sum(share.item + share.gift_wrap + share.tax for share in shares)
    voucher, shipping = sum(share.discount for share in shares), sum(share.shipping for share in shares)
    back = -sum(refund["amount"] for refund in order.refunds if refund["at"] < event.free)
    base = max(0, goods - voucher + shipping + back)
    book, step = fees(world, KEY), _step(order.currency)

    def fee(name: str, amount: int) -> int:
        rule = book.rule(marketplace=order.marketplace, category=ANY, fee=name, at=event.at)
        return rule.charge(amount) // step * step

    taken = {name: fee(name, base) for name in (COMMISSION, SERVICE_FEE, TRANSACTION)}
    return {
        "goods": goods, "voucher": voucher, "shipping": shipping, "back": back, **taken,
        "escrow": goods - voucher + back - sum(taken.values()),
    }  # fmt: skip


def _step(currency: str) -> int:
    return int(10 ** decimals(currency)) if currency in WHOLE_UNITS else 1


def rows(world: World, event: Event, order: Order | None) -> list[Row]:
    """Return the wallet's transaction of an event."""
    if event.kind == SERVICE or order is None:
        kind = event.doc["type"]
        return [{"at": event.free, "a": int(event.doc["amount"]), "t": [kind, "", ""], "id": event.id,
                 "why": event.doc["name"]}]  # fmt: skip
    if event.kind == REFUND:
        if event.at < _released_at(world, event):
            return []
        return [_of(event, CORRECTED, -int(event.doc["amount"]), why="Refund after the order was settled")]
    amounts = income(world, order, event)
    return [_of(event, RELEASED, amounts["escrow"], income=amounts)]


def _of(event: Event, kind: str, amount: int, **more: Any) -> Row:
    return {"at": event.free, "a": amount, "t": [kind, "", ""], "o": event.order, "id": event.id, **more}


def _released_at(world: World, event: Event) -> int:
    """Return when an order's escrow was or will be released; what was refunded before is in it."""
    row = world.db.execute(
        "select free from money where object = ? and key = 'sale'", (event.order,)
    ).fetchone()
    return 2**40 if row is None else int(row["free"])


def services(world: World, seller: Seller, place: str, starts: int, ends: int) -> Sequence[Service]:
    """Return nothing: advertising is paid from a balance of its own."""
    return ()


def odd(world: World, seller: Seller, place: str, name: str, ends: int, total: int) -> Sequence[Service]:
    """Return what an oddity brings into a week of the wallet."""
    currency = world.marketplaces[place].currency
    whole = int(10 ** decimals(currency))
    chance = stream(world.seed, "odd", seller.name, place, name, ends)
    match name:
        case "negative":
            amount = -(max(total, 0) * 5 // 4 // whole + 10) * whole
            return [Service("Penalty", ends - 7200, amount, {"type": CORRECTED})]
        case "unknown_type":
            amount = -chance.randint(2, 30) * whole * (1000 if currency in WHOLE_UNITS else 1)
            return [Service("Regional levy", ends - 7200, amount, {"type": "REGIONAL_LEVY_MINUS"})]
    return []


def payment(statement: Statement) -> Payment:
    """Return a withdrawal of the wallet as the bank sees it."""
    number = str(statement.id)
    return Payment(sent=statement.ends, payer="Shopee", text="SHOPEE WITHDRAWAL", trace=number, number=number)


MONEY = MoneyRules(
    counts=BY_COMPLETION,
    days=7,
    holds=HOLDS,
    tariff=rules,
    rows=rows,
    services=services,
    odd=odd,
    shares={NEGATIVE: 0.03, UNKNOWN_TYPE: 0.06},
    payment=payment,
)
