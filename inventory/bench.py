"""``make bench NAME=reserve``: eight processes sell one hot SKU, ours beside the barest statement."""

import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

from django.db import OperationalError, connection, connections
from psycopg2.extensions import cursor as Cursor

from ecomhub import benching
from ecomhub.discovery import Bench, BenchResult
from inventory import catalog, ledger, warehouses
from inventory.ledger import Claim

PROCESSES = 8
ROUNDS = int(os.environ.get("ECOMHUB_BENCH_ROUNDS", "7"))
SECONDS = float(os.environ.get("ECOMHUB_BENCH_SECONDS", "1.5"))
BOUND = 0.5
PLENTY = 1_000_000_000
SCARCE = 200
BASKET_SKUS = 12
BASKET = 3
AT = datetime(2026, 1, 1, tzinfo=UTC)

# What our hot path writes, without looking whether the cause moved before and without an answer.
_BAREST = """
WITH moved AS (
    UPDATE inventory_stocklevel SET reserved = reserved + 1, version = version + 1, changed_at = %(at)s
    WHERE sku_id = %(sku)s AND warehouse_id = %(warehouse)s AND on_hand - reserved >= 1
    RETURNING on_hand, reserved
)
INSERT INTO inventory_stockmovement (kind, sku_id, warehouse_id, on_hand_delta, reserved_delta,
    on_hand_after, reserved_after, demand, cause, actor, at, note)
SELECT 'reserve', %(sku)s, %(warehouse)s, 0, 1, on_hand, reserved, %(demand)s, %(cause)s, 'bench', %(at)s, ''
FROM moved
"""

Outcome = dict[str, int]
Sell = Callable[[str], bool]
"""Sells one unit under a name that is used once; whether it was granted."""


def _ours(sku_id: int, warehouse_id: int) -> Sell:
    def sell(name: str) -> bool:
        claim = Claim(sku_id=sku_id, warehouse_id=warehouse_id, quantity=1, demand=name, cause=name)
        return ledger.reserve_one(claim=claim, at=AT, actor="bench")

    return sell


def _barest(sku_id: int, warehouse_id: int) -> Sell:
    connection.ensure_connection()
    cursor = connection.connection.cursor()

    def sell(name: str) -> bool:
        cursor.execute(
            _BAREST, {"sku": sku_id, "warehouse": warehouse_id, "demand": name, "cause": name, "at": AT}
        )
        return bool(cursor.rowcount)

    return sell


def _baskets(sku_ids: list[int], warehouse_id: int, seed: int) -> Sell:
    chance = random.Random(seed)  # noqa: S311

    def sell(name: str) -> bool:
        claims = [
            Claim(sku_id=sku_id, warehouse_id=warehouse_id, quantity=1, demand=name, cause=name)
            for sku_id in chance.sample(sku_ids, BASKET)
        ]
        return all(ledger.reserve(claims=claims, at=AT, actor="bench"))

    return sell


def _sell_until(sell: Sell, *, begin: float, seconds: float, label: str) -> Outcome:
    while time.monotonic() < begin:
        time.sleep(0.001)
    tried = granted = deadlocks = 0
    end = time.monotonic() + seconds
    for number in count():
        if time.monotonic() >= end:
            break
        try:
            granted += sell(f"{label}:{number}")
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") != "40P01":
                raise
            deadlocks += 1
        tried += 1
    return {"tried": tried, "granted": granted, "deadlocks": deadlocks}


def _work(pipe: Connection, seed: int) -> None:
    """One buyer process: sells as it is told until it is told nothing."""
    while (order := pipe.recv()) is not None:
        way, sku_ids, warehouse_id, begin = order
        if way == "baskets":
            sell = _baskets(sku_ids, warehouse_id, seed)
        else:
            sell = (_ours if way == "ours" else _barest)(sku_ids[0], warehouse_id)
        label = f"{way}:{seed}:{time.monotonic_ns()}"
        pipe.send(_sell_until(sell, begin=begin, seconds=SECONDS, label=label))
    connections.close_all()


