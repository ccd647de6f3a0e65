"""``manage.py import_settlement --account NAME FILE...``: take money documents in."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecomhub import clock, files
from finance.accounting import rates
from finance.models import MoneyAccount, SettlementFile
from finance.statements import importing, money_accounts, settlement_queries
from finance.statements.importing import ImportBusy
from finance.statements.line_writer import amount_text
from finance.statements.money_accounts import AccountRefused
from finance.statements.summaries import Summary

RATE_MISSING = "rate_missing"
_CROSSED = "  booked at rates through a third currency; book_policy changes which rates the book takes"


def as_dict(summary: Summary) -> dict[str, Any]:
    """Return a summary as ``--json`` prints it."""
    total = summary.header_total
    return {
        "settlement_id": summary.settlement_id,
        "currency": summary.currency,
        "header_total": None if total is None else amount_text(total, summary.currency),
        "lines_total": amount_text(summary.lines_total, summary.currency),
        "lines": summary.lines,
        "lines_posted": summary.posted,
        "totals_by_type": {
            name: amount_text(amount, summary.currency) for name, amount in (summary.totals or {}).items()
        },
        "state": summary.state.value,
        "reason": summary.words,
    }


class Command(BaseCommand):
    """Exit code 1 when a document or a settlement was refused; what is staged is said and not an error."""

    help = "Import settlement files, wallet or bank statements, and post what adds up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the account and its files."""
        parser.add_argument("--account", required=True, help="a platform account, a wallet or a bank account")
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--json", action="store_true", help="print one JSON object per settlement")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import one file after the other."""
        try:
            account = money_accounts.find(name=options["account"], at=clock.now())
        except AccountRefused as error:
            raise CommandError(str(error)) from error
        refused = 0
        for path in options["files"]:
            found = self._take_in(account, path)
            crossed = settlement_queries.crossed(
                settlements=[one.settlement for one in found if one.settlement]
            )
            for summary in found:
                refused += summary.state is SettlementFile.State.REFUSED
                if options["json"]:
                    self.stdout.write(json.dumps(as_dict(summary), ensure_ascii=False))
                else:
                    self.stdout.write(_words(path.name, summary))
                    if summary.settlement in crossed:
                        self.stdout.write(_CROSSED)
        if refused:
            raise CommandError("Something was refused; the reasons are above. Nothing of it was posted.")

    def _take_in(self, account: MoneyAccount, path: Path) -> list[Summary]:
        try:
            found = importing.take_in(account=account, path=path, at=clock.now(), actor="command")
            waits = any(one.reason == RATE_MISSING for one in found)
            if not waits or not rates.ensure_packaged(actor="command"):
                return found
            # A fresh installation has no rates yet; those it came with are in now.
            again = importing.take_in(account=account, path=path, at=clock.now(), actor="command")
            posted = {one.settlement: one for one in again}
            return [posted.get(one.settlement, one) if one.reason == RATE_MISSING else one for one in found]
        except (ImportBusy, OSError, files.FileDamaged) as error:
            raise CommandError(f"{path}: {error}") from error


def _words(name: str, summary: Summary) -> str:
    """Return a summary for a person."""
    said = as_dict(summary)
    if not summary.settlement_id:
        return f"{name}: {said['state']}. {said['reason']}"
    period = " – ".join(
        "?" if instant is None else f"{instant:%Y-%m-%d}" for instant in (summary.starts_at, summary.ends_at)
    )
    lines = [
        f"{name}: settlement {said['settlement_id']} ({period}), {said['state']}",
        f"  total {said['header_total'] or 'not stated'} {said['currency']}, "
        f"{said['lines']} lines {said['lines_total']}, {said['lines_posted']} posted now",
    ]
    if said["reason"]:
        lines.append(f"  {said['reason']}")
    lines += [f"  {amount:>14}  {kind}" for kind, amount in said["totals_by_type"].items()]
    return "\n".join(lines)
