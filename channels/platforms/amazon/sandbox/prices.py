"""Prices by patch: the offer's shape checked, the price kept, shown a little later."""

import json
from decimal import Decimal
from typing import Any

from channels.sandbox.listings import Listing, set_price
from channels.sandbox.market_clock import seconds
from channels.sandbox.places import amount_text, decimals
from channels.sandbox.wire import BadRequest
from channels.sandbox.world import World

PRICE_PATH = "/attributes/purchasable_offer"
_MOST = 10**11


def offer_body(listing: Listing) -> dict[str, Any]:
    """Return a listing's offer as its attribute."""
    price = Decimal(amount_text(listing.price, listing.currency))
    return {
        "marketplace_id": listing.marketplace,
        "audience": "ALL",
        "currency": listing.currency,
        "our_price": [{"schedule": [{"value_with_tax": float(price)}]}],
    }


def _wrong(why: str) -> BadRequest:
    return BadRequest(f"The provided value for 'purchasable_offer' is invalid: {why}")


def read_prices(value: Any, group: list[Listing]) -> dict[int, int]:
    """Return the new price in minor units by listing. Raises ``BadRequest`` with the issue's words."""
    entries = value if isinstance(value, list) else []
    if not entries:
        raise _wrong("at least one offer is needed.")
    by_place = {listing.marketplace: listing for listing in group}
    found: dict[int, int] = {}
    for entry in entries:
        listing = by_place.get(entry.get("marketplace_id", "")) if isinstance(entry, dict) else None
        if listing is None or listing.is_parent:
            raise _wrong("marketplace_id names no offer of this SKU in the request's marketplaces.")
        if entry.get("audience", "ALL") != "ALL":
            raise _wrong("this seller has no offers for other audiences.")
        if entry.get("currency") != listing.currency:
            raise _wrong(f"currency must be {listing.currency}.")
        found[listing.id] = _minor(entry, listing.currency)
    return found


def _minor(entry: dict[str, Any], currency: str) -> int:
    amount = _only(_only(entry.get("our_price")).get("schedule")).get("value_with_tax")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise _wrong("our_price needs one schedule with a number as value_with_tax.")
    minor = Decimal(repr(amount)).scaleb(decimals(currency))
    if minor != minor.to_integral_value() or not 0 < minor < _MOST:
        raise _wrong(f"a price is above zero and has at most {decimals(currency)} decimals.")
    return int(minor)


def _only(value: Any) -> dict[str, Any]:
    is_one = isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)
    return value[0] if is_one else {}


def accept_prices(*, world: World, prices: dict[int, int]) -> None:
    """Queue prices; they show a little later."""
    at = seconds(world.now)
    for number, minor in prices.items():
        if world.apply_seconds == 0:
            set_price(world=world, listing=world.listings[number], minor=minor, at=at)
        else:
            world.schedule(
                at=at + world.apply_seconds, kind="amazon.price", subject=str(number), data={"minor": minor}
            )


def apply_price(world: World, subject: str, data: str, at: int) -> None:
    """Put an accepted price on the shelf."""
    listing = world.listings.get(int(subject))
    if listing is not None:
        set_price(world=world, listing=listing, minor=json.loads(data)["minor"], at=at)
