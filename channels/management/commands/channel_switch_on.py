"""``manage.py channel_switch_on``: let an account push stock, prices and shipments, after its preview."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels import accounts
from channels.management.commands.channel_add import instant
from channels.management.commands.channel_preview import account_named, as_dict, as_words
from ecomhub import clock


class Command(BaseCommand):
    """Shows the preview and asks; --yes answers for scripts."""

    help = "Switch an account on: push stock, confirm shipments, work orders since its go-live time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the account and what it shall do."""
        parser.add_argument("account", help="the account's name")
        parser.add_argument(
            "--live-since", type=instant, default=None, help="orders placed earlier are never worked"
        )
        parser.add_argument("--no-stock", action="store_true", help="do not push quantities")
        parser.add_argument("--no-shipments", action="store_true", help="do not mark orders as shipped")
        parser.add_argument("--no-prices", action="store_true", help="do not push prices people set")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--json", action="store_true", help="print one JSON object; needs --yes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Switch on."""
        account = account_named(options["account"])
        preview = accounts.preview(account=account, at=clock.now())
        if not options["json"]:
            self.stdout.write(as_words(account.name, preview))
        if not options["yes"]:
            if options["json"]:
                raise CommandError("Add --yes: with --json nobody can be asked.")
            if input("Switch it on? [y/N] ").strip().lower() not in {"y", "yes"}:
                raise CommandError("Nothing was changed.")
        account = accounts.switch_on(
            account=account,
            pushes_stock=not options["no_stock"],
            confirms_shipments=not options["no_shipments"],
            pushes_prices=not options["no_prices"],
            go_live_at=options["live_since"],
            at=clock.now(),
            actor="command",
        )
        told = {
            "account": account.name,
            "pushes_stock": account.pushes_stock,
            "confirms_shipments": account.confirms_shipments,
            "pushes_prices": account.pushes_prices,
            "go_live_at": account.go_live_at.isoformat(),
            "preview": {**as_dict(preview), "changes": len(preview.changes)},
        }
        self.stdout.write(
            json.dumps(told, ensure_ascii=False)
            if options["json"]
            else f"{account.name} is on; orders are worked from {account.go_live_at:%Y-%m-%d %H:%M} UTC."
        )
