"""Switches for tests and demonstrations: clock, rebirth, faults, an order on demand, the market's state."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from channels.sandbox import calls, faults, life, orders_on_demand, pushing
from channels.sandbox.listings import set_quantity
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import find_order, read_doc, save_orders
from channels.sandbox.wire import BadRequest, Call, Response, Route, json_response
from channels.sandbox.world import advance, give_birth, happen

if TYPE_CHECKING:
    from channels.sandbox.world import World

ACTIONS = {
    "pay": "pay",
    "fail_payment": "fail_payment",
    "buyer_cancel": "buyer_cancel",
    "ask_cancel": "ask_cancel",
    "ship_elsewhere": "ship",
    "platform_ship": "platform_ship",
    "refund": "refund",
    "ask_return": "ask_return",
    "settle_return": "settle_return",
}


def _settings(call: Call) -> dict[str, Any]:
    data = call.request.json() if call.request.body else {}
    if not isinstance(data, dict):
        raise BadRequest("Send a JSON object.")
    return data


def _guarded(handler: Callable[[Call], Response]) -> Callable[[Call], Response]:
    def guarded(call: Call) -> Response:
        try:
            return handler(call)
        except (BadRequest, KeyError, ValueError) as error:
            return json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    return guarded


def _status(world: "World") -> dict[str, Any]:
    return {
        "now": world.now.isoformat(),
        "speed": world.clock.speed(),
        "seed": world.seed,
        "birth": world.birth,
        "orders": world.db.execute("select count(*) as n from orders").fetchone()["n"],
    }


def _clock(call: Call) -> Response:
    data = _settings(call)
    world = call.world
    with world.lock:
        if data.get("at") is None:
            world.clock.follow()
        else:
            at = datetime.fromisoformat(data["at"])
            if at.tzinfo is None:
                raise BadRequest("at needs a time zone")
            world.clock.set(at=at, speed=float(data.get("speed", 0)))
        with world.writing():
            advance(world=world, to=world.now)
        return json_response(_status(world))


def _reset(call: Call) -> Response:
    data = _settings(call)
    world = call.world
    with world.lock:
        if data.get("at") is not None:
            at = datetime.fromisoformat(data["at"])
            world.clock.set(at=at, speed=float(data.get("speed", 0)))
        rates = {str(name): float(rate) for name, rate in dict(data.get("orders_per_day", {})).items()}
        world.buckets.switched_on = bool(data.get("rate_limits", True))
        give_birth(
            world=world,
            seed=int(data.get("seed", world.seed)),
            history_days=int(data.get("history_days", 90)),
            apply_seconds=int(data.get("apply_seconds", 15)),
            live_per_day=rates,
            push_shares={**dict.fromkeys(pushing.DEFAULT_SHARES, 0.0), **dict(data.get("push_shares", {}))},
        )
        return json_response(_status(world))


def _fault(call: Call) -> Response:
    data = _settings(call)
    if data.get("off"):
        faults.switch_off(world=call.world, fault_id=data.get("id"))
    else:
        faults.switch_on(
            world=call.world, kind=data["kind"], seller=data.get("seller", ""),
            operation=data.get("operation", ""), count=data.get("count"), settings=data.get("settings"),
        )  # fmt: skip
    return json_response({"active": [_fault_body(fault) for fault in faults.active(world=call.world)]})


def _fault_body(fault: faults.Fault) -> dict[str, Any]:
    return {
        "id": fault.id, "seller": fault.seller, "operation": fault.operation, "kind": fault.kind,
        "remaining": fault.remaining, "settings": dict(fault.settings), "taken": fault.taken,
    }  # fmt: skip


def _limits(call: Call) -> Response:
    call.world.buckets.switched_on = bool(_settings(call).get("on", True))
    call.world.buckets.forget()
    return json_response({"on": call.world.buckets.switched_on})


def _place(call: Call) -> Response:
    order = orders_on_demand.place(world=call.world, wanted=_settings(call))
    return json_response(order_state(order.id, call.world), status=201)


def _act(call: Call) -> Response:
    world, order_id, action = call.world, call.arguments["order"], call.arguments["action"]
    order = find_order(world.db, order_id)
    if order is None:
        return json_response({"error": "no such order"}, status=404)
    now = seconds(world.now)
    if action == "cancel":
        life.cancel(world=world, order=order, at=now, by="seller", reason="CUSTOMER_CANCEL")
        save_orders(world.db, [order])
    elif action == "erase_buyer":
        pushing.erase_buyer(world=world, order=order)
        save_orders(world.db, [order])
    elif action in {"accept_cancel", "decline_cancel"}:
        life.answer_cancel(world=world, order=order, at=now, accept=action == "accept_cancel")
        save_orders(world.db, [order])
    elif action == "heal":
        order.poison = ""
        life.touch(order, now)
        save_orders(world.db, [order])
    elif action in {"deliver", "number", "collect"}:
        for package in order.packages:
            data = json.dumps({"package": package.reference})
            happen(world=world, kind=action, subject=order.id, data=data, at=now)
    elif action in ACTIONS:
        data = json.dumps({"by": "elsewhere"} if action == "ship_elsewhere" else _settings(call))
        happen(world=world, kind=ACTIONS[action], subject=order.id, data=data, at=now)
    else:
        raise BadRequest(f"unknown action {action}")
    return json_response(order_state(order_id, world))


def _listing(call: Call) -> Response:
    data = _settings(call)
    seller = call.world.sellers[data["seller"]]
    place = orders_on_demand.find_place(world=call.world, seller=seller, wanted=data.get("marketplace"))
    found = call.world.find_listing(seller=seller.name, marketplace=place, code=data["code"])
    if found is None:
        return json_response({"error": "no such listing"}, status=404)
    at = seconds(call.world.now)
    set_quantity(world=call.world, listing=found, quantity=int(data["quantity"]), at=at, by="seller")
    return json_response({"code": found.code, "quantity": found.quantity})


def order_state(order_id: str, world: "World") -> dict[str, Any]:
    """Return an order as the market itself sees it."""
    order = find_order(world.db, order_id)
    return {} if order is None else dict(json.loads(json.dumps(order, default=vars)))


def _quantities(
    world: "World", *, seller: str = "", code: str = "", marketplace: str = ""
) -> list[dict[str, Any]]:
    return [
        {
            "seller": listing.seller, "marketplace": listing.marketplace, "code": listing.code,
            "quantity": listing.quantity, "updated": listing.updated, "changed_by": listing.changed_by,
            "by_platform": listing.by_platform, "components": listing.components, "paired": listing.paired,
            "external_code": listing.external_code, "parent": listing.parent,
        }
        for listing in world.listings.values()
        if seller in ("", listing.seller) and code in ("", listing.code)
        and marketplace in ("", listing.marketplace)
    ]  # fmt: skip


def _one_order(call: Call) -> Response:
    found = order_state(call.arguments["order"], call.world)
    return json_response(found, status=200 if found else 404)


def _listings(call: Call) -> Response:
    wanted = {name: call.request.one(name) or "" for name in ("seller", "code", "marketplace")}
    return json_response({"listings": _quantities(call.world, **wanted)})


def _status_only(call: Call) -> Response:
    return json_response(_status(call.world))


def _state(call: Call) -> Response:
    world, request = call.world, call.request
    seller = request.one("seller") or ""
    limit = int(request.one("limit") or 500)
    rows = world.db.execute(
        "select doc from orders where ? = '' or seller = ? order by placed desc, id limit ?",
        (seller, seller, limit),
    )
    orders = [json.loads(json.dumps(read_doc(row["doc"]), default=vars)) for row in rows]
    quantities = _quantities(world, seller=seller)
    counts = {name: calls.counts(world=world, seller=name) for name in ("", *world.sellers)}
    body = {**_status(world), "orders": orders, "listings": quantities, "calls": counts}
    body["faults"] = [_fault_body(fault) for fault in faults.active(world=world)]
    return json_response(body)


def _calls(call: Call) -> Response:
    found = calls.recent(
        world=call.world, seller=call.request.one("seller") or "",
        operation=call.request.one("operation") or "", limit=int(call.request.one("limit") or 200),
    )  # fmt: skip
    return json_response({"calls": found})


def _pushes(call: Call) -> Response:
    found = pushing.sent(
        world=call.world, seller=call.request.one("seller") or "", event=call.request.one("event") or "",
        limit=int(call.request.one("limit") or 200),
    )  # fmt: skip
    idle = call.world.pushes.is_idle()
    return json_response(
        {"pushes": found, "subscriptions": call.world.subscriptions, "idle": idle,
         "shares": pushing.read_shares(call.world)}
    )  # fmt: skip


def _push_shares(call: Call) -> Response:
    shares = {str(kind): float(share) for kind, share in _settings(call).items()}
    pushing.write_shares(call.world, shares)
    return json_response({"shares": pushing.read_shares(call.world)})


def _subscribe(call: Call) -> Response:
    data = _settings(call)
    seller, topic = call.world.sellers[data["seller"]], str(data.get("topic", ""))
    if data.get("address"):
        pushing.subscribe(world=call.world, seller=seller, address=str(data["address"]), topic=topic)
    else:
        pushing.unsubscribe(world=call.world, seller=seller, topic=topic)
    return json_response({"subscriptions": call.world.subscriptions.get(seller.name, {})})


def _tell(call: Call) -> Response:
    data = _settings(call)
    if data["event"] not in pushing.EVENTS:
        raise BadRequest(f"unknown event; known are {', '.join(pushing.EVENTS)}")
    told = pushing.tell(
        world=call.world, seller=call.world.sellers[data["seller"]], event=data["event"],
        data=dict(data.get("data", {})),
    )  # fmt: skip
    return json_response({"told": told})


def _withdraw(call: Call) -> Response:
    seller = call.world.sellers[_settings(call)["seller"]]
    pushing.withdraw(world=call.world, seller=seller)
    return json_response({"seller": seller.name})


ROUTES = (
    Route(method="POST", pattern="/_control/clock", handler=_guarded(_clock), open_door=True),
    Route(method="POST", pattern="/_control/reset", handler=_guarded(_reset), open_door=True),
    Route(method="POST", pattern="/_control/fault", handler=_guarded(_fault)),
    Route(method="POST", pattern="/_control/limits", handler=_guarded(_limits)),
    Route(method="POST", pattern="/_control/orders", handler=_guarded(_place)),
    Route(method="POST", pattern="/_control/orders/{order}/{action}", handler=_guarded(_act)),
    Route(method="GET", pattern="/_control/orders/{order}", handler=_guarded(_one_order)),
    Route(method="GET", pattern="/_control/listings", handler=_guarded(_listings)),
    Route(method="GET", pattern="/_control/status", handler=_guarded(_status_only)),
    Route(method="POST", pattern="/_control/listing", handler=_guarded(_listing)),
    Route(method="GET", pattern="/_control/state", handler=_guarded(_state)),
    Route(method="GET", pattern="/_control/calls", handler=_guarded(_calls)),
    Route(method="GET", pattern="/_control/pushes", handler=_guarded(_pushes)),
    Route(method="POST", pattern="/_control/pushes", handler=_guarded(_push_shares)),
    Route(method="POST", pattern="/_control/subscribe", handler=_guarded(_subscribe)),
    Route(method="POST", pattern="/_control/tell", handler=_guarded(_tell)),
    Route(method="POST", pattern="/_control/withdraw", handler=_guarded(_withdraw)),
)
