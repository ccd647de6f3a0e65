"""``manage.py money_account_add NAME``: a wallet or bank account whose statements come as files."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels.models import Shop
from channels.settlement_messages import Holder
from ecomhub import clock
from ecomhub.models import LegalEntity
from finance.models import MoneyAccount
from finance.statements import money_accounts
from finance.statements.money_accounts import AccountRefused


class Command(BaseCommand):
    """Makes an account for statements that come as files; exit code 1 when it cannot be like that."""

    help = "Add a wallet, a bank account, or a platform account whose files come by hand."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the account."""
        parser.add_argument("name", help="what people call it; import_settlement --account takes it")
        parser.add_argument("--holder", required=True, choices=[each.value for each in Holder])
        parser.add_argument("--provider", required=True, help="PingPong, Payoneer, the bank, the platform")
        parser.add_argument("--currency", default="", help="ISO 4217, where its files do not say it")
        parser.add_argument("--zone", default="Asia/Shanghai", help="for times without a zone")
        parser.add_argument("--company", default="", help="code of the company; the first when not given")
        parser.add_argument("--shop", default="", help="of a platform account: the shop its lines speak of")
        parser.add_argument("--live-on", type=date.fromisoformat, help="older money settles opening orders")
        parser.add_argument("--if-missing", action="store_true", help="keep the account of this name")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it."""
        name = options["name"].strip()
        held = MoneyAccount.objects.filter(name=name).first() if options["if_missing"] else None
        try:
            account = held or money_accounts.create(
                name=name,
                holder=Holder(options["holder"]),
                provider=options["provider"],
                at=clock.now(),
                legal_entity=_company(options["company"]),
                currency=options["currency"].upper(),
                zone=options["zone"],
                shop=_shop(options["shop"]),
                live_on=options["live_on"],
            )
        except AccountRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            told = {"id": account.pk, "name": account.name, "holder": account.holder, "is_new": held is None}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self.stdout.write(f"{account.name} is {'kept' if held else 'there'}.")


def _company(code: str) -> LegalEntity | None:
    """Return the company of a code, ``None`` where the account's own is meant."""
    if not code:
        return None
    company = LegalEntity.objects.filter(code=code).first()
    if company is None:
        raise CommandError(f"There is no company {code}.")
    return company


def _shop(name: str) -> Shop | None:
    if not name:
        return None
    shops = list((Shop.objects.filter(name=name) | Shop.objects.filter(short_name=name)).order_by("pk")[:2])
    if len(shops) != 1:
        raise CommandError(f"{'Several shops are' if shops else 'No shop is'} named {name}.")
    return shops[0]
