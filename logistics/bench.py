"""``make bench NAME=order_api``: the API's order detail with all its checks beside a bare ModelSerializer."""

import http.client
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from ecomhub import benching, clock
from ecomhub.access import SCOPES, Role
from ecomhub.discovery import Bench, BenchResult
from ecomhub.models import User
from ecomhub.runtime.processes import free_port
from ecomhub.tokens import issue
from logistics.dispatch import dispatch
from logistics.models import Shipment
from logistics.planning import plan
from orders.bench_ingest import take_some
from orders.models import Order

ORDERS = int(os.environ.get("ECOMHUB_BENCH_ORDERS", "200"))
ROUNDS = int(os.environ.get("ECOMHUB_BENCH_ROUNDS", "5"))
SECONDS = float(os.environ.get("ECOMHUB_BENCH_SECONDS", "4"))
CONNECTIONS = 4
WORKERS = 2
BOUND = 1.0


@dataclass(frozen=True, slots=True)
class _Server:
    """A running server: where an order is, and what a call carries."""

    port: int
    path: str
    headers: dict[str, str]


@contextmanager
def _serving(*, module: str, path: str, headers: dict[str, str]) -> Iterator[_Server]:
    """Run an application under the same server as in service, with two workers of one thread."""
    port = free_port()
    options = f"-c search_path={benching.schema_name()},public"
    process = subprocess.Popen(
        (
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
            *("--port", str(port), "--workers", str(WORKERS), "--blocking-threads", "1", "--no-ws"),
            *("--log-level", "error", module),
        ),
        cwd=settings.BASE_DIR,
        env=os.environ | {"PGOPTIONS": options, "ECOMHUB_API_PER_MINUTE": "1000000000"},
    )
    try:
        server = _Server(port, path, headers)
        _wait_for(server)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(server: _Server) -> None:
    for _try in range(120):
        try:
            _body(server, 0)
            return
        except OSError:
            pass
        time.sleep(0.5)
    raise RuntimeError("the server does not answer")


def _body(server: _Server, pk: int) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("GET", server.path.format(pk), headers=server.headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _rate(server: _Server, ids: list[int]) -> float:
    """Ask for orders over several connections for some seconds; returns answers a second."""
    counted = [0] * CONNECTIONS
    wrong: list[int] = []
    end = time.perf_counter() + SECONDS

    def ask(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        turn = place
        while time.perf_counter() < end:
            connection.request("GET", server.path.format(ids[turn % len(ids)]), headers=server.headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                wrong.append(answer.status)
            turn += CONNECTIONS
            counted[place] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CONNECTIONS)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise RuntimeError(f"answers were {sorted(set(wrong))}")
    return sum(counted) / (time.perf_counter() - begin)


def _orders() -> list[int]:
    """Take orders in as a pull does, plan them and let half of them leave."""
    take_some(number=ORDERS)
    ids = list(Order.objects.order_by("pk").values_list("pk", flat=True))
    at = clock.now()
    plan(order_ids=ids, at=at)
    for shipment in Shipment.objects.order_by("pk")[: ORDERS // 2]:
        dispatch(shipment_id=shipment.pk, carrier="UPS", tracking_number=f"1Z{shipment.pk:010}", at=at)
    return ids


def order_api() -> BenchResult:
    """Measure whole calls over loopback, both servers up, in turns."""
    with benching.scratch():
        ids = _orders()
        person = User.objects.create(username="bench", role=Role.OWNER.value)
        token = issue(user=person, name="bench", scopes=tuple(SCOPES))
        headers = {"Authorization": f"Token {token}"}
        rates: dict[str, list[float]] = {"ours": [], "limit": []}
        with (
            _serving(module="ecomhub.wsgi:application", path="/api/v1/orders/{}/", headers=headers) as ours,
            _serving(module="logistics.bench_bare_wsgi:application", path="/bare/{}/", headers={}) as limit,
        ):
            sizes = {"ours": len(_body(ours, ids[0])[1]), "limit": len(_body(limit, ids[0])[1])}
            fields = {
                name: set(json.loads(_body(server, ids[0])[1]))
                for name, server in (("ours", ours), ("limit", limit))
            }
            if fields["ours"] != fields["limit"]:
                raise RuntimeError(f"not the same fields: {fields['ours'] ^ fields['limit']}")
            for round_ in range(ROUNDS + 1):
                for way in ("ours", "limit") if round_ % 2 else ("limit", "ours"):
                    rate = _rate(ours if way == "ours" else limit, ids)
                    if round_:
                        rates[way].append(rate)
    ratio = statistics.median(ours / limit for ours, limit in zip(rates["ours"], rates["limit"], strict=True))
    return BenchResult(
        name="order_api",
        unit="answers/s",
        ours=statistics.median(rates["ours"]),
        limit=statistics.median(rates["limit"]),
        ratio=ratio,
        bound=BOUND,
        cases=[
            {
                "case": f"one order, {CONNECTIONS} connections, {WORKERS} workers",
                "ours": [round(rate) for rate in rates["ours"]],
                "limit": [round(rate) for rate in rates["limit"]],
                "body_ours": sizes["ours"],
                "body_limit": sizes["limit"],
            }
        ],
    )


BENCHES: list[tuple[str, Bench]] = [("order_api", order_api)]
