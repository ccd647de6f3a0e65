"""Shopify Payments: what a charge brings, payouts, and balance transactions as the Admin API shows them."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from channels.platforms.shopify.sandbox.answers import PLATFORM, gid, time_text
from channels.platforms.shopify.sandbox.graphql import Connection, QueryError
from channels.sandbox import money_statements
from channels.sandbox.goods import stream
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
    rows_of,
    share_of,
)
from channels.sandbox.money_statements import NEGATIVE, RESERVE, UNKNOWN_TYPE, ZERO, Statement
from channels.sandbox.money_tariff import ANY, Rule, changed
from channels.sandbox.money_tariff import tariff as fees
from channels.sandbox.orders import Order
from channels.sandbox.places import amount_text
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import Call
from channels.sandbox.world import World

PROCESSING = "CHARGE"
PAID_AFTER = 2 * DAY
_TERM = re.compile(r"(\w+):(>=|<=|>|<)?'?([^'\s]+)'?")


def rules(world: World, first: int, turn: int) -> Sequence[Rule]:
    """Return what the payment service takes of a charge, before and after it changed."""
    before, after = (
        [
            Rule(place.id, ANY, PROCESSING, share, "total", place.currency, 30)
            for place in world.dialects[PLATFORM].marketplaces
        ]
        for share in (290, 280)
    )
    return changed(before, first=first, turn=turn, after=after)


def _order_total(order: Order, items: Sequence[Sequence[Any]]) -> int:
    total = 0
    for line_id, units, before in items:
        line = order.line(line_id)
        if line is not None:
            share = share_of(line, units, before)
            total += share.charges + share.tax
    return total


def rows(world: World, event: Event, order: Order | None) -> list[Row]:
    """Return the balance transaction of an event."""
    if event.kind == SERVICE or order is None:
        return [_row(event, event.doc["type"], int(event.doc["amount"]), 0, event.doc.get("source"))]
    if event.kind == SALE:
        total = _order_total(order, event.doc["items"])
        rule = fees(world, PLATFORM).rule(
            marketplace=order.marketplace, category=ANY, fee=PROCESSING, at=event.at
        )
        return [_row(event, "CHARGE", total, rule.charge(total), "CHARGE", order)] if total else []
    back = event.doc["amount"] if event.kind == REFUND else _order_total(order, event.doc["items"])
    return [_row(event, "REFUND", -back, 0, "REFUND", order)] if back else []


def _row(
    event: Event, kind: str, amount: int, fee: int, source: str | None, order: Order | None = None
) -> Row:
    row: Row = {
        "at": event.at, "a": amount - fee, "t": [kind, source or "", ""], "id": event.id, "fee": fee,
    }  # fmt: skip
    if order is not None:
        row["o"] = order.id
    if event.kind == CANCEL:
        row["why"] = "canceled"
    return row


def services(world: World, seller: Seller, place: str, starts: int, ends: int) -> Sequence[Service]:
    """Return nothing: a shop's subscription is billed to its card."""
    return ()


