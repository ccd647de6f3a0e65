"""Sending prices to the platform and reading back what was only accepted; see ``pricing`` for the rules."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from channels import changes, listings, pricing, tokens
from channels.adapter import Capability, ChannelError, Refused, RetryLater, Unsupported
from channels.changes import Change
from channels.messages import Outcome, PriceUpdate, StockResult
from channels.models import ChannelAccount, ListingChange, PricePublication
from channels.registry import platform
from ecomhub import work
from ecomhub.sentences import kept
from ecomhub.work import ClockTimestamp, WorkState

PER_RUN = 40
LOOKS = 3
FIRST_WAIT = timedelta(minutes=2)
_AWAY = timedelta(minutes=1)


@dataclass(slots=True)
class Sent:
    """What one run did."""

    due: int = 0
    pushed: int = 0
    refused: int = 0
    stopped: str = ""


def publish(*, account_id: int, now: Callable[[], datetime]) -> Sent:
    """Send the account's due prices, at most ``PER_RUN``. Nothing goes out for an account that may not.

    Never raises the platform's errors: they stay with their rows.
    """
    account = ChannelAccount.objects.get(pk=account_id)
    done = Sent()
    if not pricing.may_push(account):
        return done
    ids = pricing.due(account_id=account_id)
    done.due = len(ids)
    rows = work.claim(model=PricePublication, limit=PER_RUN, where=Q(pk__in=ids)) if ids else []
    for place, row in enumerate(rows):
        account = ChannelAccount.objects.get(pk=account_id)
        if not pricing.may_push(account):
            _give_back(rows=rows[place:], due_in=timedelta(), reason="")
            break
        try:
            _push_one(account=account, row=row, now=now)
            done.pushed += 1
        except RetryLater as error:
            done.stopped = error.told
            _give_back(rows=rows[place:], due_in=error.after or _AWAY, reason=error.told)
            break
        except ChannelError as error:
            done.refused += 1
            _note_error(row=row, error=error)
            if not isinstance(error, Refused | Unsupported):
                done.stopped = error.told
                _give_back(rows=rows[place + 1 :], due_in=_AWAY, reason=error.told)
                break
        except work.LeaseLost:
            pricing.say_again(publication_ids=[row.pk])
    return done


def _push_one(*, account: ChannelAccount, row: PricePublication, now: Callable[[], datetime]) -> None:
    """Send one price: version and price as they are now, lease, call, note."""
    work.renew(row=row)
    fresh = PricePublication.objects.select_related("listing__shop").get(pk=row.pk)
    listing = fresh.listing
    update = PriceUpdate(
        marketplace=listing.shop.marketplace,
        listing_id=listing.external_id,
        price=fresh.wanted_price,
        currency=fresh.currency,
        product_type=listing.product_type,
        handle=listing.handle,
    )
    result = tokens.call(
        account=account,
        operation=_operation(account),
        verb=lambda adapter: adapter.push_price(update=update),
        at=now(),
        patience=tokens.SHORT,
    )
    if result.outcome == Outcome.REFUSED:
        raise Refused(result.reason or "the platform refused the price")
    fresh.lease_epoch = row.lease_epoch
    _note_sent(row=fresh, result=result, at=now())


def _operation(account: ChannelAccount) -> str:
    known = platform(account.platform).operations
    return known.get(Capability.PUSH_PRICE, Capability.PUSH_PRICE.value)


def _note_sent(*, row: PricePublication, result: StockResult, at: datetime) -> None:
    """Write down which price of which version was sent. Raises ``work.LeaseLost``."""
    values: dict[str, object] = {
        "done_version": row.version,
        "sent_price": row.wanted_price,
        "sent_at": at,
        "reads": 0,
        "due_at": ClockTimestamp(),
        "lease_until": None,
        "deaths": 0,
        "last_error": "",
    }
    mine = PricePublication.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch)
    if not mine.update(**values):
        raise work.LeaseLost(f"price {row.pk} belongs to another worker now")
    before = row.listing.price if row.sent_price is None else row.sent_price
    kind = ListingChange.Kind.PRICE_SENT
    changes.note(changes=[Change(row.listing_id, kind, at, before, row.wanted_price, row.currency)])
    if result.outcome == Outcome.CONFIRMED:
        _confirm(row=row, at=at)


def _confirm(*, row: PricePublication, at: datetime) -> int:
    """Note that the platform shows the price, unless a newer one is wanted by now."""
    listings.note_price(listing_id=row.listing_id, price=row.wanted_price, currency=row.currency)
    return PricePublication.objects.filter(pk=row.pk, version=row.version, done_version=row.version).update(
        confirmed_price=row.wanted_price, confirmed_at=at, reads=0, errors=0, last_error="", lease_until=None
    )


def _note_error(*, row: PricePublication, error: ChannelError) -> None:
    """Note a refusal; a newer price need not wait for the old one's back-off."""
    try:
        work.fail(row=row, reason=error.told)
    except work.LeaseLost:
        pricing.say_again(publication_ids=[row.pk])
        return
    PricePublication.objects.filter(pk=row.pk, version__gt=row.version).update(
        state=WorkState.WAITING, due_at=ClockTimestamp(), errors=0
    )


