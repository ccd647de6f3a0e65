"""``manage.py book_open --company CODE``: open a company's book."""

import json
from argparse import ArgumentParser
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from ecomhub import clock
from ecomhub.entities import default_entity
from ecomhub.models import LegalEntity
from ecomhub.money import decimal_text
from finance.accounting import books
from finance.accounting.books import BookRefused
from finance.models import Book


class Command(BaseCommand):
    """Opens the book of a company, with its currency, its first day and its policy of rates."""

    help = "Open a company's book."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the company and its policy."""
        parser.add_argument("--company", default="", help="code of the company; the first when not given")
        parser.add_argument(
            "--opens-on", type=date.fromisoformat, required=True, help="first day, 2026-01-01"
        )
        parser.add_argument("--currency", default="", help="ISO 4217; the company's own when not given")
        parser.add_argument("--zone", default="Asia/Shanghai", help="which day an instant belongs to")
        parser.add_argument("--rate-source", default="ecb", help="ecb, pboc ...")
        parser.add_argument("--rate-policy", default="day", choices=Book.RatePolicy.values)
        parser.add_argument("--rate-days", type=int, default=7, help="how old a rate may be")
        parser.add_argument(
            "--cross-rates", action="store_true", help="allow rates through the source's own currency"
        )
        parser.add_argument("--cost-method", default="fifo", choices=Book.CostMethod.values)
        parser.add_argument("--recognition", default="shipped", choices=Book.Recognition.values)
        parser.add_argument(
            "--rounding-cap", type=Decimal, help="what may pass as rounding in a match; small when not given"
        )
        parser.add_argument("--rounding-cap-month", type=Decimal, help="and in a month")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Open it."""
        code = options["company"]
        company = LegalEntity.objects.filter(code=code).first() if code else default_entity()
        if company is None:
            raise CommandError(f"There is no company {code}.")
        caps = {name: options[name] for name in ("rounding_cap", "rounding_cap_month")}
        try:
            book = books.open_book(
                legal_entity=company,
                opens_on=options["opens_on"],
                at=clock.now(),
                currency=options["currency"].upper(),
                actor="command",
                zone=options["zone"],
                rate_source=options["rate_source"],
                rate_policy=options["rate_policy"],
                rate_days=options["rate_days"],
                allows_cross_rates=options["cross_rates"],
                cost_method=options["cost_method"],
                recognition=options["recognition"],
                **{name: cap for name, cap in caps.items() if cap is not None},
            )
        except BookRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "id": book.pk,
                        "company": company.code,
                        "currency": book.currency,
                        "opens_on": book.opens_on.isoformat(),
                        "rate_source": book.rate_source,
                        "rate_policy": book.rate_policy,
                        "rate_days": book.rate_days,
                        "allows_cross_rates": book.allows_cross_rates,
                        "rounding_cap": decimal_text(book.rounding_cap, book.currency),
                        "rounding_cap_month": decimal_text(book.rounding_cap_month, book.currency),
                    }
                )
            )
        else:
            self.stdout.write(f"The book of {company.name} is open in {book.currency} from {book.opens_on}.")
