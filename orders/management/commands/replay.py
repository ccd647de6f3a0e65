"""``manage.py replay --account NAME --stream orders FILE…``: take saved payloads in as a pull does."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels.adapter import ChannelError
from channels.models import ChannelAccount
from channels.registry import platform
from ecomhub import clock
from orders.intake import IntakeResult
from orders.pulling import take_orders

PAGE = 100


class Command(BaseCommand):
    """Takes files of a platform's own answers in. Repeating it changes nothing."""

    help = "Take saved payloads of a platform in, exactly as a pull does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the account and the files."""
        parser.add_argument("--account", required=True, help="name of the account")
        parser.add_argument("--stream", default="orders", choices=["orders"])
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and take in."""
        account = ChannelAccount.objects.filter(name=options["account"]).first()
        if account is None:
            raise CommandError(f"There is no account {options['account']!r}; see Channels for their names.")
        result = IntakeResult()
        for path in options["files"]:
            self._take(account, path, result)
        if options["json"]:
            self.stdout.write(json.dumps(as_dict(result)))
            return
        self.stdout.write(
            f"{result.seen} orders: {result.created} new, {result.updated} changed, "
            f"{result.unchanged} unchanged, {result.quarantined} failed."
        )
        for external_id, reason in result.reasons:
            self.stdout.write(f"  {external_id}: {reason}")

    def _take(self, account: ChannelAccount, path: Path, result: IntakeResult) -> None:
        try:
            read = platform(account.platform).read_order_files(path.read_bytes())
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        except (ChannelError, ValueError) as error:
            raise CommandError(f"{path}: {error}") from error
        items, bad = read.page.items, read.page.bad
        for start in range(0, max(len(items), 1), PAGE):
            result.add(
                take_orders(
                    account=account,
                    orders=items[start : start + PAGE],
                    bad=bad if start == 0 else (),
                    at=clock.now(),
                )
            )


def as_dict(result: IntakeResult) -> dict[str, Any]:
    """Return what ``--json`` prints."""
    return {
        "seen": result.seen,
        "created": result.created,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "quarantined": result.quarantined,
        "reasons": [{"external_id": name, "reason": reason} for name, reason in result.reasons],
    }