def _give_back(*, rows: Sequence[PricePublication], due_in: timedelta, reason: str) -> None:
    """Give rows back that could not be tried; a price whose outcome is unknown is simply sent again."""
    for row in rows:
        try:
            work.postpone(row=row, due_in=due_in, reason=reason)
        except work.LeaseLost:
            pricing.say_again(publication_ids=[row.pk])


def read_back(*, account_id: int, now: Callable[[], datetime]) -> int:
    """Look at prices the platform only accepted; returns how many it shows by now.

    Three looks, further and further apart; then the price is sent again, one error later.
    """
    account = ChannelAccount.objects.get(pk=account_id)
    if not pricing.may_push(account):
        return 0
    looks = Q()
    for reads in range(LOOKS):
        looks |= Q(reads=reads, sent_at__lte=now() - FIRST_WAIT * (2 ** (reads + 1) - 1))
    waiting = pricing.of_account(account_id=account_id).filter(
        looks, confirmed_at__isnull=True, sent_at__isnull=False, version=F("done_version")
    )
    ids = list(waiting.order_by("sent_at", "pk").values_list("pk", flat=True)[:PER_RUN])
    rows = work.claim(model=PricePublication, limit=PER_RUN, where=Q(pk__in=ids)) if ids else []
    confirmed = 0
    for place, row in enumerate(rows):
        try:
            confirmed += _look(account=account, row=row, at=now())
        except (Refused, Unsupported) as error:
            _missed(row=row, reason=error.told)
        except ChannelError as error:
            after = error.after if isinstance(error, RetryLater) else None
            _give_back(rows=rows[place:], due_in=after or _AWAY, reason=error.told)
            break
        except work.LeaseLost:
            continue
    return confirmed


def _look(*, account: ChannelAccount, row: PricePublication, at: datetime) -> int:
    row = PricePublication.objects.select_related("listing__shop").get(pk=row.pk, lease_epoch=row.lease_epoch)
    place, listing_id = row.listing.shop.marketplace, row.listing.external_id
    seen = tokens.call(
        account=account,
        operation="fetch_listing",
        verb=lambda adapter: adapter.fetch_listing(marketplace=place, listing_id=listing_id),
        at=at,
        patience=tokens.SHORT,
    )
    listings.note_seen(listing=row.listing, seen=seen, at=at)
    if seen.price == row.sent_price and seen.currency == row.currency:
        return _confirm(row=row, at=at) or _leave(row=row)
    _missed(
        row=row,
        reason=kept(
            "The platform shows %(shown)s %(currency)s instead of %(sent)s.",
            shown=str(seen.price),
            currency=seen.currency,
            sent=str(row.sent_price),
        ),
    )
    return 0


def _leave(*, row: PricePublication) -> int:
    """Free a row whose price changed while we looked at the old one."""
    PricePublication.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch).update(lease_until=None, deaths=0)
    return 0


def _missed(*, row: PricePublication, reason: str) -> None:
    mine = PricePublication.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch)
    if row.reads + 1 < LOOKS:
        mine.update(lease_until=None, deaths=0, reads=F("reads") + 1, last_error=reason[:2000])
        return
    try:
        work.fail(row=row, reason=reason)
    except work.LeaseLost:
        return
    pricing.say_again(publication_ids=[row.pk])


def reconcile(*, account_id: int, at: datetime) -> int:
    """Confirm accepted prices that a listings pass saw on the platform; returns how many."""
    waiting = pricing.of_account(account_id=account_id).filter(
        confirmed_at__isnull=True,
        version=F("done_version"),
        listing__price=F("sent_price"),
        listing__currency=F("currency"),
        listing__seen_at__gt=F("sent_at"),
    )
    return waiting.update(confirmed_price=F("sent_price"), confirmed_at=at, reads=0, errors=0, last_error="")
