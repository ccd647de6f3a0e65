"""Parcels on platforms that give the tracking number: arranged first, numbered later, then collected."""

from typing import TYPE_CHECKING, Any

from channels.sandbox import pushing
from channels.sandbox.goods import stream
from channels.sandbox.orders import ARRANGED, Order, Package
from channels.sandbox.trade import HOUR

if TYPE_CHECKING:
    from channels.sandbox.world import World

Due = tuple[int, str, dict[str, Any]]
NUMBER_AFTER = (60, 600)
COLLECTED_AFTER = (2 * HOUR, 20 * HOUR)


def arranged(order: Order) -> list[Package]:
    """Return the parcels that were arranged and have not left."""
    return [package for package in order.packages if package.status == ARRANGED]


def left_to_arrange(order: Order) -> list[list[Any]]:
    """Return (line id, quantity) of what is in no parcel yet."""
    taken: dict[str, int] = {}
    for package in order.packages:
        if package.status != "canceled":
            for item, quantity in package.items:
                taken[item] = taken.get(item, 0) + quantity
    return [
        [line.id, line.quantity - taken.get(line.id, 0)]
        for line in order.lines
        if line.quantity > taken.get(line.id, 0)
    ]


def arrange(
    *, world: "World", order: Order, at: int, reference: str, items: list[list[Any]], choice: str,
    tracking: str = "", number_now: bool = False,
) -> Package:  # fmt: skip
    """Hand a parcel over by a choice (``pickup``, ``dropoff``, ``own_number``). The caller saves the order.

    Without a ``tracking`` number of the seller's own the platform gives one some minutes later, or at once
    with ``number_now``. Some hours later the carrier has collected it, and it travels.
    """
    chance = stream(world.seed, "parcel", order.id, reference)
    code, carrier, service = chance.choice(world.dialect(world.sellers[order.seller]).carriers)
    package = Package(
        reference=reference, created=at, carrier_code=code, carrier=carrier, service=service,
        tracking=tracking, shipped_at=0, items=items, by=choice, status=ARRANGED, changed=at,
    )  # fmt: skip
    order.packages.append(package)
    order.updated = max(order.updated, at, order.visible)
    data = {"package": reference}
    if not tracking:
        numbered = at if number_now else at + chance.randint(*NUMBER_AFTER)
        if number_now:
            give_number(world, order, at, data)
        else:
            world.schedule(at=numbered, kind="number", subject=order.id, data=data)
    world.schedule(at=at + chance.randint(*COLLECTED_AFTER), kind="collect", subject=order.id, data=data)
    return package


def find_package(order: Order, data: dict[str, Any]) -> Package | None:
    """Return the package some due work speaks of."""
    wanted = data.get("package")
    return next((package for package in order.packages if package.reference == wanted), None)


def give_number(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    """Give an arranged parcel its tracking number, and tell the seller's application."""
    package = find_package(order, data)
    if package is None or package.tracking or package.status != ARRANGED:
        return []
    chance = stream(world.seed, "number", order.id, package.reference)
    dialect = world.dialect(world.sellers[order.seller])
    package.tracking = dialect.new_tracking(chance)
    package.changed = at
    order.updated = max(order.updated, at, order.visible)
    pushing.tell(
        world=world, seller=world.sellers[order.seller], event=pushing.TRACKING_GIVEN,
        data={"order": order.id, "package": package.reference, "tracking": package.tracking},
    )  # fmt: skip
    return []


def collect(world: "World", order: Order, at: int, data: dict[str, Any]) -> Package | None:
    """Let the carrier take an arranged parcel; a parcel without a number gets it now."""
    package = find_package(order, data)
    if package is None or package.status != ARRANGED:
        return None
    give_number(world, order, at, data)
    package.status, package.shipped_at, package.changed = "shipped", at, at
    return package
