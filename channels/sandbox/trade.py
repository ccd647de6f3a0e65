"""Buying: when buyers come, what they pick and what they pay."""

import math
from bisect import bisect
from functools import cache
from random import Random
from typing import TYPE_CHECKING

from channels.sandbox import people, sets
from channels.sandbox.goods import Wheel, stream
from channels.sandbox.listings import Listing
from channels.sandbox.orders import PENDING, UNSHIPPED, Line, Order
from channels.sandbox.people_data import GIFT_MESSAGES
from channels.sandbox.places import WHOLE_UNITS, Marketplace, decimals
from channels.sandbox.sellers import Seller

if TYPE_CHECKING:
    from channels.sandbox.world import World

HOUR, DAY = 3600, 86400
_HOURS = (
    80, 70, 62, 58, 60, 68, 78, 88, 96, 102, 106, 110,
    114, 118, 122, 124, 124, 126, 128, 130, 126, 118, 106, 92,
)  # fmt: skip
# service: days until it must be shipped
_SERVICE_DAYS = {"STANDARD": 3, "EXPEDITED": 2, "SECOND_DAY": 1, "FREE_ECONOMY": 4, "NEXT_DAY": 1}
_SERVICES = Wheel({"STANDARD": 70, "EXPEDITED": 17, "SECOND_DAY": 6, "FREE_ECONOMY": 5, "NEXT_DAY": 2})
_QUANTITIES = Wheel({1: 84, 2: 10, 3: 3, 4: 2, 6: 1})
# How far apart two buyers come, in shares of the hour's mean: evenly enough that nobody waits long for one.
_GAPS = (0.6, 1.4)
_LINE_COUNTS = Wheel({1: 80, 2: 14, 3: 5, 5: 1})


