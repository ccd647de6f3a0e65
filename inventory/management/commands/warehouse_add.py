"""``manage.py warehouse_add CODE``: open a warehouse."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inventory import warehouses
from inventory.models import Warehouse
from inventory.warehouses import WarehouseRefused


class Command(BaseCommand):
    """Opens a warehouse of the first company."""

    help = "Open a warehouse."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the warehouse."""
        parser.add_argument("code")
        parser.add_argument("--name", default="")
        parser.add_argument(
            "--country", default="", help="two letters, such as DE; the company's when not given"
        )
        parser.add_argument("--kind", default=Warehouse.Kind.OWN.value, choices=Warehouse.Kind.values)
        parser.add_argument("--priority", type=int, default=100, help="lower ships first")
        parser.add_argument("--serves", nargs="*", default=[], help="countries it ships to first")
        parser.add_argument("--not-sellable", action="store_true", help="keep its stock from buyers")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open it."""
        try:
            made = warehouses.create(
                code=options["code"],
                name=options["name"],
                kind=options["kind"],
                country=options["country"],
                priority=options["priority"],
                serves_countries=options["serves"],
                is_sellable=not options["not_sellable"],
            )
        except WarehouseRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(json.dumps({"id": made.pk, "code": made.code, "country": made.country}))
        else:
            self.stdout.write(f"Warehouse {made.code} ({made.name}, {made.country}) is open.")
