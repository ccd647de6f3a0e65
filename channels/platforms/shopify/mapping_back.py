"""What comes back of an order: refunds as amounts per line, returns as the platform reports them."""

from collections.abc import Sequence
from decimal import Decimal

from channels.messages import IncomingReturn
from channels.platforms.shopify.mapping_money import ZERO, Purse
from channels.platforms.shopify.reading import nodes, number_of
from channels.reading import Json, child, children, cut_text, instant, text, whole

RETURN_STATES = {"CANCELED", "CLOSED", "OPEN", "REQUESTED", "DECLINED"}
_CALLED_OFF = {"CANCELED", "DECLINED"}
_RESTOCKS = {"RETURN", "CANCEL", "LEGACY_RESTOCK", "NO_RESTOCK"}


def _line_of(part: Json) -> str:
    line = child(part, "lineItem")
    return number_of(line.get("id"), "lineItem") if line else ""


def read_refunded(order: Json, purse: Purse) -> dict[str, Decimal]:
    """Return what was given back per line, tax included.

    What a refund gives beside its lines (shipping, goodwill) stays in the raw order.
    """
    found: dict[str, Decimal] = {}
    for refund in children(order, "refunds"):
        for part in nodes(refund, "refundLineItems"):
            line_id = _line_of(part)
            amount = purse.price(part, "subtotalSet") + purse.price(part, "totalTaxSet")
            found[line_id] = found.get(line_id, ZERO) + amount
    return found


def read_returns(order: Json, purse: Purse, unknown: list[str]) -> list[IncomingReturn]:
    """Return what comes back, one entry per line: returns, and refunds that took goods back without one."""
    refunds = children(order, "refunds")
    found: list[IncomingReturn] = []
    for one in nodes(order, "returns"):
        number, status = number_of(one.get("id"), "return"), text(one, "status", most=40)
        if status not in RETURN_STATES:
            unknown.append(f"return={status}")
        for part in nodes(one, "returnLineItems"):
            line_id = _line_of(child(part, "fulfillmentLineItem"))
            found.append(
                IncomingReturn(
                    external_id=f"{number}-{number_of(part.get('id'), 'returnLineItem')}",
                    line_id=line_id,
                    quantity=0 if status in _CALLED_OFF else whole(part, "quantity"),
                    status=status.lower(),
                    reason=_reason(part),
                    refunded=_refunded(refunds, number, line_id, purse),
                    at=instant(one, "createdAt"),
                )
            )
    return found + _without_return(refunds, purse, unknown)


def _reason(part: Json) -> str:
    words = [cut_text(part, "returnReason", most=60), cut_text(part, "customerNote", most=130)]
    return ": ".join(word for word in words if word)


def _refunded(refunds: Sequence[Json], number: str, line_id: str, purse: Purse) -> Decimal | None:
    amounts = [
        purse.price(part, "subtotalSet") + purse.price(part, "totalTaxSet")
        for refund in refunds
        if child(refund, "return") and number_of(child(refund, "return").get("id"), "return") == number
        for part in nodes(refund, "refundLineItems")
        if _line_of(part) == line_id
    ]
    return sum(amounts, ZERO) if amounts else None


def _without_return(refunds: Sequence[Json], purse: Purse, unknown: list[str]) -> list[IncomingReturn]:
    found: list[IncomingReturn] = []
    for refund in refunds:
        if child(refund, "return"):
            continue
        number = number_of(refund.get("id"), "refund")
        for part in nodes(refund, "refundLineItems"):
            kind = text(part, "restockType", most=60)
            if kind and kind not in _RESTOCKS:
                unknown.append(f"restockType={kind}")
            if kind in ("RETURN", "LEGACY_RESTOCK"):
                line_id = _line_of(part)
                found.append(
                    IncomingReturn(
                        external_id=f"refund-{number}-{line_id}",
                        line_id=line_id,
                        quantity=whole(part, "quantity"),
                        status="refunded",
                        reason=cut_text(refund, "note", most=200),
                        refunded=purse.price(part, "subtotalSet") + purse.price(part, "totalTaxSet"),
                        at=instant(refund, "createdAt"),
                    )
                )
    return found
