"""The house's benches: ``make bench NAME=ingest``, ``orders_list``, ``order_feed``."""

from ecomhub.discovery import Bench
from orders.bench_feed import order_feed
from orders.bench_ingest import ingest
from orders.bench_lists import orders_list

BENCHES: list[tuple[str, Bench]] = [
    ("ingest", ingest),
    ("orders_list", orders_list),
    ("order_feed", order_feed),
]
