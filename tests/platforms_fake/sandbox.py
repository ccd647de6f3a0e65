"""Fake Bazaar's own market: a loopback server with orders and offers, for tests of the houses."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 2


class Problem(Exception):
    """The market says no, in its own words."""

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status, self.word = status, word


@dataclass
class Market:
    """What is sold and ordered. Set ``token`` to expire the one given out, ``spoiled`` to break answers."""

    key: str = "let-me-in"
    token: str = "token-1"
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    offers: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    spoiled: list[tuple[int, str, bytes]] = field(default_factory=list)
    url: str = ""

    def offer(self, code: str, *, site: str = "FB-US", count: int = 10, price: str = "9.90") -> None:
        coin = "JPY" if site == "FB-JP" else "USD"
        self.offers[site, code] = {
            "code": code, "site": site, "name": f"Thing {code}", "price": price, "coin": coin, "count": count,
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
                        {"id": "FB-US", "country": "US", "coin": "USD"},
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
            case "GET", ["v1", "offers", site]:
                found = [offer for (place, _code), offer in self.offers.items() if place == site]
                return self._page("offers", found, query)
            case "GET", ["v1", "offers", site, code]:
                return {"offer": self._offer(site, code)}
            case "PUT", ["v1", "offers", site, code]:
                self._offer(site, code)["count"] = body["count"]
                return {"done": True}
        raise Problem(404, "nothing")

    def _page(self, key: str, found: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        word = query.get("page", "0")
        if not word.isdigit():
            raise Problem(400, "page")
        start = int(word)
        more = str(start + PAGE) if start + PAGE < len(found) else ""
        return {key: found[start : start + PAGE], "next": more}

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
                if not isinstance(body, dict) or body["key"] != market.key:
                    raise Problem(401, "key")
                reply = json.dumps({"token": market.token}).encode()
            else:
                if self.headers.get("Authorization") != f"Bearer {market.token}":
                    raise Problem(401, "token")
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                reply = json.dumps(market.answer(self.command, path, query, body)).encode()
        except Problem as problem:
            status, reply = problem.status, json.dumps({"problem": problem.word}).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

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
