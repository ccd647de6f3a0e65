"""The market's listings as eBay counts them: items with their variations, and who made them."""

from dataclasses import dataclass

from channels.sandbox.listings import Listing
from channels.sandbox.sellers import Seller
from channels.sandbox.world import World

BY_INVENTORY = frozenset({"EBAY_GB"})
"""On these sites the seller lists with a tool of the Inventory API."""

SITES = {"EBAY_US": "US", "EBAY_CA": "Canada", "EBAY_GB": "UK", "EBAY_DE": "Germany", "EBAY_AU": "Australia"}
HOSTS = {"EBAY_US": "www.ebay.com", "EBAY_CA": "www.ebay.ca", "EBAY_GB": "www.ebay.co.uk",
         "EBAY_DE": "www.ebay.de", "EBAY_AU": "www.ebay.com.au"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One item: ``parts`` are its variations, or the one listing it is. ``number`` is its ItemID."""

    number: str
    site: str
    title: str
    parts: tuple[Listing, ...]
    has_variations: bool


def item_number(world: World, listing: Listing) -> str:
    """Return a listing's ItemID: a variation has its parent's."""
    if listing.parent:
        roof = world.find_listing(seller=listing.seller, marketplace=listing.marketplace, code=listing.parent)
        if roof is not None:
            return roof.external_code
    return listing.external_code


def items_of(world: World, seller: Seller) -> list[Item]:
    """Return everything a seller offers, in the order of the item numbers."""
    found: list[Item] = []
    for place in seller.plan.marketplaces:
        offers = world.listings_of(seller=seller.name, marketplace=place)
        families: dict[str, list[Listing]] = {}
        for listing in offers.values():
            if not listing.is_parent:
                families.setdefault(listing.parent if listing.parent in offers else "", []).append(listing)
        for roof, parts in families.items():
            if roof:
                found.append(Item(offers[roof].external_code, place, offers[roof].title, tuple(parts), True))
            else:
                found += [Item(one.external_code, place, one.title, (one,), False) for one in parts]
    return sorted(found, key=lambda item: item.number)


def find_item(world: World, seller: Seller, number: str) -> Item | None:
    """Return one of the seller's items."""
    return next((item for item in items_of(world, seller) if item.number == number), None)


def is_by_inventory(listing: Listing) -> bool:
    """Whether only the Inventory API may write to a listing."""
    return listing.marketplace in BY_INVENTORY


def offer_number(listing: Listing) -> str:
    """Return the number of the Inventory API's offer behind a listing."""
    return str(8_000_000_000 + listing.id)
