"""The lines of a Shopee order: what they are called here, what they cost, how much of them left."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

from channels.messages import IncomingLine, OrderState
from channels.platforms.shopee.reading import amount, needed_number, number
from channels.reading import Json, Unreadable, children, currency, cut_text, needed_children, text, whole
from ecomhub.money import allocated, rounded

ZERO = Decimal(0)
Place = tuple[str, ...]
_ALL_LEFT = {OrderState.SHIPPED, OrderState.COMPLETED}


def listing_id(item_id: str, model_id: str) -> str:
    """Return what a listing is called here: the item's number, with the model's where it has variations."""
    return f"{item_id}-{model_id}" if model_id else item_id


def read_lines(
    raw: Json, *, state: OrderState, gone: list[Json]
) -> tuple[tuple[IncomingLine, ...], dict[Place, str]]:
    """Return the order's lines, and which line an entry of a package means."""
    items = needed_children(raw, "item_list")
    left = _left(gone)
    lines = [
        _line(item, name=name, state=state, left=left)
        for item, name in zip(items, line_names(items), strict=True)
    ]
    return tuple(_with_shipping(raw, lines)), names_by_place(items)


def _with_shipping(raw: Json, lines: list[IncomingLine]) -> list[IncomingLine]:
    """Spread what the buyer is to pay for shipping over the lines by what they cost.

    Shopee states it for the order as a whole, as an estimate; what it charged in the end is in the escrow.
    """
    code = currency(raw.get("currency"), "currency")
    shipping = rounded(amount(raw, "estimated_shipping_fee") or ZERO, code)
    if not shipping or not lines:
        return lines
    weights = [line.charge or ZERO for line in lines]
    shares = allocated(shipping, weights if any(weights) else [Decimal(1)] * len(lines), code)
    return [replace(line, shipping=share) for line, share in zip(lines, shares, strict=True)]


def names_by_place(items: list[Json]) -> dict[Place, str]:
    """Return which line is meant by an item's numbers, all four of them or the first two."""
    found: dict[Place, str] = {}
    for item, name in zip(items, line_names(items), strict=True):
        place = _place(item)
        found[place] = name
        found.setdefault(place[:2], name)
    return found


def package_units(package: Json, by_place: dict[Place, str]) -> dict[str, int]:
    """Return how many units of which line a package holds."""
    found: dict[str, int] = {}
    for part in children(package, "item_list"):
        names = ("item_id", "model_id", "order_item_id", "promotion_group_id")
        place = tuple(number(part, name) for name in names)
        line = by_place.get(place) or by_place.get(place[:2])
        if line:
            quantity = part.get("model_quantity")
            found[line] = found.get(line, 0) + (quantity if type(quantity) is int and quantity > 0 else 0)
    return found


def line_names(items: list[Json]) -> list[str]:
    """Return what the lines of an order are called; Shopee numbers none.

    One is named by item and model. Where an order holds the same model more than once (in a bundle and
    alone), the order item and the promotion's group tell them apart.
    """
    places = [_place(item) for item in items]
    alike = Counter(place[:2] for place in places)
    names: dict[str, None] = {}
    for place in places:
        name = _name(place, is_alone=alike[place[:2]] == 1)
        found, count = name, 1
        while found in names:
            count += 1
            found = f"{name}.{count}"
        if len(found) > 80:
            raise Unreadable("the numbers of an item are too long")
        names[found] = None
    return list(names)


def _name(place: Place, *, is_alone: bool) -> str:
    item_id, model_id, order_item, group = place
    parts = [item_id, model_id or "0"]
    if not is_alone:
        parts += [order_item] if order_item not in ("", item_id) else []
        parts += [f"g{group}"] if group else []
    return "-".join(parts)


def _place(item: Json) -> Place:
    names = ("model_id", "order_item_id", "promotion_group_id")
    return (needed_number(item, "item_id"), *(number(item, name) for name in names))


def line_numbers(items: list[Json]) -> dict[str, dict[str, int]]:
    """Return the numbers by which Shopee knows each line of an order, by the line's name here."""
    found: dict[str, dict[str, int]] = {}
    for item, name in zip(items, line_names(items), strict=True):
        item_id, model_id, order_item, group = _place(item)
        numbers = {"item_id": int(item_id), "model_id": int(model_id or 0)}
        numbers["order_item_id"] = int(order_item or item_id)
        if group:
            numbers["promotion_group_id"] = int(group)
        found[name] = numbers
    return found


def _left(gone: list[Json]) -> dict[Place, int]:
    """Return how many units of each item and model are in parcels that left."""
    found: dict[Place, int] = {}
    for package in gone:
        for part in children(package, "item_list"):
            place = (number(part, "item_id"), number(part, "model_id"))
            found[place] = found.get(place, 0) + whole(part, "model_quantity", 0)
    return found


def _line(item: Json, *, name: str, state: OrderState, left: dict[Place, int]) -> IncomingLine:
    item_id, model_id = needed_number(item, "item_id"), number(item, "model_id")
    quantity = whole(item, "model_quantity_purchased")
    canceled = min(whole(item, "cancelled_qty", 0), quantity)
    place = (item_id, model_id)
    if state in _ALL_LEFT:
        shipped = quantity - canceled
    else:
        shipped = min(left.get(place, 0), quantity - canceled)
        left[place] = left.get(place, 0) - shipped
    if state is OrderState.CANCELED:
        canceled = quantity - shipped
    charge, discount = _prices(item, quantity)
    return IncomingLine(
        external_id=name,
        listing_id=listing_id(item_id, model_id),
        title=_title(item),
        quantity=quantity,
        quantity_shipped=shipped,
        quantity_canceled=canceled,
        product_id=cut_text(item, "model_sku", most=60) or cut_text(item, "item_sku", most=60),
        charge=charge,
        discount=discount,
        tax_collected_by_marketplace=False,
    )


def _title(item: Json) -> str:
    title, model = cut_text(item, "item_name", most=500), cut_text(item, "model_name", most=200)
    return f"{title} [{model}]"[:500] if model else title


def _prices(item: Json, quantity: int) -> tuple[Decimal | None, Decimal]:
    """Return what the line costs before and how much it is reduced; prices on Shopee are per unit.

    A bundle shows 0 for what the buyer pays of each item: then nothing is known until the escrow is.
    """
    original = amount(item, "model_original_price")
    reduced = amount(item, "model_discounted_price")
    if original is None and reduced is None:
        return None, ZERO
    if not reduced and text(item, "promotion_type", most=120) == "bundle_deal":
        return None, ZERO
    before = original if original is not None else reduced
    now = reduced if reduced is not None else original
    if before is None or now is None:
        return None, ZERO
    charge = _storable(max(before, now) * quantity)
    return charge, max(ZERO, charge - _storable(now * quantity))


def _storable(value: Decimal) -> Decimal:
    if value and value.adjusted() > 14:
        raise Unreadable("the price of a line is too large")
    return value
