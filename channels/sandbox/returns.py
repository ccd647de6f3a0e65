"""Returns: the buyer asks, the seller answers or the platform does in their place, the money goes back."""

from typing import TYPE_CHECKING, Any

from channels.sandbox import pushing
from channels.sandbox.goods import stream
from channels.sandbox.orders import Order
from channels.sandbox.trade import DAY

if TYPE_CHECKING:
    from channels.sandbox.world import World

Due = tuple[int, str, dict[str, Any]]
REQUESTED, ACCEPTED, REFUNDED, REJECTED = "requested", "accepted", "refunded", "rejected"
REASONS = ("NOT_AS_DESCRIBED", "DAMAGED", "WRONG_ITEM", "CHANGE_OF_MIND", "MISSING_PARTS")
ANSWER_WITHIN = 2 * DAY
SHARE = 0.03


def expected(world: "World", order: Order, at: int) -> list[Due]:
    """Return what is due after a delivery: now and then a buyer who wants to send something back."""
    if not world.dialect(world.sellers[order.seller]).offers_returns or order.returns:
        return []
    chance = stream(world.seed, "return", order.id)
    if chance.random() >= SHARE:
        return []
    return [(at + chance.randint(DAY // 2, 6 * DAY), "ask_return", {})]


def find_return(order: Order, number: str) -> dict[str, Any] | None:
    """Return one of the order's returns by its number."""
    return next((each for each in order.returns if each["id"] == number), None)


def ask(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    """Let the buyer ask to return something that was shipped. Keys: ``line, quantity, reason``."""
    shipped = [line for line in order.lines if line.shipped]
    if not shipped:
        return []
    chance = stream(world.seed, "ask return", order.id, len(order.returns))
    line = order.line(str(data.get("line", ""))) or chance.choice(shipped)
    quantity = max(1, min(int(data.get("quantity", 1)), line.shipped))
    number = str(10**13 + int(chance.random() * 9 * 10**13))
    order.returns.append(
        {
            "id": number, "line": line.id, "quantity": quantity, "status": REQUESTED,
            "reason": str(data.get("reason") or chance.choice(REASONS)), "created": at, "updated": at,
            "amount": line.total * quantity // line.quantity,
        }
    )  # fmt: skip
    _changed(world, order, order.returns[-1], at)
    return [(at + ANSWER_WITHIN, "settle_return", {"return": number})]


def left_to_refund(order: Order, line_id: str) -> int:
    """Return what of a line the buyer has not got back yet, in minor units."""
    line = order.line(line_id)
    back = sum(refund["amount"] for refund in order.refunds if refund["line"] == line_id)
    return 0 if line is None else line.total - back


def answer(*, world: "World", order: Order, number: str, accept: bool, at: int) -> bool:
    """Let the seller answer a request; ``False`` when there is none to answer. The caller saves the order."""
    found = find_return(order, number)
    if found is None or found["status"] != REQUESTED:
        return False
    found["status"] = ACCEPTED if accept else REJECTED
    _changed(world, order, found, at)
    return True


def settle(world: "World", order: Order, at: int, data: dict[str, Any]) -> list[Due]:
    """Give the money back for a return nobody refused."""
    found = find_return(order, str(data.get("return", "")))
    if found is None or found["status"] not in (REQUESTED, ACCEPTED):
        return []
    found["status"] = REFUNDED
    found["amount"] = min(found["amount"], left_to_refund(order, found["line"]))
    order.refunds.append(
        {"line": found["line"], "at": at, "amount": found["amount"], "returned": found["quantity"]}
    )
    _changed(world, order, found, at)
    return []


def _changed(world: "World", order: Order, found: dict[str, Any], at: int) -> None:
    found["updated"] = at
    order.updated = max(order.updated, at, order.visible)
    pushing.tell(
        world=world, seller=world.sellers[order.seller], event=pushing.RETURN_CHANGED,
        data={"order": order.id, "return": found["id"], "status": found["status"]},
    )  # fmt: skip
