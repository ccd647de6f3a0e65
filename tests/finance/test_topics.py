"""What webhooks can tell of this house is what it records."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecomhub.models import Event
from ecomhub.webhooks import topics
from finance import tasks
from finance.models import ExportJob, MoneyAccount, Settlement
from orders.models import Order
from tests.finance.exporting import ask, settle

pytestmark = pytest.mark.django_db(transaction=True)


def test_settlement_that_comes_to_zero_is_told_once(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    settle(account, tmp_path)
    settlement = Settlement.objects.get()
    told = Event.objects.filter(object_kind="settlement", object_id=settlement.pk).order_by("sequence")
    assert sorted(told.values_list("kind", flat=True)) == ["posted", "reconciled"]
    settle(account, tmp_path)
    assert told.filter(kind="reconciled").count() == 1
    assert {"settlement.posted", "settlement.reconciled", "export.ready"} <= set(topics.known())


def test_task_makes_what_was_asked_for_and_a_second_bell_changes_nothing(account: MoneyAccount) -> None:
    row = ask("journal")
    tasks.make_export(row.pk)
    tasks.make_export(row.pk)
    row.refresh_from_db()
    assert row.standing == ExportJob.Standing.READY
    assert Event.objects.filter(object_kind="export", object_id=row.pk).count() == 1
