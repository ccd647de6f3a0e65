"""What happens to an order after it was placed: payment, cancellation, shipping, delivery, refund."""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from channels.sandbox import parcels, returns
from channels.sandbox.goods import stream
from channels.sandbox.listings import set_quantity
from channels.sandbox.orders import (
    ARRANGED,
    CANCELED,
    PARTIALLY_SHIPPED,
    PENDING,
    SHIPPED,
    UNSHIPPED,
    Order,
    Package,
)
from channels.sandbox.people_data import CANCEL_REASONS
from channels.sandbox.trade import DAY, HOUR

if TYPE_CHECKING:
    from channels.sandbox.world import World

Due = tuple[int, str, dict[str, Any]]
OPEN = {UNSHIPPED, PARTIALLY_SHIPPED}


def touch(order: Order, at: int) -> None:
    """Move the order's update time forward, never back."""
    order.updated = max(order.updated, at, order.visible)


def count_shipped(order: Order) -> None:
    """Derive shipped quantities and the status from the packages."""
    gone = [package for package in order.packages if package.status not in (ARRANGED, "canceled")]
    for line in order.lines:
        line.shipped = sum(
            quantity for package in gone for item, quantity in package.items if item == line.id
        )
    if all(line.shipped >= line.quantity for line in order.lines):
        order.status = SHIPPED
    elif any(line.shipped for line in order.lines):
        order.status = PARTIALLY_SHIPPED
    else:
        order.status = UNSHIPPED


def _restock(world: "World", order: Order, at: int) -> None:
    if not order.off_shelf:
        return
    for line in order.lines:
        listing = world.listings.get(line.listing)
        if listing is not None:
            quantity = listing.quantity + line.quantity - line.shipped
            set_quantity(world=world, listing=listing, quantity=quantity, at=at, by="cancellation")


def cancel(*, world: "World", order: Order, at: int, by: str, reason: str) -> None:
    """Cancel what was not shipped; the units go back on the shelf, arranged parcels are not collected."""
    _restock(world, order, at)
    for package in parcels.arranged(order):
        package.status, package.changed = "canceled", at
    for line in order.lines:
        line.canceled_by, line.cancel_reason = by, reason
    if order.status == PENDING:
        order.extra["unpaid"] = True
    order.status = CANCELED
    touch(order, at)


def begin(*, world: "World", order: Order) -> list[Due]:
    """Return what is due after an order was placed."""
    chance = stream(world.seed, "life", order.id)
    if order.status != PENDING:
        return _paid(world, order, order.placed, chance)
    wait = (
        chance.randint(2 * HOUR, 20 * HOUR)
        if order.payment == "ConvenienceStore"
        else chance.randint(300, HOUR)
    )
    kind = "fail_payment" if chance.random() < 0.03 else "pay"
    return [(order.placed + wait, kind, {})]


