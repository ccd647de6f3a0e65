"""``manage.py book_policy --rate-source pboc --reason WHY``: change a book's policy."""

import json
from argparse import ArgumentParser, BooleanOptionalAction
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecomhub import clock
from ecomhub.access import SYSTEM
from ecomhub.celery import ring
from ecomhub.models import User
from finance.accounting import books, policies
from finance.accounting.books import BookRefused
from finance.accounting.policies import PolicyRefused
from finance.models import Book, MoneyAccount
from finance.statements import importing
from finance.tasks import explain


class Command(BaseCommand):
    """What is not named stays as it is; without any change it only says what the policy is."""

    help = "Change which rates a book takes and what is rounding from now on, or show it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the book, its new policy and the reason."""
        parser.add_argument("--company", default="", help="code of the company; the first when not given")
        parser.add_argument("--rate-policy", help=", ".join(Book.RatePolicy.values))
        parser.add_argument("--rate-source", help="ecb, pboc ...")
        parser.add_argument("--rate-days", type=int, help="how old a rate may be")
        parser.add_argument(
            "--cross-rates",
            action=BooleanOptionalAction,
            help="allow rates through the source's own currency",
        )
        parser.add_argument("--rounding-cap", type=Decimal, help="what may pass as rounding in a match")
        parser.add_argument("--rounding-cap-month", type=Decimal, help="and in a month")
        parser.add_argument("--reason", default="", help="why; needed for a change")
        parser.add_argument("--user", default="", help="who changes it; the system when not given")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Change it, and post what waited for a rate that is there now."""
        actor = SYSTEM
        if options["user"]:
            person = User.objects.filter(username=options["user"], is_active=True).first()
            if person is None:
                raise CommandError(f"There is no user {options['user']}.")
            actor = person.actor()
        asked = {
            "rate_policy": options["rate_policy"],
            "rate_source": options["rate_source"],
            "rate_days": options["rate_days"],
            "allows_cross_rates": options["cross_rates"],
            "rounding_cap": options["rounding_cap"],
            "rounding_cap_month": options["rounding_cap_month"],
        }
        given = {name: value for name, value in asked.items() if value is not None}
        posted = 0
        try:
            book = books.find_book(code=options["company"], at=clock.now())
            if given:
                wanted = policies.policy_of(book=book) | given
                policies.change_policy(
                    book=book, **wanted, reason=options["reason"], actor=actor, at=clock.now()
                )
                accounts = MoneyAccount.objects.filter(book=book)
                posted = importing.post_waiting(at=clock.now(), accounts=accounts)
                ring(explain)
        except (BookRefused, PolicyRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        book.refresh_from_db()
        policy = policies.written(policy=policies.policy_of(book=book), currency=book.currency)
        if options["json"]:
            said = {"company": book.legal_entity.code, "currency": book.currency, **policy, "posted": posted}
            self.stdout.write(json.dumps(said))
            return
        crosses = "allowed" if policy["allows_cross_rates"] else "not allowed"
        self.stdout.write(
            f"The book of {book} in {book.currency}: {policy['rate_policy']}, {policy['rate_source']}, "
            f"at most {policy['rate_days']} days old, rates through a third currency {crosses}, "
            f"rounding up to {policy['rounding_cap']}, {policy['rounding_cap_month']} in a month."
        )
        if given:
            self.stdout.write(f"{posted} settlements that waited for a rate were posted.")
