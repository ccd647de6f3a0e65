"""Many buyers at once: nothing is sold twice, nobody waits for ever, and the tests are able to see it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from psycopg2.extensions import cursor as Cursor

from ecomhub import verifying
from inventory import ledger
from inventory.models import Sku, StockLevel, StockMovement, Warehouse
from tests.inventory.making import AT, claim, level, make_sku, make_warehouse, stock

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS = 64


def at_once(number: int, act: Callable[[int], object]) -> list[object]:
    """Let threads act at the same moment; their answers, or what they raised, by thread."""
    together = threading.Barrier(number)
    answers: list[object] = [None] * number

    def run(place: int) -> None:
        try:
            connection.ensure_connection()
            together.wait(timeout=30)
            answers[place] = act(place)
        except Exception as error:
            answers[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def granted(answers: list[object]) -> int:
    """How many purchases were granted; an error fails the test."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return sum(answer for answer in answers if isinstance(answer, int))


@pytest.mark.parametrize("way", ["reserve_one", "reserve", "mixed"])
def test_sixty_four_buyers_get_exactly_the_hundred_units_there_are(way: str) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 100)

    def buy(buyer: int) -> int:
        got = 0
        for attempt in range(5):
            wanted = claim(sku, warehouse, 1, buyer * 100 + attempt)
            if way == "reserve_one" or (way == "mixed" and buyer % 2):
                got += ledger.reserve_one(claim=wanted, at=AT)
            else:
                got += sum(ledger.reserve(claims=[wanted], at=AT))
        return got

    assert granted(at_once(BUYERS, buy)) == 100
    assert level(sku, warehouse) == (100, 100)
    assert StockMovement.objects.filter(kind="reserve").count() == 100
    assert verifying.verify().broken == []


@contextmanager
def without(owner: Cursor, constraint: str) -> Iterator[None]:
    """Take a check of the movements away, and put it back when the test is over."""
    owner.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [constraint])
    row = owner.fetchone()
    assert row is not None
    owner.execute(f"ALTER TABLE inventory_stockmovement DROP CONSTRAINT {constraint}")
    try:
        yield
    finally:
        owner.execute("TRUNCATE inventory_costlayer, inventory_stockmovement CASCADE")
        owner.execute(f"ALTER TABLE inventory_stockmovement ADD CONSTRAINT {constraint} {row[0]}")


_CARELESS = """
WITH moved AS (
    UPDATE inventory_stocklevel SET reserved = reserved + 1 WHERE sku_id = %(sku)s
    RETURNING sku_id, warehouse_id, on_hand, reserved)
INSERT INTO inventory_stockmovement (kind, sku_id, warehouse_id, on_hand_delta, reserved_delta,
    on_hand_after, reserved_after, demand, cause, actor, at, note)
SELECT 'reserve', sku_id, warehouse_id, 0, 1, on_hand, reserved, %(cause)s, %(cause)s, 'x', now(), ''
FROM moved
"""


def careless_buyers(sku: Sku, *, looks_first: bool) -> int:
    """Buyers who take without a guard in their UPDATE; with a look beforehand, or not even that."""
    looked = threading.Barrier(BUYERS)

    def buy(buyer: int) -> int:
        got = 0
        for attempt in range(2):
            free = StockLevel.objects.get(sku=sku).available
            if looks_first:
                looked.wait(timeout=30)
                if free < 1:
                    continue
            try:
                with connection.cursor() as cursor:
                    cursor.execute(_CARELESS, {"sku": sku.pk, "cause": f"{buyer}:{attempt}"})
                got += 1
            except IntegrityError:
                pass
        return got

    return granted(at_once(BUYERS, buy))


def test_looking_before_taking_oversells_when_no_guard_is_left(owner: Cursor) -> None:
    """The negative control: the race above is able to fail."""
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 10)
    with without(owner, "stock_movement_never_oversells"):
        assert careless_buyers(sku, looks_first=True) > 10
        assert "inventory.never_oversold" in verifying.verify().broken


def test_careless_updates_without_a_guard_are_stopped_by_the_movements_check() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 10)
    assert careless_buyers(sku, looks_first=False) == 10
    assert level(sku, warehouse) == (10, 10)


