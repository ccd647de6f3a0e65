"""The listings of the market and the quantities on its shelves."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

from channels.sandbox.goods import Good, family_title, goods, stream
from channels.sandbox.places import Marketplace, shelf_price

if TYPE_CHECKING:
    from channels.sandbox.dialects import Dialect
    from channels.sandbox.world import World

from channels.sandbox.sellers import SellerPlan

_PLATFORM_COUNTRIES = {"US", "GB", "DE", "JP"}
_COLUMNS = (
    "id, seller, marketplace, code, external_code, network_code, title, product_type, price, currency, "
    "by_platform, quantity, parent, theme, components, weight, paired, created, updated, changed_by"
)


@dataclass(slots=True)
class Listing:
    """One offer on one marketplace. Sells ``components``: (SKU code, units). A parent sells nothing itself.

    ``price`` is in minor units; ``by_platform`` means the platform keeps and ships the goods;
    ``weight`` is how often buyers pick it; ``paired`` whether the seller's pairing sheet knows it.
    """

    id: int
    seller: str
    marketplace: str
    code: str
    external_code: str
    network_code: str
    title: str
    product_type: str
    price: int
    currency: str
    by_platform: bool
    quantity: int
    parent: str
    theme: str
    components: list[tuple[str, int]]
    weight: float
    paired: bool
    created: int
    updated: int
    changed_by: str

    @property
    def is_parent(self) -> bool:
        """Whether this is only the roof over its variants."""
        return not self.components


def plan_goods(*, seed: int, plan: SellerPlan, plans: tuple[SellerPlan, ...]) -> tuple[Good, ...]:
    """Return the goods a seller has: its own families, or all that nobody claims."""
    claimed = {family for other in plans for family in other.families}
    if plan.families:
        return tuple(good for good in goods(seed) if good.family in plan.families)
    return tuple(good for good in goods(seed) if good.family not in claimed)


@cache
def popularity(*, seed: int, code: str) -> float:
    """Return how often a SKU is bought compared with others: few sell much, many sell little."""
    rank = stream(seed, "rank", code).random() * 250
    return float(1 / (rank + 6) ** 0.75)


@cache
def opening_stock(*, seed: int, code: str) -> Mapping[str, int]:
    """Return what each warehouse holds of a SKU on the hub's first day; some run short."""
    chance = stream(seed, "stock", code)
    days = chance.choice((0, 2, 4)) if chance.random() < 0.07 else chance.randint(30, 60)
    units = round(popularity(seed=seed, code=code) * days * 40)
    abroad = units * chance.randint(15, 35) // 100
    europe = units * chance.randint(10, 30) // 100
    return {"SZ-01": max(0, units - abroad - europe), "LA-01": abroad, "DE-01": europe}


def seller_code(good: Good, place: int, country: str) -> str:
    """Return the seller's own listing code: mostly the SKU, sometimes one that hurts in an address."""
    if country == "GB" and place % 11 == 3:
        return f"{good.code}/UK"
    if country == "DE" and place % 13 == 5:
        return f"{good.code} DE#1"
    if country == "JP" and place % 9 == 4:
        return f"日本-{good.code}"
    if country == "FR" and place % 17 == 6:
        return f"50%-{good.code}"
    return good.code


