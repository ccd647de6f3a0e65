"""The house's clockwork: what is due is rung for, a turn at a time."""

from django.core.cache import cache

from ecomhub import clock
from ecomhub.celery import TURNS, app, ring
from finance.accounting import balances, rates
from finance.exports import exporting
from finance.reconciliation import explaining
from finance.statements import importing, pulling, uploading

PULLS_PER_TICK = 20
_LONGEST_COUNTDOWN = 55.0
_CATCH_UP = "finance:catch-up"
_CATCH_UP_SECONDS = 60
_EXPLAIN = "finance:explain"
_EXPLAIN_SECONDS = 30
_EXPLAIN_TURN = 4.0
_RATES = "finance:packaged-rates"
_RATES_SECONDS = 600
_SWEEP = "finance:sweep"
_SWEEP_SECONDS = 240


@app.task(name="finance.tick")
def tick() -> None:
    """Fold the balances, and ring for what is due or missing. Safe to run twice at once."""
    balances.fold()
    pulling.open_lanes(at=clock.now())
    for pull_id in pulling.due_pulls(limit=PULLS_PER_TICK):
        ring(pull, pull_id)
    for import_id in uploading.due_imports():
        ring(take_statement, import_id)
    for export_id in exporting.due_exports():
        ring(make_export, export_id)
    if not rates.has_packaged() and cache.add(_RATES, 1, timeout=_RATES_SECONDS):
        ring(take_packaged_rates)
    if cache.add(_CATCH_UP, 1, timeout=_CATCH_UP_SECONDS):
        ring(catch_up)
    if cache.add(_EXPLAIN, 1, timeout=_EXPLAIN_SECONDS):
        ring(explain)


@app.task(name="finance.catch_up", priority=TURNS)
def catch_up() -> None:
    """Post what waited for a rate. Safe to run twice."""
    importing.post_waiting(at=clock.now())


@app.task(name="finance.explain", priority=TURNS)
def explain() -> None:
    """Take a turn of explaining orders' money, and ring again when more is due."""
    sweeps = None if cache.add(_SWEEP, 1, timeout=_SWEEP_SECONDS) else False
    if not explaining.take_turn(at=clock.now(), seconds=_EXPLAIN_TURN, sweeps=sweeps).is_through:
        ring(explain)


@app.task(name="finance.take_packaged_rates", priority=TURNS)
def take_packaged_rates() -> None:
    """Take the rates in that came with the installation; a second time changes nothing."""
    rates.import_packaged()


@app.task(name="finance.import", priority=TURNS, time_limit=7200, soft_time_limit=7080)
def take_statement(import_id: int) -> None:
    """Take one document in, if it waits and nobody else does."""
    uploading.carry_out(import_id=import_id, now=clock.now)


@app.task(name="finance.export", priority=TURNS, time_limit=7200, soft_time_limit=7080)
def make_export(export_id: int) -> None:
    """Make one report or evidence pack, if it waits and nobody else does."""
    exporting.carry_out(export_id=export_id, now=clock.now)


@app.task(name="finance.pull", priority=TURNS)
def pull(pull_id: int) -> None:
    """Pull one stream of statements for one turn, and ring again when it comes due soon."""
    wait = pulling.pull_statements(pull_id=pull_id, now=clock.now)
    if wait is not None and wait.total_seconds() < _LONGEST_COUNTDOWN:
        ring(pull, pull_id, countdown=wait.total_seconds())
