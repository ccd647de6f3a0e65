"""How listings and orders are called: a listing by its SKU, an order also by the numbers it had before."""

import hashlib
from collections.abc import Iterable, Sequence

from channels.reading import Unreadable


def listing_code(*, sku: str, item: str, aspects: Iterable[tuple[str, str]] = ()) -> str:
    """Return under what code a listing is known to the hub.

    The SKU, which eBay keeps unique within a seller's stock. A listing without one is called after its item
    number, a variation without one also after its aspects, which orders and listings both show. Raises
    ``Unreadable`` when there is neither.
    """
    if sku.strip():
        return sku
    if not item.strip():
        raise Unreadable("neither sku nor legacyItemId is there")
    parts = sorted(f"{name}={value}" for name, value in aspects)
    if not parts:
        return f"item-{item}"
    return f"item-{item}-{hashlib.sha256('&'.join(parts).encode()).hexdigest()[:12]}"


def item_of_code(code: str) -> str:
    """Return the item number in a code made for a listing without SKU, empty for any other code."""
    head, _, rest = code.partition("-")
    number = rest.partition("-")[0]
    return number if head == "item" and number.isascii() and number.isdigit() else ""


def former_numbers(order_id: str, lines: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the numbers an order's lines (item, line) were orders under before they were paid.

    Until checkout each line is an order of its own called ``item-line``; paying gives it, or several of them
    together, a new number.
    """
    found = (f"{item}-{line}" for item, line in lines if item and line)
    return tuple(number for number in found if number != order_id and len(number) <= 120)
