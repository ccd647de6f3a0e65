"""The house's clockwork: imports that wait are applied."""

import structlog
from celery import shared_task
from django.db import DatabaseError

from ecomhub import clock, work
from inventory import imports

log = structlog.get_logger(__name__)


@shared_task(name="inventory.tick")
def tick() -> None:
    """Ring for every import that waits. Safe to run twice at once."""
    for pk in imports.due_imports():
        apply_import.delay(pk)


@shared_task(name="inventory.apply_import")
def apply_import(import_id: int) -> None:
    """Apply a part of one import, if nobody else does; rings again while something is left."""
    row = imports.claim(import_id=import_id)
    if row is None:
        return
    try:
        finished = imports.apply_claimed(row=row, at=clock.now())
    except work.LeaseLost:
        log.warning("inventory.import.lease_lost", import_id=import_id)
        return
    except DatabaseError as error:
        log.exception("inventory.import.failed", import_id=import_id)
        work.fail(row=row, reason=str(error))
        return
    if not finished:
        apply_import.delay(import_id)
