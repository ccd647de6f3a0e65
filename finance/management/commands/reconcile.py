"""``manage.py reconcile``: explain orders' money now, match payouts, value stock, and show what is left."""

import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand

from ecomhub import clock
from finance.models import OrderMoney, Payout
from finance.reconciliation import exceptions, explaining

SECONDS = 3_600.0


class Command(BaseCommand):
    """Does what the clockwork does turn by turn, until nothing is left to do."""

    help = "Expect, settle and match what is due, and count what needs a person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Choose the output."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reconcile."""
        turn = explaining.take_turn(at=clock.now(), seconds=SECONDS, sweeps=True)
        states = Counter(OrderMoney.objects.values_list("state", flat=True))
        said = {
            "orders_looked_at": turn.orders,
            "payouts_matched": turn.payouts,
            "stock_places_valued": turn.stock_places,
            "orders": {state: states.get(state, 0) for state in OrderMoney.State.values},
            "payouts": dict(Counter(Payout.objects.values_list("state", flat=True))),
            "exceptions_raised": turn.raised,
            "exceptions_solved": turn.solved,
            "exceptions_open": dict(Counter(exceptions.open_ones().values_list("kind", flat=True))),
            "is_through": turn.is_through,
        }
        if options["json"]:
            self.stdout.write(json.dumps(said))
            return
        for name, value in said.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {_words(value)}")


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in value.items()) or "none"
    return str(value)
