"""Pushes from the market: subscribed, signed by the platform, sent after the fact, and faulty by switch."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from channels.sandbox import faults, orders_on_demand, pushing
from channels.sandbox.market_clock import seconds
from channels.sandbox.orders import find_order, save_orders
from channels.sandbox.wire import BadRequest
from channels.sandbox.world import World, advance, give_birth, happen
from tests.sandbox.invented import SHOP, make_world, stall
from tests.sandbox_fixture import START, Sandbox


@dataclass
class Listener:
    """An application that listens; ``answers`` are the statuses it gives, 200 when they are used up."""

    url: str
    heard: list[tuple[dict[str, Any], int, bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def wait(self, number: int) -> list[dict[str, Any]]:
        """Return what was heard once it is so many messages."""
        deadline = time.monotonic() + 30
        while len(self.heard) < number:
            assert time.monotonic() < deadline, self.heard
            time.sleep(0.02)
        return [message for message, _, _ in self.heard]


@pytest.fixture
def listener() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.heard.append((json.loads(body), int(self.headers["X-Length"]), body))
            self.send_response(found.answers.pop(0) if found.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Listener(url=f"http://127.0.0.1:{server.server_port}/hooks")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def world() -> World:
    return make_world(stall())


def _subscribe(world: World, listener: Listener, topic: str = "") -> None:
    with world.writing():
        pushing.subscribe(world=world, seller=world.sellers[SHOP], address=listener.url, topic=topic)


def _place(world: World, **wanted: Any) -> str:
    with world.writing():
        return orders_on_demand.place(world=world, wanted={"seller": SHOP, **wanted}).id


def test_a_new_and_a_changed_order_are_told_once_each(world: World, listener: Listener) -> None:
    before = _place(world)
    _subscribe(world, listener)
    order_id = _place(world)
    with world.writing():
        for kind in ("ask_cancel", "ship"):
            happen(world=world, kind=kind, subject=order_id, data="{}", at=seconds(START))
    assert listener.wait(2) == [
        {"event": "order_created", "order": order_id},
        {"event": "order_changed", "order": order_id},
    ]
    assert all(length == len(body) for _, length, body in listener.heard)
    assert before not in str(listener.heard), "what happened before the subscription is not told"
    assert [row["status"] for row in pushing.sent(world=world)] == [200, 200]


def test_an_order_is_told_of_when_it_can_be_read(world: World, listener: Listener) -> None:
    _subscribe(world, listener)
    order_id = _place(world, visible_at="2026-06-01T12:30:00+00:00")
    assert pushing.sent(world=world) == []
    world.clock.set(at=START.replace(minute=31), speed=0)
    with world.writing():
        advance(world=world, to=world.now)
    assert {"event": "order_created", "order": order_id} in listener.wait(1)


def test_the_early_push_comes_before_the_order_can_be_read(world: World, listener: Listener) -> None:
    _subscribe(world, listener)
    with world.writing():
        faults.switch_on(world=world, kind="push_early", count=1)
    order_id = _place(world, visible_at="2026-06-01T12:30:00+00:00")
    assert listener.wait(1)[0]["order"] == order_id
    order = find_order(world.db, order_id)
    assert order is not None
    assert order.visible > seconds(world.now)


def test_what_is_rolled_back_is_not_told(world: World, listener: Listener) -> None:
    _subscribe(world, listener)
    with pytest.raises(ZeroDivisionError), world.writing():
        _ = 1 / len(orders_on_demand.place(world=world, wanted={"seller": SHOP}).packages)
    order_id = _place(world)
    assert [message["order"] for message in listener.wait(1)] == [order_id]
    assert len(pushing.sent(world=world)) == 1


def test_a_duplicate_comes_twice_and_a_wrong_signature_does_not_fit(world: World, listener: Listener) -> None:
    _subscribe(world, listener)
    with world.writing():
        faults.switch_on(world=world, kind="push_duplicate", count=1, settings={"seconds": 0})
    _place(world)
    first, second = listener.wait(2)
    assert first == second
    with world.writing():
        faults.switch_on(world=world, kind="push_wrong_signature", count=1)
    _place(world)
    listener.wait(3)
    _, length, body = listener.heard[2]
    assert length != len(body)


def test_a_late_push_waits_and_does_not_hold_up_the_next(world: World, listener: Listener) -> None:
    _subscribe(world, listener)
    with world.writing():
        faults.switch_on(world=world, kind="push_late", count=1, settings={"seconds": 1.5})
    late, punctual = _place(world), _place(world)
    assert [message["order"] for message in listener.wait(2)] == [punctual, late]


def test_a_refused_push_is_sent_again_until_it_is_taken(
    world: World, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.sandbox.push_sender.WAITS", (0.05, 0.05, 0.05))
    listener.answers = [503, 429]
    _subscribe(world, listener)
    _place(world)
    first, second, third = listener.wait(3)
    assert first == second == third
    deadline = time.monotonic() + 20
    while (row := pushing.sent(world=world)[0])["status"] != 200:
        assert time.monotonic() < deadline, row
        time.sleep(0.02)
    assert row["tries"] == 3


def test_some_pushes_go_wrong_by_themselves_unless_switched_off(world: World, listener: Listener) -> None:
    _subscribe(world, listener)
    with world.writing():
        pushing.write_shares(world, {"push_duplicate": 0.5})
    for _ in range(12):
        _place(world)
    found = [row["fault"] for row in pushing.sent(world=world)]
    assert 1 <= found.count("push_duplicate") < 12
    with pytest.raises(ValueError, match="share"):
        pushing.write_shares(world, {"push_duplicate": 2})


@pytest.mark.parametrize(
    "address",
    ["https://127.0.0.1/x", "http://192.0.2.7/x", "http://example.com/x", "file:///etc/passwd",
     "http://me@127.0.0.1/x", "http://127.0.0.1.example.com/x", ""],
)  # fmt: skip
def test_nothing_is_sent_off_this_machine(world: World, address: str) -> None:
    with pytest.raises(BadRequest), world.writing():
        pushing.subscribe(world=world, seller=world.sellers[SHOP], address=address)
    assert world.subscriptions == {}


def test_topics_have_addresses_of_their_own(world: World, listener: Listener) -> None:
    _subscribe(world, listener, topic="order_changed")
    order_id = _place(world)
    with world.writing():
        happen(world=world, kind="ask_cancel", subject=order_id, data="{}", at=seconds(START))
    assert [message["event"] for message in listener.wait(1)] == ["order_changed"]
    with world.writing():
        pushing.unsubscribe(world=world, seller=world.sellers[SHOP], topic="order_changed")
    _place(world)
    assert len(pushing.sent(world=world)) == 1


def test_withdrawal_and_erasure_are_told(world: World, listener: Listener) -> None:
    _subscribe(world, listener)
    order_id = _place(world)
    with world.writing():
        order = find_order(world.db, order_id)
        assert order is not None
        pushing.erase_buyer(world=world, order=order)
        save_orders(world.db, [order])
        pushing.withdraw(world=world, seller=world.sellers[SHOP])
    events = [message["event"] for message in listener.wait(4)]
    assert sorted(events[1:]) == ["authorization_withdrawn", "buyer_erased", "order_changed"]
    assert [fault.kind for fault in faults.active(world=world)] == ["revoked_grant"]


def test_a_new_birth_forgets_the_listeners(world: World, listener: Listener) -> None:
    _subscribe(world, listener)
    give_birth(world=world, seed=7, history_days=2)
    assert world.subscriptions == {}
    assert pushing.sent(world=world) == []


def test_a_platform_without_pushes_says_nothing(sandbox: Sandbox, listener: Listener) -> None:
    sandbox.subscribe(listener.url, seller="busy")
    sandbox.place_order()
    assert sandbox._get("_control/pushes")["subscriptions"] == {"busy": {"": listener.url}}
    assert sandbox.pushes() == []
    assert not sandbox.tell(pushing.LISTING_CHANGED, seller="busy")
    sandbox.subscribe("", seller="busy")
    assert sandbox._get("_control/pushes")["subscriptions"] == {}
