"""The world: one invented market with a seed, a clock and its own storage.

``advance`` makes everything that is due up to an instant; what it makes depends on the seed, the instants
and what callers wrote, never on how often it was asked.
"""

import json
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import accumulate
from pathlib import Path

from channels.sandbox import life, money, pushing
from channels.sandbox.dialects import Dialect
from channels.sandbox.goods import Wheel, stream
from channels.sandbox.listings import (
    Listing,
    build_listings,
    insert_listings,
    read_listings,
    set_quantity,
)
from channels.sandbox.market_clock import MarketClock, instant, seconds
from channels.sandbox.money_tariff import Tariff
from channels.sandbox.orders import (
    Order,
    find_order,
    forget_former_row,
    note_former_ids,
    save_orders,
)
from channels.sandbox.push_sender import PushSender
from channels.sandbox.pushing import ReadyPush
from channels.sandbox.sellers import Seller
from channels.sandbox.store import Store, empty_store, open_store, read_meta, write_meta
from channels.sandbox.throttle import Buckets
from channels.sandbox.trade import DAY, HOUR, arrivals, place_order

HISTORY_DAYS = 90


class World:
    """The market's state: its place in time, who sells what, and the lock that puts callers in a row."""

    def __init__(self, *, directory: Path | None, dialects: Iterable[Dialect], clock: MarketClock) -> None:
        self.db: Store = open_store(directory)
        self.db.note_money = partial(money.note, self)
        self.lock = threading.RLock()
        self.clock = clock
        self.subscriptions: dict[str, dict[str, str]] = {}
        self.ready_pushes: list[ReadyPush] = []
        self.pushes = PushSender(world=self, tick=self._tick)
        self.buckets = Buckets()
        self.dialects = {dialect.platform: dialect for dialect in dialects}
        self.plans = tuple(plan for dialect in self.dialects.values() for plan in dialect.plans)
        self.marketplaces = {
            place.id: place for dialect in self.dialects.values() for place in dialect.marketplaces
        }
        _refuse_twins("marketplace", [p.id for d in self.dialects.values() for p in d.marketplaces])
        _refuse_twins("seller", [plan.name for plan in self.plans])
        self.seed = 0
        self.birth = 0
        self.position = 0
        self.history_days = HISTORY_DAYS
        self.apply_seconds = 15
        self.secret = ""
        self.live_per_day: dict[str, float] = {}
        self.operations: tuple[str, ...] = ()
        self.sellers: dict[str, Seller] = {}
        self.listings: dict[int, Listing] = {}
        self.assortments: dict[tuple[int, str, str, str], list[Listing]] = {}
        self.tariffs: dict[str, Tariff] = {}
        self._places: dict[str, Wheel[str]] = {}
        self._shelves: dict[tuple[str, str], tuple[list[Listing], list[float]]] = {}
        self._offers: dict[str, dict[str, dict[str, Listing]]] = {}

    @property
    def now(self) -> datetime:
        """The market's instant; never earlier than what has already happened."""
        return instant(max(self.clock.now().timestamp(), float(self.position)))

    def dialect(self, seller: Seller) -> Dialect:
        """Return the dialect of a seller's platform."""
        return self.dialects[seller.platform]

    def shelf(self, *, seller: str, marketplace: str) -> tuple[list[Listing], list[float]]:
        """Return what a seller offers on a marketplace, with the running sums of the listings' weights."""
        key = (seller, marketplace)
        if key not in self._shelves:
            offers = self.listings_of(seller=seller, marketplace=marketplace)
            found = [listing for listing in offers.values() if not listing.is_parent]
            self._shelves[key] = (found, list(accumulate(listing.weight for listing in found)))
        return self._shelves[key]

    def places(self, seller: Seller) -> Wheel[str]:
        """Return the wheel of the marketplaces a seller trades on."""
        if seller.name not in self._places:
            self._places[seller.name] = Wheel(seller.plan.marketplaces)
        return self._places[seller.name]

    def find_listing(self, *, seller: str, marketplace: str, code: str) -> Listing | None:
        """Return a listing by the seller's own code, or ``None``."""
        return self.listings_of(seller=seller, marketplace=marketplace).get(code)

    def listings_of(self, *, seller: str, marketplace: str) -> dict[str, Listing]:
        """Return what a seller offers on a marketplace by its own codes, parents before their variants."""
        if not self._offers:
            for listing in self.listings.values():
                places = self._offers.setdefault(listing.seller, {})
                places.setdefault(listing.marketplace, {})[listing.code] = listing
        return self._offers.get(seller, {}).get(marketplace, {})

    def sellers_of(self, platform: str) -> list[Seller]:
        """Return the sellers of a platform."""
        return [seller for seller in self.sellers.values() if seller.platform == platform]

    def find_seller(self, *, platform: str, **facts: str) -> Seller | None:
        """Return the platform's seller with these facts (``seller_id``, ``client_id`` …), or ``None``."""
        return next(
            (
                seller
                for seller in self.sellers_of(platform)
                if all(getattr(seller, name) == value for name, value in facts.items())
            ),
            None,
        )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One caller at a time, all or nothing."""
        with self.lock:
            self.db.execute("begin")
            self.db.watches_orders = bool(self.subscriptions)
            try:
                yield
                if self.db.saved_orders:
                    pushing.tell_of_orders(self)
            except BaseException:
                self.db.execute("rollback")
                self.db.saved_orders = {}
                self.ready_pushes = []
                self.reload()
                raise
            self.db.execute("commit")
            ready, self.ready_pushes = self.ready_pushes, []
        if ready:
            self.pushes.send(ready)

    def _tick(self) -> None:
        if self.subscriptions and self.clock.speed():
            with self.writing():
                advance(world=self, to=self.now)

    def reload(self) -> None:
        """Read everything kept in memory from the storage again."""
        self.seed = int(read_meta(self.db, "seed") or 0)
        self.birth = int(read_meta(self.db, "birth") or 0)
        self.position = int(read_meta(self.db, "position") or 0)
        self.history_days = int(read_meta(self.db, "history_days") or HISTORY_DAYS)
        self.apply_seconds = int(read_meta(self.db, "apply_seconds") or 0)
        self.secret = read_meta(self.db, "secret") or ""
        self.live_per_day = json.loads(read_meta(self.db, "live_per_day") or "{}")
        plans = {
            (dialect.platform, plan.name): plan
            for dialect in self.dialects.values()
            for plan in dialect.plans
        }
        self.sellers = {
            row["name"]: Seller(**dict(row), plan=plans[row["platform"], row["name"]])
            for row in self.db.execute("select * from sellers order by name")
        }
        self.listings = read_listings(self.db)
        self._shelves, self._offers, self.tariffs = {}, {}, {}
        self.subscriptions = pushing.read_subscriptions(self)
        if self.subscriptions:
            self.pushes.start()

    def start_trade(self, seller: Seller, at: int) -> None:
        """Note a seller's first authorized call; a seller who waits begins to sell with it."""
        if seller.started_at is None:
            seller.started_at = at
            self.db.execute("update sellers set started_at = ? where name = ?", (at, seller.name))

    def schedule(self, *, at: int, kind: str, subject: str, data: object = None) -> None:
        """Write down something that will happen."""
        self.db.execute(
            "insert into due (at, kind, object, data) values (?, ?, ?, ?)",
            (at, kind, subject, json.dumps(data or {})),
        )


