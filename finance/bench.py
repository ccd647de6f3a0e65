"""The house's benches: ``make bench NAME=settlement`` or ``export``."""

from ecomhub.discovery import Bench
from finance.benches.export import export
from finance.benches.settlement import settlement

BENCHES: list[tuple[str, Bench]] = [
    ("settlement", settlement),
    ("export", export),
]
