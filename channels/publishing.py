"""Publishing: every listing finally shows the latest publishable quantity (库存同步).

The account's due listings are measured (the brake), then pushed one by one, or as one feed when there are
many (``feeds``). What a platform only accepted is read back (``readback``) before it counts as confirmed.
One publication is worked on by one worker at a time; its version is read before its quantity and written
after the call, so whatever moved meanwhile makes it due again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from channels import accounts, braking, changes, feeds, offers, tokens
from channels.adapter import Capability, ChannelError, Refused, RetryLater, Unsupported
from channels.messages import Outcome, StockResult, StockUpdate
from channels.models import ChannelAccount, ListingChange, Publication
from channels.offers import Offer
from channels.registry import platform
from ecomhub import work
from ecomhub.sentences import shown
from ecomhub.work import WorkState

Kind = ListingChange.Kind

PER_RUN = 20
_AWAY = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(slots=True)
class Published:
    """What one run did."""

    due: int = 0
    pushed: int = 0
    refused: int = 0
    batched: int = 0
    stopped: str = ""


def publish(*, account_id: int, now: Callable[[], datetime]) -> Published:
    """Push what is due on one account, at most one feed or ``PER_RUN`` single calls; see the module.

    Measures everything due against the brake first. Nothing goes out for an account that is import-only,
    stopped, or whose brake is engaged. Never raises the platform's errors: they stay with their rows.
    """
    account = ChannelAccount.objects.get(pk=account_id)
    done = Published()
    feeds.free_stopped(account_id=account_id)
    _take_up_again(account_id=account_id)
    if not braking.may_push(account):
        return done
    ids = offers.due(account_id=account_id)
    done.due = len(ids)
    if not ids:
        return done
    batch = offers.plan(publication_ids=ids)
    reason = braking.objection(account=account, batch=batch, at=now())
    if reason:
        done.stopped = shown(reason)
        accounts.engage_brake(account=account, reason=reason, at=now())
        return done
    if feeds.fits(account=account, count=len(ids)):
        done.batched = feeds.gather(account=account, publication_ids=ids)
        if done.batched:
            return done
    _push_some(account=account, ids=ids[:PER_RUN], now=now, done=done)
    return done


def _take_up_again(*, account_id: int) -> None:
    """Let publications whose worker died again and again wait instead of stopping for ever."""
    Publication.objects.filter(
        listing__shop__account_id=account_id, state=WorkState.QUARANTINED, batch__isnull=True
    ).update(state=WorkState.WAITING, deaths=0, due_at=work.ClockTimestamp() + _LONGEST_WAIT)


def _push_some(
    *, account: ChannelAccount, ids: Sequence[int], now: Callable[[], datetime], done: Published
) -> None:
    rows = work.claim(model=Publication, limit=len(ids), where=Q(pk__in=ids, batch__isnull=True))
    for place, row in enumerate(rows):
        account = ChannelAccount.objects.get(pk=account.pk)
        if not braking.may_push(account):
            done.stopped = account.brake_words or account.state_words or _("The account does not push stock.")
            _give_back(rows=rows[place:], due_in=timedelta(), reason=done.stopped)
            return
        try:
            _push_one(account=account, row=row, now=now, done=done)
        except RetryLater as error:
            done.stopped = error.told
            _give_back(rows=rows[place:], due_in=error.after or _AWAY, reason=error.told)
            return
        except ChannelError as error:
            done.refused += 1
            _note_error(row=row, error=error)
            if not isinstance(error, Refused | Unsupported):
                done.stopped = error.told
                _give_back(rows=rows[place + 1 :], due_in=_AWAY, reason=error.told)
                return
        except work.LeaseLost:
            offers.say_again(listing_ids=[row.listing_id])


def _push_one(
    *, account: ChannelAccount, row: Publication, now: Callable[[], datetime], done: Published
) -> None:
    """Push one listing: version, quantity, lease, call, note. Nothing is computed before it is needed."""
    offer = offers.plan(publication_ids=[row.pk])[0]
    work.renew(row=row)
    result = tokens.call(
        account=account,
        operation=operation(account=account, capability=Capability.PUSH_STOCK),
        verb=lambda adapter: adapter.push_stock(update=update_of(offer)),
        at=now(),
        patience=tokens.SHORT,
    )
    if result.outcome == Outcome.REFUSED:
        raise Refused(result.reason or "the platform refused the quantity")
    note_sent(row=row, offer=offer, result=result, at=now())
    done.pushed += 1


def operation(*, account: ChannelAccount, capability: Capability) -> str:
    """Return the name of the token bucket a capability draws from."""
    return platform(account.platform).operations.get(capability, capability.value)


def update_of(offer: Offer) -> StockUpdate:
    """Return the message that makes a listing show its wanted quantity."""
    return StockUpdate(
        marketplace=offer.marketplace,
        listing_id=offer.external_id,
        quantity=offer.wanted,
        product_type=offer.product_type,
        handle=offer.handle,
    )


def note_sent(*, row: Publication, offer: Offer, result: StockResult, at: datetime) -> None:
    """Write down what was sent and from which version. Raises ``work.LeaseLost`` when the row is not ours."""
    values: dict[str, object] = {
        "done_version": offer.version,
        "wanted_quantity": offer.wanted,
        "sent_quantity": offer.wanted,
        "sent_at": at,
        "reads": 0,
        "due_at": work.ClockTimestamp(),
        "lease_until": None,
        "deaths": 0,
        "last_error": "",
    }
    if result.outcome == Outcome.CONFIRMED:
        values |= {"confirmed_quantity": offer.wanted, "confirmed_at": at, "errors": 0}
    mine = Publication.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch)
    if not mine.update(**values):
        raise work.LeaseLost(f"publication {row.pk} belongs to another worker now")
    changes.note(
        changes=[changes.Change(row.listing_id, Kind.QUANTITY_SENT, at, row.sent_quantity, offer.wanted)]
    )


def _note_error(*, row: Publication, error: ChannelError) -> None:
    """Note a refusal; the listing is tried again, more and more seldom, but never given up."""
    mine = Publication.objects.filter(pk=row.pk, lease_epoch=row.lease_epoch)
    wait = min(work.backoff(errors=row.errors + 1, jitter=0), _LONGEST_WAIT)
    if not mine.update(
        errors=row.errors + 1,
        deaths=0,
        due_at=work.ClockTimestamp() + wait,
        lease_until=None,
        last_error=error.told[:2000],
    ):
        offers.say_again(listing_ids=[row.listing_id])


def _give_back(*, rows: Sequence[Publication], due_in: timedelta, reason: str) -> None:
    """Give rows back that could not be tried; a push whose outcome is unknown is simply sent again."""
    for row in rows:
        try:
            work.postpone(row=row, due_in=due_in, reason=reason)
        except work.LeaseLost:
            offers.say_again(listing_ids=[row.listing_id])
