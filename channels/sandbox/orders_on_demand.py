"""An order placed on demand: for tests, and for a person who wants to see one particular case."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from channels.sandbox import people, sets
from channels.sandbox.goods import stream
from channels.sandbox.listings import Listing
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import PENDING, UNSHIPPED, Line, Order
from channels.sandbox.sellers import Seller
from channels.sandbox.trade import dates, price_line
from channels.sandbox.wire import BadRequest
from channels.sandbox.world import World, keep_order

if TYPE_CHECKING:
    from random import Random


def find_place(*, world: World, seller: Seller, wanted: str | None) -> str:
    """Return a marketplace by its id or country; the seller's first one when nothing is said."""
    if wanted is None:
        return next(iter(seller.plan.marketplaces))
    for place in world.marketplaces.values():
        if wanted in (place.id, place.country) and place.id in seller.plan.marketplaces:
            return place.id
    raise BadRequest(f"{seller.name} does not sell on {wanted}")


def _choose(world: World, seller: Seller, place: str, wanted: dict[str, Any], by_platform: bool) -> Listing:
    code = wanted.get("listing") or wanted.get("sku")
    if code is None:
        shelf, _ = world.shelf(seller=seller.name, marketplace=place)
        return next(listing for listing in shelf if listing.by_platform == by_platform and listing.paired)
    found = world.find_listing(seller=seller.name, marketplace=place, code=str(code))
    if found is None:
        raise BadRequest(f"no listing {code} on {place}")
    return found


def _line(listing: Listing, wanted: dict[str, Any], line_id: str, tax: int, chance: "Random") -> Line:
    price = int(wanted.get("unit_price", listing.price))
    line = price_line(
        listing=listing, quantity=int(wanted.get("quantity", 1)), line_id=line_id, tax=tax, unit_price=price,
        chance=None,
    )  # fmt: skip
    for name in ("shipping", "gift_wrap", "discount", "tax_item", "tax_shipping", "promotion",
                 "gift_message", "gift_level"):  # fmt: skip
        if name in wanted:
            setattr(line, name, wanted[name])
    return line


def place(*, world: World, wanted: dict[str, Any]) -> Order:
    """Place one order as described; everything not said is plain.

    Keys: ``seller, marketplace, country, lines [{listing, quantity, unit_price, discount, …}], status
    (pending | unshipped), fulfilled_by (merchant | platform), placed_at, visible_at, business, poison, id,
    address, buyer, quiet``. Amounts in minor units. ``quiet`` lets nothing happen to it by itself.
    """
    seller = world.sellers[str(wanted.get("seller", "busy"))]
    place_id = find_place(world=world, seller=seller, wanted=wanted.get("marketplace"))
    market = world.marketplaces[place_id]
    now = seconds(world.now)
    number = world.db.execute("select count(*) as n from orders").fetchone()["n"]
    chance = stream(world.seed, "demand", seller.name, now, number)
    country = str(wanted.get("country", market.country))
    by_platform = wanted.get("fulfilled_by", "merchant") != "merchant"
    business = bool(wanted.get("business", False))
    placed = seconds(datetime.fromisoformat(wanted["placed_at"])) if "placed_at" in wanted else now - 180
    visible = seconds(datetime.fromisoformat(wanted["visible_at"])) if "visible_at" in wanted else placed
    dialect = world.dialect(seller)
    tax = market.tax if country == market.country else 0
    lines = [
        part
        for line in wanted.get("lines") or [{}]
        for part in sets.opened(
            world,
            _line(
                _choose(world, seller, place_id, line, by_platform),
                line,
                dialect.new_line_id(chance),
                tax,
                chance,
            ),
            chance,
        )
    ]
    recipient = people.address(country_code=country, chance=chance, business=business)
    mail = dialect.buyer_mail(chance, market)
    ship_by, deliver_by = dates(at=placed, service_days=2)
    order = Order(
        id=str(wanted.get("id") or dialect.new_order_id(chance)),
        seller=seller.name,
        marketplace=place_id,
        currency=market.currency,
        placed=placed,
        visible=visible,
        updated=max(placed, visible),
        status=PENDING if wanted.get("status") == "pending" else UNSHIPPED,
        by_platform=by_platform,
        service=str(wanted.get("service", "STANDARD")),
        ship_by=ship_by,
        deliver_by=deliver_by,
        buyer=people.buyer(country_code=country, chance=chance, mail=mail, recipient=recipient)
        | dict(wanted.get("buyer", {})),
        address=recipient | dict(wanted.get("address", {})),
        lines=lines,
        tax_by_marketplace=market.marketplace_collects_tax,
        programs=["AMAZON_BUSINESS"] if business else [],
        poison=str(wanted.get("poison", "")),
    )
    keep_order(world=world, order=order, at=now, quiet=bool(wanted.get("quiet", True)))
    return order
