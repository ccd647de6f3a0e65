"""``manage.py channel_switch_off``: make an account import-only again, or stop every call for it."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from channels import accounts
from channels.management.commands.channel_preview import account_named
from ecomhub import clock


class Command(BaseCommand):
    """Nothing is pushed or confirmed any more; with --pause nothing is read either."""

    help = "Make an account import-only again; --pause stops every call, --resume lets it speak again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the account."""
        parser.add_argument("account", help="the account's name")
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--pause", action="store_true", help="stop every call for the account")
        group.add_argument("--resume", action="store_true", help="end a pause; leaves the switches alone")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Switch off."""
        account = account_named(options["account"])
        if options["pause"]:
            accounts.pause(account=account, at=clock.now(), actor="command")
        elif options["resume"]:
            accounts.resume(account=account, at=clock.now(), actor="command")
        else:
            accounts.switch_off(account=account, at=clock.now(), actor="command")
        account.refresh_from_db()
        told = {
            "account": account.name,
            "state": account.state,
            "pushes_stock": account.pushes_stock,
            "confirms_shipments": account.confirms_shipments,
        }
        self.stdout.write(json.dumps(told) if options["json"] else f"{account.name}: {account.state}")
