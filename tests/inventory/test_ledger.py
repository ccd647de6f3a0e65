"""What the stock ledger promises to one caller."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from inventory import ledger
from inventory.models import CostLayer, StockLevel, StockMovement
from tests.inventory.making import AT, claim, level, make_sku, make_warehouse, stock

pytestmark = pytest.mark.django_db


def test_second_reservation_of_the_last_unit_is_refused() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 1)
    assert ledger.reserve_one(claim=claim(sku, warehouse, 1, 1), at=AT)
    assert not ledger.reserve_one(claim=claim(sku, warehouse, 1, 2), at=AT)
    assert ledger.reserve(claims=[claim(sku, warehouse, 1, 3)], at=AT) == [False]
    assert level(sku, warehouse) == (1, 1)


def test_a_shortage_is_an_answer_and_leaves_nothing_behind() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 5)
    claims = [claim(sku, warehouse, 3, 1), claim(sku, warehouse, 3, 2), claim(sku, warehouse, 2, 3)]
    assert ledger.reserve(claims=claims, at=AT) == [True, False, True]
    assert level(sku, warehouse) == (5, 5)
    assert not StockMovement.objects.filter(demand="wish:2").exists()


def test_stock_that_never_existed_cannot_be_reserved() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    assert not ledger.reserve_one(claim=claim(sku, warehouse, 1, 1), at=AT)
    assert ledger.reserve(claims=[claim(sku, warehouse, 1, 1)], at=AT) == [False]


@pytest.mark.parametrize("act", ["reserve_one", "reserve"])
def test_a_repeated_cause_is_granted_again_without_effect(act: str) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 1)
    wanted = claim(sku, warehouse, 1, 1)
    for _ in range(3):
        if act == "reserve_one":
            assert ledger.reserve_one(claim=wanted, at=AT)
        else:
            assert ledger.reserve(claims=[wanted, wanted], at=AT) == [True, True]
    assert level(sku, warehouse) == (1, 1)
    assert StockMovement.objects.filter(kind="reserve").count() == 1


def test_a_repeat_among_new_claims_disturbs_none_of_them() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 3)
    first = claim(sku, warehouse, 2, 1)
    assert ledger.reserve(claims=[first], at=AT) == [True]
    answers = ledger.reserve(claims=[first, claim(sku, warehouse, 1, 2), claim(sku, warehouse, 1, 3)], at=AT)
    assert answers == [True, True, False]
    assert level(sku, warehouse) == (3, 3)


@pytest.mark.parametrize("act", ["reserve_one", "reserve"])
def test_one_cause_for_two_quantities_is_refused(act: str) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 9)
    ledger.reserve(claims=[claim(sku, warehouse, 2, 1)], at=AT)
    other = claim(sku, warehouse, 3, 1)
    with pytest.raises(ledger.CauseTaken):
        _ = (
            ledger.reserve_one(claim=other, at=AT)
            if act == "reserve_one"
            else ledger.reserve(claims=[other], at=AT)
        )
    assert level(sku, warehouse) == (9, 2)


def test_shipping_takes_from_hand_and_from_what_is_reserved() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 5)
    ledger.reserve(claims=[claim(sku, warehouse, 3, 1)], at=AT)
    assert ledger.ship(claims=[claim(sku, warehouse, 2, 1, "ship")], at=AT) == [True]
    assert level(sku, warehouse) == (3, 1)
    assert ledger.ship(claims=[claim(sku, warehouse, 2, 1, "ship")], at=AT) == [False]
    assert level(sku, warehouse) == (3, 1)


def test_only_what_a_demand_holds_can_be_released_or_shipped() -> None:
    sku, warehouse, other = make_sku(), make_warehouse(), make_warehouse()
    stock(sku, warehouse, 9)
    stock(sku, other, 9)
    ledger.reserve(claims=[claim(sku, warehouse, 3, 1), claim(sku, warehouse, 3, 2)], at=AT)
    for act in (ledger.release, ledger.ship):
        with pytest.raises(ledger.NotHeld):
            act(claims=[claim(sku, warehouse, 1, 2, "x"), claim(sku, warehouse, 4, 1, "x")], at=AT)
        with pytest.raises(ledger.NotHeld):
            act(claims=[claim(sku, other, 1, 1, "x")], at=AT)
    assert level(sku, warehouse) == (9, 6)
    assert ledger.release(claims=[claim(sku, warehouse, 3, 1, "release")], at=AT) == [True]
    assert ledger.release(claims=[claim(sku, warehouse, 3, 1, "release")], at=AT) == [False]
    assert level(sku, warehouse) == (9, 3)


def test_a_count_below_the_reserved_quantity_is_recorded_and_stops_further_sales() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 5)
    ledger.reserve(claims=[claim(sku, warehouse, 4, 1)], at=AT)
    moved = ledger.adjust(
        sku_id=sku.pk, warehouse_id=warehouse.pk, delta=-3, reason="counted", cause="count:1", at=AT
    )
    assert (moved.on_hand_after, moved.reserved_after) == (2, 4)
    assert StockLevel.objects.get(sku=sku).available == -2
    assert ledger.reserve(claims=[claim(sku, warehouse, 1, 2)], at=AT) == [False]
    assert not ledger.reserve_one(claim=claim(sku, warehouse, 1, 2), at=AT)


def test_more_than_lies_there_cannot_be_written_off() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 5)
    with pytest.raises(ledger.NotEnoughOnHand):
        ledger.adjust(
            sku_id=sku.pk, warehouse_id=warehouse.pk, delta=-6, reason="lost", cause="count:1", at=AT
        )
    assert level(sku, warehouse) == (5, 0)


def test_a_receipt_comes_in_once_with_its_cost() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    receipt = ledger.Receipt(
        sku_id=sku.pk,
        warehouse_id=warehouse.pk,
        quantity=7,
        unit_cost=Decimal("2.3456"),
        currency="USD",
        cause="po:1",
    )
    assert ledger.receive_many(receipts=[receipt], at=AT) == [True]
    assert ledger.receive_many(receipts=[receipt, receipt], at=AT) == [False, False]
    layer = CostLayer.objects.get()
    assert (layer.quantity, layer.unit_cost, layer.currency) == (7, Decimal("2.3456"), "USD")
    assert level(sku, warehouse) == (7, 0)


@pytest.mark.parametrize(("cost", "currency"), [("-1", "CNY"), ("NaN", "CNY"), ("1", "XXZ")])
def test_a_receipt_without_a_real_cost_is_refused(cost: str, currency: str) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    with pytest.raises(ledger.WrongQuantity):
        ledger.receive(
            sku_id=sku.pk,
            warehouse_id=warehouse.pk,
            quantity=1,
            unit_cost=Decimal(cost),
            currency=currency,
            cause="po:1",
            at=AT,
        )


def test_goods_that_came_back_can_be_sold_again() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 1)
    ledger.reserve(claims=[claim(sku, warehouse, 1, 1)], at=AT)
    ledger.ship(claims=[claim(sku, warehouse, 1, 1, "ship")], at=AT)
    assert ledger.take_back(claims=[claim(sku, warehouse, 1, 1, "return")], at=AT) == [True]
    assert ledger.reserve_one(claim=claim(sku, warehouse, 1, 2), at=AT)


def test_every_call_raises_the_version_of_a_touched_level_by_one() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 9)
    version = StockLevel.objects.get(sku=sku).version
    ledger.reserve(claims=[claim(sku, warehouse, 1, line) for line in range(4)], at=AT)
    assert StockLevel.objects.get(sku=sku).version == version + 1
    ledger.reserve_one(claim=claim(sku, warehouse, 1, 9), at=AT)
    assert StockLevel.objects.get(sku=sku).version == version + 2


@pytest.mark.parametrize("count", [1, 60])
def test_reserving_on_locked_levels_is_one_statement_whatever_the_number(count: int) -> None:
    skus, warehouse = [make_sku() for _ in range(count)], make_warehouse()
    for sku in skus:
        stock(sku, warehouse, 3)
    with transaction.atomic():
        with CaptureQueriesContext(
            connection,
        ) as locking:
            levels = ledger.lock_levels(pairs=[(sku.pk, warehouse.pk) for sku in skus])
        claims = [claim(sku, warehouse, 2, sku.pk) for sku in skus]
        with CaptureQueriesContext(connection) as writing:
            assert all(ledger.reserve(claims=claims, at=AT, levels=levels))
    assert (len(locking), len(writing)) == (1, 1)
    assert {level(sku, warehouse) for sku in skus} == {(3, 2)}


def test_locked_levels_are_kept_in_step_and_can_follow_a_rollback() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 3)
    with transaction.atomic():
        levels = ledger.lock_levels(pairs=[(sku.pk, warehouse.pk)])
        mark = levels.mark()
        savepoint = transaction.savepoint()
        assert ledger.reserve(claims=[claim(sku, warehouse, 3, 1)], at=AT, levels=levels) == [True]
        assert ledger.reserve(claims=[claim(sku, warehouse, 1, 2)], at=AT, levels=levels) == [False]
        transaction.savepoint_rollback(savepoint)
        levels.reset(mark)
        assert ledger.reserve(claims=[claim(sku, warehouse, 2, 2)], at=AT, levels=levels) == [True]
    assert level(sku, warehouse) == (3, 2)


def test_numbers_that_did_not_follow_a_rollback_write_nothing() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 3)
    with transaction.atomic():
        levels = ledger.lock_levels(pairs=[(sku.pk, warehouse.pk)])
        savepoint = transaction.savepoint()
        ledger.reserve(claims=[claim(sku, warehouse, 1, 1)], at=AT, levels=levels)
        transaction.savepoint_rollback(savepoint)
        with pytest.raises(ledger.LevelsStale), transaction.atomic():
            ledger.reserve(claims=[claim(sku, warehouse, 1, 2)], at=AT, levels=levels)
    assert level(sku, warehouse) == (3, 0)


def test_a_level_that_was_not_locked_is_refused() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 3)
    with pytest.raises(ledger.LevelsStale), transaction.atomic():
        ledger.reserve(claims=[claim(sku, warehouse, 1, 1)], at=AT, levels=ledger.Levels())


def test_a_refusal_inside_a_transaction_does_not_spoil_it() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 3)
    with transaction.atomic():
        with pytest.raises(ledger.NotHeld):
            ledger.release(claims=[claim(sku, warehouse, 1, 1, "x")], at=AT)
        assert ledger.reserve_one(claim=claim(sku, warehouse, 1, 1), at=AT)
    assert level(sku, warehouse) == (3, 1)


def test_a_careless_update_without_a_guard_is_stopped_by_the_movement() -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 1)
    careless = """
        WITH moved AS (
            UPDATE inventory_stocklevel SET reserved = reserved + 2 WHERE sku_id = %s
            RETURNING sku_id, warehouse_id, on_hand, reserved)
        INSERT INTO inventory_stockmovement (kind, sku_id, warehouse_id, on_hand_delta, reserved_delta,
            on_hand_after, reserved_after, demand, cause, actor, at, note)
        SELECT 'reserve', sku_id, warehouse_id, 0, 2, on_hand, reserved, 'x', 'x', 'x', now(), '' FROM moved
    """
    with pytest.raises(DatabaseError, match="never_oversells"), transaction.atomic():
        connection.cursor().execute(careless, [sku.pk])
    assert level(sku, warehouse) == (1, 0)
