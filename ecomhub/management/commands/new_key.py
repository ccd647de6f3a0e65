"""``manage.py new_key``: a fresh key for the key ring."""

import base64
import json
import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Prints one entry of ECOMHUB_KEYRING; it is kept nowhere else."""

    help = (
        "Print a fresh key for ECOMHUB_KEYRING. Put it first, before the keys you have: the first one seals, "
        "all of them open. Then restart everything and run `manage.py reseal`: it says which keys can go."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--id", help="a name for the key (default: random)")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make and print the key."""
        key_id = options["id"] or f"k{secrets.token_hex(3)}"
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        if options["json"]:
            self.stdout.write(json.dumps({"id": key_id, "entry": f"{key_id}:{key}"}))
        else:
            self.stdout.write(f"{key_id}:{key}")