class _Buyers:
    """The processes, kept over all rounds so that starting them is not measured."""

    def __init__(self) -> None:
        connections.close_all()
        context = multiprocessing.get_context("fork")
        self._pipes: list[Any] = []
        self._processes: list[Any] = []
        for seed in range(PROCESSES):
            near, far = context.Pipe()
            process = context.Process(target=_work, args=(far, seed), daemon=True)
            process.start()
            self._pipes.append(near)
            self._processes.append(process)

    def run(self, way: str, sku_ids: list[int], warehouse_id: int) -> Outcome:
        """Let all sell at once; returns the sums."""
        begin = time.monotonic() + 0.3
        for pipe in self._pipes:
            pipe.send((way, sku_ids, warehouse_id, begin))
        outcomes: list[Outcome] = [pipe.recv() for pipe in self._pipes]
        return {name: sum(outcome[name] for outcome in outcomes) for name in outcomes[0]}

    def stop(self) -> None:
        """End them."""
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join(timeout=10)


def _reset(cursor: Cursor, on_hand: int) -> None:
    """Begin a round with clean tables: what the round before left would slow this one."""
    cursor.execute("TRUNCATE inventory_costlayer, inventory_stockmovement CASCADE")
    cursor.execute("UPDATE inventory_stocklevel SET reserved = 0, on_hand = %s", [on_hand])
    cursor.execute("VACUUM ANALYZE inventory_stocklevel")


def _stocked(*, number: int) -> tuple[list[int], int]:
    """Create SKUs with stock the way a person would."""
    warehouse = warehouses.create(code="BENCH", country="CN")
    ids = []
    for index in range(number):
        sku = catalog.create_sku(code=f"BENCH-{index}", values={}, at=AT)
        ledger.receive(
            sku_id=sku.pk,
            warehouse_id=warehouse.pk,
            quantity=1,
            unit_cost=Decimal(1),
            currency="CNY",
            cause=f"bench:{index}",
            at=AT,
        )
        ids.append(sku.pk)
    return ids, warehouse.pk


def _measure(cursor: Cursor, buyers: _Buyers, sku_ids: list[int], warehouse_id: int) -> BenchResult:
    rates: dict[str, list[float]] = {"ours": [], "limit": []}
    deadlocks = 0
    for round_ in range(ROUNDS):
        for way in ("ours", "limit") if round_ % 2 else ("limit", "ours"):
            _reset(cursor, PLENTY)
            outcome = buyers.run(way, sku_ids[:1], warehouse_id)
            rates[way].append(outcome["granted"] / SECONDS)
            deadlocks += outcome["deadlocks"]
    _reset(cursor, SCARCE)
    scarce = buyers.run("ours", sku_ids[:1], warehouse_id)
    cursor.execute("SELECT reserved, on_hand FROM inventory_stocklevel WHERE sku_id = %s", [sku_ids[0]])
    reserved, on_hand = cursor.fetchone() or (0, 0)
    _reset(cursor, PLENTY)
    baskets = buyers.run("baskets", sku_ids, warehouse_id)
    ratio = statistics.median(ours / limit for ours, limit in zip(rates["ours"], rates["limit"], strict=True))
    return BenchResult(
        name="reserve",
        unit="reservations/s",
        ours=statistics.median(rates["ours"]),
        limit=statistics.median(rates["limit"]),
        ratio=ratio,
        bound=BOUND,
        cases=[
            {
                "case": "hot SKU",
                "processes": PROCESSES,
                "ours": [round(rate) for rate in rates["ours"]],
                "limit": [round(rate) for rate in rates["limit"]],
                "ratio": round(ratio, 3),
            },
            {
                "case": "hot SKU runs out",
                "stock": SCARCE,
                "tried": scarce["tried"],
                "granted": scarce["granted"],
                "reserved": reserved,
            },
            {
                "case": f"baskets of {BASKET} of {BASKET_SKUS} SKUs",
                "baskets_per_s": round(baskets["tried"] / SECONDS),
                "granted": baskets["granted"],
            },
        ],
        exact={
            "oversold": max(0, scarce["granted"] - SCARCE, reserved - on_hand),
            "deadlocks": deadlocks + scarce["deadlocks"] + baskets["deadlocks"],
        },
    )


def reserve() -> BenchResult:
    """Measure reservations of one hot SKU against one raw statement that writes the same columns."""
    with benching.scratch() as cursor:
        sku_ids, warehouse_id = _stocked(number=BASKET_SKUS)
        buyers = _Buyers()
        try:
            return _measure(cursor, buyers, sku_ids, warehouse_id)
        finally:
            buyers.stop()


BENCHES: list[tuple[str, Bench]] = [("reserve", reserve)]
