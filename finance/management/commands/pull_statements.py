"""``manage.py pull_statements``: fetch settlements and payouts from the platforms now."""

import json
import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels.models import ChannelAccount, Pull
from ecomhub import clock, work
from finance.models import SourceFile
from finance.statements import pulling

LONGEST_WAIT = timedelta(minutes=10)


class Command(BaseCommand):
    """Rings for the streams of statements; ``--wait`` pulls them in this process until each is up to date."""

    help = "Fetch settlements and payouts from the platforms now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name whose."""
        parser.add_argument("--account", default="", help="name of one account; all without it")
        parser.add_argument("--wait", action="store_true", help="pull here and return when it is done")
        parser.add_argument("--json", action="store_true", help="print one JSON object per account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ring, and pull when asked to wait."""
        pulling.open_lanes(at=clock.now())
        pulls = Pull.objects.select_related("account").filter(stream=Pull.Stream.STATEMENTS).order_by("pk")
        if options["account"]:
            pulls = pulls.filter(account__name=options["account"])
        rows = list(pulls)
        if not rows:
            raise CommandError("There is nothing to pull: check the name of the account.")
        work.ring(model=Pull, pks=[row.pk for row in rows])
        failed = False
        for row in rows:
            error = self._pull(row) if options["wait"] else ""
            told = {
                "account": row.account.name,
                "state": "failed" if error else "done" if options["wait"] else "rung",
                "documents": SourceFile.objects.filter(account__channel=row.account).count(),
                "error": error,
            }
            self.stdout.write(
                json.dumps(told, ensure_ascii=False)
                if options["json"]
                else f"{told['account']}: {error or told['state']}, {told['documents']} documents"
            )
            failed = failed or bool(error)
        if failed:
            raise CommandError("Not every account's statements could be fetched; see the reasons above.")

    def _pull(self, row: Pull) -> str:
        """Pull until nothing is left to do now; return why it could not be done."""
        if row.account.state != ChannelAccount.State.CONNECTED:
            return row.account.state_words or row.account.state
        until = time.monotonic() + LONGEST_WAIT.total_seconds()
        while time.monotonic() < until:
            wait = pulling.pull_statements(pull_id=row.pk, now=clock.now)
            row.refresh_from_db()
            if row.errors or row.state != work.WorkState.WAITING:
                return row.last_error or row.state
            if wait is not None and row.pass_to is None and wait > timedelta(seconds=1):
                return ""
            time.sleep(min(wait.total_seconds() if wait else 0.1, 1.0))
        return row.last_error or "it is still being pulled"
