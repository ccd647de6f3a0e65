"""Work rows: pending work is a row, a lease says who works on it, Celery only rings the bell.

Each kind of work has its own table that inherits ``WorkRow``. All times are the database's, so workers
with wrong clocks decide nothing. A *death* is a lease that ran out without an answer; an *error* is an
answer. Three deaths or twelve errors in a row quarantine the row for a person.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ecomhub.sentences import kept

LEASE = timedelta(seconds=90)
MAX_DEATHS = 3
MAX_ERRORS = 12
_FIRST_WAIT_SECONDS = 15
_LONGEST_WAIT_SECONDS = 3600


class LeaseLost(Exception):
    """The lease ran out and somebody else has the row; nothing of this work may be written."""


class ClockTimestamp(Now):
    """The database's wall clock, moving inside a transaction (``clock_timestamp()``)."""

    def as_postgresql(self, compiler, connection, **extra):  # type: ignore[no-untyped-def]
        """Render the moving clock instead of the transaction's start."""
        return self.as_sql(compiler, connection, template="clock_timestamp()", **extra)


class WorkState(models.TextChoices):
    """Where a row of work stands."""

    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Done")
    QUARANTINED = "quarantined", _("Stopped, needs a person")
    PAUSED = "paused", _("Paused")


class WorkRow(models.Model):
    """What every row of pending work carries."""

    state = models.CharField(max_length=12, choices=WorkState.choices, default=WorkState.WAITING)
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(default=0)
    errors = models.PositiveIntegerField(default=0)
    deaths = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_epoch = models.PositiveBigIntegerField(default=0)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=WorkRow)


def is_free() -> Q:
    """Say of a row of work that nobody has it: it was never leased, or its lease ran out."""
    return Q(lease_until__isnull=True) | Q(lease_until__lt=ClockTimestamp())


def is_due() -> Q:
    """Say of a row of work that it waits, is due, and nobody has it."""
    return is_free() & Q(state=WorkState.WAITING, due_at__lte=ClockTimestamp())


def claim(*, model: type[Row], limit: int, where: Q | None = None, lease: timedelta = LEASE) -> list[Row]:
    """Claim up to ``limit`` due rows and commit the claim before any work begins.

    Returns the rows with their new ``lease_epoch``; every later write of that work goes through
    ``hold``, ``finish`` or ``fail``, which check it. A row whose lease ran out counts a death and is
    quarantined at the third.
    """
    with transaction.atomic():
        due = model._default_manager.filter(
            is_due(),
        )
        if where is not None:
            due = due.filter(where)
        rows = list(due.order_by("due_at", "pk").select_for_update(skip_locked=True, of=("self",))[:limit])
        dying = [row.pk for row in rows if row.lease_until is not None and row.deaths + 1 >= MAX_DEATHS]
        died = [row.pk for row in rows if row.lease_until is not None and row.pk not in dying]
        model._default_manager.filter(pk__in=dying).update(
            state=WorkState.QUARANTINED,
            deaths=F("deaths") + 1,
            lease_until=None,
            last_error=kept("The worker died three times on this. Look at what it is, then try it again."),
        )
        model._default_manager.filter(pk__in=died).update(deaths=F("deaths") + 1)
        taken = [row.pk for row in rows if row.pk not in dying]
        model._default_manager.filter(pk__in=taken).update(
            lease_until=ClockTimestamp() + lease,
            lease_epoch=F("lease_epoch") + 1,
            attempts=F("attempts") + 1,
        )
        by_pk = model._default_manager.in_bulk(taken)
    return [by_pk[pk] for pk in taken]


def claim_one(*, model: type[Row], pk: int, lease: timedelta = LEASE) -> Row | None:
    """Claim one row if it is due and free; ``None`` when somebody else has it or it is not due."""
    rows = claim(model=model, limit=1, where=Q(pk=pk), lease=lease)
    return rows[0] if rows else None


def _mine(row: Row) -> models.QuerySet[Row]:
    return type(row)._default_manager.filter(pk=row.pk, lease_epoch=row.lease_epoch)


def hold(*, row: WorkRow) -> None:
    """Lock the row inside the caller's transaction and make sure its lease is still ours.

    Called first in every transaction that writes results of the work. Raises ``LeaseLost``.
    """
    if not _mine(row).select_for_update().values_list("pk", flat=True):
        raise LeaseLost(f"{type(row).__name__} {row.pk} belongs to another worker now")


def renew(*, row: WorkRow, lease: timedelta = LEASE) -> None:
    """Extend the lease between two pages of one pass. Raises ``LeaseLost``."""
    if not _mine(row).update(lease_until=ClockTimestamp() + lease):
        raise LeaseLost(f"{type(row).__name__} {row.pk} belongs to another worker now")


def finish(*, row: WorkRow, due_in: timedelta | None = None) -> None:
    """Note success: done, or due again after ``due_in``. Raises ``LeaseLost``."""
    again = due_in is not None
    changed = _mine(row).update(
        state=WorkState.WAITING if again else WorkState.DONE,
        due_at=ClockTimestamp() + (due_in or timedelta()),
        lease_until=None,
        errors=0,
        deaths=0,
        last_error="",
    )
    if not changed:
        raise LeaseLost(f"{type(row).__name__} {row.pk} belongs to another worker now")


def postpone(*, row: WorkRow, due_in: timedelta, reason: str = "") -> None:
    """Give the row back without counting an error (throttled, waiting for a token). Raises ``LeaseLost``."""
    changed = _mine(row).update(
        due_at=ClockTimestamp() + due_in,
        lease_until=None,
        deaths=0,
        last_error=reason[:2000],
    )
    if not changed:
        raise LeaseLost(f"{type(row).__name__} {row.pk} belongs to another worker now")


def backoff(*, errors: int, jitter: float) -> timedelta:
    """Return the wait after the nth error: doubling from 15 s to 1 h, ±20 % by ``jitter`` in [-1, 1]."""
    wait = min(_FIRST_WAIT_SECONDS * 2 ** max(errors - 1, 0), _LONGEST_WAIT_SECONDS)
    return timedelta(seconds=wait * (1 + 0.2 * jitter))


def fail(
    *,
    row: WorkRow,
    reason: str,
    retry_after: timedelta | None = None,
    final: bool = False,
) -> None:
    """Note an error: due again after the back-off, or quarantined when final or the twelfth.

    Raises ``LeaseLost``.
    """
    errors = row.errors + 1
    stopped = final or errors >= MAX_ERRORS
    wait = retry_after or backoff(errors=errors, jitter=random.uniform(-1, 1))  # noqa: S311
    changed = _mine(row).update(
        state=WorkState.QUARANTINED if stopped else WorkState.WAITING,
        errors=errors,
        deaths=0,
        due_at=ClockTimestamp() + wait,
        lease_until=None,
        last_error=reason[:2000],
    )
    if not changed:
        raise LeaseLost(f"{type(row).__name__} {row.pk} belongs to another worker now")


def ring(*, model: type[Row], pks: Sequence[int]) -> None:
    """Make rows due now, also quarantined ones: what "sync now" and "retry" do."""
    model._default_manager.filter(pk__in=pks).exclude(state=WorkState.DONE).update(
        state=WorkState.WAITING, due_at=ClockTimestamp(), errors=0, deaths=0
    )


def database_now() -> datetime:
    """Return the database's clock, the one leases live by."""
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