def _refuse_twins(what: str, names: list[str]) -> None:
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise ValueError(f"two platforms of the sandbox have a {what} named {', '.join(twins)}")


def open_world(
    *, directory: Path | None, dialects: Iterable[Dialect], clock: MarketClock, seed: int,
    live_per_day: float | None = None, history_days: int = HISTORY_DAYS,
) -> World:  # fmt: skip
    """Open the world in a directory, or let it be born at the clock's present instant."""
    world = World(directory=directory, dialects=dialects, clock=clock)
    if read_meta(world.db, "birth") is None:
        rates = {} if live_per_day is None else {"busy": live_per_day}
        give_birth(world=world, seed=seed, history_days=history_days, live_per_day=rates)
    else:
        with world.lock:
            world.reload()
        settle_newcomers(world=world)
    return world


def settle_newcomers(*, world: World) -> None:
    """Let sellers come who are new to a market that was born without their platform."""
    known = set(world.sellers)
    new = {plan.name for plan in world.plans} - known
    if not new:
        return
    with world.writing():
        first_day = world.birth - world.history_days * DAY
        for dialect in world.dialects.values():
            _settle(world=world, dialect=dialect, seed=world.seed, first_day=first_day, only=new)
        world.reload()
        for name in sorted(new):
            _live_history(world=world, seller=world.sellers[name])


