"""``manage.py period_reopen --user NAME --reason WHY``: open closed periods again."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecomhub import clock
from ecomhub.models import User
from finance.accounting import books
from finance.accounting.books import BookRefused
from finance.closing import periods
from finance.closing.periods import PeriodRefused


class Command(BaseCommand):
    """Only a person with the owner's role may; the act stays on record with its reason."""

    help = "Open closed periods of a book again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the book, the person and the reason."""
        parser.add_argument("--company", default="", help="code of the company; the first when not given")
        parser.add_argument(
            "--through", type=date.fromisoformat, help="last day that stays closed; none when not given"
        )
        parser.add_argument("--user", required=True, help="who opens them again")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reopen."""
        person = User.objects.filter(username=options["user"], is_active=True).first()
        if person is None:
            raise CommandError(f"There is no user {options['user']}.")
        try:
            book = books.find_book(code=options["company"], at=clock.now())
            act = periods.reopen(
                book=book,
                through=options["through"],
                reason=options["reason"],
                at=clock.now(),
                actor=person.actor(),
            )
        except (BookRefused, PeriodRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        through = act.through and act.through.isoformat()
        if options["json"]:
            self.stdout.write(json.dumps({"through": through, "reason": act.reason, "actor": act.actor}))
        else:
            self.stdout.write(f"Open again; closed through {through or 'no day'}.")
