"""``manage.py trial_balance``: what every account of a book holds."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecomhub import clock
from ecomhub.money import decimal_text
from finance.accounting import balances, books
from finance.accounting.balances import TrialBalance
from finance.accounting.books import BookRefused
from finance.models import Account, Book


class Command(BaseCommand):
    """Prints balances per account and currency; exit code 1 when they do not add up to zero."""

    help = "Print the trial balance of a book."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the book and the day."""
        parser.add_argument("--company", default="", help="code of the company; the first when not given")
        parser.add_argument("--through", type=date.fromisoformat, help="last day counted, 2026-01-31")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        try:
            book = books.find_book(code=options["company"], at=clock.now())
        except BookRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        trial = balances.trial_balance(book=book, through=options["through"])
        if options["json"]:
            self.stdout.write(json.dumps(_as_dict(book, trial)))
        else:
            self._print(book, trial)
        if not trial.is_zero:
            raise CommandError("The books do not balance. Run verify: it names what is broken.")

    def _print(self, book: Book, trial: TrialBalance) -> None:
        names = dict(Account.objects.values_list("code", "name"))
        for row in trial.rows:
            amount = decimal_text(row.amount, row.currency)
            base = decimal_text(row.base_amount, book.currency)
            place = f"{row.account} {names[row.account]:30}"
            self.stdout.write(f"{place} {amount:>18} {row.currency} {base:>18} {book.currency}")
        for currency, left in sorted(trial.left.items()):
            self.stdout.write(f"{'Left over':35} {decimal_text(left, currency):>18} {currency}")


def _as_dict(book: Book, trial: TrialBalance) -> dict[str, Any]:
    return {
        "company": book.legal_entity.code,
        "currency": book.currency,
        "through": trial.through and trial.through.isoformat(),
        "is_zero": trial.is_zero,
        "accounts": [
            {
                "account": row.account,
                "currency": row.currency,
                "amount": decimal_text(row.amount, row.currency),
                "base_amount": decimal_text(row.base_amount, book.currency),
                "legs": row.legs,
            }
            for row in trial.rows
        ],
        "left_over": {
            currency: decimal_text(amount, currency) for currency, amount in sorted(trial.left.items())
        },
        "left_over_base": decimal_text(trial.left_base, book.currency),
    }
