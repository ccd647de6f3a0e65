"""``manage.py channel_add``: connect an account, import-only."""

import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_datetime

from channels import accounts, file_accounts
from channels.accounts import AccountRefused
from channels.adapter import ChannelError
from channels.models import ChannelAccount
from channels.proving import prove
from ecomhub import clock
from ecomhub.entities import default_entity
from ecomhub.models import LegalEntity


def instant(text: str) -> datetime:
    """Read an instant with its offset from the command line."""
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise ValueError(f"{text!r} is not an instant such as 2026-06-01T00:00:00Z")
    return found


def read_credentials(path: Path) -> dict[str, Any]:
    """Read a JSON file with the platform's credential fields, and where it calls."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise CommandError(f"{path} must hold one JSON object")
    return found


class Command(BaseCommand):
    """Proves the credentials by a call, then stores the account. Nothing goes out until it is switched on."""

    help = (
        "Connect an account of a platform, import-only, from a JSON file with its credentials; "
        "or add one worked by file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the account."""
        parser.add_argument("--platform", required=True, help="amazon ...")
        parser.add_argument("--name", required=True, help="what you call the account")
        parser.add_argument(
            "--credentials",
            type=Path,
            default=None,
            help="JSON file with the credential fields; may also name endpoint, token_endpoint, seller_id",
        )
        parser.add_argument(
            "--country",
            action="append",
            default=[],
            help="worked by file (lazada ...): a country it sells in; several times for several shops",
        )
        parser.add_argument("--currency", default="", help="worked by file: another than the country's")
        parser.add_argument("--time-zone", default="", help="worked by file: another than the country's")
        parser.add_argument("--environment", default="", help="a name from the platform's list of endpoints")
        parser.add_argument("--endpoint", default="", help="another address than the environment's")
        parser.add_argument("--token-endpoint", default="")
        parser.add_argument("--seller-id", default="")
        parser.add_argument(
            "--legal-entity", default="", help="code of the company that sells; the first one"
        )
        parser.add_argument("--history-days", type=int, default=90, help="how far back orders are imported")
        parser.add_argument(
            "--live-since", type=instant, default=None, help="orders placed earlier are kept, never worked"
        )
        parser.add_argument(
            "--proxy", default="", help="http://[user:password@]host:port the calls go through"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect."""
        try:
            by_file = accounts.offered_platform(key=options["platform"]).is_by_file
            account = self._add_by_file(options) if by_file else self._connect(options)
        except (AccountRefused, ChannelError) as error:
            raise CommandError(str(error)) from error
        shops = list(account.shops.order_by("pk").values_list("marketplace", flat=True))
        told = {
            "id": account.pk,
            "platform": account.platform,
            "name": account.name,
            "seller_id": account.seller_id,
            "marketplaces": shops,
            "go_live_at": account.go_live_at.isoformat(),
            "import_only": not by_file,
        }
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        elif by_file:
            self.stdout.write(
                f"{account.name} is added with {len(shops)} shops. Next: manage.py import_sheet orders FILE"
            )
        else:
            self.stdout.write(
                f"{account.name} is connected, import-only, with {len(shops)} shops. "
                f"Next: manage.py channel_preview {json.dumps(account.name)}"
            )

    def _add_by_file(self, options: dict[str, Any]) -> ChannelAccount:
        now = clock.now()
        return file_accounts.add(
            platform=options["platform"],
            name=options["name"],
            countries=options["country"],
            legal_entity=self._entity(options["legal_entity"]),
            go_live_at=options["live_since"] or now,
            at=now,
            seller_id=options["seller_id"],
            currency=options["currency"].upper(),
            time_zone=options["time_zone"],
            actor="command",
        )

    def _connect(self, options: dict[str, Any]) -> ChannelAccount:
        if options["credentials"] is None:
            raise CommandError("Give --credentials FILE with the credential fields.")
        key = options["platform"]
        given = read_credentials(options["credentials"])
        fields = [field.key for field in accounts.offered_platform(key=key).credential_fields]
        credentials = {name: str(given[name]) for name in fields if given.get(name)}
        seller_id = options["seller_id"] or str(given.get("seller_id", ""))
        endpoint, token_endpoint = accounts.addresses(
            platform_key=key,
            environment=options["environment"],
            endpoint=options["endpoint"] or str(given.get("endpoint", "")),
            token_endpoint=options["token_endpoint"] or str(given.get("token_endpoint", "")),
        )
        proof = prove(
            platform=key,
            endpoint=endpoint,
            token_endpoint=token_endpoint,
            credentials=credentials,
            seller_id=seller_id,
            proxy=options["proxy"],
        )
        now = clock.now()
        return accounts.add(
            platform=key,
            name=options["name"],
            environment=options["environment"]
            or accounts.environment_of(endpoint=endpoint, platform_key=key),
            endpoint=endpoint,
            token_endpoint=token_endpoint,
            seller_id=seller_id,
            credentials=proof.credentials,
            marketplaces=proof.marketplaces,
            legal_entity=self._entity(options["legal_entity"]),
            go_live_at=options["live_since"] or now,
            history_days=options["history_days"],
            at=now,
            actor="command",
            proxy=options["proxy"],
        )

    def _entity(self, code: str) -> LegalEntity:
        rows = LegalEntity.objects.order_by("pk")
        found = rows.filter(code=code).first() if code else rows.first()
        if found is not None:
            return found
        if code:
            raise CommandError(f"There is no legal entity {code}.")
        return default_entity()
