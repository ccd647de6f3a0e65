"""The ledger against the simplest thing that could replace it: a dictionary."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from inventory import ledger
from inventory.ledger import Claim
from inventory.models import StockLevel, StockMovement
from inventory.queries import demands_held
from tests.inventory.making import AT, make_sku, make_warehouse

places = st.integers(0, 3)
lines = st.integers(1, 4)
amounts = st.integers(1, 6)


class Ledger(RuleBasedStateMachine):
    """Random acts on two SKUs in two warehouses, done both ways."""

    def __init__(self) -> None:
        super().__init__()
        skus, warehouses = [make_sku(), make_sku()], [make_warehouse(), make_warehouse()]
        self.pairs = [(sku.pk, warehouse.pk) for sku in skus for warehouse in warehouses]
        self.on_hand = dict.fromkeys(self.pairs, 0)
        self.held: dict[tuple[int, tuple[int, int]], int] = {}
        self.number = 0

    def _claim(self, place: int, line: int, amount: int) -> Claim:
        self.number += 1
        sku_id, warehouse_id = self.pairs[place]
        return Claim(
            sku_id, warehouse_id, amount, f"line:{self.pairs[0]}:{line}", f"c:{self.pairs}:{self.number}"
        )

    def _reserved(self, pair: tuple[int, int]) -> int:
        return sum(held for (_line, at), held in self.held.items() if at == pair)

    @rule(place=places, amount=amounts)
    def receive(self, place: int, amount: int) -> None:
        self.number += 1
        sku_id, warehouse_id = self.pairs[place]
        cause = f"r:{self.pairs}:{self.number}"
        for _ in range(2):
            ledger.receive(
                sku_id=sku_id,
                warehouse_id=warehouse_id,
                quantity=amount,
                unit_cost=Decimal(1),
                currency="CNY",
                cause=cause,
                at=AT,
            )
        self.on_hand[self.pairs[place]] += amount

    @rule(wanted=st.lists(st.tuples(places, lines, amounts), max_size=5), repeats=st.booleans())
    def reserve(self, wanted: list[tuple[int, int, int]], repeats: bool) -> None:
        claims = [self._claim(*one) for one in wanted]
        expected = []
        for place, line, amount in wanted:
            pair = self.pairs[place]
            fits = self.on_hand[pair] - self._reserved(pair) >= amount
            expected.append(fits)
            if fits:
                self.held[(line, pair)] = self.held.get((line, pair), 0) + amount
        assert ledger.reserve(claims=claims, at=AT) == expected
        if repeats:
            granted = [one for one, fits in zip(claims, expected, strict=True) if fits]
            assert all(ledger.reserve(claims=granted, at=AT))

    @rule(place=places, line=lines, amount=amounts)
    def reserve_one(self, place: int, line: int, amount: int) -> None:
        pair = self.pairs[place]
        fits = self.on_hand[pair] - self._reserved(pair) >= amount
        if fits:
            self.held[(line, pair)] = self.held.get((line, pair), 0) + amount
        assert ledger.reserve_one(claim=self._claim(place, line, amount), at=AT) is fits

    @rule(place=places, line=lines, amount=amounts, ships=st.booleans())
    def take(self, place: int, line: int, amount: int, ships: bool) -> None:
        pair = self.pairs[place]
        act = ledger.ship if ships else ledger.release
        wanted = self._claim(place, line, amount)
        if self.held.get((line, pair), 0) < amount:
            with pytest.raises(ledger.NotHeld):
                act(claims=[wanted], at=AT)
        elif ships and self.on_hand[pair] < amount:
            with pytest.raises(ledger.NotEnoughOnHand):
                act(claims=[wanted], at=AT)
        else:
            assert act(claims=[wanted], at=AT) == [True]
            assert act(claims=[wanted], at=AT) == [False]
            self.held[(line, pair)] -= amount
            self.on_hand[pair] -= amount if ships else 0

    @rule(place=places, delta=st.integers(-8, 8).filter(bool))
    def adjust(self, place: int, delta: int) -> None:
        self.number += 1
        pair = self.pairs[place]
        cause = f"a:{self.pairs}:{self.number}"

        def count() -> None:
            ledger.adjust(
                sku_id=pair[0], warehouse_id=pair[1], delta=delta, reason="counted", cause=cause, at=AT
            )

        if self.on_hand[pair] + delta < 0:
            with pytest.raises(ledger.NotEnoughOnHand):
                count()
        else:
            count()
            self.on_hand[pair] += delta

    @invariant()
    def levels_are_as_counted(self) -> None:
        skus = [sku_id for sku_id, _ in self.pairs]
        places = ("sku_id", "warehouse_id")
        levels = StockLevel.objects.filter(sku__in=skus).values_list(*places, "on_hand", "reserved")
        ends = (
            StockMovement.objects.filter(sku__in=skus)
            .order_by(*places, "-id")
            .distinct(*places)
            .values_list(*places, "on_hand_after", "reserved_after")
        )
        counted = {(*pair, self.on_hand[pair], self._reserved(pair)) for pair in self.pairs}
        nothing = {(*pair, 0, 0) for pair in self.pairs}
        assert set(levels) - nothing == set(ends) - nothing == counted - nothing

    @invariant()
    def demands_hold_what_was_counted(self) -> None:
        names = {line: f"line:{self.pairs[0]}:{line}" for line in range(1, 5)}
        expected: dict[str, dict[tuple[int, int], int]] = {}
        for (line, pair), held in self.held.items():
            if held:
                expected.setdefault(names[line], {})[pair] = held
        assert demands_held(demands=names.values()) == expected


@pytest.mark.django_db(transaction=True)
def test_the_ledger_behaves_like_a_dictionary_of_numbers() -> None:
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=40,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
