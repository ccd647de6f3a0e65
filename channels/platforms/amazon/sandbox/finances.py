"""Finances 2024-06-19: transactions, deferred until their money is free and then released."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from channels.platforms.amazon.sandbox.answers import (
    answer,
    fingerprint,
    page_token,
    read_page_token,
    read_time,
    time_text,
)
from channels.sandbox.money import REFUND, SALE, Event, Row, read_event, rows_of
from channels.sandbox.money_statements import close_due
from channels.sandbox.places import amount_text
from channels.sandbox.wire import BadRequest, Call, Response

PAGE = 500
LAG = 120
_STATUSES = ("DEFERRED", "RELEASED", "DEFERRED_RELEASED")
_KINDS = {SALE: "Shipment", REFUND: "Refund"}
# Amazon's tree: what the type words of a settlement line hang under.
_BRANCHES = {
    "ItemPrice": "Sales", "Promotion": "Promotions", "ItemFees": "Expenses", "ItemWithheldTax": "Tax",
}  # fmt: skip


def list_transactions(call: Call) -> Response:
    """GET /finances/2024-06-19/transactions: by the time they were posted."""
    request, world = call.request, call.world
    now = world.now.timestamp()
    text = request.one("postedAfter")
    if text is None:
        raise BadRequest("postedAfter is required.")
    first = read_time(text, "postedAfter")
    last = read_time(request.one("postedBefore") or time_text(int(now - LAG)), "postedBefore")
    if last > now - LAG or first > last:
        raise BadRequest("postedBefore must be at least two minutes ago and not before postedAfter.")
    status = request.one("transactionStatus")
    if status is not None and status not in _STATUSES:
        raise BadRequest("Invalid value for transactionStatus.")
    start, token = 0, request.one("nextToken")
    if token is not None:
        state = read_page_token(world, token, name="nextToken")
        if state["same"] != fingerprint(request, "nextToken"):
            raise BadRequest("nextToken belongs to another request.")
        start = int(state["start"])
    wanted = [
        each
        for each in _told(call, first, last, request.one("marketplaceId") or "")
        if status in (None, each.status)
    ]
    shown = wanted[start : start + PAGE]
    payload: dict[str, Any] = {"transactions": _bodies(call, shown)}
    if len(wanted) > start + PAGE:
        state = {"start": start + PAGE, "same": fingerprint(request, "nextToken")}
        payload["nextToken"] = page_token(world, state, lives=24 * 3600)
    return answer(call, {"payload": payload}, rate=0.5)


@dataclass(frozen=True, slots=True)
class _Told:
    """One transaction to show: an event as it was posted, or its release."""

    event: int
    status: str
    at: int


def _told(call: Call, first: float, last: float, place: str) -> Iterator[_Told]:
    now = call.world.now.timestamp()
    close_due(call.world, call.caller)
    rows = call.world.db.execute(
        "select id, at, free from money where seller = ? and (? = '' or place = ?)"
        " and ((at >= ? and at <= ?) or (free >= ? and free <= ?)) order by at, id",
        (call.caller.name, place, place, first, last, first, last),
    )
    for number, at, free in rows.fetchall():
        if first <= at <= last:
            status = "RELEASED" if free <= at else "DEFERRED" if free > now else "DEFERRED_RELEASED"
            yield _Told(number, status, at)
        if free > at and first <= free <= min(last, now):
            yield _Told(number, "RELEASED", free)


def _bodies(call: Call, shown: list[_Told]) -> list[dict[str, Any]]:
    rules = call.world.dialect(call.caller).money
    if rules is None:
        return []
    events = [
        read_event(call.world.db.execute("select * from money where id = ?", (each.event,)).fetchone())
        for each in shown
    ]
    return [
        _body(call, each, event, rows)
        for each, (event, rows) in zip(shown, rows_of(call.world, rules, events), strict=True)
    ]


def _number(call: Call, event: Event, suffix: str) -> str:
    return f"amzn1.txn.{call.caller.seller_id}.{event.id:010d}{suffix}"


def _related(name: str, value: str) -> dict[str, str]:
    return {"relatedIdentifierName": name, "relatedIdentifierValue": value}


def _body(call: Call, told: _Told, event: Event, rows: list[Row]) -> dict[str, Any]:
    world, seller, status = call.world, call.caller, told.status
    place = world.marketplaces[event.place]
    original, release = _number(call, event, ""), _number(call, event, "R")
    is_release = status == "RELEASED" and event.free > event.at
    related = [_related("ORDER_ID", event.order)] if event.kind in _KINDS else []
    if is_release:
        related.append(_related("DEFERRED_TRANSACTION_ID", original))
    if status == "DEFERRED_RELEASED":
        related.append(_related("RELEASE_TRANSACTION_ID", release))
    if event.settled is not None and status == "RELEASED":
        related.append(_related("SETTLEMENT_ID", str(event.settled)))
    total = sum(row["a"] for row in rows)
    return {
        "sellingPartnerMetadata": {
            "sellingPartnerId": seller.seller_id, "accountType": "Standard Orders",
            "marketplaceId": place.id,
        },
        "transactionType": _KINDS.get(event.kind, "ServiceFee"),
        "transactionId": release if is_release else original,
        "transactionStatus": status,
        "description": "Order Payment" if event.kind == SALE else "Refund Order"
        if event.kind == REFUND else event.doc.get("name", ""),
        "relatedIdentifiers": related,
        "postedDate": time_text(told.at),
        "totalAmount": _amount(total, place.currency),
        "marketplaceDetails": {"marketplaceId": place.id, "marketplaceName": place.name},
        "contexts": [
            {"contextType": "DeferredContext", "deferralReason": "DD7", "maturityDate": time_text(event.free)}
        ] if event.free > event.at else [],
        "items": [],
        "breakdowns": _tree(rows, place.currency),
    }  # fmt: skip


def _amount(minor: int, currency: str) -> dict[str, Any]:
    return {"currencyCode": currency, "currencyAmount": float(amount_text(minor, currency))}


def _tree(rows: list[Row], currency: str) -> list[dict[str, Any]]:
    branches: dict[str, dict[str, int]] = {}
    for row in rows:
        _, amount_type, description = row["t"]
        leaves = branches.setdefault(_BRANCHES.get(amount_type, "Expenses"), {})
        name = description or amount_type
        leaves[name] = leaves.get(name, 0) + row["a"]
    return [
        {
            "breakdownType": branch,
            "breakdownAmount": _amount(sum(leaves.values()), currency),
            "breakdowns": [
                {"breakdownType": name, "breakdownAmount": _amount(minor, currency), "breakdowns": []}
                for name, minor in leaves.items()
            ],
        }
        for branch, leaves in branches.items()
    ]
