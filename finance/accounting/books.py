"""Books: one per company, in its own currency and with its own policy of rates."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from ecomhub import events
from ecomhub.entities import default_entity
from ecomhub.models import LegalEntity
from ecomhub.money import known_currencies, smallest_unit
from finance.accounting.rate_sources import ECB
from finance.models.ledger import Book

YUAN = "CNY"
FIRST_RATE_DAYS = 92
"""How old a rate may be in a book nobody has set up yet: rates that came with the installation end at its
release, and a person who keeps books imports newer ones and sets less."""
ROUNDING_UNITS, ROUNDING_UNITS_MONTH = 10, 200
"""How many of its smallest units a book lets pass as rounding in one match and in a month, unless it says."""


class BookRefused(Exception):
    """A book cannot be opened or changed like that; the text says what to do."""


def open_book(
    *,
    legal_entity: LegalEntity,
    opens_on: date,
    at: datetime,
    currency: str = "",
    actor: str = "system",
    **policy: Any,
) -> Book:
    """Open a company's book; nothing can be effective before ``opens_on``.

    ``currency`` is the company's own when not given. ``policy`` takes the book's other fields: ``zone``,
    ``cost_method``, ``recognition``, ``rate_policy``, ``rate_source``, ``rate_days``,
    ``allows_cross_rates``, ``rounding_cap``, ``rounding_cap_month`` (both small where not given).
    Raises ``BookRefused``.
    """
    currency = currency or legal_entity.currency
    if currency not in known_currencies():
        raise BookRefused(_("%s is not a currency. Use its three letters of ISO 4217.") % currency)
    policy = rounding_caps(currency=currency) | policy
    with transaction.atomic():
        LegalEntity.objects.select_for_update().get(pk=legal_entity.pk)
        if Book.objects.filter(legal_entity=legal_entity).exists():
            raise BookRefused(_("%s has its book already.") % legal_entity.name)
        book = Book(legal_entity=legal_entity, currency=currency, opens_on=opens_on, **policy)
        book.full_clean(exclude=["legal_entity"])
        book.save()
        events.record(
            object_kind="book", object_id=book.pk, kind="opened", at=at, actor=actor, currency=currency
        )
    return book


def rounding_caps(*, currency: str) -> dict[str, Decimal]:
    """Return what a book in a currency lets pass as rounding where nobody said: a few of its smallest units.

    In a book in yuan that is a cent of a dollar, a euro or a pound, and a score of them in a month.
    """
    unit = smallest_unit(currency)
    return {"rounding_cap": ROUNDING_UNITS * unit, "rounding_cap_month": ROUNDING_UNITS_MONTH * unit}


def book_of(*, legal_entity: LegalEntity, at: datetime) -> Book:
    """Return a company's book; a company without one gets it now.

    Such a book begins with the year before, and it may use old rates and rates through a third currency, so
    that money can be booked before anybody has chosen a policy. Neither is silent: the page of rates says so,
    a settlement booked like that says so where the book is in yuan, and so does the checklist of its close.
    """
    held = Book.objects.filter(legal_entity=legal_entity).first()
    if held is not None:
        return held
    try:
        return open_book(
            legal_entity=legal_entity,
            opens_on=date(at.year - 1, 1, 1),
            at=at,
            rate_source=ECB,
            rate_days=FIRST_RATE_DAYS,
            allows_cross_rates=True,
        )
    except BookRefused:
        return Book.objects.get(legal_entity=legal_entity)


def default_book(*, at: datetime) -> Book:
    """Return the book used where nobody named one: the first company's; a fresh installation gets it now."""
    return book_of(legal_entity=default_entity(), at=at)


def day_of(*, book: Book, instant: datetime) -> date:
    """Return the day an instant belongs to in the book's zone."""
    return instant.astimezone(ZoneInfo(book.zone)).date()


def first_open_day(*, book: Book) -> date:
    """Return the first day that takes entries."""
    if book.locked_through is None:
        return book.opens_on
    return max(book.opens_on, book.locked_through + timedelta(days=1))


def open_day(*, book: Book, day: date) -> date:
    """Return the day a fact of ``day`` is effective on: itself, or the first open day when it came late."""
    return max(day, first_open_day(book=book))


def find_book(*, code: str, at: datetime) -> Book:
    """Return the book of a company by its code; the first company's when none is given.

    Raises ``BookRefused`` naming the companies that have one.
    """
    if not code:
        return default_book(at=at)
    book = Book.objects.select_related("legal_entity").filter(legal_entity__code=code).first()
    if book is None:
        codes = Book.objects.order_by("legal_entity__code").values_list("legal_entity__code", flat=True)
        raise BookRefused(
            _("%(code)s has no book. There are: %(codes)s") % {"code": code, "codes": ", ".join(codes) or "-"}
        )
    return book