def give_birth(
    *, world: World, seed: int, history_days: int = HISTORY_DAYS, apply_seconds: int = 15,
    live_per_day: dict[str, float] | None = None, push_shares: dict[str, float] | None = None,
) -> None:  # fmt: skip
    """Begin anew: forget everything, then let the market live its past up to the clock's present instant."""
    world.pushes.forget()
    world.subscriptions = {}
    with world.writing():
        empty_store(world.db)
        birth = seconds(world.clock.now())
        facts = {
            "seed": seed, "birth": birth, "position": birth, "history_days": history_days,
            "apply_seconds": apply_seconds, "live_per_day": json.dumps(live_per_day or {}),
            "secret": secrets.token_hex(16), "push_shares": json.dumps(push_shares or {}),
        }  # fmt: skip
        for key, value in facts.items():
            write_meta(world.db, key, str(value))
        names = {plan.name for plan in world.plans}
        for dialect in world.dialects.values():
            _settle(world=world, dialect=dialect, seed=seed, first_day=birth - history_days * DAY, only=names)
            world.schedule(at=birth + 5 * DAY, kind="replenish", subject=dialect.platform)
        world.reload()
        world.buckets.forget()
        for seller in world.sellers.values():
            _live_history(world=world, seller=seller)
    world.db.execute("pragma wal_checkpoint(truncate)")


def _settle(*, world: World, dialect: Dialect, seed: int, first_day: int, only: set[str]) -> None:
    places = {place.id: place for place in dialect.marketplaces}
    for plan in dialect.plans:
        if plan.name not in only:
            continue
        given = dialect.new_credentials(stream(seed, "credentials", dialect.platform, plan.name))
        world.db.execute(
            "insert into sellers values (?, ?, ?, ?, ?, ?, null)",
            (
                plan.name, dialect.platform, given["seller_id"], given["client_id"],
                given["client_secret"], given["refresh_token"],
            ),
        )  # fmt: skip
        for place in plan.marketplaces:
            key = (seed, dialect.platform, plan.name, place)
            if key not in world.assortments:
                world.assortments[key] = build_listings(
                    seed=seed, dialect=dialect, plan=plan, plans=world.plans, marketplace=places[place]
                )
            insert_listings(world.db, world.assortments[key], at=first_day)


