"""The house's benches: ``make bench NAME=settlement`` or ``export``."""

from ecomhub.discovery import Bench
from finance.bench_export import export
from finance.bench_settlement import settlement

BENCHES: list[tuple[str, Bench]] = [
    ("settlement", settlement),
    ("export", export),
]
