"""``manage.py channel_brake``: see why stock pushes stopped, and let them go on."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from channels import accounts
from channels.management.commands.channel_preview import account_named, as_dict, as_words
from ecomhub import clock


class Command(BaseCommand):
    """Without an option it only shows; a person decides by --release."""

    help = "Show an account's brake and what it holds back; --release lets it out, --engage stops pushes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the account."""
        parser.add_argument("account", help="the account's name")
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--release", action="store_true", help="let the stopped changes go out")
        group.add_argument("--engage", metavar="REASON", default="", help="stop stock pushes")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show, release or engage."""
        account = account_named(options["account"])
        preview = accounts.preview(account=account, at=clock.now())
        if options["release"]:
            accounts.release_brake(account=account, at=clock.now(), actor="command")
        if options["engage"]:
            accounts.engage_brake(account=account, reason=options["engage"], at=clock.now(), actor="command")
        account.refresh_from_db()
        told = {
            "account": account.name,
            "engaged": account.brake_engaged_at is not None,
            "reason": account.brake_words,
            **as_dict(preview),
        }
        words = f"engaged: {account.brake_words}" if told["engaged"] else "not engaged"
        self.stdout.write(
            json.dumps(told, ensure_ascii=False)
            if options["json"]
            else f"The brake of {account.name} is {words}.\n{as_words(account.name, preview)}"
        )