def odd(world: World, seller: Seller, place: str, name: str, ends: int, total: int) -> Sequence[Service]:
    """Return what an oddity brings into a payout."""
    at = ends - 2 * 3600
    chance = stream(world.seed, "odd", seller.name, place, name, ends)
    match name:
        case "negative":
            amount = -(max(total, 0) * 5 // 4 + 1000)
            return [Service("Billing", at, amount, {"type": "BILLING_DEBIT", "source": "SYSTEM_ADJUSTMENT"})]
        case "unknown_type":
            doc = {"type": "MARKETS_PRO_CREDIT", "source": "SYSTEM_ADJUSTMENT"}
            return [Service("Markets", at, chance.randint(200, 4000), doc)]
        case "zero":
            return [Service("Adjustment", at, 0, {"type": "ADJUSTMENT", "source": "ADJUSTMENT"})]
    return []


def trace_of(statement: Statement) -> str:
    """Return the number by which a payout can be traced at the bank."""
    return f"SHP{statement.number}"


def payment(statement: Statement) -> Payment:
    """Return a payout as the bank sees it."""
    trace = trace_of(statement)
    return Payment(
        sent=statement.created + PAID_AFTER, payer="Shopify Payments", text="SHOPIFY", trace=trace,
        number=trace,
    )  # fmt: skip


MONEY = MoneyRules(
    counts=BY_PAYMENT,
    days=7,
    holds=3 * DAY,
    tariff=rules,
    rows=rows,
    services=services,
    odd=odd,
    shares={NEGATIVE: 0.03, UNKNOWN_TYPE: 0.06, RESERVE: 0.1, ZERO: 0.08},
    movements={
        "reserve": ("RESERVED_FUNDS", "", ""),
        "reserve_back": ("RESERVED_FUNDS_REVERSAL", "", ""),
        "carry": ("ADJUSTMENT", "", ""),
    },
    payment=payment,
)


def account(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """Resolve ``shopifyPaymentsAccount``."""
    place = call.world.dialect(call.caller).marketplaces[0]
    waiting = money_statements.unsettled(call.world, call.caller.name, place.id, 2**40)
    balance = sum(row["a"] for _, each in rows_of(call.world, MONEY, waiting) for row in each)
    return {
        "__typename": "ShopifyPaymentsAccount",
        "id": gid("ShopifyPaymentsAccount", 7),
        "activated": True,
        "country": place.country,
        "defaultCurrency": place.currency,
        "balance": [_money(balance, place.currency)],
        "payouts": lambda wanted: _payouts(call, wanted),
        "balanceTransactions": lambda wanted: _transactions(call, wanted),
    }


def _money(minor: int, currency: str) -> dict[str, Any]:
    return {"__typename": "MoneyV2", "amount": amount_text(minor, currency), "currencyCode": currency}


def _bounds(search: str, name: str) -> tuple[float, float]:
    first, last = 0.0, float(2**40)
    for term, sign, text in _TERM.findall(search):
        if term != name:
            continue
        try:
            second = datetime.fromisoformat(text).timestamp()
        except ValueError as error:
            raise QueryError(f"{text!r} is no time.", "BAD_REQUEST") from error
        if sign.startswith(">"):
            first = second
        else:
            last = second
    return first, last


def _payouts(call: Call, arguments: dict[str, Any]) -> Connection:
    first, last = _bounds(str(arguments.get("query") or ""), "issued_at")
    found = money_statements.issued(call.world, call.caller, since=first, until=last)
    if not arguments.get("reverse"):
        found.reverse()
    return Connection(_Payouts(call, found), [f"p{each.id}" for each in found])


class _Payouts(Sequence[dict[str, Any]]):
    """Payouts that are written when somebody looks at them: their sums take their lines."""

    def __init__(self, call: Call, found: Sequence[Statement]) -> None:
        self._call, self._found = call, found

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [_payout(self._call, each) for each in self._found[place]]
        return _payout(self._call, self._found[place])


def _payout(call: Call, statement: Statement) -> dict[str, Any]:
    rows, coin = statement.rows, statement.currency

    def gross(*kinds: str) -> int:
        return sum(row["a"] + row.get("fee", 0) for row in rows if row["t"][0] in kinds)

    def taken(*kinds: str) -> int:
        return sum(row.get("fee", 0) for row in rows if row["t"][0] in kinds)

    held = ("RESERVED_FUNDS", "RESERVED_FUNDS_REVERSAL")
    others = {row["t"][0] for row in rows} - {"CHARGE", "REFUND", *held}
    sums = {
        "chargesGross": gross("CHARGE"), "chargesFee": taken("CHARGE"), "refundsFeeGross": gross("REFUND"),
        "refundsFee": taken("REFUND"), "adjustmentsGross": gross(*others), "adjustmentsFee": taken(*others),
        "reservedFundsGross": gross(*held), "reservedFundsFee": taken(*held), "advanceGross": 0,
        "advanceFees": 0, "retriedPayoutsGross": 0, "retriedPayoutsFee": 0, "usdcRebateCreditAmount": 0,
    }  # fmt: skip
    return {
        "__typename": "ShopifyPaymentsPayout",
        "id": gid("ShopifyPaymentsPayout", statement.number),
        "legacyResourceId": statement.number,
        "externalTraceId": trace_of(statement),
        "issuedAt": time_text(statement.created),
        "status": _status(call, statement),
        "transactionType": "DEPOSIT",
        "net": _money(statement.total, coin),
        "gross": _money(statement.total, coin),
        "summary": {
            "__typename": "ShopifyPaymentsPayoutSummary",
            **{name: _money(minor, coin) for name, minor in sums.items()},
        },
    }


def _status(call: Call, statement: Statement) -> str:
    return "PAID" if call.world.now.timestamp() >= statement.created + PAID_AFTER else "SCHEDULED"


def _transactions(call: Call, arguments: dict[str, Any]) -> Connection:
    search = str(arguments.get("query") or "")
    named = next((text for term, _, text in _TERM.findall(search) if term == "payments_transfer_id"), None)
    nodes: list[dict[str, Any]] = []
    if named is not None:
        found = money_statements.find_statement(call.world, call.caller, named.rpartition("/")[2])
        nodes = [] if found is None else _of_payout(call, found)
    else:
        first, last = _bounds(search, "processed_at")
        events = money_statements.booked(call.world, call.caller, first=first, last=last)
        booked = [event for event in events if first <= event.at <= last]
        nodes = [
            _transaction(row, str(event.id), _coin(call), "PENDING" if event.settled is None else "PAID",
                         None if event.settled is None else str(event.settled))
            for event, rows in rows_of(call.world, MONEY, booked)
            for row in rows
        ]  # fmt: skip
    if arguments.get("hideTransfers"):
        nodes = [node for node in nodes if node["type"] != "TRANSFER"]
    return Connection(nodes, [f"t{node['id'].rpartition('/')[2]}" for node in nodes])


def _coin(call: Call) -> str:
    return call.world.dialect(call.caller).marketplaces[0].currency


def _of_payout(call: Call, statement: Statement) -> list[dict[str, Any]]:
    status = _status(call, statement)
    leaves: Row = {"at": statement.created, "a": -statement.total, "t": ["TRANSFER", "TRANSFER", ""]}
    return [
        _transaction(
            row, str(row.get("id") or f"{statement.number}{place:05d}"), statement.currency,
            status, statement.number,
        )
        for place, row in enumerate([*statement.rows, leaves])
    ]  # fmt: skip


def _transaction(row: Row, number: str, coin: str, status: str, payout: str | None) -> dict[str, Any]:
    fee, order = row.get("fee", 0), row.get("o")
    return {
        "__typename": "ShopifyPaymentsBalanceTransaction",
        "id": gid("ShopifyPaymentsBalanceTransaction", number),
        "type": row["t"][0],
        "test": False,
        "transactionDate": time_text(row["at"]),
        "amount": _money(row["a"] + fee, coin),
        "fee": _money(fee, coin),
        "net": _money(row["a"], coin),
        "sourceId": number,
        "sourceType": row["t"][1] or None,
        "sourceOrderTransactionId": number if order else None,
        "adjustmentReason": None,
        "adjustmentsOrders": [],
        "associatedOrder": None if order is None else {
            "__typename": "ShopifyPaymentsAssociatedOrder", "id": gid("Order", order),
            "name": f"#{order[-6:]}",
        },
        "associatedPayout": {
            "__typename": "ShopifyPaymentsBalanceTransactionAssociatedPayout",
            "id": None if payout is None else gid("ShopifyPaymentsPayout", payout),
            "status": status,
        },
    }  # fmt: skip
