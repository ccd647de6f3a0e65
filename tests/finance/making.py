"""Small things the tests of this house are made of."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ecomhub.models import LegalEntity
from finance.accounting.books import open_book
from finance.accounting.ledger import Leg, Posted, post
from finance.models import Book, FxRate

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPENS = date(2026, 1, 1)
DAY = date(2026, 3, 2)
_numbers = itertools.count(1)


def make_book(*, currency: str = "CNY", opens_on: date = OPENS, **policy: Any) -> Book:
    """A new company's book."""
    number = next(_numbers)
    entity = LegalEntity.objects.create(
        code=f"company{number}", name=f"Company {number}", country="CN", currency=currency
    )
    return open_book(legal_entity=entity, opens_on=opens_on, at=AT, **policy)


def make_rate(
    base: str, quote: str, rate: str, *, on: date = DAY, source: str = "ecb", unit: int = 1, **changes: Any
) -> FxRate:
    """A published rate."""
    return FxRate.objects.create(
        base=base, quote=quote, rate=Decimal(rate), on=on, source=source, unit=unit, **changes
    )


def leg(account: str, amount: str, currency: str = "CNY", *, base: str | None = None, **changes: Any) -> Leg:
    """A leg; its base amount is its amount unless given."""
    return Leg(
        account=account,
        currency=currency,
        amount=Decimal(amount),
        base_amount=Decimal(amount if base is None else base),
        **changes,
    )


def book_sale(book: Book, amount: str = "10.00", *, on: date = DAY, key: str = "") -> Posted:
    """A sale paid at once."""
    return post(
        book=book,
        effective_on=on,
        kind="manual",
        key=key or f"sale:{next(_numbers)}",
        legs=[leg("1010", amount), leg("4000", f"-{amount}")],
    )
