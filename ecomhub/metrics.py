"""Figures for Prometheus beyond the framework's own: pending work, the tick, and what the houses measure.

They are read from Postgres when somebody scrapes, so that every web process tells the same and a restart
forgets nothing.
"""

from collections.abc import Iterable
from datetime import datetime

from django.apps import apps
from django.db import DatabaseError, connection
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from psycopg2 import sql

from ecomhub import discovery
from ecomhub.work import WorkRow

# Two reads per table, for each has its partial index where the table keeps what is done.
_WORK = """
SELECT {kind}, w.due, w.waiting, q.quarantined, w.oldest
  FROM (SELECT count(*) FILTER (WHERE is_due) AS due, count(*) FILTER (WHERE NOT is_due) AS waiting,
               extract(epoch FROM clock_timestamp() - min(due_at) FILTER (WHERE is_due)) AS oldest
          FROM (SELECT due_at, due_at <= clock_timestamp()
                       AND coalesce(lease_until < clock_timestamp(), true) AS is_due
                  FROM {table} WHERE state = 'waiting') pending) w,
       (SELECT count(*) AS quarantined FROM {table} WHERE state = 'quarantined') q
"""


def exposition(*, at: datetime, tick_age: float | None) -> bytes:
    """Return our figures in Prometheus' text format.

    ``at`` is the application's instant. ``tick_age`` is how many seconds ago a worker last heard the beat,
    ``None`` when nobody knows. Without a database only ``ecomhub_database_up 0`` and the tick are told.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(at=at, tick_age=tick_age))
    return generate_latest(registry)


class _Figures:
    """What Prometheus' client asks for the families of one scrape."""

    def __init__(self, *, at: datetime, tick_age: float | None) -> None:
        self.at = at
        self.tick_age = tick_age

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return every family; those of the database together or not at all."""
        found = []
        if self.tick_age is not None:
            found.append(
                _plain("ecomhub_tick_age_seconds", "Since a worker last heard the beat", self.tick_age)
            )
        try:
            stored = [*_work(), *_of_houses(at=self.at)]
        except DatabaseError:
            return [*found, _plain("ecomhub_database_up", "Whether Postgres answers", 0)]
        return [*found, _plain("ecomhub_database_up", "Whether Postgres answers", 1), *stored]


def _plain(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def work_tables() -> dict[str, str]:
    """Return the table of every kind of work row of every app, by its kind such as ``channels.pull``."""
    models = (model for model in apps.get_models() if issubclass(model, WorkRow))
    return {model._meta.label_lower: model._meta.db_table for model in models}


def _work() -> list[GaugeMetricFamily]:
    counts = GaugeMetricFamily(
        "ecomhub_work_rows",
        "Rows of pending work: due and free, waiting for their time or worked on, stopped for a person",
        labels=["kind", "state"],
    )
    oldest = GaugeMetricFamily(
        "ecomhub_work_oldest_due_seconds", "How long the longest due row has waited", labels=["kind"]
    )
    parts = [
        sql.SQL(_WORK).format(kind=sql.Literal(kind), table=sql.Identifier(table))
        for kind, table in sorted(work_tables().items())
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(parts))
        rows = cursor.fetchall()
    for kind, due, waiting, quarantined, age in rows:
        for state, count in (("due", due), ("waiting", waiting), ("quarantined", quarantined)):
            counts.add_metric([kind, state], count)
        oldest.add_metric([kind], float(age or 0))
    return [counts, oldest]


def _of_houses(*, at: datetime) -> list[GaugeMetricFamily]:
    found = []
    for gauge in discovery.gauges():
        family = GaugeMetricFamily(gauge.name, gauge.title, labels=list(gauge.labels))
        for labels, value in gauge.load(at):
            family.add_metric(list(labels), value)
        found.append(family)
    return found