@pytest.mark.parametrize("way", ["reserve_one", "reserve"])
def test_one_cause_called_by_many_at_once_moves_once_and_is_granted_to_all(way: str) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 5)
    wanted = claim(sku, warehouse, 2, 1)

    def buy(_buyer: int) -> int:
        if way == "reserve_one":
            return ledger.reserve_one(claim=wanted, at=AT)
        return sum(ledger.reserve(claims=[wanted], at=AT))

    assert granted(at_once(16, buy)) == 16
    assert level(sku, warehouse) == (5, 2)


def _baskets(skus: list[Sku], warehouse: Warehouse, buyer: int) -> list[list[ledger.Claim]]:
    chance = random.Random(buyer)
    return [
        [claim(sku, warehouse, 1, buyer * 1000 + number) for sku in chance.sample(skus, 4)]
        for number in range(12)
    ]


def test_random_baskets_never_deadlock() -> None:
    skus, warehouse = [make_sku() for _ in range(6)], make_warehouse()
    for sku in skus:
        stock(sku, warehouse, 100)

    def buy(buyer: int) -> int:
        got = 0
        for number, basket in enumerate(_baskets(skus, warehouse, buyer)):
            if number % 3:
                got += sum(ledger.reserve(claims=basket, at=AT))
                continue
            with transaction.atomic():
                levels = ledger.lock_levels(pairs=[(one.sku_id, one.warehouse_id) for one in basket])
                for one in basket:
                    got += sum(ledger.reserve(claims=[one], at=AT, levels=levels))
        return got

    total = granted(at_once(16, buy))
    assert total == sum(StockLevel.objects.values_list("reserved", flat=True)) == 6 * 100
    assert verifying.verify().broken == []


def test_levels_locked_in_the_order_of_the_basket_deadlock() -> None:
    """The negative control of the test before: two baskets in opposite order stop each other."""
    skus, warehouse = [make_sku() for _ in range(2)], make_warehouse()
    for sku in skus:
        stock(sku, warehouse, 5)
    both_hold_one = threading.Barrier(2)

    def buy(buyer: int) -> int:
        order = skus if buyer else skus[::-1]
        with transaction.atomic():
            for place, sku in enumerate(order):
                StockLevel.objects.select_for_update().get(sku=sku, warehouse=warehouse)
                if place == 0:
                    both_hold_one.wait(timeout=10)
        return 1

    errors = [answer for answer in at_once(2, buy) if isinstance(answer, OperationalError)]
    assert [getattr(error.__cause__, "pgcode", "") for error in errors] == ["40P01"]


def test_levels_that_are_missing_are_made_by_many_at_once_without_a_deadlock() -> None:
    skus, places = [make_sku() for _ in range(5)], [make_warehouse() for _ in range(3)]
    pairs = [(sku.pk, warehouse.pk) for sku in skus for warehouse in places]

    def lock(buyer: int) -> int:
        chance = random.Random(buyer)
        for _ in range(4):
            with transaction.atomic():
                wanted = chance.sample(pairs, 6)
                assert set(ledger.lock_levels(pairs=wanted)) == set(wanted)
        return 1

    assert granted(at_once(12, lock)) == 12
    assert StockLevel.objects.count() == StockLevel.objects.values("sku", "warehouse").distinct().count()


def test_acts_of_every_kind_at_once_leave_an_unbroken_ledger() -> None:
    skus, warehouse = [make_sku() for _ in range(3)], make_warehouse()
    for sku in skus:
        stock(sku, warehouse, 30)

    def work(worker: int) -> int:
        chance = random.Random(worker)
        for number in range(8):
            sku = chance.choice(skus)
            line = worker * 100 + number
            if not ledger.reserve_one(claim=claim(sku, warehouse, 2, line), at=AT):
                stock(sku, warehouse, 3)
            elif chance.random() < 0.5:
                ledger.ship(claims=[claim(sku, warehouse, 2, line, "ship")], at=AT)
            elif chance.random() < 0.5:
                ledger.release(claims=[claim(sku, warehouse, 1, line, "release")], at=AT)
        return 1

    assert granted(at_once(12, work)) == 12
    assert verifying.verify().broken == []


def test_a_reservation_waits_for_an_open_transaction_and_then_sees_its_result() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 1)
    holding = threading.Event()

    def act(buyer: int) -> int:
        if buyer == 0:
            with transaction.atomic():
                got = sum(ledger.reserve(claims=[claim(sku, warehouse, 1, 1)], at=AT))
                holding.set()
                time.sleep(0.3)
            return got
        holding.wait(timeout=10)
        return ledger.reserve_one(claim=claim(sku, warehouse, 1, 2), at=AT)

    assert at_once(2, act) == [1, False]
