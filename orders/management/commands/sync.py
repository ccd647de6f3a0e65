"""``manage.py sync``: make streams due now, and with ``--wait`` pull them here and now."""

import json
import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels import streams
from channels.models import ChannelAccount, Pull
from ecomhub import clock, work
from orders import pulling, sweeps

LONGEST_WAIT = timedelta(minutes=5)
_PULLED = [stream for stream in Pull.Stream.values if stream != Pull.Stream.STATEMENTS]
_NARROW = [Pull.Stream.ORDERS.value, Pull.Stream.LISTINGS.value, Pull.Stream.CHANNEL_STOCK.value]


class Command(BaseCommand):
    """Rings for streams; ``--wait`` pulls them in this process until each pass ended."""

    help = "Pull an account's streams now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name what to pull."""
        parser.add_argument("--account", default="", help="name of one account; all without it")
        parser.add_argument("--stream", default="", choices=["", *_PULLED])
        parser.add_argument("--wait", action="store_true", help="pull here and return when it is done")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ring, and pull when asked to wait."""
        pulls = Pull.objects.select_related("account").order_by("pk")
        if options["account"]:
            pulls = pulls.filter(account__name=options["account"])
        pulls = pulls.filter(stream__in=[options["stream"]] if options["stream"] else _NARROW)
        rows = list(pulls)
        if not rows:
            raise CommandError("There is nothing to pull: check the names of account and stream.")
        work.ring(model=Pull, pks=[row.pk for row in rows])
        results = [self._one(row, wait=options["wait"]) for row in rows]
        if options["wait"]:
            sweeps.sweep(now=clock.now)
        if options["json"]:
            self.stdout.write(json.dumps({"pulls": results}))
        else:
            for result in results:
                said = result["error"] or result["state"]
                self.stdout.write(f"{result['account']} · {result['stream']}: {said}")
        if any(result["error"] for result in results):
            raise CommandError("Not every stream could be pulled; see the reasons above.")

    def _one(self, row: Pull, *, wait: bool) -> dict[str, Any]:
        result = {"account": row.account.name, "stream": row.stream, "state": "rung", "error": ""}
        if not wait:
            return result
        if row.account.state != ChannelAccount.State.CONNECTED:
            result["state"], result["error"] = "failed", row.account.state_words or row.account.state
            return result
        until = time.monotonic() + LONGEST_WAIT.total_seconds()
        started = row.last_success_at
        run = streams.run if row.stream in streams.STREAMS else pulling.pull_orders
        while time.monotonic() < until:
            run(pull_id=row.pk, now=clock.now)
            row.refresh_from_db()
            if row.last_success_at != started and row.pass_to is None:
                result["state"] = "done"
                return result
            if row.state != work.WorkState.WAITING or row.errors:
                break
            time.sleep(0.1)
        result["state"], result["error"] = "failed", row.last_error or "it is still being pulled elsewhere"
        return result
