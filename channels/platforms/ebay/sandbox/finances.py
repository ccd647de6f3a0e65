"""The Finances API: payouts and transactions, with a signature where the seller's home asks for it."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from channels.platforms.ebay.sandbox.answers import money, read_time, time_text
from channels.platforms.ebay.sandbox.payments import ARRIVES_AFTER, bank_reference
from channels.platforms.ebay.sandbox.signatures import refusal
from channels.sandbox import money_statements
from channels.sandbox.money import DAY, Row, rows_of
from channels.sandbox.money_statements import Statement
from channels.sandbox.wire import BadRequest, Call, Response, json_response

T = TypeVar("T")
_FILTER = re.compile(r"([a-zA-Z]+):(\[[^\]]*\]|\{[^}]*\})")
LOOKS_BACK = 90 * DAY
_STATUSES = ("INITIATED", "SUCCEEDED", "RETRYABLE_FAILED", "TERMINAL_FAILED", "REVERSED")


def _filters(call: Call) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in call.request.query.get("filter", []):
        for name, value in _FILTER.findall(text):
            found[name] = value[1:-1]
    return found


def _range(call: Call, text: str | None, name: str) -> tuple[float, float]:
    now = call.world.now.timestamp()
    if text is None:
        return now - LOOKS_BACK, now
    first, dots, last = text.partition("..")
    if not dots:
        raise BadRequest(f"Invalid filter: {name}")
    return (
        read_time(first, name) if first else now - LOOKS_BACK,
        read_time(last, name) if last else now,
    )


def _number(call: Call, name: str, default: int, most: int) -> int:
    text = call.request.one(name)
    if text is None:
        return default
    if not text.isdecimal() or not int(text) <= most:
        raise BadRequest(f"Invalid value for {name}")
    return int(text)


def _page(
    call: Call, entries: Sequence[T], key: str, most: int, body: Callable[[T], dict[str, Any]]
) -> Response:
    size, offset = _number(call, "limit", 20, most) or 20, _number(call, "offset", 0, 10**7)
    if not entries:
        return Response(status=204, content_type="")
    path = f"https://apiz.ebay.com{call.request.path}"
    data: dict[str, Any] = {
        "href": f"{path}?{call.request.query_string}", "limit": size, "offset": offset,
        "total": len(entries), key: [body(one) for one in entries[offset : offset + size]],
    }  # fmt: skip
    if offset + size < len(entries):
        data["next"] = f"{path}?limit={size}&offset={offset + size}"
    return json_response(data)


def _status(call: Call, statement: Statement) -> str:
    arrived = call.world.now.timestamp() >= statement.created + ARRIVES_AFTER
    return "SUCCEEDED" if arrived else "INITIATED"


def payout_body(call: Call, statement: Statement) -> dict[str, Any]:
    """Return a closed week as the payout it is."""
    status = _status(call, statement)
    return {
        "payoutId": statement.number,
        "payoutStatus": status,
        "payoutStatusDescription": "Funds sent" if status == "SUCCEEDED" else "Funds are on their way",
        "amount": money(statement.total, statement.currency),
        "payoutDate": time_text(statement.created),
        "lastAttemptedPayoutDate": time_text(statement.created),
        "transactionCount": len(statement.rows),
        "bankReference": bank_reference(statement),
        "payoutInstrument": {
            "instrumentType": "BANK", "nickname": "Harbor Bank", "accountLastFourDigits": "0420",
        },
    }  # fmt: skip


def get_payouts(call: Call) -> Response:
    """GET /sell/finances/v1/payout: the newest first."""
    refused = refusal(call)
    if refused is not None:
        return refused
    filters = _filters(call)
    first, last = _range(call, filters.get("payoutDate"), "payoutDate")
    wanted = filters.get("payoutStatus")
    if wanted is not None and not set(wanted.split("|")) <= set(_STATUSES):
        raise BadRequest("Invalid filter: payoutStatus")
    found = [
        each
        for each in money_statements.issued(call.world, call.caller, since=first, until=last)
        if wanted is None or _status(call, each) in wanted.split("|")
    ]
    return _page(call, found, "payouts", 200, lambda each: payout_body(call, each))


def get_payout(call: Call) -> Response:
    """GET /sell/finances/v1/payout/{payoutId}."""
    refused = refusal(call)
    if refused is not None:
        return refused
    found = money_statements.find_statement(call.world, call.caller, call.arguments["payoutId"])
    if found is None:
        raise BadRequest("The payoutId is not known")
    return json_response(payout_body(call, found))


def get_transactions(call: Call) -> Response:
    """GET /sell/finances/v1/transaction: of a payout, or by their day; the newest first."""
    refused = refusal(call)
    if refused is not None:
        return refused
    filters = _filters(call)
    if "payoutId" in filters:
        found = money_statements.find_statement(call.world, call.caller, filters["payoutId"])
        entries = [] if found is None else [_transaction(row, found.number) for row in found.rows]
    else:
        first, last = _range(call, filters.get("transactionDate"), "transactionDate")
        entries = _booked(call, first, last)
    kind, status = filters.get("transactionType"), filters.get("transactionStatus")
    entries = [
        each
        for each in entries
        if kind in (None, each["transactionType"]) and status in (None, each["transactionStatus"])
    ]
    entries.sort(key=lambda each: (each["transactionDate"], each["transactionId"]), reverse=True)
    return _page(call, entries, "transactions", 1000, dict)


def _transaction(row: Row, payout: str) -> dict[str, Any]:
    return {**row["x"], "transactionStatus": "PAYOUT", "payoutId": payout}


def _booked(call: Call, first: float, last: float) -> list[dict[str, Any]]:
    rules = call.world.dialect(call.caller).money
    if rules is None:
        return []
    now = call.world.now.timestamp()
    events = [
        event
        for event in money_statements.booked(call.world, call.caller, first=first, last=last)
        if first <= event.at <= last
    ]
    found: list[dict[str, Any]] = []
    for event, rows in rows_of(call.world, rules, events):
        for row in rows:
            if event.settled is not None:
                found.append(_transaction(row, str(event.settled)))
            else:
                status = "FUNDS_PROCESSING" if event.free > now else "FUNDS_AVAILABLE_FOR_PAYOUT"
                found.append({**row["x"], "transactionStatus": status})
    return found


def get_funds(call: Call) -> Response:
    """GET /sell/finances/v1/seller_funds_summary, in the currency of the first marketplace."""
    refused = refusal(call)
    if refused is not None:
        return refused
    rules = call.world.dialect(call.caller).money
    place = next(iter(call.caller.plan.marketplaces))
    currency, now = call.world.marketplaces[place].currency, call.world.now.timestamp()
    waiting = money_statements.unsettled(call.world, call.caller.name, place, 2**40)
    sums = {"free": 0, "held": 0}
    for event, rows in rows_of(call.world, rules, waiting) if rules is not None else []:
        sums["free" if event.free <= now else "held"] += sum(row["a"] for row in rows)
    return json_response(
        {
            "totalFunds": money(sum(sums.values()), currency),
            "availableFunds": money(sums["free"], currency),
            "fundsOnHold": money(0, currency),
            "processingFunds": money(sums["held"], currency),
        }
    )