def _paid(world: "World", order: Order, at: int, chance: Random) -> list[Due]:
    luck = chance.random()
    if order.by_platform:
        return [(at + chance.randint(6 * HOUR, 40 * HOUR), "platform_ship", {})]
    found: list[Due] = []
    if luck < 0.03:
        found.append((at + chance.randint(HOUR // 4, 20 * HOUR), "buyer_cancel", {}))
    elif luck < 0.055:
        found.append((at + chance.randint(HOUR // 2, 16 * HOUR), "ask_cancel", {}))
    elif luck < 0.06:
        found.append((at + chance.randint(6 * HOUR, 30 * HOUR), "ship", {"by": "elsewhere"}))
    if order.placed < world.birth - 2 * DAY and luck >= 0.03:
        found.append((at + chance.randint(4 * HOUR, 24 * HOUR), "ship", {"by": "former tool"}))
    else:
        found.append((order.ship_by[1] + 7 * DAY, "late_cancel", {}))
    return found


def _pay(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    if order.status != PENDING:
        return []
    order.status = UNSHIPPED
    order.extra["paid"] = at
    touch(order, at)
    chance = stream(world.seed, "paid", order.id)
    new_id = world.dialect(world.sellers[order.seller]).paid_order_id
    if new_id is not None:
        order.former_ids.append(order.id)
        order.id = new_id(chance, order)
    return _paid(world, order, at, chance)


def _fail_payment(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    if order.status == PENDING:
        cancel(world=world, order=order, at=at, by="platform", reason="PAYMENT_DECLINED")
    return []


def _buyer_cancel(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    if order.status == UNSHIPPED and parcels.arranged(order):
        return _ask_cancel(world, order, at, data)
    if order.status == UNSHIPPED:
        reason = stream(world.seed, "reason", order.id).choice(CANCEL_REASONS)
        cancel(world=world, order=order, at=at, by="buyer", reason=reason)
    return []


def _ask_cancel(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    if order.status in OPEN:
        reason = stream(world.seed, "reason", order.id).choice(CANCEL_REASONS)
        for line in order.lines:
            line.cancel_request = reason
        touch(order, at)
    return []


def _late_cancel(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    if order.status == UNSHIPPED and not parcels.arranged(order):
        cancel(world=world, order=order, at=at, by="platform", reason="NOT_SHIPPED_IN_TIME")
    return []


def _ship(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    if order.status not in OPEN or parcels.arranged(order):
        return []
    chance = stream(world.seed, "ship", order.id)
    code, carrier, service = chance.choice(world.dialect(world.sellers[order.seller]).carriers)
    items = [[line.id, line.quantity - line.shipped] for line in order.lines if line.quantity > line.shipped]
    parts = [items[:1], items[1:]] if len(items) > 1 and chance.random() < 0.25 else [items]
    found: list[Due] = []
    for part in parts:
        reference = str(len(order.packages) + 1)
        order.packages.append(
            Package(
                reference=reference,
                created=at,
                carrier_code=code,
                carrier=carrier,
                service=f"{carrier} {service}",
                tracking=f"{carrier[:2].upper()}{10**10 + int(chance.random() * 9 * 10**10)}",
                shipped_at=at,
                items=part,
                by=data.get("by", "platform"),
                changed=at,
            )
        )
        found += travel(reference=reference, at=at, chance=chance)
    count_shipped(order)
    touch(order, at)
    return found


def _platform_ship(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    return _ship(world, order, at, {"by": "platform"})


def travel(*, reference: str, at: int, chance: Random) -> list[Due]:
    """Return the stations of a parcel that left at this second."""
    arrives = at + chance.randint(2 * DAY, 11 * DAY)
    found: list[Due] = [
        (at + chance.randint(6 * HOUR, 30 * HOUR), "transit", {"package": reference}),
        (arrives, "deliver", {"package": reference}),
    ]
    if chance.random() < 0.025:
        found.append((arrives + chance.randint(DAY, 10 * DAY), "refund", {}))
    return found


def _collect(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    package = parcels.collect(world, order, at, data)
    if package is None:
        return []
    count_shipped(order)
    touch(order, at)
    chance = stream(world.seed, "travel", order.id, package.reference)
    return travel(reference=package.reference, at=at, chance=chance)


def answer_cancel(*, world: "World", order: Order, at: int, accept: bool) -> bool:
    """Let the seller answer the buyer's wish to cancel; ``False`` when there is none to answer.

    The caller saves the order.
    """
    asked = [line for line in order.lines if line.cancel_request]
    if not asked or order.status not in OPEN:
        return False
    if accept:
        cancel(world=world, order=order, at=at, by="buyer", reason=asked[0].cancel_request)
    else:
        for line in asked:
            line.extra["declined_cancel"], line.cancel_request = line.cancel_request, ""
        touch(order, at)
    return True


def _transit(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    package = parcels.find_package(order, data)
    if package is not None and package.status == "shipped":
        package.status, package.changed = "in_transit", at
        touch(order, at)
    return []


def _deliver(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    package = parcels.find_package(order, data)
    if package is not None and package.status not in ("delivered", ARRANGED, "canceled"):
        package.status, package.changed = "delivered", at
        touch(order, at)
        return returns.expected(world, order, at)
    return []


def _refund(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    chance = stream(world.seed, "refund", order.id)
    line = chance.choice([line for line in order.lines if line.shipped] or order.lines)
    percent = int(data.get("percent", chance.choice((10, 20, 30, 50, 100))))
    amount = min(line.total * percent // 100, returns.left_to_refund(order, line.id))
    if amount <= 0:
        return []
    order.refunds.append(
        {"line": line.id, "at": at, "amount": amount, "returned": line.shipped if percent == 100 else 0}
    )
    touch(order, at)
    return []


EVENTS: dict[str, Callable[["World", Order, int, dict[str, Any]], list[Due]]] = {
    "pay": _pay,
    "fail_payment": _fail_payment,
    "buyer_cancel": _buyer_cancel,
    "ask_cancel": _ask_cancel,
    "late_cancel": _late_cancel,
    "ship": _ship,
    "platform_ship": _platform_ship,
    "transit": _transit,
    "deliver": _deliver,
    "refund": _refund,
    "number": parcels.give_number,
    "collect": _collect,
    "ask_return": returns.ask,
    "settle_return": returns.settle,
}


def live_through(*, world: "World", order: Order, due: list[Due], until: int) -> list[Due]:
    """Let everything due up to ``until`` happen to the order, in order of time; return what is still due."""
    waiting = sorted(due, key=lambda item: item[0])
    while waiting and waiting[0][0] <= until:
        at, kind, data = waiting.pop(0)
        more = EVENTS[kind](world, order, at, data)
        if more:
            waiting = sorted([*waiting, *more], key=lambda item: item[0])
    return waiting
