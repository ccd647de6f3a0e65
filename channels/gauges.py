"""Figures of this house for Prometheus."""

from collections.abc import Sequence
from datetime import datetime

from channels.models import Pull
from ecomhub.discovery import Gauge
from ecomhub.work import WorkState


def stream_lags(at: datetime) -> Sequence[tuple[tuple[str, ...], float]]:
    """Return the seconds since each pulled stream was last read to its end, by account and stream."""
    rows = (
        Pull.objects.exclude(state__in=[WorkState.DONE, WorkState.PAUSED])
        .exclude(last_success_at=None)
        .order_by("account__name", "stream")
        .values_list("account__name", "account__platform", "stream", "last_success_at")
    )
    return [
        ((name, platform, stream), (at - read).total_seconds())
        for name, platform, stream, read in rows
        if read
    ]


GAUGES = [
    Gauge(
        name="ecomhub_stream_lag_seconds",
        title="Since a stream was last read to its end, on the application's clock",
        labels=("account", "platform", "stream"),
        load=stream_lags,
    ),
]
