"""Changing which rates a book takes and what it lets pass as rounding: a recorded act, for what comes."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ecomhub import events
from ecomhub.access import Actor
from ecomhub.money import decimal_text, rounded
from finance.accounting.rate_sources import BY_KEY
from finance.models.ledger import Book, PolicyChange

MOST_DAYS = 366
SHOWN = 10


class PolicyRefused(Exception):
    """A book's policy cannot be changed like that; the text says what to do."""


def policy_of(*, book: Book) -> dict[str, Any]:
    """Return which rates a book takes and what is rounding, by the names of the book's fields."""
    return {
        "rate_policy": book.rate_policy,
        "rate_source": book.rate_source,
        "rate_days": book.rate_days,
        "allows_cross_rates": book.allows_cross_rates,
        "rounding_cap": book.rounding_cap,
        "rounding_cap_month": book.rounding_cap_month,
    }


def written(*, policy: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Return a policy as JSON can hold it: amounts as decimal strings."""
    return {
        name: decimal_text(value, currency) if isinstance(value, Decimal) else value
        for name, value in policy.items()
    }


def change_policy(
    *,
    book: Book,
    rate_policy: str,
    rate_source: str,
    rate_days: int,
    allows_cross_rates: bool,
    reason: str,
    actor: Actor,
    at: datetime,
    rounding_cap: Decimal | None = None,
    rounding_cap_month: Decimal | None = None,
) -> PolicyChange:
    """Let a book take other rates for what is booked from now on; what is booked keeps its rates.

    ``rate_policy`` is one of ``Book.RatePolicy``, ``rate_source`` the key of a source of rates, ``rate_days``
    how old a rate may be. The caps are of what a match may post as rounding, and all of them in a month, in
    base currency; what is not given stays. Entries that are being written are waited for. What waits for a
    rate is tried by the clockwork, which looks at it all the time. Raises ``PolicyRefused``.
    """
    if not actor.may("finance.close") or actor.shop_ids is not None:
        raise PolicyRefused(_("Your role does not include this. Ask an administrator for it."))
    wanted: dict[str, Any] = {
        "rate_policy": rate_policy,
        "rate_source": rate_source,
        "rate_days": rate_days,
        "allows_cross_rates": allows_cross_rates,
    }
    with transaction.atomic():
        # Waits for entries that are being written; those that come after see the new policy.
        book = Book.objects.select_for_update(no_key=True).get(pk=book.pk)
        before = policy_of(book=book)
        caps = {"rounding_cap": rounding_cap, "rounding_cap_month": rounding_cap_month}
        wanted |= {name: before[name] if cap is None else cap for name, cap in caps.items()}
        _check(wanted, book.currency, reason)
        if wanted == before:
            raise PolicyRefused(_("That is the policy of this book already."))
        replaced = written(policy=before, currency=book.currency)
        act = PolicyChange.objects.create(
            book=book, **wanted, instead_of=replaced, reason=reason.strip()[:200], actor=actor.name, at=at
        )
        Book.objects.filter(pk=book.pk).update(**wanted)
        events.record(
            object_kind="book",
            object_id=book.pk,
            kind="policy_changed",
            at=at,
            actor=actor.name,
            **written(policy=wanted, currency=book.currency),
            instead_of=replaced,
            reason=act.reason,
        )
    return act


def changes_of(*, book: Book, size: int = SHOWN) -> list[PolicyChange]:
    """Return how a book's policy was changed, the last first."""
    return list(book.policy_changes.order_by("-pk")[:size])


def _check(wanted: dict[str, Any], currency: str, reason: str) -> None:
    """Refuse what no book can have."""
    if wanted["rate_policy"] not in Book.RatePolicy.values:
        raise PolicyRefused(
            _("There is no policy %(given)s. Choose one of: %(known)s.")
            % {"given": wanted["rate_policy"], "known": ", ".join(Book.RatePolicy.values)}
        )
    if wanted["rate_source"] not in BY_KEY:
        raise PolicyRefused(
            _("There is no source of rates %(key)s. Choose one of: %(known)s.")
            % {"key": wanted["rate_source"], "known": ", ".join(BY_KEY)}
        )
    if not 0 <= wanted["rate_days"] <= MOST_DAYS:
        raise PolicyRefused(_("A rate may be 0 to %d days old.") % MOST_DAYS)
    cap, month = wanted["rounding_cap"], wanted["rounding_cap_month"]
    if cap < 0 or rounded(cap, currency) != cap or rounded(month, currency) != month:
        raise PolicyRefused(
            _("What may pass as rounding is an amount in %s, not below zero nor finer than it.") % currency
        )
    if month < cap:
        raise PolicyRefused(_("In a month at least as much may be rounding as in one match."))
    if not reason.strip():
        raise PolicyRefused(_("Say why the policy changes."))