def orders_per_hour(*, world: "World", seller: Seller, hour: int) -> float:
    """Return how many orders a seller may expect in one hour of the market's time."""
    plan, at = seller.plan, hour * HOUR
    is_past = at + HOUR <= world.birth
    if is_past or (plan.waits and at < world.birth):
        grown = 1 - (world.birth - at) / max(1, world.history_days * DAY)
        per_day = plan.first_per_day * math.pow(plan.last_per_day / plan.first_per_day, max(0.0, grown))
    elif plan.waits and (seller.started_at is None or seller.started_at >= at + HOUR):
        return 0.0
    else:
        per_day = world.live_per_day.get(seller.name, plan.live_per_day)
    share = _HOURS[hour % 24] if is_past else (_HOURS[hour % 24] + 100) // 2
    weekend = 1.12 if (hour // 24 + 4) % 7 in (0, 6) else 0.95
    return per_day / 24 * share / 100 * weekend


def arrivals(*, world: "World", seller: Seller, hour: int) -> list[tuple[int, int]]:
    """Return the buyers of one hour as (second, number). The same hour always brings the same buyers."""
    expected = orders_per_hour(world=world, seller=seller, hour=hour)
    chance = stream(world.seed, "arrivals", seller.platform, seller.name, hour)
    found: list[tuple[int, int]] = []
    elapsed = chance.random()
    while elapsed < expected:
        found.append((hour * HOUR + int(elapsed / expected * HOUR), len(found)))
        elapsed += chance.uniform(*_GAPS)
    return found


@cache
def _destinations(marketplace: Marketplace) -> Wheel[str]:
    return Wheel(dict(marketplace.destinations))


def _pick(
    *, world: "World", seller: Seller, marketplace: Marketplace, chance: Random, live: bool,
    taken: list[Listing],
) -> Listing | None:  # fmt: skip
    shelf, sums = world.shelf(seller=seller.name, marketplace=marketplace.id)
    for _ in range(6):
        listing = shelf[bisect(sums, chance.random() * sums[-1])] if shelf else None
        if listing is None or (live and sets.for_sale(world, listing) < 1):
            continue
        if any(one in taken for one in _bought_with(world, listing)):
            continue
        if taken and listing.by_platform != taken[0].by_platform:
            continue
        return listing
    return None


def _bought_with(world: "World", listing: Listing) -> list[Listing]:
    return [listing, *(one for one, _ in sets.parts_of(world, listing))]


def price_line(
    *, listing: Listing, quantity: int, line_id: str, tax: int, unit_price: int, chance: Random | None,
) -> Line:  # fmt: skip
    """Return a priced line. ``tax`` in basis points comes on top; ``None`` for chance gives a plain line."""
    item = unit_price * quantity
    line = Line(
        id=line_id,
        listing=listing.id,
        code=listing.code,
        external_code=listing.external_code,
        title=listing.title,
        quantity=quantity,
        unit_price=unit_price,
        item=item,
    )
    if chance is not None:
        step = 10 ** decimals(listing.currency)
        is_whole = listing.currency in WHOLE_UNITS
        if chance.random() < 0.15:
            line.discount = item * chance.choice((5, 8, 10, 15, 20)) // 100
            line.discount -= line.discount % step if is_whole else 0
            line.promotion = (
                f"PROMO-{chance.choice(('SPRING', 'COUPON', 'PRIMEDAY', 'B2G1'))}-{chance.randint(100, 999)}"
            )
        if chance.random() < 0.3:
            cents = 0 if is_whole else step - 1
            line.shipping = max(step, unit_price * chance.randint(8, 22) // 100 // step * step + cents)
        if chance.random() < 0.04:
            line.gift_message = chance.choice(GIFT_MESSAGES)
            line.gift_level = chance.choice(("STANDARD", "PREMIUM"))
            line.gift_wrap = max(step * 2, unit_price // 10 // step * step if is_whole else unit_price // 10)
    whole = 10 ** decimals(listing.currency) if listing.currency in WHOLE_UNITS else 1
    line.tax_item = (line.item - line.discount + line.gift_wrap) * tax // 10000 // whole * whole
    line.tax_shipping = line.shipping * tax // 10000 // whole * whole
    return line


def _quantity(world: "World", chance: Random, listing: Listing, live: bool) -> int:
    wanted = _QUANTITIES.turn(chance)
    return min(wanted, sets.for_sale(world, listing)) if live else wanted


def _lines(
    *, world: "World", seller: Seller, marketplace: Marketplace, tax: int, chance: Random, live: bool
) -> tuple[list[Line], list[Listing]]:
    taken: list[Listing] = []
    lines: list[Line] = []
    for _ in range(_LINE_COUNTS.turn(chance)):
        listing = _pick(
            world=world, seller=seller, marketplace=marketplace, chance=chance, live=live, taken=taken
        )
        if listing is None:
            continue
        taken += _bought_with(world, listing)
        line = price_line(
            listing=listing,
            quantity=_quantity(world, chance, listing, live),
            line_id=world.dialect(seller).new_line_id(chance),
            tax=tax,
            unit_price=listing.price,
            chance=chance,
        )
        lines += sets.opened(world, line, chance)
    return lines, taken


def _visible(chance: Random, at: int) -> int:
    late = chance.random()
    if late < 0.85:
        return at + chance.randint(2, 30)
    return at + (chance.randint(60, 40 * 60) if late < 0.97 else chance.randint(HOUR, 12 * HOUR))


def dates(*, at: int, service_days: int) -> tuple[list[int], list[int]]:
    """Return the windows in which the order must be shipped and delivered."""
    last = (at // DAY + service_days) * DAY + DAY - 1
    return [at, last], [last + 1 + DAY, last + 5 * DAY]


def place_order(
    *, world: "World", seller: Seller, at: int, number: int
) -> tuple[Order, list[Listing]] | None:
    """Return the order a buyer places at this second, or ``None`` when the shelf is empty."""
    chance = stream(world.seed, "order", seller.platform, seller.name, at // HOUR, number)
    live = at >= world.birth
    dialect = world.dialect(seller)
    marketplace = world.marketplaces[world.places(seller).turn(chance)]
    country = _destinations(marketplace).turn(chance)
    tax = marketplace.tax if country == marketplace.country else 0
    lines, taken = _lines(
        world=world, seller=seller, marketplace=marketplace, tax=tax, chance=chance, live=live
    )
    if not lines:
        return None
    business = chance.random() < 0.06
    recipient = people.address(country_code=country, chance=chance, business=business)
    mail = dialect.buyer_mail(chance, marketplace)
    service = _SERVICES.turn(chance)
    ship_by, deliver_by = dates(at=at, service_days=_SERVICE_DAYS[service])
    by_platform = taken[0].by_platform
    slow_payment = marketplace.country == "JP" and chance.random() < 0.1
    visible = _visible(chance, at)
    order = Order(
        id=dialect.new_order_id(chance),
        seller=seller.name,
        marketplace=marketplace.id,
        currency=marketplace.currency,
        placed=at,
        visible=visible,
        updated=visible,
        status=PENDING if slow_payment or by_platform or chance.random() < 0.3 else UNSHIPPED,
        by_platform=by_platform,
        service=service,
        ship_by=ship_by,
        deliver_by=deliver_by,
        buyer=people.buyer(country_code=country, chance=chance, mail=mail, recipient=recipient),
        address=recipient,
        lines=lines,
        tax_by_marketplace=marketplace.marketplace_collects_tax,
        programs=["AMAZON_BUSINESS"] if business else (["PRIME"] if chance.random() < 0.05 else []),
        payment="ConvenienceStore" if slow_payment else "CreditCard",
    )
    return order, taken
