"""``make bench NAME=orders_list``: the order list at 10,000 and at a million orders, interleaved."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ecomhub import benching
from ecomhub.access import SCOPES, Actor, Role
from ecomhub.benching import percentile
from ecomhub.discovery import BenchResult
from ecomhub.models import User
from ecomhub.tokens import issue
from orders.bench_filled import AT, Filled, fill
from orders.models import Order
from orders.queries import OrderFilter, for_table, key_of, page

SMALL = int(os.environ.get("ECOMHUB_BENCH_SMALL", "10000"))
BIG = int(os.environ.get("ECOMHUB_BENCH_BIG", "1000000"))
REQUESTS = int(os.environ.get("ECOMHUB_BENCH_REQUESTS", "200"))
WARM = 5
BOUND = 1 / 1.5
SEARCH_MS = 60.0
SEARCH_TIMES = 3.0

# The barest way to the same fifty rows: no lines, no rights, no page.
_RAW_SEARCH = """
SELECT o.* FROM orders_order o WHERE o.id IN (
    SELECT id FROM orders_order WHERE upper(external_id) LIKE upper(%(like)s)
    UNION SELECT order_id FROM orders_searchkey WHERE upper(text) LIKE upper(%(like)s)
    UNION SELECT l.order_id FROM orders_orderline l JOIN channels_listing g ON g.id = l.listing_id
     WHERE upper(g.external_id) LIKE upper(%(like)s) OR upper(g.title) LIKE upper(%(like)s)
) ORDER BY placed_at DESC, id DESC LIMIT 51
"""


@dataclass(frozen=True, slots=True)
class _World:
    """One size: its tables, who asks, and the addresses of each case."""

    name: str
    filled: Filled
    page: Client
    rest: Client
    addresses: dict[str, str]


def _world(name: str, filled: Filled) -> _World:
    benching.look_at(name=name)
    person = User.objects.create(username=f"bench-{name}", role=Role.OWNER.value)
    page = Client()
    page.force_login(person)
    token = issue(user=person, name="bench", scopes=tuple(SCOPES))
    rest = Client(headers={"Authorization": f"Token {token}"})
    middle = Order.objects.get(pk=filled.middle)
    narrow = {
        "status": "shipped",
        "shop": 3,
        "placed_from": f"{AT.replace(year=2025, month=9):%Y-%m-%d}",
        "placed_to": f"{AT.replace(year=2025, month=10):%Y-%m-%d}",
    }
    addresses = {
        "page: first": "/orders/",
        "page: status + shop + date": f"/orders/?{urlencode(narrow)}",
        "page: deep": f"/orders/?{urlencode({'after': key_of(middle)})}",
        "api: first": "/api/v1/orders/?order_by=-placed_at&page_size=50",
        "api: status + shop + date": "/api/v1/orders/?"
        + urlencode(
            {
                "order_by": "-placed_at",
                "status": "shipped",
                "shop": 3,
                "placed_after": "2025-09-01T00:00:00Z",
                "placed_before": "2025-10-01T00:00:00Z",
            }
        ),
    }
    return _World(name, filled, page, rest, addresses)


def _ask(world: _World, case: str) -> None:
    client = world.rest if case.startswith("api") else world.page
    answer = client.get(world.addresses[case])
    if answer.status_code != 200:
        raise RuntimeError(f"{world.addresses[case]} answered {answer.status_code}")


def _timed(act: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    act()
    return (time.perf_counter() - begin) * 1000


def _measure(worlds: list[_World]) -> dict[str, dict[str, list[float]]]:
    """Ask every case of every size in turn, so that a busy moment strikes all alike."""
    times: dict[str, dict[str, list[float]]] = {
        case: {world.name: [] for world in worlds} for case in worlds[0].addresses
    }
    for turn in range(REQUESTS + WARM):
        for world in worlds if turn % 2 else worlds[::-1]:
            benching.look_at(name=world.name)
            for case in world.addresses:
                took = _timed(lambda world=world, case=case: _ask(world, case))  # type: ignore[misc]
                if turn >= WARM:
                    times[case][world.name].append(took)
    return times


def _searches(world: _World) -> list[dict[str, Any]]:
    """Search parts of a number, a tracking number and a title, as the list does, beside the barest SQL."""
    benching.look_at(name=world.name)
    actor = Actor(name="bench", role=Role.OWNER)
    found = []
    for what, text in (
        ("part of an order number", world.filled.number[5:16]),
        ("part of a tracking number", world.filled.tracking[3:]),
        ("part of a title", "mug number 77"),
    ):
        ours: list[float] = []
        raw: list[float] = []
        for _turn in range(max(10, REQUESTS // 4)):
            wanted = OrderFilter(text=text)
            ours.append(_timed(lambda wanted=wanted: page(actor=actor, wanted=wanted, shape=for_table)))  # type: ignore[misc]
            raw.append(_timed(lambda text=text: _raw_search(text)))  # type: ignore[misc]
        p50, limit = statistics.median(ours), statistics.median(raw)
        found.append(
            {
                "case": f"search: {what}",
                "p50_big_ms": round(p50, 1),
                "raw_sql_ms": round(limit, 1),
                "times": round(p50 / limit, 2),
                "bound": f"{SEARCH_MS:.0f} ms or {SEARCH_TIMES:.0f} x",
                "slow": int(p50 > SEARCH_MS and p50 > SEARCH_TIMES * limit),
            }
        )
    return found


def _raw_search(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_RAW_SEARCH, {"like": f"%{text}%"})
        cursor.fetchall()


def _statements(world: _World, case: str) -> int:
    benching.look_at(name=world.name)
    with CaptureQueriesContext(connection) as seen:
        _ask(world, case)
    counted = [each["sql"] for each in seen if "django_session" not in each["sql"]]
    return len([each for each in counted if "ecomhub_user" not in each and "authtoken" not in each])


def _result(worlds: list[_World]) -> BenchResult:
    small, big = worlds
    times = _measure(worlds)
    cases: list[dict[str, Any]] = []
    ratios: list[tuple[float, dict[str, float]]] = []
    for case, by_size in times.items():
        p95 = {name: percentile(values, 0.95) for name, values in by_size.items()}
        row: dict[str, Any] = {
            "case": case,
            "p50_small_ms": round(statistics.median(by_size[small.name]), 1),
            "p50_big_ms": round(statistics.median(by_size[big.name]), 1),
            "p95_small_ms": round(p95[small.name], 1),
            "p95_big_ms": round(p95[big.name], 1),
            "statements": _statements(big, case),
        }
        ratios.append((p95[small.name] / p95[big.name], p95))
        row["ratio"] = round(ratios[-1][0], 3)
        cases.append(row)
    searches = _searches(big)
    ratio, worst = min(ratios, key=lambda each: each[0])
    return BenchResult(
        name="orders_list",
        unit="ms (p95)",
        ours=worst[big.name],
        limit=worst[small.name],
        ratio=ratio,
        bound=BOUND,
        cases=[*cases, *searches],
        exact={
            "statements": max(row["statements"] for row in cases),
            "slow_searches": sum(row["slow"] for row in searches),
        },
    )


def orders_list() -> BenchResult:
    """Measure whole requests of the list page and the API at both sizes; the small one is the limit."""
    with benching.scratch(name="small") as cursor:
        small = fill(cursor, orders=SMALL)
        with benching.scratch(name="big") as other:
            big = fill(other, orders=BIG)
            return _result([_world("small", small), _world("big", big)])
