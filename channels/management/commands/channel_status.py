"""``manage.py channel_status``: how every account and stream stands."""

import json
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand

from channels import queries, subscribing
from channels.queries import AccountView
from ecomhub import clock
from ecomhub.access import SYSTEM


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def as_dict(view: AccountView) -> dict[str, Any]:
    """Return an account's figures as they are printed."""
    account = view.account
    return {
        "account": account.name,
        "platform": account.platform,
        "state": account.state,
        "reason": account.state_words,
        "import_only": view.is_import_only,
        "pushes_stock": account.pushes_stock,
        "confirms_shipments": account.confirms_shipments,
        "brake": account.brake_words if account.brake_engaged_at else "",
        "shops": [shop.marketplace for shop in view.shops],
        "listings": view.listings,
        "unmapped": view.unmapped,
        "failed_imports": view.failed_imports,
        "refused": view.refused,
        "streams": [
            {
                "stream": stream.pull.stream,
                "last_success_at": _iso(stream.last_success_at),
                "next_run_in_s": round(stream.next_run_in_s, 1),
                "lag_p50_s": stream.lag_p50_s,
                "lag_p95_s": stream.lag_p95_s,
                "behind_s": stream.behind_s,
                "running": stream.is_running,
                "stopped": stream.is_stopped,
                "error": stream.last_error,
            }
            for stream in view.streams
        ],
        "pushes_to": subscribing.address_of(account=account),
        "pushes_by_hand": subscribing.is_by_hand(account=account),
        "quota": {quota.operation: quota.words for quota in view.quotas},
    }


class Command(BaseCommand):
    """Reads only."""

    help = "Show every account: streams, lag, API quota, what waits for a person."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Choose the form."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show."""
        found = [as_dict(view) for view in queries.overview(actor=SYSTEM, at=clock.now())]
        if options["json"]:
            self.stdout.write(json.dumps({"accounts": found}, ensure_ascii=False))
            return
        for row in found:
            mode = "import-only" if row["import_only"] else "on"
            self.stdout.write(f"{row['account']} ({row['platform']}, {row['state']}, {mode})")
            for stream in row["streams"]:
                lag = "-" if stream["lag_p95_s"] is None else f"{stream['lag_p95_s']:.0f} s"
                self.stdout.write(
                    f"  {stream['stream']}: last {stream['last_success_at'] or 'never'}, lag p95 {lag}, "
                    f"next in {stream['next_run_in_s']:.0f} s {stream['error']}"
                )
