"""``manage.py channel_pair``: say what a listing sells, or list what is not paired yet."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels import listings, suggestions
from channels.listings import PairingRefused
from channels.management.commands.channel_preview import account_named
from channels.models import ChannelAccount, Listing
from ecomhub import clock
from inventory import queries


class Command(BaseCommand):
    """Without a listing it shows the unpaired ones with suggestions."""

    help = "Pair a listing: channel_pair ACCOUNT MARKETPLACE LISTING SKU[:UNITS] ..."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the listing and its SKUs."""
        parser.add_argument("account", help="the account's name")
        parser.add_argument("marketplace", nargs="?", default="", help="the marketplace's id or country")
        parser.add_argument("listing", nargs="?", default="", help="the platform's id of the listing")
        parser.add_argument("skus", nargs="*", metavar="SKU[:UNITS]", help="none: undo the pairing")
        parser.add_argument("--limit", type=int, default=50, help="how many unpaired ones to show")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Pair, or show."""
        account = account_named(options["account"])
        told = self._pair(account, options) if options["listing"] else self._show(account, options)
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for row in told["listings"]:
            named = ", ".join(row["skus"]) or "no SKU"
            self.stdout.write(f"{row['marketplace']} {row['listing']}: {named}")

    def _show(self, account: ChannelAccount, options: dict[str, Any]) -> dict[str, Any]:
        rows = Listing.objects.unmapped().filter(shop__account=account).select_related("shop")
        shown = list(rows.order_by("pk")[: options["limit"]])
        likely = suggestions.suggest(listings=shown)
        return {
            "account": account.name,
            "unpaired": rows.count(),
            "listings": [
                {
                    "marketplace": row.shop.marketplace,
                    "listing": row.external_id,
                    "title": row.title,
                    "skus": [f"{one.code} ({one.reason})" for one in likely[row.pk]],
                }
                for row in shown
            ],
        }

    def _pair(self, account: ChannelAccount, options: dict[str, Any]) -> dict[str, Any]:
        place = options["marketplace"]
        rows = Listing.objects.filter(shop__account=account, external_id=options["listing"])
        rows = rows.filter(shop__marketplace=place) | rows.filter(shop__country=place)
        listing = rows.select_related("shop").first()
        if listing is None:
            raise CommandError(f"{account.name} has no listing {options['listing']} on {place}.")
        try:
            listings.pair(
                listing=listing,
                components=_components(options["skus"]),
                at=clock.now(),
                actor="command",
            )
        except PairingRefused as error:
            raise CommandError(str(error)) from error
        row = {"marketplace": listing.shop.marketplace, "listing": listing.external_id}
        return {"account": account.name, "listings": [{**row, "skus": options["skus"]}]}


def _components(texts: list[str]) -> list[tuple[int, int]]:
    wanted: list[tuple[str, int]] = []
    for text in texts:
        code, _, units = text.rpartition(":")
        wanted.append((code, int(units)) if code and units.isdigit() else (text, 1))
    known = queries.sku_ids_by_code(codes={code for code, _units in wanted})
    missing = [code for code, _units in wanted if code not in known]
    if missing:
        raise CommandError(f"There is no SKU {', '.join(missing)}.")
    return [(known[code], units) for code, units in wanted]
