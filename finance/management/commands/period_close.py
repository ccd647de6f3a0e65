"""``manage.py period_close --through DAY``: close a book's periods up to a day."""

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecomhub import clock
from ecomhub.access import SYSTEM
from ecomhub.models import User
from ecomhub.sentences import shown
from finance import laws
from finance.accounting import books
from finance.accounting.books import BookRefused
from finance.closing import period_checks, periods
from finance.closing.period_checks import Finding
from finance.closing.periods import PeriodRefused


class Command(BaseCommand):
    """Goes through the checklist, revalues, and locks; exit code 1 when something is in the way."""

    help = "Close the periods of a book up to and with a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the book and the day."""
        parser.add_argument("--company", default="", help="code of the company; the first when not given")
        parser.add_argument("--through", type=date.fromisoformat, required=True, help="last day, 2026-01-31")
        parser.add_argument(
            "--accept", action="append", default=[], metavar="CHECK=REASON", help="accept a finding"
        )
        parser.add_argument("--user", default="", help="who closes; the system when not given")
        parser.add_argument("--check", action="store_true", help="only go through the checklist")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Close."""
        actor = SYSTEM
        if options["user"]:
            person = User.objects.filter(username=options["user"], is_active=True).first()
            if person is None:
                raise CommandError(f"There is no user {options['user']}.")
            actor = person.actor()
        accepted = dict(word.partition("=")[::2] for word in options["accept"])
        try:
            book = books.find_book(code=options["company"], at=clock.now())
            if options["check"]:
                findings = [
                    periods.broken_laws(laws=laws.LAWS),
                    *periods.checklist(book=book, through=options["through"]),
                ]
                self._say(findings, options["through"], closed=False, as_json=options["json"])
                return
            act = periods.close(
                book=book,
                through=options["through"],
                at=clock.now(),
                actor=actor,
                accepted=accepted,
                laws=laws.LAWS,
            )
        except PeriodRefused as refusal:
            self._say(refusal.findings, options["through"], closed=False, as_json=options["json"])
            raise CommandError(str(refusal)) from refusal
        except BookRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "closed": True,
                        "through": options["through"].isoformat(),
                        "checks": [period_checks.worded(check=check) for check in act.checks],
                    },
                    ensure_ascii=False,
                )
            )
        else:
            self.stdout.write(f"Closed through {act.through}.")

    def _say(self, findings: list[Finding], through: date, *, closed: bool, as_json: bool) -> None:
        if as_json:
            report = {
                "closed": closed,
                "through": through.isoformat(),
                "checks": [
                    {
                        "key": one.key,
                        "title": shown(one.title),
                        "weight": str(one.weight),
                        "count": one.count,
                        "examples": [shown(example) for example in one.examples],
                    }
                    for one in findings
                ],
            }
            self.stdout.write(json.dumps(report, ensure_ascii=False))
            return
        for one in findings:
            mark = "ok" if one.is_fine else str(one.weight)
            self.stdout.write(f"{mark:11}{one.key}: {one.count}. {shown(one.title)}.")
            for example in [] if one.is_fine else [*one.examples, one.hint]:
                self.stdout.write(f"           {shown(example)}")
