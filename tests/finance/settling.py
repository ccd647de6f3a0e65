"""Importing in tests: what a door does, and the balances it leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from django.db.models import Sum

from finance.models import MoneyAccount, Posting
from finance.statements import importing
from finance.statements.summaries import Summary

AT = datetime(2026, 4, 2, 12, tzinfo=UTC)


def take(account: MoneyAccount, path: Path) -> list[Summary]:
    """Import a file as a door does."""
    return importing.take_in(account=account, path=path, at=AT)


def balances(**where: object) -> dict[str, Decimal]:
    """Balances by account code that are not zero."""
    rows = Posting.objects.filter(**where).values_list("account").annotate(sum=Sum("amount"))
    return {code: amount for code, amount in rows if amount}
