"""The sandbox as a plain WSGI application: finds the dialects, routes, records, throttles, spoils."""

import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from channels.sandbox import (
    calls,
    center_bank,
    center_money,
    control,
    faults,
    money_parity,
    money_tariff,
    pictures,
    receiver,
    seller_center,
    sheets,
)
from channels.sandbox.dialects import find_dialects
from channels.sandbox.market_clock import MarketClock
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import BadRequest, Call, Request, Response, Route, json_response
from channels.sandbox.world import HISTORY_DAYS, World, advance, open_world

MAX_BODY = 32 * 1024 * 1024
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


def _healthy(call: Call) -> Response:
    return json_response({"status": "ok"})


def _home(call: Call) -> Response:
    return Response(status=302, headers={"Location": "/seller-center/"}, content_type="text/plain")


class Market:
    """The market behind one address."""

    def __init__(self, *, world: World, routes: Iterable[Route]) -> None:
        self.world = world
        self.routes = tuple(routes)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one WSGI request."""
        try:
            response = self.answer(read_request(environ))
        except BadRequest as error:
            response = Response(status=400, body=str(error).encode(), content_type="text/plain")
        except Exception:
            traceback.print_exc(file=sys.stderr)
            response = Response(status=500, body=b"The sandbox itself failed.", content_type="text/plain")
        return send(environ=environ, start_response=start_response, response=response)

    def answer(self, request: Request) -> Response:
        """Return the answer to a request."""
        for route in self.routes:
            arguments = route.matches(method=request.method, path=request.path)
            if arguments is None or (route.only_for is not None and not route.only_for(request)):
                continue
            call = Call(world=self.world, request=request, arguments=arguments)
            if route.dialect is not None:
                return serve_platform(route=route, call=call)
            if request.method == "POST" and not same_site(request):
                return Response(status=403, body=b"Posted from another site.", content_type="text/plain")
            return serve_page(route=route, call=call)
        return Response(status=404, body=b"Nothing is served here.", content_type="text/plain")


def same_site(request: Request) -> bool:
    """Whether a form was posted from our own pages, or by a program that names no origin."""
    origin = request.headers.get("origin")
    return origin is None or origin == request.base_url


def serve_page(*, route: Route, call: Call) -> Response:
    """Serve one of the market's own pages or switches."""
    if route.open_door:
        return route.handler(call)
    with call.world.writing():
        advance(world=call.world, to=call.world.now)
        return route.handler(call)


def serve_platform(*, route: Route, call: Call) -> Response:
    """Serve an operation in a platform's wire format: who calls, at which rate, with which fault."""
    world, dialect = call.world, route.dialect
    assert dialect is not None  # noqa: S101 - the router only sends routes of a dialect here
    with world.writing():
        advance(world=world, to=world.now)
        fault: faults.Fault | None = None
        seller = _identified(route=route, call=call)
        if isinstance(seller, Response):
            response, name = seller, ""
        else:
            name = seller.name if seller is not None else ""
            call = replace(call, seller=seller)
            if seller is not None:
                world.start_trade(seller, int(world.now.timestamp()))
            refused = over_limit(route=route, call=call, seller=name)
            if refused is not None:
                response = refused
            else:
                fault = faults.take(world=world, route=route, request=call.request, seller=name)
                response = answer_with_fault(route=route, call=call, fault=fault)
        calls.record(
            world=world, route=route, request=call.request, seller=name, status=response.status,
            fault=fault.kind if fault else "",
        )  # fmt: skip
    return response


def over_limit(*, route: Route, call: Call, seller: str) -> Response | None:
    """Return the platform's answer to a caller over a published rate or a day's cap."""
    world, dialect, at = call.world, route.dialect, call.world.now.timestamp()
    assert dialect is not None  # noqa: S101 - the router only sends routes of a dialect here
    if route.rate is not None and not world.buckets.take(
        seller=seller, operation=route.operation, rate=route.rate, at=at
    ):
        return dialect.too_many(call, route)
    if route.daily is not None and not world.buckets.take_daily(
        seller=seller, daily=route.daily, at=at
    ).granted:  # fmt: skip
        return (dialect.over_daily or dialect.too_many)(call, route)
    return None


