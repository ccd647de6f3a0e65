"""Prices: a person sets one, and the newest one reaches the platform (改价).

A listing has one row of price work; a newer price replaces an older one that was not sent yet. The row's
version is read before its price and written after the call, so a price set meanwhile makes it due again.
What a platform only accepted is read back before it counts as confirmed. A confirmed price is not defended:
when somebody changes it on the platform afterwards, that is shown and left alone.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from channels import changes
from channels.adapter import Capability
from channels.changes import Change
from channels.models import ChannelAccount, Listing, ListingChange, PricePublication
from channels.registry import platform
from ecomhub import events, work
from ecomhub.money import NotMoney, exponent
from ecomhub.sentences import shown
from ecomhub.work import ClockTimestamp, WorkState

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = Decimal("99999999")
"""A price above is a slip of the finger in every currency we know."""

LARGE = Decimal("0.5")
"""A change by more than this part of the shown price is asked about once more."""


class PriceRefused(Exception):
    """A price cannot be set; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class PriceView:
    """A listing's price as we know it. ``shown`` is the platform's last word, ``wanted`` a person's that is
    not confirmed; ``why`` is a stable key of what it waits for, ``detail`` its cause in words.
    """

    shown: Decimal | None
    wanted: Decimal | None
    currency: str
    why: str = ""
    detail: str = ""


def offered(*, account: ChannelAccount) -> bool:
    """Say whether prices can be set on this account's platform at all."""
    return Capability.PUSH_PRICE in platform(account.platform).capabilities


def may_push(account: ChannelAccount) -> bool:
    """Say whether prices of this account may go out now, as its row was read."""
    return (
        account.pushes_prices
        and account.switched_on_at is not None
        and account.state == ChannelAccount.State.CONNECTED
        and offered(account=account)
    )


def check_price(*, price: Decimal, currency: str) -> None:
    """Raise ``PriceRefused`` for a price that the currency cannot express or that is none."""
    if not price.is_finite() or price <= 0:
        raise PriceRefused(_("A price is above zero."))
    if price > MOST:
        raise PriceRefused(_("This price is too large; check its decimal point."))
    try:
        places = exponent(currency)
    except NotMoney as error:
        raise PriceRefused(_("The shop has no valid currency; correct the shop first.")) from error
    if price != round(price, places):
        if places == 0:
            raise PriceRefused(
                _("%(currency)s has no decimals; write a whole number.") % {"currency": currency}
            )
        words = {"currency": currency, "places": places}
        raise PriceRefused(_("%(currency)s has %(places)d decimals at most.") % words)


def is_large_change(*, listing: Listing, price: Decimal) -> bool:
    """Say whether a price is so far from the shown one that it may be a slip."""
    if not listing.price or listing.currency != listing.shop.currency:
        return False
    shown = Decimal(listing.price)
    return abs(price - shown) > LARGE * shown


def set_price(*, listing: Listing, price: Decimal, at: datetime, actor: str = "system") -> PricePublication:
    """Want a price for a listing, in its shop's currency; it is sent as soon as the account may.

    A price that waits unsent is replaced. Raises ``PriceRefused`` for a price that is none in that currency,
    a parent listing, or a platform that takes no prices.
    """
    with transaction.atomic():
        row = (
            Listing.objects.select_for_update(of=("self",)).select_related("shop__account").get(pk=listing.pk)
        )
        currency = row.shop.currency
        if row.is_parent:
            raise PriceRefused(_("A parent listing has no price of its own; set it on its variations."))
        if not offered(account=row.shop.account):
            raise PriceRefused(_("Prices on this platform are set there; it does not take them from us."))
        check_price(price=price, currency=currency)
        held = PricePublication.objects.filter(listing=row).first()
        before = held.wanted_price if held is not None and held.confirmed_at is None else row.price
        publication = _want(listing=row, price=price, currency=currency, at=at, actor=actor)
        changes.note(
            changes=[Change(row.pk, ListingChange.Kind.PRICE_SET, at, before, price, currency, actor)]
        )
        events.record(
            object_kind="listing",
            object_id=row.pk,
            kind="price_set",
            at=at,
            actor=actor,
            price=str(price),
            currency=currency,
        )
    return publication


def _want(*, listing: Listing, price: Decimal, currency: str, at: datetime, actor: str) -> PricePublication:
    PricePublication.objects.bulk_create(
        [PricePublication(listing=listing, currency=currency, wanted_price=price, wanted_at=at)],
        ignore_conflicts=True,
    )
    PricePublication.objects.filter(listing=listing).update(
        version=F("version") + 1,
        currency=currency,
        wanted_price=price,
        wanted_at=at,
        wanted_by=actor[:80],
        confirmed_at=None,
        confirmed_price=None,
        state=WorkState.WAITING,
        due_at=ClockTimestamp(),
        errors=0,
        deaths=0,
        last_error="",
        reads=0,
    )
    return PricePublication.objects.get(listing=listing)


def say_again(*, publication_ids: "Iterable[int]") -> None:
    """Make prices due once more: somebody may have spoken late, so the last word may be an old one."""
    PricePublication.objects.filter(pk__in=list(publication_ids)).update(
        version=F("version") + 1, confirmed_at=None, confirmed_price=None
    )


def try_again(*, listing: Listing) -> None:
    """Send the wanted price of a listing once more, now: after a refusal whose cause a person removed."""
    PricePublication.objects.filter(listing=listing, confirmed_at__isnull=True).update(
        version=F("version") + 1, state=WorkState.WAITING, due_at=ClockTimestamp(), errors=0, deaths=0
    )


def of_account(*, account_id: int) -> "QuerySet[PricePublication]":
    """Return the account's price work."""
    return PricePublication.objects.filter(listing__shop__account_id=account_id)


def to_send(*, account_id: int) -> "QuerySet[PricePublication]":
    """Return price work whose newest price was not sent yet, whether or not it may go now."""
    return of_account(account_id=account_id).filter(version__gt=F("done_version"))


def due(*, account_id: int) -> list[int]:
    """Return the ids of prices to send now."""
    rows = to_send(account_id=account_id).filter(
        work.is_due(),
    )
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True))


def view_of(*, listing: Listing) -> PriceView:
    """Return a listing's price for its page; the listing is read with shop, account and price work.

    ``why`` is empty when nothing waits, else one of: import_only, stopped, refused, needs_person, waiting,
    accepted.
    """
    row: PricePublication | None = getattr(listing, "price_publication", None)
    currency = listing.shop.currency
    if row is None or row.confirmed_at is not None:
        return PriceView(listing.price, None, listing.currency or currency)
    account = listing.shop.account
    why, detail = "waiting", shown(row.last_error)
    if row.state == WorkState.QUARANTINED:
        why = "needs_person"
    elif row.done_version >= row.version:
        why = "accepted"
    elif account.switched_on_at is None or not account.pushes_prices:
        why, detail = "import_only", ""
    elif account.state != ChannelAccount.State.CONNECTED:
        why, detail = "stopped", account.state_words
    elif row.errors:
        why = "refused"
    return PriceView(listing.price, row.wanted_price, currency, why, detail)
