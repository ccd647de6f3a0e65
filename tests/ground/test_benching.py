"""A bench works on copies of the tables and leaves nothing behind."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from psycopg2.extensions import cursor as Cursor

from ecomhub import benching
from ecomhub.discovery import BenchResult
from inventory import bench, ledger
from inventory.models import Sku, StockLevel, StockMovement
from tests.inventory.making import AT, claim, level, make_sku, make_warehouse, stock

pytestmark = pytest.mark.django_db(transaction=True)


def schemas(owner: Cursor) -> list[str]:
    """The schemas of benches there are."""
    owner.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'bench%'")
    return [name for (name,) in owner.fetchall()]


def test_a_bench_sees_empty_tables_with_every_rule_and_the_real_ones_stay_as_they_were(owner: Cursor) -> None:
    sku, warehouse = make_sku(), make_warehouse()
    stock(sku, warehouse, 5)
    with benching.scratch() as cursor:
        assert not Sku.objects.exists()
        other, place = make_sku(), make_warehouse()
        stock(other, place, 1)
        assert not ledger.reserve_one(claim=claim(other, place, 2, 1), at=AT)
        with pytest.raises(DatabaseError, match="permission denied"):
            StockMovement.objects.update(note="changed")
        with pytest.raises(DatabaseError, match="foreign key"), transaction.atomic():
            StockLevel.objects.create(sku_id=sku.pk + 999, warehouse=place)
        cursor.execute("TRUNCATE inventory_costlayer, inventory_stockmovement CASCADE")
        assert not StockMovement.objects.exists()
    assert level(sku, warehouse) == (5, 0)
    assert list(Sku.objects.all()) == [sku]
    assert schemas(owner) == []


def test_a_bench_that_fails_leaves_nothing_either(owner: Cursor) -> None:
    with pytest.raises(RuntimeError), benching.scratch():
        raise RuntimeError
    assert schemas(owner) == []
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        assert "bench" not in cursor.fetchone()[0]


def test_the_bench_of_reservations_sells_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "SECONDS", 0.4)
    monkeypatch.setattr(bench, "BOUND", 0.0)
    monkeypatch.setattr(bench, "SCARCE", 20)
    out = StringIO()
    call_command("bench", "reserve", stdout=out)
    figures = json.loads(out.getvalue().splitlines()[-1])
    assert (figures["oversold"], figures["deadlocks"]) == (0, 0)
    assert {"name", "unit", "ours", "limit", "ratio", "bound", "cases"} <= figures.keys()


def test_an_unknown_bench_is_answered_with_those_there_are() -> None:
    with pytest.raises(CommandError, match="reserve"):
        call_command("bench", "nothing")


@pytest.mark.parametrize(
    ("ratio", "exact", "missed"),
    [(0.6, {"oversold": 0, "statements": 3}, 0), (0.4, {"deadlocks": 0}, 1), (0.4, {"oversold": 2}, 2)],
)
def test_a_missed_bound_or_exact_figure_is_named(ratio: float, exact: dict[str, int], missed: int) -> None:
    result = BenchResult(name="x", unit="/s", ours=1, limit=2, ratio=ratio, bound=0.5, exact=exact)
    assert len(benching.misses(result=result)) == missed
