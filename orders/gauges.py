"""Figures of this house for Prometheus."""

from collections.abc import Sequence
from datetime import datetime

from ecomhub.access import SYSTEM
from ecomhub.discovery import Gauge
from orders.lag_queries import shop_lags


def order_lags(at: datetime) -> Sequence[tuple[tuple[str, ...], float]]:
    """Return how many seconds after they were paid the last day's orders stood here, by shop and quantile."""
    return [
        ((row.shop.short_name, quantile), seconds)
        for row in shop_lags(actor=SYSTEM, at=at)
        for quantile, seconds in (("0.5", row.p50_s), ("0.95", row.p95_s))
        if seconds is not None
    ]


GAUGES = [
    Gauge(
        name="ecomhub_order_lag_seconds",
        title="From paid there to written here, orders of the last day",
        labels=("shop", "quantile"),
        load=order_lags,
    ),
]
