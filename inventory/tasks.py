"""The house's clockwork: imports that wait are applied."""

import structlog
from django.db import DatabaseError

from ecomhub import clock, work
from ecomhub.celery import app, ring
from inventory import imports

log = structlog.get_logger(__name__)


@app.task(name="inventory.tick")
def tick() -> None:
    """Ring for every import that waits. Safe to run twice at once."""
    for pk in imports.due_imports():
        ring(apply_import, pk)


@app.task(name="inventory.apply_import")
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
        ring(apply_import, import_id)
