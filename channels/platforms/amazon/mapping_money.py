"""What a line of an order costs: the proceeds of the 2026 API and the price fields of v0, as one shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from channels.platforms.amazon.directory import MARKETPLACE_BY_ID
from channels.reading import Json, Unreadable, amount, child, children, currency, needed_text

ZERO = Decimal(0)
_TYPES = {"ITEM", "SHIPPING", "GIFT_WRAP", "COD_FEE", "OTHER", "TAX", "DISCOUNT"}


@dataclass(frozen=True, slots=True)
class LineMoney:
    """Amounts of one line; ``charge`` is ``None`` while Amazon does not say what it costs."""

    charge: Decimal | None = None
    discount: Decimal = ZERO
    shipping: Decimal = ZERO
    shipping_discount: Decimal = ZERO
    gift_wrap: Decimal = ZERO
    tax: Decimal = ZERO


class Purse:
    """The one currency of an order, found on its first amount; a second one makes the order unreadable."""

    def __init__(self) -> None:
        self.currency = ""

    def take(self, value: Json, name: str, *, amount_key: str, currency_key: str) -> Decimal | None:
        """Return the amount of a money object, ``None`` of an empty one."""
        if not value:
            return None
        found = amount(value.get(amount_key), name)
        code = currency(value.get(currency_key), f"the currency of {name}")
        if self.currency and code != self.currency:
            raise Unreadable(f"{name} is in {code}, the rest of the order in {self.currency}")
        self.currency = code
        return found

    def settle(self, marketplace: str) -> str:
        """Return the order's currency; an order without amounts has its marketplace's."""
        place = MARKETPLACE_BY_ID.get(marketplace)
        found = self.currency or (place.currency if place else "")
        if not found:
            raise Unreadable("the order names no currency")
        return found


def money(purse: Purse, parent: Json, name: str) -> Decimal | None:
    """Return an amount as the 2026 API writes it."""
    return purse.take(child(parent, name), name, amount_key="amount", currency_key="currencyCode")


def old_money(purse: Purse, parent: Json, name: str) -> Decimal | None:
    """Return an amount as v0 writes it."""
    return purse.take(child(parent, name), name, amount_key="Amount", currency_key="CurrencyCode")


def not_negative(value: Decimal | None, name: str) -> Decimal | None:
    """Return a price, which cannot be below zero."""
    if value is not None and value < 0:
        raise Unreadable(f"{name} is negative")
    return value


def read_proceeds(purse: Purse, item: Json, unknown: list[str]) -> LineMoney:
    """Read ``proceeds.breakdowns`` of an item of the 2026 API: one subtotal per type, parts below it.

    The DISCOUNT subtotal holds every discount of the line, the part of shipping among them.
    """
    proceeds = child(item, "proceeds")
    money(purse, proceeds, "proceedsTotal")
    money(purse, child(child(item, "product"), "price"), "unitPrice")
    sums: dict[str, Decimal] = {}
    shipping_discount = ZERO
    for part in children(proceeds, "breakdowns"):
        kind = needed_text(part, "type", most=60)
        subtotal = money(purse, part, "subtotal")
        if subtotal is None:
            raise Unreadable("subtotal is missing")
        if kind not in _TYPES:
            unknown.append(f"proceeds={kind}")
            continue
        sums[kind] = sums.get(kind, ZERO) + subtotal
        for detail in children(part, "detailedBreakdowns"):
            value = money(purse, detail, "value")
            if kind == "DISCOUNT" and detail.get("subtype") == "SHIPPING" and value is not None:
                shipping_discount += abs(value)
    charge = not_negative(sums.get("ITEM"), "the item's price")
    return LineMoney(
        charge=charge,
        discount=max(ZERO, abs(sums.get("DISCOUNT", ZERO)) - shipping_discount),
        shipping=not_negative(sums.get("SHIPPING"), "the shipping price") or ZERO,
        shipping_discount=shipping_discount,
        gift_wrap=not_negative(sums.get("GIFT_WRAP"), "the gift wrap price") or ZERO,
        tax=sums.get("TAX", ZERO),
    )


def read_old_prices(purse: Purse, item: Json) -> LineMoney:
    """Read the price fields of a v0 item. ``ItemPrice`` is the line's, not the unit's."""
    found: dict[str, Decimal | None] = {
        name: old_money(purse, item, name)
        for name in (
            "ItemPrice", "ShippingPrice", "ItemTax", "ShippingTax", "ShippingDiscount",
            "ShippingDiscountTax", "PromotionDiscount", "PromotionDiscountTax",
        )
    }  # fmt: skip
    gift = child(item, "BuyerInfo")
    wrap = old_money(purse, gift, "GiftWrapPrice")
    wrap_tax = old_money(purse, gift, "GiftWrapTax")
    taxes = (found["ItemTax"] or ZERO) + (found["ShippingTax"] or ZERO) + (wrap_tax or ZERO)
    tax_off = _size(found, "ShippingDiscountTax") + _size(found, "PromotionDiscountTax")
    return LineMoney(
        charge=not_negative(found["ItemPrice"], "ItemPrice"),
        discount=_size(found, "PromotionDiscount"),
        shipping=not_negative(found["ShippingPrice"], "ShippingPrice") or ZERO,
        shipping_discount=_size(found, "ShippingDiscount"),
        gift_wrap=not_negative(wrap, "GiftWrapPrice") or ZERO,
        tax=taxes - tax_off,
    )


def _size(found: Mapping[str, Decimal | None], name: str) -> Decimal:
    return abs(found[name] or ZERO)
