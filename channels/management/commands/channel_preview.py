"""``manage.py channel_preview``: what switching an account on would change."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels import accounts
from channels.accounts import Preview
from channels.models import ChannelAccount
from ecomhub import clock

SHOWN = 20


def account_named(name: str) -> ChannelAccount:
    """Return an account by its name."""
    found = ChannelAccount.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(ChannelAccount.objects.order_by("name").values_list("name", flat=True))
        raise CommandError(f"There is no account {name!r}; there are: {known or 'none yet'}.")
    return found


def as_dict(preview: Preview) -> dict[str, Any]:
    """Return a preview as it is printed."""
    return {
        "listings": preview.listings,
        "unpaired": preview.unpaired,
        "by_channel": preview.by_channel,
        "same": preview.same,
        "to_zero": preview.to_zero,
        "down": preview.down,
        "up": preview.up,
        "objection": preview.objection,
        "changes": [
            {
                "marketplace": change.marketplace,
                "listing": change.external_id,
                "shown": change.shown,
                "wanted": change.wanted,
            }
            for change in preview.changes
        ],
    }


def as_words(name: str, preview: Preview) -> str:
    """Return a preview for a person."""
    lines = [
        f"{name}: {preview.listings} listings. Switched on, {preview.to_zero} would go to 0, "
        f"{preview.down} down, {preview.up} up; {preview.same} stay.",
        f"Left alone: {preview.unpaired} without a SKU, {preview.by_channel} fulfilled by the channel.",
    ]
    if preview.objection:
        lines.append(f"The brake would ask: {preview.objection}")
    lines += [
        f"  {change.marketplace} {change.external_id}: {change.shown} -> {change.wanted}"
        for change in preview.changes[:SHOWN]
    ]
    if len(preview.changes) > SHOWN:
        lines.append(f"  ... and {len(preview.changes) - SHOWN} more (--json lists all)")
    return "\n".join(lines)


class Command(BaseCommand):
    """Writes nothing and sends nothing."""

    help = "Show what would change on the platform if an account were switched on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the account."""
        parser.add_argument("account", help="the account's name")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look."""
        account = account_named(options["account"])
        preview = accounts.preview(account=account, at=clock.now())
        told = {"account": account.name, **as_dict(preview)}
        self.stdout.write(
            json.dumps(told, ensure_ascii=False) if options["json"] else as_words(account.name, preview)
        )
