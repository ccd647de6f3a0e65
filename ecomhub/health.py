"""Health and metrics: alive, ready to work, and figures for Prometheus."""

import hmac
from datetime import timedelta

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django_prometheus import exports

from ecomhub import clock
from ecomhub import metrics as figures
from ecomhub.access import PUBLIC, allow

TICK_KEY = "tick"
LATE_TICK = timedelta(seconds=60)


def note_tick() -> None:
    """Remember that the beat reached a worker; the health page shows its age."""
    try:
        cache.set(TICK_KEY, clock.real_now().timestamp(), timeout=3600)
    except redis.RedisError:
        return


def tick_age() -> float | None:
    """Return how many seconds ago a worker last heard the beat, ``None`` when it never did.

    Raises ``redis.RedisError``.
    """
    tick = cache.get(TICK_KEY)
    return None if tick is None else clock.real_now().timestamp() - float(tick)


@allow(PUBLIC)
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while the process can answer at all."""
    return JsonResponse({"ok": True})


@allow(PUBLIC)
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when Postgres is there and migrated; say what is missing otherwise.

    A missing Redis or a late tick is shown but does not make the web unready: work rows wait.
    """
    state: dict[str, object] = {}
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        state["database"] = "ok"
        state["migrations"] = "ok" if not pending else f"{len(pending)} pending"
    except DatabaseError:
        state["database"] = "away"
    try:
        age = tick_age()
        state["redis"] = "ok"
        late = age is None or age > LATE_TICK.total_seconds()
        state["tick"] = "late" if late else "ok"
    except redis.RedisError:
        state["redis"] = "away"
    ready = state.get("database") == "ok" and state.get("migrations") == "ok"
    return JsonResponse({"ok": ready, **state}, status=200 if ready else 503)


@allow(PUBLIC)
def metrics(request: HttpRequest) -> HttpResponse:
    """Return Prometheus figures to whoever holds the metrics token."""
    held = request.headers.get("Authorization", "").removeprefix("Bearer ")
    wanted = settings.ECOMHUB_METRICS_TOKEN
    if not wanted or not hmac.compare_digest(held.encode(), wanted.encode()):
        return HttpResponseForbidden("set ECOMHUB_METRICS_TOKEN and send it as a bearer token")
    answer: HttpResponse = exports.ExportToDjangoView(request)
    try:
        age = tick_age()
    except redis.RedisError:
        age = None
    answer.content += figures.exposition(at=clock.now(), tick_age=age)
    return answer
