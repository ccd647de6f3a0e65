"""Returns of ``get_return_list`` as the hub's messages: one per line of the order that comes back."""

from channels.messages import BadItem, IncomingReturn
from channels.platforms.shopee.reading import amount, instant, needed_number, number
from channels.reading import Json, Unreadable, an_object, bad_item, children, cut_text, needed_text, whole

CALLED_OFF = {"CANCELLED", "CLOSED"}


def read_returns(objects: list[object]) -> tuple[tuple[IncomingReturn, ...], tuple[BadItem, ...]]:
    """Read a page of returns; one that cannot be read stops only itself."""
    found: list[IncomingReturn] = []
    bad: list[BadItem] = []
    for value in objects:
        try:
            found += read_return(an_object(value, "return"))
        except (Unreadable, RecursionError) as error:
            bad.append(bad_item(value, id_key="return_sn", reason=str(error)))
    return tuple(found), tuple(bad)


def read_return(raw: Json) -> list[IncomingReturn]:
    """Read one return. What is refunded is the return's, so the first of its lines carries it."""
    name = needed_text(raw, "return_sn", most=60)
    status = cut_text(raw, "status", most=40)
    reason = cut_text(raw, "text_reason", most=200) or cut_text(raw, "reason", most=200)
    items = children(raw, "item")
    parts: dict[str, int] = {}
    for item in items:
        line = f"{needed_number(item, 'item_id')}-{number(item, 'model_id') or '0'}"
        parts[line] = parts.get(line, 0) + whole(item, "amount", 0)
    refunded = amount(raw, "refund_amount")
    at = instant(raw, "update_time") or instant(raw, "create_time")
    order_id = needed_text(raw, "order_sn", most=120)
    return [
        IncomingReturn(
            external_id=name if place == 0 else f"{name}:{line}",
            line_id=line,
            quantity=0 if status in CALLED_OFF else quantity,
            status=status,
            reason=reason,
            refunded=refunded if place == 0 else None,
            at=at,
            order_id=order_id,
        )
        for place, (line, quantity) in enumerate(list(parts.items()) or [("", 0)])
    ]
