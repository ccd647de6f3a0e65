"""What an order of Shopify costs, in the shop's own currency, spread over its lines.

Shopify tells every amount twice: in the shop's currency and in the one the buyer saw. The hub counts in the
shop's, because Shopify's reports and payouts do and all orders of a shop then add up; what the buyer saw
stays in the raw order. Where prices include the tax, it is taken out of them, so that charge + shipping −
discounts + tax is always what the order cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from channels.platforms.shopify.reading import nodes
from channels.reading import Json, Unreadable, amount, child, children, currency, flag
from ecomhub.money import exponent

ZERO = Decimal(0)


class Purse:
    """The shop currency of an order; an amount in another one makes the order unreadable."""

    def __init__(self, code: str) -> None:
        self.currency = code

    def take(self, parent: Json, name: str) -> Decimal | None:
        """Return the shop's amount of a money bag, ``None`` of an absent one."""
        money = child(child(parent, name), "shopMoney")
        if not money:
            return None
        found = amount(money.get("amount"), name)
        code = currency(money.get("currencyCode"), f"the currency of {name}")
        if code != self.currency:
            raise Unreadable(f"{name} is in {code}, the order in {self.currency}")
        return found

    def price(self, parent: Json, name: str) -> Decimal:
        """Return an amount that cannot be below zero; an absent one is nothing."""
        found = self.take(parent, name) or ZERO
        if found < 0:
            raise Unreadable(f"{name} is negative")
        return found


@dataclass(frozen=True, slots=True)
class LineMoney:
    """Amounts of one line; ``charge`` is ``None`` while Shopify does not say what it costs."""

    charge: Decimal | None = None
    discount: Decimal = ZERO
    tax: Decimal = ZERO
    channel_collects: bool = False
    shipping: Decimal = ZERO
    shipping_discount: Decimal = ZERO


def read_money(order: Json, lines: Sequence[Json], purse: Purse) -> list[LineMoney]:
    """Return what each of the lines costs, shipping and its tax spread over them."""
    tax_inside = flag(order, "taxesIncluded")
    found = [_line(line, purse, tax_inside) for line in lines]
    shipping, shipping_discount = _shipping(order, purse)
    total_tax = purse.take(order, "totalTaxSet")
    line_tax = sum((one.tax for one in found), ZERO)
    shipping_tax = max(ZERO, (total_tax if total_tax is not None else line_tax) - line_tax)
    if tax_inside:
        shipping_tax = min(shipping_tax, shipping)
        shipping -= shipping_tax
    weights = [one.charge or ZERO for one in found]
    parts = [spread(each, weights, purse.currency) for each in (shipping, shipping_discount, shipping_tax)]
    return [
        LineMoney(one.charge, one.discount, one.tax + tax, one.channel_collects, ship, off)
        for one, ship, off, tax in zip(found, *parts, strict=True)
    ]


def _line(line: Json, purse: Purse, tax_inside: bool) -> LineMoney:
    gross = purse.take(line, "originalTotalSet")
    if gross is None:
        return LineMoney()
    if gross < 0:
        raise Unreadable("originalTotalSet is negative")
    left = purse.take(line, "discountedTotalSet")
    discount = max(ZERO, gross - left) if left is not None else ZERO
    taxes = children(line, "taxLines")
    tax = sum((purse.price(part, "priceSet") for part in taxes), ZERO)
    charge = gross - tax if tax_inside else gross
    if charge < 0:
        raise Unreadable("the tax of a line is more than the line")
    return LineMoney(charge, discount, tax, any(flag(part, "channelLiable") for part in taxes))


def _shipping(order: Json, purse: Purse) -> tuple[Decimal, Decimal]:
    full = left = ZERO
    for line in nodes(order, "shippingLines"):
        price = purse.price(line, "originalPriceSet")
        full += price
        discounted = purse.take(line, "discountedPriceSet")
        left += price if discounted is None else min(price, max(ZERO, discounted))
    return full, full - left


def spread(total: Decimal, weights: Sequence[Decimal], code: str) -> list[Decimal]:
    """Split an amount over weights in the currency's own steps; the parts add up to it exactly."""
    if not weights:
        return []
    whole = sum(weights, ZERO)
    step = Decimal(1).scaleb(-max(exponent(code), 2 if total % 1 else 0))
    parts = [
        (total * weight / whole if whole else total / len(weights)).quantize(step, rounding=ROUND_DOWN)
        for weight in weights
    ]
    heaviest = max(range(len(weights)), key=lambda place: weights[place])
    parts[heaviest] += total - sum(parts, ZERO)
    return parts
