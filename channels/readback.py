"""Reading back: "accepted" is not "applied". A push is confirmed when the platform shows its quantity.

A listing that keeps showing something else is pushed again. It gets three looks first, further and further
apart: a sale we have not read yet also makes it show less, and its order will arrive meanwhile. A listing
whose read-back the platform refuses is looked at later and later; the others go on.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, Q, QuerySet

from channels import listings, offers, tokens
from channels.adapter import ChannelError, Refused, RetryLater, Unsupported
from channels.models import ChannelAccount, Listing, Publication, Pull
from channels.pace import real
from ecomhub import work
from ecomhub.work import ClockTimestamp, WorkState

PER_RUN = 40
MANY = 200
LOOKS = 3
MOST_LOOKS = 8
"""How often a listing is asked for whose read-back the platform refuses; then the listings pass judges."""

FIRST_WAIT = timedelta(minutes=2)
SETTLED = timedelta(minutes=15)
"""How old a push must be before a listings pass may judge it."""


def unconfirmed(*, account_id: int) -> "QuerySet[Publication]":
    """Return publications whose last push was accepted but not yet seen on the platform."""
    return offers.published(account_id=account_id).filter(
        Q(confirmed_at__isnull=True) | Q(confirmed_at__lt=F("sent_at")),
        sent_at__isnull=False,
        batch__isnull=True,
    )


def read_back(*, account_id: int, now: Callable[[], datetime]) -> int:
    """Look at the account's accepted pushes whose time has come; returns how many were confirmed.

    Few are looked at one by one. Very many (after a feed) are left to one pass of the listings stream.
    """
    account = ChannelAccount.objects.get(pk=account_id)
    if account.state != ChannelAccount.State.CONNECTED:
        return 0
    waiting = _time_to_look(account_id=account_id, at=now())
    ids = list(waiting.order_by("sent_at", "pk").values_list("pk", flat=True)[: MANY + 1])
    if len(ids) > MANY and _leave_to_stream(account=account, waiting=waiting):
        return 0
    rows = work.claim(model=Publication, limit=PER_RUN, where=Q(pk__in=ids, batch__isnull=True))
    confirmed = 0
    for place, row in enumerate(rows):
        try:
            confirmed += _look(account=account, row=row, at=now())
        except (Refused, Unsupported) as error:
            _look_later(row=row, reason=error.told)
        except ChannelError as error:
            _give_back(rows=rows[place:], error=error)
            break
        except work.LeaseLost:
            continue
    return confirmed


def _time_to_look(*, account_id: int, at: datetime) -> "QuerySet[Any]":
    looks = Q()
    for reads in range(MOST_LOOKS):
        looks |= Q(reads=reads, sent_at__lte=at - FIRST_WAIT * (2 ** (reads + 1) - 1))
    rows = offers.with_version(unconfirmed(account_id=account_id))
    return rows.filter(
        looks, version=F("done_version"), due_at__lte=ClockTimestamp(), state=WorkState.WAITING
    )


def _leave_to_stream(*, account: ChannelAccount, waiting: "QuerySet[Any]") -> bool:
    """Ring the listings stream unless it has looked since the last of these pushes; says whether to wait."""
    last_push = waiting.aggregate(last=Max("sent_at"))["last"]
    pull = Pull.objects.filter(account=account, stream=Pull.Stream.LISTINGS).first()
    if pull is None or last_push is None:
        return False
    if pull.last_success_at is not None and pull.last_success_at > last_push + FIRST_WAIT:
        return False
    if pull.pass_to is None:
        work.ring(model=Pull, pks=[pull.pk])
    return True


def _look(*, account: ChannelAccount, row: Publication, at: datetime) -> int:
    listing = Listing.objects.select_related("shop").get(pk=row.listing_id)
    seen = tokens.call(
        account=account,
        operation="fetch_listing",
        verb=lambda adapter: adapter.fetch_listing(
            marketplace=listing.shop.marketplace, listing_id=listing.external_id
        ),
        at=at,
        patience=tokens.SHORT,
    )
    listings.note_seen(listing=listing, seen=seen, at=at)
    if seen.quantity == row.sent_quantity:
        _write(row, confirmed_quantity=row.sent_quantity, confirmed_at=at, reads=0, errors=0, last_error="")
        return 1
    words = f"the platform shows {seen.quantity} instead of {row.sent_quantity}"
    if row.reads + 1 < LOOKS:
        _write(row, reads=row.reads + 1, last_error=words)
        return 0
    _write(
        row,
        reads=0,
        errors=row.errors + 1,
        last_error=words,
        due_at=ClockTimestamp()
        + real(account=account, duration=work.backoff(errors=row.errors + 1, jitter=0)),
    )
    Listing.objects.filter(pk=listing.pk).update(offer_version=F("offer_version") + 1)
    return 0


def _look_later(*, row: Publication, reason: str) -> None:
    """Wait longer before the next look at this listing alone; a new quantity need not wait for it."""
    try:
        _write(row, reads=row.reads + 1, last_error=reason[:2000])
    except work.LeaseLost:
        return


def _write(row: Publication, **changes: object) -> None:
    mine = Publication.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch)
    if not mine.update(lease_until=None, deaths=0, **changes):
        raise work.LeaseLost(f"publication {row.pk} belongs to another worker now")


def _give_back(*, rows: list[Publication], error: ChannelError) -> None:
    after = error.after if isinstance(error, RetryLater) else None
    for row in rows:
        try:
            work.postpone(row=row, due_in=after or timedelta(minutes=1), reason=error.told)
        except work.LeaseLost:
            continue


def reconcile(*, account_id: int, at: datetime) -> int:
    """Compare the whole account after a listings pass; returns how many listings are pushed again.

    What the pass saw of our last push confirms it. A listing is pushed again when it shows something else
    although the push is old enough, or when its wanted quantity changed without a stock movement (a SKU's
    safety stock, a warehouse that stopped selling).
    """
    rows = offers.with_version(offers.published(account_id=account_id)).filter(
        version=F("done_version"), sent_at__isnull=False, batch__isnull=True
    )
    seen_rows = [row for row in rows.select_related("listing") if _seen_since(row)]
    shown = [
        row
        for row in seen_rows
        if row.listing.remote_quantity == row.sent_quantity
        if row.confirmed_at is None or (row.sent_at is not None and row.confirmed_at < row.sent_at)
    ]
    Publication.objects.filter(pk__in=[row.pk for row in shown]).update(
        confirmed_quantity=F("sent_quantity"), confirmed_at=at, reads=0, errors=0, last_error=""
    )
    wrong = {
        row.listing_id
        for row in seen_rows
        if row.listing.remote_quantity != row.sent_quantity and row.sent_at is not None
        if at - row.sent_at > SETTLED
    }
    plan = offers.plan(publication_ids=list(rows.values_list("pk", flat=True)))
    sent = dict(rows.values_list("listing_id", "sent_quantity"))
    stale = {offer.listing_id for offer in plan if offer.wanted != sent.get(offer.listing_id)}
    Listing.objects.filter(pk__in=wrong | stale).update(offer_version=F("offer_version") + 1)
    return len(wrong | stale)


def _seen_since(row: Publication) -> bool:
    remote_at = row.listing.remote_at
    return remote_at is not None and row.sent_at is not None and remote_at > row.sent_at
