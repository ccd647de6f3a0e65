"""Fake Bazaar's own market: a loopback server with orders and offers, for tests of the houses."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 2
LABEL = b"%PDF-1.4 a label of Fake Bazaar"
WAYS = (
    {"id": "late", "kind": "pickup", "label": "Tomorrow morning", "from": 1780090000},
    {"id": "soon", "kind": "pickup", "label": "This afternoon", "from": 1780050000},
    {"id": "shop", "kind": "dropoff", "label": "At a parcel shop"},
    {"id": "own", "kind": "own_number", "label": "Our own carrier"},
)


class Problem(Exception):
    """The market says no, in its own words."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status, self.word = status, word


@dataclass
class Market:
    """What is sold and ordered. Set ``token`` to expire the one given out, ``spoiled`` to break answers,
    ``fixed`` for offers whose price is refused, ``slow`` to have prices accepted and applied by ``settle``.
    """

    key: str = "let-me-in"
    token: str = "token-1"
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    offers: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    spoiled: list[tuple[int, str, bytes]] = field(default_factory=list)
    fixed: set[str] = field(default_factory=set)
    slow: bool = False
    queued: list[tuple[str, str, str]] = field(default_factory=list)
    boxes: dict[str, dict[str, Any]] = field(default_factory=dict)
    ways: list[dict[str, Any]] = field(default_factory=lambda: [dict(way) for way in WAYS])
    returns: list[dict[str, Any]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    later: dict[str, int] = field(default_factory=dict)
    url: str = ""
    refresh: str = ""
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    listeners: list[str] = field(default_factory=list)
    left: str = ""
    lacks: list[str] = field(default_factory=list)
    hangs: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def renew(self, body: Any) -> dict[str, str]:
        """Give a token. With ``refresh`` set each refresh token works once and a new one comes back."""
        with self.lock:
            if not isinstance(body, dict) or body["key"] != self.key:
                raise Problem(401, "key")
            if not self.refresh:
                return {"token": self.token}
            if body.get("refresh") != self.refresh:
                raise Problem(401, "key")
            self.refresh = f"refresh-{int(self.refresh.rpartition('-')[2]) + 1}"
            return {"token": self.token, "refresh": self.refresh}

    def trade(self, body: Any) -> dict[str, Any]:
        """Give what a consent code stands for, once."""
        if not isinstance(body, dict) or body["key"] != self.key or body["code"] not in self.codes:
            raise Problem(400, "code")
        granted = {"refresh": self.refresh, "scopes": ["orders", "offers"], "days": 365}
        return {**granted, **self.codes.pop(body["code"])}

    def offer(self, code: str, *, site: str = "FB-US", count: int = 10, price: str = "9.90") -> None:
        coin = "JPY" if site == "FB-JP" else "USD"
        self.offers[site, code] = {
            "code": code, "site": site, "name": f"Thing {code}", "price": price, "coin": coin, "count": count,
            "number": f"no-{len(self.offers) + 1}",
        }  # fmt: skip

    def place(
        self, order_id: str, *, at: int, code: str = "A-1", count: int = 1, state: str = "paid"
    ) -> None:
        rows = [{"id": f"{order_id}-1", "code": code, "name": f"Thing {code}", "count": count, "sum": "9.90"}]
        self.orders[order_id] = {
            "id": order_id, "site": "FB-US", "state": state, "at": at, "changed": at, "coin": "USD",
            "country": "US", "rows": rows, "parcels": [],
        }  # fmt: skip

    def answer(self, method: str, path: list[str], query: dict[str, str], body: Any) -> dict[str, Any]:
        match method, path:
            case "GET", ["v1", "sites"]:
                return {
                    "sites": [
                        {"id": "FB-US", "country": "US", "coin": "USD", "lacks": self.lacks},
                        {"id": "FB-JP", "country": "JP", "coin": "JPY"},
                    ]
                }
            case "GET", ["v1", "orders"]:
                low, high = int(query["from"]), int(query["to"])
                found = [order for order in self.orders.values() if low <= order["changed"] <= high]
                return self._page("orders", sorted(found, key=lambda o: (o["changed"], o["id"])), query)
            case "GET", ["v1", "orders", order_id]:
                return {"order": self._order(order_id)}
            case "POST", ["v1", "orders", order_id, "parcels"]:
                order = self._order(order_id)
                kept = [parcel for parcel in order["parcels"] if parcel["ref"] != body["ref"]]
                order.update(parcels=[*kept, body], state="sent", changed=order["changed"] + 1)
                return {"parcel": body["ref"]}
            case "GET", ["v1", "orders", order_id, "ways"]:
                self._order(order_id)
                return {"ways": self.ways}
            case "POST", ["v1", "orders", order_id, "handover"]:
                return self._hand_over(self._order(order_id), body)
            case "GET", ["v1", "orders", order_id, "handover"]:
                return self._box(self._order(order_id))
            case "GET", ["v1", "orders", order_id, "label"]:
                if order_id not in self.boxes:
                    raise Problem(400, "no box")
                return {"label": "" if self._not_yet("label") else base64.b64encode(LABEL).decode()}
            case "POST", ["v1", "orders", order_id, "cancel"]:
                order = self._order(order_id)
                if order["state"] == "sent":
                    raise Problem(400, "sent already")
                self._change(order, state="gone", wish=False)
                return {"done": True}
            case "POST", ["v1", "orders", order_id, "wish"]:
                order = self._order(order_id)
                if not order.get("wish"):
                    raise Problem(400, "no wish")
                self._change(order, wish=False, **({"state": "gone"} if body["accept"] else {}))
                return {"done": True}
            case "GET", ["v1", "returns"]:
                low, high = int(query["from"]), int(query["to"])
                return self._page("returns", [r for r in self.returns if low <= r["changed"] <= high], query)
            case "PUT", ["v1", "listener"]:
                self.listeners.append(body["address"])
                return {"done": True}
            case "GET", ["v1", "offers", site]:
                found = [offer for (place, _code), offer in self.offers.items() if place == site]
                return self._page("offers", found, query)
            case "GET", ["v1", "offers", site, code]:
                return {"offer": self._offer(site, code)}
            case "PUT", ["v1", "offers", site, code]:
                self._numbered(site, code, body)["count"] = body["count"]
                return {"done": True}
            case "PUT", ["v1", "offers", site, code, "price"]:
                offer = self._numbered(site, code, body)
                if body["coin"] != offer["coin"] or code in self.fixed:
                    raise Problem(400, "price is fixed")
                if self.slow:
                    self.queued.append((site, code, body["price"]))
                    return {"done": False}
                offer["price"] = body["price"]
                return {"done": True}
        raise Problem(404, "nothing")

    def _hand_over(self, order: dict[str, Any], body: Any) -> dict[str, Any]:
        if body["way"]["id"] not in {way["id"] for way in self.ways}:
            raise Problem(400, "no such way")
        if order["state"] == "gone":
            raise Problem(400, "gone")
        box = {
            "box": f"BOX-{order['id']}",
            "number": body["number"] or f"FB{order['id']}",
            "by": "Bazaar Post",
        }
        self.boxes.setdefault(order["id"], {**box, "way": body["way"]["id"], "rows": body["rows"]})
        self._change(order)
        return self._box(order)

    def _box(self, order: dict[str, Any]) -> dict[str, Any]:
        box = self.boxes.get(order["id"])
        if box is None:
            return {"box": "", "number": "", "by": ""}
        return {
            "box": box["box"],
            "number": "" if self._not_yet("number") else box["number"],
            "by": box["by"],
        }

    def _not_yet(self, what: str) -> bool:
        left = self.later.get(what, 0)
        self.later[what] = max(left - 1, 0)
        return left > 0

    def _change(self, order: dict[str, Any], **parts: Any) -> None:
        order.update(parts, changed=order["changed"] + 1)

    def _page(self, key: str, found: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        word = query.get("page", "0")
        if not word.isdigit():
            raise Problem(400, "page")
        start = int(word)
        more = str(start + PAGE) if start + PAGE < len(found) else ""
        return {key: found[start : start + PAGE], "next": more}

    def settle(self) -> None:
        """Apply the prices that were only accepted."""
        for site, code, price in self.queued:
            self._offer(site, code)["price"] = price
        self.queued.clear()

    def _numbered(self, site: str, code: str, body: dict[str, Any]) -> dict[str, Any]:
        offer = self._offer(site, code)
        if body["id"] not in ("", offer["number"]):
            raise Problem(404, "nothing")
        return offer

    def _order(self, order_id: str) -> dict[str, Any]:
        if order_id not in self.orders:
            raise Problem(404, "nothing")
        return self.orders[order_id]

    def _offer(self, site: str, code: str) -> dict[str, Any]:
        if (site, code) not in self.offers:
            raise Problem(404, "nothing")
        return self.offers[site, code]


class _Handler(BaseHTTPRequestHandler):
    def _serve(self) -> None:
        market = cast(_Server, self.server).market
        parts = urlsplit(self.path)
        path = [unquote(part) for part in parts.path.strip("/").split("/")]
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(content) if content else None
        market.calls.append((self.command, self.path))
        status, kind, reply = 200, "application/json", b""
        try:
            if market.spoiled:
                status, kind, reply = market.spoiled.pop(0)
            elif path == ["token"]:
                reply = json.dumps(market.renew(body)).encode()
            elif path == ["exchange"]:
                reply = json.dumps(market.trade(body)).encode()
            else:
                if self.headers.get("Authorization") != f"Bearer {market.token}":
                    raise Problem(401, "token")
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                writes = self.command != "GET"
                if writes and path[-1] in market.refused:
                    raise Problem(400, f"no {path[-1]}")
                reply = json.dumps(market.answer(self.command, path, query, body)).encode()
                if writes and path[-1] in market.lost:
                    market.lost.remove(path[-1])
                    status, kind, reply = 502, "text/html", b"<html>"
        except Problem as problem:
            status, reply = problem.status, json.dumps({"problem": problem.word}).encode()
        time.sleep(market.hangs)
        self.send_response(status)
        if market.left:
            self.send_header("X-Left", market.left)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(reply)))
        try:
            self.end_headers()
            self.wfile.write(reply)
        except ConnectionError:
            return  # the caller had enough of waiting

    do_GET = do_POST = do_PUT = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    market: Market


@contextmanager
def open_market() -> Iterator[Market]:
    """Serve a new market on a loopback port for the length of a block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.market = Market(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.market
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
