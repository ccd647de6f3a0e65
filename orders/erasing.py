"""Doing what a platform demands: erasing its buyers' data, with the proof of when it was done."""

from datetime import datetime, timedelta

from django.db import transaction

from channels import receiving
from channels.door_models import Erasure
from ecomhub import events, work
from ecomhub.rest import idempotency
from ecomhub.work import ClockTimestamp, WorkState
from orders import buyers, showing
from orders.models import Order

PER_RUN = 20
ONCE_MORE_AFTER = timedelta(minutes=5)
"""Longer than any transaction that takes orders in."""

_AT_ONCE = 500


def is_due() -> bool:
    """Say whether a demand waits."""
    return Erasure.objects.filter(state=WorkState.WAITING, due_at__lte=ClockTimestamp()).exists()


def erase_due(*, at: datetime, limit: int = PER_RUN) -> int:
    """Work on demands that wait; returns how many were done.

    Each is done whole or not at all. The row stays as evidence: what was demanded, when it came, when it was
    done and how many orders it was. It comes once more a little later, for what was just being taken in while
    it was done; then whom it was about is forgotten too.
    """
    rows = work.claim(model=Erasure, limit=limit)
    for row in rows:
        with transaction.atomic():
            work.hold(row=row)
            erased = row.orders_erased + _erase(row, at=at)
            if row.erased_at is None:
                work.finish(row=row, due_in=ONCE_MORE_AFTER)
                Erasure.objects.filter(pk=row.pk).update(erased_at=at, orders_erased=erased)
                _record(row, erased=erased, at=at)
            else:
                work.finish(row=row)
                Erasure.objects.filter(pk=row.pk).update(sealed="", orders_erased=erased)
    return len(rows)


def _record(row: Erasure, *, erased: int, at: datetime) -> None:
    events.record(
        object_kind="erasure", object_id=row.pk, kind="erased", at=at, orders=erased, topic=row.topic
    )


def _erase(row: Erasure, *, at: datetime) -> int:
    demand = receiving.demanded(erasure=row)
    account = row.account
    found = buyers.orders_of(account=account, people=demand["buyers"])
    named = set(demand["orders"])
    if receiving.EVERYTHING in named:
        named = set(Order.objects.filter(account=account).values_list("external_id", flat=True))
    found.setdefault(account.pk, set()).update(named)
    erased = 0
    for account_id in sorted(found):
        names = sorted(found[account_id])
        for start in range(0, len(names), _AT_ONCE):
            part = names[start : start + _AT_ONCE]
            erased += buyers.erase(account_id=account_id, external_ids=part, at=at)
            _erase_answers(account_id=account_id, external_ids=part)
    return erased


def _erase_answers(*, account_id: int, external_ids: list[str]) -> None:
    """Take the buyers out of what the API would answer once more to a repeated call."""
    orders = Order.objects.filter(account_id=account_id, external_id__in=external_ids)
    about = [showing.about(pk) for pk in orders.values_list("pk", flat=True)]
    idempotency.rewrite(about=about, change=showing.without_buyer)
