"""``make bench NAME=order_feed``: draining 10,000 changes by pages of 200, at 10,000 and a million orders."""

import os
import random
import statistics
import time
from dataclasses import dataclass

from django.db import connection
from django.test import Client

from ecomhub import benching
from ecomhub.access import Role
from ecomhub.discovery import BenchResult
from ecomhub.models import User
from ecomhub.rest.pagination import encode
from ecomhub.tokens import issue
from orders.bench_filled import fill
from orders.bench_lists import BIG, SMALL

CHANGES = int(os.environ.get("ECOMHUB_BENCH_CHANGES", "10000"))
PAGE = 200
ROUNDS = int(os.environ.get("ECOMHUB_BENCH_ROUNDS", "5"))
A_TIME = 100
BOUND = 1 / 1.5


@dataclass(frozen=True, slots=True)
class _Drained:
    """One drain: changes a second, and what it missed or brought twice."""

    rate: float
    missed: int
    doubled: int


def _client(name: str) -> Client:
    benching.look_at(name=name)
    person = User.objects.create(username=f"bench-{name}", role=Role.OWNER.value)
    token = issue(user=person, name="bench", scopes=["orders:read"])
    return Client(headers={"Authorization": f"Token {token}"})


def _change(orders: int, changed: int, chance: random.Random) -> list[int]:
    """Write so many orders again, some at a time; returns their ids."""
    ids = chance.sample(range(1, orders + 1), changed)
    with connection.cursor() as cursor:
        for start in range(0, changed, A_TIME):
            cursor.execute(
                "UPDATE orders_order SET version = version + 1 WHERE id = ANY(%s)",
                [ids[start : start + A_TIME]],
            )
    return ids


def _drain(client: Client, cursor: str, wanted: list[int]) -> tuple[_Drained, str]:
    """Read to the end, as a client that dies at every page boundary and asks for its page again would."""
    seen: list[int] = []
    begin = time.perf_counter()
    while True:
        answer = client.get(f"/api/v1/orders/changes/?cursor={cursor}&page_size={PAGE}")
        page = answer.json()
        seen += [row["id"] for row in page["results"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    rate = len(seen) / (time.perf_counter() - begin)
    return _Drained(rate, len(set(wanted) - set(seen)), len(seen) - len(set(seen))), cursor


def order_feed() -> BenchResult:
    """Measure the feed at both sizes, interleaved; the small one is the limit."""
    chance = random.Random(7)  # noqa: S311
    with benching.scratch(name="small") as cursor:
        fill(cursor, orders=SMALL)
        with benching.scratch(name="big") as other:
            fill(other, orders=BIG)
            sizes = {"small": SMALL, "big": BIG}
            changed = min(CHANGES, SMALL)
            clients = {name: _client(name) for name in sizes}
            places = {name: encode((0, size, size)) for name, size in sizes.items()}
            found: dict[str, list[_Drained]] = {name: [] for name in sizes}
            for turn in range(ROUNDS):
                for name in sizes if turn % 2 else ["big", "small"]:
                    benching.look_at(name=name)
                    wanted = _change(sizes[name], changed, chance)
                    drained, places[name] = _drain(clients[name], places[name], wanted)
                    found[name].append(drained)
    pairs = zip(found["big"], found["small"], strict=True)
    ratio = statistics.median(big.rate / small.rate for big, small in pairs)
    every = [each for drains in found.values() for each in drains]
    return BenchResult(
        name="order_feed",
        unit="changes/s",
        ours=statistics.median(each.rate for each in found["big"]),
        limit=statistics.median(each.rate for each in found["small"]),
        ratio=ratio,
        bound=BOUND,
        cases=[
            {
                "case": f"{changed} changes in pages of {PAGE}",
                "orders": sizes[name],
                "rates": [round(each.rate) for each in drains],
            }
            for name, drains in found.items()
        ],
        exact={
            "missed": sum(each.missed for each in every),
            "doubled": sum(each.doubled for each in every),
        },
    )
