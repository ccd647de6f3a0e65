"""Sets on platforms that open them: a set has no shelf of its own, and an order of one lists its parts."""

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from channels.sandbox.listings import Listing
from channels.sandbox.orders import Line

if TYPE_CHECKING:
    from channels.sandbox.world import World

SET = "set"
_SHARED = ("item", "shipping", "gift_wrap", "discount", "tax_item", "tax_shipping")


def parts_of(world: "World", listing: Listing) -> list[tuple[Listing, int]]:
    """Return the listings a set is made of with their units; nothing for what is sold as it is."""
    if len(listing.components) < 2 or not world.dialect(world.sellers[listing.seller]).opens_sets:
        return []
    offers = world.listings_of(seller=listing.seller, marketplace=listing.marketplace).values()
    alone = {one.components[0][0]: one for one in offers if len(one.components) == 1 and one.parent}
    return [(alone[sku], each) for sku, each in listing.components if sku in alone]


def for_sale(world: "World", listing: Listing) -> int:
    """Return how many units of a listing can be sold: of a set as many as its scarcest part makes up."""
    parts = parts_of(world, listing)
    return min(one.quantity // each for one, each in parts) if parts else listing.quantity


def opened(world: "World", line: Line, chance: Random) -> list[Line]:
    """Return a line as the platform writes it down: a set as its parts, which share what it costs."""
    parts = parts_of(world, world.listings[line.listing])
    if not parts:
        return [line]
    mark = {"line": line.id, "listing": line.listing, "title": line.title, "quantity": line.quantity}
    new_id = world.dialect(world.sellers[parts[0][0].seller]).new_line_id
    weight = sum(one.price * each for one, each in parts)
    left = {name: getattr(line, name) for name in _SHARED}
    found: list[Line] = []
    for place, (one, each) in enumerate(parts, start=1):
        shares = dict(left)
        if place < len(parts):
            shares = {name: getattr(line, name) * one.price * each // weight for name in _SHARED}
        left = {name: left[name] - shares[name] for name in _SHARED}
        quantity = line.quantity * each
        found.append(
            replace(
                line, id=new_id(chance), listing=one.id, code=one.code, external_code=one.external_code,
                title=one.title, quantity=quantity, unit_price=shares["item"] // quantity, **shares,
                extra={**line.extra, SET: mark},
            )
        )  # fmt: skip
    return found
