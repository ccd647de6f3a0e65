"""Two workers on one arrangement: the platform is asked once, and who comes too late writes nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from ecomhub import work
from ecomhub.models import Event
from logistics import arrangement_rows, confirmation_rows, handing_over
from logistics.confirmation import SETTLES_IN, tell
from logistics.handing_over import carry_on
from logistics.models import Arrangement, Confirmation, Shipment
from tests.inventory.test_races import at_once
from tests.logistics.parcels import LATER, Parcels
from tests.logistics.telling import Counter
from tests.sandbox_fixture import START


def two_workers(parcels: Parcels) -> int:
    """Let two workers carry one arrangement on at the same moment; how often the platform was asked."""
    parcels.market.hangs = 0.3
    at_once(2, lambda _place: carry_on(arrangement_id=parcels.row.pk, at=LATER))
    parcels.market.hangs = 0
    return parcels.calls("handover")


def unleased(*, model: Any, pk: int, lease: object = None) -> Any:
    """What a worker without leases takes: whatever row it was told of."""
    return model.objects.get(pk=pk)


def test_two_workers_ask_the_platform_once(parcels: Parcels) -> None:
    parcels.ask()
    assert two_workers(parcels) == 1
    assert parcels.row.outcome == "confirmed"
    assert Confirmation.objects.count() == 1
    assert Event.objects.filter(object_kind="shipment", kind="arranged").count() == 1


def test_without_the_lease_the_mark_before_the_call_still_lets_one_through(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcels.ask()
    monkeypatch.setattr(work, "claim_one", unleased)
    assert two_workers(parcels) == 1


def test_without_lease_and_mark_the_platform_is_asked_twice(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the count above can be two."""
    parcels.ask()
    together = threading.Barrier(2)

    def carelessly(*, row: Arrangement, outcome: str, **_fields: Any) -> None:
        if outcome == Arrangement.Outcome.SENT:
            together.wait(timeout=30)
        row.outcome = outcome

    monkeypatch.setattr(work, "claim_one", unleased)
    monkeypatch.setattr(work, "hold", lambda *, row: None)
    monkeypatch.setattr(arrangement_rows, "lock", lambda *, row: row.order)
    monkeypatch.setattr(arrangement_rows, "become", carelessly)
    monkeypatch.setattr(handing_over, "STEPS_AT_ONCE", 1)
    assert two_workers(parcels) == 2


def kept(row_id: int) -> list[Any]:
    """Everything a worker could have written."""
    return [
        list(Arrangement.objects.filter(pk=row_id).values()),
        list(Confirmation.objects.order_by("pk").values()),
        list(Shipment.objects.order_by("pk").values("state", "tracking_number", "version")),
        list(Event.objects.order_by("pk").values_list("kind", flat=True)),
    ]


@pytest.mark.parametrize("answer", ["taken", "lost", "refused"])
def test_worker_that_wakes_after_its_lease_writes_nothing(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    row = parcels.ask()
    if answer == "lost":
        parcels.market.lost.append("handover")
    if answer == "refused":
        parcels.market.refused.add("handover")
    real_call = arrangement_rows.call
    seen: list[Any] = []

    def sleep_over_the_lease(**given: Any) -> Any:
        if given["operation"] != "arrange_shipment":
            return real_call(**given)
        try:
            return real_call(**given)
        finally:
            Arrangement.objects.update(lease_until=START)
            assert work.claim_one(model=Arrangement, pk=row.pk) is not None, "somebody else takes it"
            seen.append(kept(row.pk))

    monkeypatch.setattr(arrangement_rows, "call", sleep_over_the_lease)
    parcels.step()
    assert seen == [kept(row.pk)]
    assert parcels.row.outcome == "sent"
    monkeypatch.undo()
    parcels.market.refused.clear()
    Arrangement.objects.update(lease_until=START)
    assert parcels.step(LATER + SETTLES_IN).outcome == "confirmed"


def until_somebody_waits_for_a_lock() -> None:
    """Wait until another connection stands before a lock."""
    for _attempt in range(400):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


def meets_a_writer_of_the_shipment(counter: Counter, step: Callable[[], object]) -> None:
    """Hold the shipment as those who change it do, let a worker come, and take the confirmation's row.

    Raises ``OperationalError`` when the worker holds the row already: then both would wait for ever.
    """
    worker = threading.Thread(target=step)
    try:
        with transaction.atomic():
            Shipment.objects.select_for_update().get()
            worker.start()
            until_somebody_waits_for_a_lock()
            Confirmation.objects.select_for_update(nowait=True).get()
    finally:
        worker.join(timeout=60)


@pytest.fixture
def check(counter: Counter) -> Callable[[], None]:
    """A worker that reads an accepted notice back."""
    counter.send()
    row = counter.tell()
    assert row.outcome == "confirmed"
    Confirmation.objects.update(due_at=START)

    def work_on_it() -> None:
        try:
            tell(confirmation_id=row.pk, at=LATER)
        finally:
            connections.close_all()

    return work_on_it


def test_reading_back_takes_the_shipment_before_its_row(counter: Counter, check: Callable[[], None]) -> None:
    meets_a_writer_of_the_shipment(counter, check)
    assert Confirmation.objects.get().checked_at == LATER


def test_taking_the_row_first_would_lock_both_out(
    counter: Counter, check: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with the other order the row is held by a worker that waits for the shipment."""
    monkeypatch.setattr(confirmation_rows, "hold", work.hold)
    with pytest.raises(OperationalError):
        meets_a_writer_of_the_shipment(counter, check)