def _live_history(*, world: World, seller: Seller) -> None:
    first = (world.birth - world.history_days * DAY) // HOUR
    made: list[Order] = []
    waiting: list[tuple[int, str, str, str]] = []
    for hour in range(first, world.birth // HOUR + 1):
        for at, number in arrivals(world=world, seller=seller, hour=hour):
            placed = (
                place_order(world=world, seller=seller, at=at, number=number) if at < world.birth else None
            )
            if placed is None:
                continue
            order = placed[0]
            due = life.begin(world=world, order=order)
            for when, kind, data in life.live_through(world=world, order=order, due=due, until=world.birth):
                waiting.append((when, kind, order.id, json.dumps(data)))
            made.append(order)
            note_former_ids(world.db, order)
    save_orders(world.db, made)
    world.db.executemany("insert into due (at, kind, object, data) values (?, ?, ?, ?)", sorted(waiting))


def advance(*, world: World, to: datetime) -> None:
    """Let everything happen that is due up to an instant. Call it inside ``world.writing()``."""
    until = seconds(to)
    if until <= world.position:
        return
    buyers = [
        (at, seller.name, number)
        for hour in range(world.position // HOUR, until // HOUR + 1)
        for seller in world.sellers.values()
        for at, number in arrivals(world=world, seller=seller, hour=hour)
        if world.position < at <= until and _trades(seller, at)
    ]
    for at, name, number in sorted(buyers):
        _run_due(world=world, until=at)
        _sell(world=world, seller=world.sellers[name], at=at, number=number)
    _run_due(world=world, until=until)
    world.position = until
    write_meta(world.db, "position", str(until))


def _trades(seller: Seller, at: int) -> bool:
    return not seller.plan.waits or (seller.started_at is not None and at > seller.started_at)


def _sell(*, world: World, seller: Seller, at: int, number: int) -> None:
    placed = place_order(world=world, seller=seller, at=at, number=number)
    if placed is not None:
        keep_order(world=world, order=placed[0], at=at)


def keep_order(*, world: World, order: Order, at: int, quiet: bool = False) -> None:
    """Take a new order's units off the shelf, keep it, and write down what will happen to it.

    A quiet order waits: nothing happens to it by itself.
    """
    for line in order.lines:
        listing = world.listings[line.listing]
        left = max(0, listing.quantity - line.quantity)
        set_quantity(world=world, listing=listing, quantity=left, at=at, by="sale")
    order.off_shelf = True
    save_orders(world.db, [order])
    if quiet:
        return
    for when, kind, data in life.begin(world=world, order=order):
        world.schedule(at=when, kind=kind, subject=order.id, data=data)


def _run_due(*, world: World, until: int) -> None:
    while True:
        row = world.db.execute(
            "select id, at, kind, object, data from due where at <= ? order by at, id limit 1", (until,)
        ).fetchone()
        if row is None:
            return
        world.db.execute("delete from due where id = ?", (row["id"],))
        happen(world=world, kind=row["kind"], subject=row["object"], data=row["data"], at=row["at"])


def happen(*, world: World, kind: str, subject: str, data: str, at: int) -> None:
    """Let one thing happen now: to an order, to the platform's warehouse, or in a dialect's own work."""
    if kind == "replenish":
        _replenish(world=world, platform=subject, at=at)
        return
    if kind == "tell":
        pushing.tell_when_due(world, subject, json.loads(data))
        return
    if kind in life.EVENTS:
        order = find_order(world.db, subject)
        if order is None:
            return
        former = order.id
        for when, next_kind, next_data in life.EVENTS[kind](world, order, at, json.loads(data)):
            world.schedule(at=when, kind=next_kind, subject=order.id, data=next_data)
        save_orders(world.db, [order])
        if former != order.id:
            forget_former_row(world.db, former=former, order=order)
        return
    platform, _, name = kind.partition(".")
    world.dialects[platform].due[name](world, subject, data, at)


def units_on_their_way(world: World, listing: Listing) -> int:
    """Return what the seller sent to the platform's own warehouse, to arrive with the next replenishing."""
    if not listing.by_platform or listing.quantity >= 15:
        return 0
    return stream(world.seed, "replenish", listing.id, listing.quantity).randint(20, 60)


def _replenish(*, world: World, platform: str, at: int) -> None:
    for listing in world.listings.values():
        keeper = world.sellers[listing.seller]
        coming = units_on_their_way(world, listing) if keeper.platform == platform else 0
        if coming:
            amount = listing.quantity + coming
            set_quantity(world=world, listing=listing, quantity=amount, at=at, by="inbound shipment")
    world.schedule(at=at + 7 * DAY, kind="replenish", subject=platform)
