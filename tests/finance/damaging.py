"""Documents that were damaged: whether a named check sees it, and everything as it was afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from django.db import connection, transaction

from finance.closing import period_checks
from finance.laws import LAWS
from finance.models import MoneyAccount, Settlement, SettlementFile, SettlementLine
from finance.statements import importing, suspense_queries
from finance.statements.summaries import Summary

AT = datetime(2026, 7, 2, 12, tzinfo=UTC)
State = SettlementFile.State

# A document that waits for a rate or a payout is not yet found to be wrong.
_NO_FINDING = frozenset({"rate_missing"})


@contextmanager
def undone() -> Iterator[None]:
    """Take everything back that happens inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def take(account: MoneyAccount, content: bytes, folder: Path) -> list[Summary]:
    """Import a document as a door does."""
    path = folder / "document"
    path.write_bytes(content)
    return importing.take_in(account=account, path=path, at=AT)


def red(account: MoneyAccount, content: bytes, folder: Path) -> set[str]:
    """The names of the checks that a document turns red."""
    said = take(account, content, folder)
    found = {
        f"{one.state}: {one.reason}"
        for one in said
        if one.state in (State.STAGED, State.REFUSED) and one.reason not in _NO_FINDING
    }
    if found:
        return found
    with connection.cursor() as cursor:
        for law in LAWS:
            cursor.execute(law.violations)
            if cursor.fetchone() is not None:
                found.add(law.id)
    checks = period_checks.look(book=account.book, through=date(2026, 7, 31))
    if any(check.key == "suspense" and check.count for check in checks):
        held = SettlementLine.objects.filter(
            settlement__in=Settlement.objects.filter(account__book=account.book, state="posted"),
            line_type__in=suspense_queries.waiting(),
        )
        for *words, amount in held.values_list(
            "line_type__first", "line_type__second", "line_type__third", "amount"
        ):
            found.add(f"suspense: {'/'.join(words)} {amount}")
    return found