def _identified(*, route: Route, call: Call) -> "Seller | Response | None":
    dialect = route.dialect
    assert dialect is not None  # noqa: S101 - the router only sends routes of a dialect here
    if route.open_door:
        return None
    try:
        return dialect.identify(call)
    except BadRequest as error:
        return dialect.broken(str(error))


def answer_with_fault(*, route: Route, call: Call, fault: faults.Fault | None) -> Response:
    """Let the handler answer, or the fault in its place."""
    dialect = route.dialect
    assert dialect is not None  # noqa: S101 - the router only sends routes of a dialect here
    if fault is not None:
        other = faults.instead(fault)
        if other is not None:
            return other
        if fault.kind == "expired_token_mid_pass":
            call.world.db.execute("update tokens set revoked = 1 where seller = ?", (call.caller.name,))
            refused = dialect.identify(call)
            if isinstance(refused, Response):
                return refused
        if fault.kind == "page_token_expired":
            return dialect.broken("The page token has expired.")
    try:
        response = route.handler(call)
    except BadRequest as error:
        return dialect.broken(str(error))
    if fault is None or (response.status >= 300 and fault.kind != "timeout_after_write"):
        return response
    return faults.spoiled(fault=fault, route=route, request=call.request, response=response)


def read_request(environ: dict[str, Any]) -> Request:
    """Read a WSGI environment."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > MAX_BODY:
        raise BadRequest("The body is too long.")
    headers = {
        key[5:].replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE") or ""
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace") or "/",
        query_string=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=environ["wsgi.input"].read(length) if length else b"",
    )


def send(*, environ: dict[str, Any], start_response: StartResponse, response: Response) -> Iterable[bytes]:
    """Send a response: at once, drop by drop, or not at all."""
    if response.hang_seconds is not None:
        time.sleep(response.hang_seconds)
        hang_up = environ.get("sandbox.hang_up")
        if hang_up is not None:
            hang_up()
        response = Response(status=504, body=b"", content_type="text/plain")
    headers = [(name, value) for name, value in response.headers.items()]
    if response.content_type:
        headers.append(("Content-Type", response.content_type))
    if response.status != 204:
        headers.append(("Content-Length", str(len(response.body))))
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
    if environ["REQUEST_METHOD"] == "HEAD" or response.status == 204:
        return [b""]
    return drops(response) if response.drip_seconds else [response.body]


def drops(response: Response) -> Iterator[bytes]:
    """Yield the body in small pieces over the wanted time."""
    pieces = min(200, max(1, len(response.body)))
    size = -(-len(response.body) // pieces)
    for start in range(0, len(response.body), size):
        time.sleep(response.drip_seconds / pieces)
        yield response.body[start : start + size]


def make_market(
    *, directory: Path | None, seed: int, live_per_day: float | None = None, at: datetime | None = None,
    speed: float = 0.0, history_days: int = HISTORY_DAYS,
) -> Market:  # fmt: skip
    """Open the world in its directory and put every dialect and page before it.

    ``at`` sets a clock of its own; without it the market follows the application's clock.
    """
    modules = find_dialects()
    clock = MarketClock()
    if at is not None:
        clock.set(at=at, speed=speed)
    world = open_world(
        directory=directory,
        dialects=[module.DIALECT for module in modules],
        clock=clock,
        seed=seed,
        live_per_day=live_per_day,
        history_days=history_days,
    )
    routes: list[Route] = [
        Route(method="GET", pattern="/healthz", handler=_healthy, open_door=True),
        Route(method="GET", pattern="/", handler=_home, open_door=True),
        *pictures.ROUTES,
        *control.ROUTES,
        *money_tariff.ROUTES,
        *money_parity.ROUTES,
        *center_money.ROUTES,
        *center_bank.ROUTES,
        *sheets.ROUTES,
        *seller_center.ROUTES,
        *receiver.ROUTES,
    ]
    for module in modules:
        routes.extend(module.routes(world))
    world.operations = tuple(route.operation for route in routes if route.operation)
    return Market(world=world, routes=routes)
