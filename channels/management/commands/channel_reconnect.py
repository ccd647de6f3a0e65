"""``manage.py channel_reconnect``: give an account new credentials."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels import accounts, proxies
from channels.accounts import AccountRefused
from channels.adapter import ChannelError
from channels.management.commands.channel_add import read_credentials
from channels.management.commands.channel_preview import account_named
from channels.proving import prove
from ecomhub import clock


class Command(BaseCommand):
    """Proves the new credentials before the old ones are replaced."""

    help = "Give an account new credentials from a JSON file; its pulls catch up at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the account."""
        parser.add_argument("account", help="the account's name")
        parser.add_argument("--credentials", type=Path, required=True)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reconnect."""
        account = account_named(options["account"])
        given = read_credentials(options["credentials"])
        fields = [field.key for field in accounts.offered_platform(key=account.platform).credential_fields]
        credentials = {name: str(given[name]) for name in fields if given.get(name)}
        try:
            proof = prove(
                platform=account.platform,
                endpoint=account.endpoint,
                token_endpoint=account.token_endpoint,
                credentials=credentials,
                seller_id=account.seller_id,
                proxy=proxies.way_out(account=account),
            )
            accounts.reconnect(
                account=account, credentials=proof.credentials, at=clock.now(), actor="command"
            )
        except (AccountRefused, ChannelError) as error:
            raise CommandError(str(error)) from error
        told = {"account": account.name, "state": "connected"}
        self.stdout.write(json.dumps(told) if options["json"] else f"{account.name} is connected again.")