class _Shelf:
    """Builds one seller's listings on one marketplace."""

    def __init__(
        self,
        *,
        seed: int,
        dialect: "Dialect",
        plan: SellerPlan,
        marketplace: Marketplace,
    ) -> None:
        self.seed, self.plan, self.marketplace = seed, plan, marketplace
        self.chance: Random = stream(seed, "shelf", dialect.platform, plan.name, marketplace.id)
        self.dialect = dialect
        self.rows: list[Listing] = []
        self.alone: list[Good] = []

    def add(
        self, *, code: str, good: Good, title: str, units: list[tuple[str, int]], price_percent: int,
        by_platform: bool = False, parent: str = "", weight: float = 0.0, paired: bool = True,
    ) -> None:  # fmt: skip
        price = shelf_price(
            cost_fen=good.cost_fen * price_percent // 100,
            markup_percent=stream(self.seed, "markup", good.family).randint(280, 420),
            currency=self.marketplace.currency,
        )
        quantity = self.chance.randint(20, 90) if by_platform else 0
        if units and not by_platform:
            stock = min(sum(opening_stock(seed=self.seed, code=sku).values()) // each for sku, each in units)
            quantity = min(30, stock // 2) if paired else self.chance.randint(4, 15)
        asin = self.dialect.new_listing_code(self.chance)
        self.rows.append(
            Listing(
                id=0,
                seller=self.plan.name,
                marketplace=self.marketplace.id,
                code=code,
                external_code=asin,
                network_code=self.dialect.new_network_code(self.chance) if by_platform else "",
                title=title,
                product_type=good.product_type,
                price=price,
                currency=self.marketplace.currency,
                by_platform=by_platform,
                quantity=quantity,
                parent=parent,
                theme=good.theme if parent or not units else "",
                components=units,
                weight=weight,
                paired=paired,
                created=-self.chance.randint(0, 40) * 86400,
                updated=0,
                changed_by="former tool",
            )
        )


def build_listings(
    *,
    seed: int,
    dialect: "Dialect",
    plan: SellerPlan,
    plans: tuple[SellerPlan, ...],
    marketplace: Marketplace,
) -> list[Listing]:
    """Return everything a seller offers on one marketplace, parents before their variants.

    Their times count from the day the trade began; ``plans`` are those of all sellers of the market.
    """
    shelf = _Shelf(seed=seed, dialect=dialect, plan=plan, marketplace=marketplace)
    sold = plan_goods(seed=seed, plan=plan, plans=plans)
    home = next(iter(plan.marketplaces)) == marketplace.id
    parents: set[str] = set()
    for place, good in enumerate(sold):
        spread = stream(seed, "spread", good.family).random()
        share = (plan.marketplaces[marketplace.id] / 30 + 0.06) * plan.shelf / 0.9
        if plan.families:
            if (place % 5 < 3) != home:
                continue
        elif spread > (plan.shelf if home else share):
            continue
        weight = popularity(seed=seed, code=good.code)
        parent = f"{good.family}-PARENT"
        if good.family not in parents:
            parents.add(good.family)
            shelf.add(
                code=parent,
                good=good,
                title=family_title(good),
                units=[],
                price_percent=100,
            )
        code = seller_code(good, place, marketplace.country)
        shelf.add(
            code=code, good=good, title=good.name_en, units=[(good.code, 1)], price_percent=100,
            parent=parent, weight=weight, paired=place % 41 != 20,
        )  # fmt: skip
        if plan.families:
            continue
        shelf.alone.append(good)
        if place % 23 == 2:
            shelf.add(
                code=f"{good.code}-2PK", good=good, title=f"{good.name_en} (Pack of 2)",
                units=[(good.code, 2)], price_percent=188, weight=weight / 3,
            )  # fmt: skip
        # Where a set is sold as its parts, each of them must be on the shelf too.
        other = shelf.alone[-min(5, len(shelf.alone))] if dialect.opens_sets else sold[place - 4]
        if place % 37 == 9 and other is not good:
            shelf.add(
                code=f"SET-{good.family}-{other.family}-{place}", good=good,
                title=f"{family_title(good)} & {family_title(other)} Gift Set",
                units=[(good.code, 1), (other.code, 1)], weight=weight / 3,
                price_percent=100 + other.cost_fen * 92 // max(1, good.cost_fen),
            )  # fmt: skip
        if dialect.keeps_goods and marketplace.country in _PLATFORM_COUNTRIES and place % 7 == 1:
            shelf.add(
                code=f"{good.code}-FBA", good=good, title=good.name_en, units=[(good.code, 1)],
                price_percent=106, by_platform=True, weight=weight * 1.2,
            )  # fmt: skip
    return shelf.rows


def insert_listings(connection: sqlite3.Connection, rows: list[Listing], *, at: int) -> None:
    """Write new listings of a trade that began at this second."""
    connection.executemany(
        f"insert into listings ({_COLUMNS}) values (null{', ?' * 19})",  # noqa: S608
        [
            (
                row.seller, row.marketplace, row.code, row.external_code, row.network_code, row.title,
                row.product_type, row.price, row.currency, int(row.by_platform), row.quantity, row.parent,
                row.theme, json.dumps(row.components), row.weight, int(row.paired), row.created + at,
                row.updated + at,
                row.changed_by,
            )
            for row in rows
        ],
    )  # fmt: skip


def read_listings(connection: sqlite3.Connection) -> dict[int, Listing]:
    """Return every listing by its number."""
    found: dict[int, Listing] = {}
    for row in connection.execute(f"select {_COLUMNS} from listings order by id"):  # noqa: S608
        values: dict[str, Any] = dict(row)
        values["components"] = [(sku, units) for sku, units in json.loads(values["components"])]
        values["by_platform"], values["paired"] = (
            bool(values["by_platform"]),
            bool(values["paired"]),
        )
        found[values["id"]] = Listing(**values)
    return found


def set_quantity(*, world: "World", listing: Listing, quantity: int, at: int, by: str) -> None:
    """Put a quantity on the shelf and remember when, and who said so."""
    before, listing.quantity = listing.quantity, quantity
    listing.updated, listing.changed_by = at, by
    world.db.execute(
        "update listings set quantity = ?, updated = ?, changed_by = ? where id = ?",
        (quantity, at, by, listing.id),
    )
    world.db.execute(
        "insert into listing_changes (listing, at, before, after, by) values (?, ?, ?, ?, ?)",
        (listing.id, at, before, quantity, by),
    )


def set_price(*, world: "World", listing: Listing, minor: int, at: int) -> None:
    """Give a listing its price in minor units."""
    listing.price, listing.updated = minor, at
    world.db.execute("update listings set price = ?, updated = ? where id = ?", (minor, at, listing.id))
