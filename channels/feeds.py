"""Feeds: many quantities handed in at once; the platform's report decides per item.

The batch is a row with its members before anything is sent. Quantities are computed when the feed is built,
not when it was decided. While a batch is on its way its publications belong to it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from channels import accounts, braking, changes, offers, tokens
from channels.adapter import Capability, ChannelError, Refused, RetryLater
from channels.messages import BatchTicket, Outcome, StockResult, StockUpdate
from channels.models import ChannelAccount, ListingChange, Publication, PublicationBatch
from channels.offers import Offer
from channels.pace import real
from channels.registry import platform
from ecomhub import work
from ecomhub.sentences import kept
from ecomhub.work import ClockTimestamp, WorkState

Kind = ListingChange.Kind

ASK_EVERY = timedelta(minutes=2)
GIVE_UP_AFTER = timedelta(hours=6)
LEASE = timedelta(minutes=6)
"""Longer than a hand-in takes at worst: another's token refresh (75 s), ours, and three calls of 60 s."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Member:
    """One item of a batch: what was sent for it, and from which version."""

    publication_id: int
    marketplace: str
    listing_id: str
    version: int
    quantity: int

    def as_list(self) -> list[Any]:
        """Return it as it is stored."""
        return [self.publication_id, self.marketplace, self.listing_id, self.version, self.quantity]


def fits(*, account: ChannelAccount, count: int) -> bool:
    """Say whether so many changes may go as feeds on this platform."""
    offered = platform(account.platform)
    return Capability.PUSH_STOCK_BATCH in offered.capabilities and count >= offered.batch_from


def open_batches(*, account_id: int) -> "QuerySet[PublicationBatch]":
    """Return the account's batches that are not settled yet."""
    return PublicationBatch.objects.filter(account_id=account_id, state=WorkState.WAITING)


def gather(*, account: ChannelAccount, publication_ids: Sequence[int]) -> int:
    """Make batches of free publications; returns how many publications they took.

    A batch speaks for one marketplace. Marketplaces with few changes are left to single calls. A batch is
    sent by ``work_on`` when it is claimed.
    """
    offered = platform(account.platform)
    with transaction.atomic():
        free = Publication.objects.filter(
            work.is_free(),
            pk__in=publication_ids,
            state=WorkState.WAITING,
            batch__isnull=True,
        )
        by_marketplace: dict[str, list[int]] = {}
        rows = free.order_by("pk").select_for_update(skip_locked=True, of=("self",))
        for pk, marketplace in rows.values_list("pk", "listing__shop__marketplace"):
            by_marketplace.setdefault(marketplace, []).append(pk)
        taken = 0
        for ids in by_marketplace.values():
            if len(ids) >= offered.batch_least:
                taken += _bind(account=account, ids=ids[: offered.batch_limit])
    return taken


def _bind(*, account: ChannelAccount, ids: Sequence[int]) -> int:
    batch = PublicationBatch.objects.create(account=account)
    Publication.objects.filter(pk__in=ids).update(
        batch=batch, lease_until=None, lease_epoch=F("lease_epoch") + 1
    )
    return len(ids)


def work_on(*, batch_id: int, now: Callable[[], datetime]) -> PublicationBatch | None:
    """Take a batch one step further, if it is due and free: hand it in, or ask for its report."""
    batch = work.claim_one(model=PublicationBatch, pk=batch_id, lease=LEASE)
    if batch is None:
        return None
    try:
        _step(batch=batch, now=now)
    except work.LeaseLost:
        return None
    return batch


def _step(*, batch: PublicationBatch, now: Callable[[], datetime]) -> None:
    try:
        if batch.reference:
            _ask(batch=batch, at=now())
        else:
            _hand_in(batch=batch, now=now)
    except Refused as error:
        _abandon(batch=batch, reason=error.told)
    except ChannelError as error:
        if _is_too_old(batch=batch, at=now()):
            _abandon(batch=batch, reason=error.told)
            return
        after = error.after if isinstance(error, RetryLater) else None
        errors = 3 if isinstance(error, RetryLater) else 6
        work.postpone(row=batch, due_in=after or work.backoff(errors=errors, jitter=0), reason=error.told)


def _is_too_old(*, batch: PublicationBatch, at: datetime) -> bool:
    return batch.sent_at is not None and at - batch.sent_at > GIVE_UP_AFTER


def _hand_in(*, batch: PublicationBatch, now: Callable[[], datetime]) -> None:
    """Send the batch's quantities as they are now, if the account still may; else free its members.

    Raises ``work.LeaseLost`` when another worker has the batch; what was sent is then said again.
    """
    account = ChannelAccount.objects.get(pk=batch.account_id)
    plan = _plan(account=account, batch=batch, at=now())
    if not plan:
        _let_go(batch=batch)
        return
    _note_try(batch=batch, at=now())
    updates = [_update(offer) for offer in plan]
    operations = platform(account.platform).operations
    ticket = tokens.call(
        account=account,
        operation=operations.get(Capability.PUSH_STOCK_BATCH, Capability.PUSH_STOCK_BATCH.value),
        verb=lambda adapter: adapter.push_stock_batch(updates=updates),
        at=now(),
    )
    handed_in = _mine(batch).update(
        reference=ticket.reference,
        members=[_member(offer).as_list() for offer in plan],
        sent_at=now(),
        lease_until=None,
        deaths=0,
        last_error="",
        due_at=ClockTimestamp() + real(account=account, duration=ASK_EVERY),
    )
    if not handed_in:
        offers.say_again(listing_ids=[offer.listing_id for offer in plan])
        raise work.LeaseLost(f"batch {batch.pk} belongs to another worker now")


def _mine(batch: PublicationBatch) -> "QuerySet[PublicationBatch]":
    return PublicationBatch.objects.filter(pk=batch.pk, lease_epoch=batch.lease_epoch)


def _plan(*, account: ChannelAccount, batch: PublicationBatch, at: datetime) -> list[Offer]:
    """Return what the batch should send now; empty when it may not. An objection engages the brake."""
    if not braking.may_push(account):
        return []
    still = offers.published(account_id=account.pk).filter(batch=batch)
    plan = offers.plan(publication_ids=list(still.values_list("pk", flat=True)))
    reason = braking.objection(account=account, batch=plan, at=at)
    if reason:
        accounts.engage_brake(account=account, reason=reason, at=at)
        return []
    sent = [offer.publication_id for offer in plan]
    Publication.objects.filter(batch=batch).exclude(pk__in=sent).update(batch=None)
    return plan


def _note_try(*, batch: PublicationBatch, at: datetime) -> None:
    """Keep the time of the first try in ``sent_at``, so that a batch nobody takes is given up in the end."""
    if batch.sent_at is not None:
        return
    batch.sent_at = at
    if not _mine(batch).update(sent_at=at):
        raise work.LeaseLost(f"batch {batch.pk} belongs to another worker now")


def _let_go(*, batch: PublicationBatch) -> None:
    """End a batch that was not sent; its members are due again as they are."""
    with transaction.atomic():
        work.hold(row=batch)
        Publication.objects.filter(batch=batch).update(batch=None)
        work.finish(row=batch)


def free_stopped(*, account_id: int) -> int:
    """Free the members of batches that no worker will take up again; returns how many there were."""
    return Publication.objects.filter(
        batch__account_id=account_id, batch__state=WorkState.QUARANTINED
    ).update(
        batch=None,
        errors=F("errors") + 1,
        last_error=kept(
            "Their feed was stopped because its worker died again and again. Publish them again."
        ),
        due_at=ClockTimestamp() + work.backoff(errors=3, jitter=0),
    )


def _update(offer: Offer) -> StockUpdate:
    return StockUpdate(
        marketplace=offer.marketplace,
        listing_id=offer.external_id,
        quantity=offer.wanted,
        product_type=offer.product_type,
        handle=offer.handle,
    )


def _member(offer: Offer) -> Member:
    return Member(offer.publication_id, offer.marketplace, offer.external_id, offer.version, offer.wanted)


def _ask(*, batch: PublicationBatch, at: datetime) -> None:
    results = tokens.call(
        account=batch.account,
        operation="batch_results",
        verb=lambda adapter: adapter.batch_results(ticket=BatchTicket(batch.reference)),
        at=at,
    )
    if results is None:
        if _is_too_old(batch=batch, at=at):
            _abandon(
                batch=batch, reason=kept("The platform did not finish the feed in time. It is sent again.")
            )
            return
        work.postpone(row=batch, due_in=real(account=batch.account, duration=ASK_EVERY))
        return
    _settle(batch=batch, results={(item.marketplace, item.listing_id): item for item in results})


def _settle(*, batch: PublicationBatch, results: Mapping[tuple[str, str], StockResult]) -> None:
    """Write each item's outcome; an item the report does not name was accepted and is read back."""
    members = [Member(*item) for item in batch.members]
    with transaction.atomic():
        work.hold(row=batch)
        still = _bound(batch=batch)
        for start in range(0, len(members), _CHUNK):
            _write_outcomes(batch=batch, members=members[start : start + _CHUNK], results=results)
        _say_again_to_strays(batch=batch, still=still)
        Publication.objects.filter(batch=batch).update(batch=None)
        work.finish(row=batch)


def _write_outcomes(
    *,
    batch: PublicationBatch,
    members: Sequence[Member],
    results: Mapping[tuple[str, str], StockResult],
) -> None:
    rows = Publication.objects.filter(batch=batch).in_bulk([member.publication_id for member in members])
    changes.lock(listing_ids=[row.listing_id for row in rows.values()])
    moved: list[changes.Change] = []
    at = batch.sent_at or work.database_now()
    for member in members:
        row = rows.get(member.publication_id)
        if row is None:
            continue
        result = results.get((member.marketplace, member.listing_id))
        outcome = result.outcome if result is not None else Outcome.ACCEPTED
        row.batch_id = None
        if result is not None and outcome == Outcome.REFUSED:
            row.errors += 1
            row.last_error = result.reason[:2000]
            row.due_at = work.database_now() + work.backoff(errors=row.errors, jitter=0)
            continue
        moved.append(
            changes.Change(row.listing_id, Kind.QUANTITY_SENT, at, row.sent_quantity, member.quantity)
        )
        row.done_version, row.wanted_quantity = member.version, member.quantity
        row.sent_quantity, row.sent_at = member.quantity, batch.sent_at
        row.last_error, row.reads = "", 0
        if outcome == Outcome.CONFIRMED:
            row.confirmed_quantity, row.confirmed_at, row.errors = member.quantity, batch.sent_at, 0
    Publication.objects.bulk_update(
        list(rows.values()),
        [
            *("batch", "errors", "last_error", "due_at", "done_version", "wanted_quantity"),
            *("sent_quantity", "sent_at", "confirmed_quantity", "confirmed_at", "reads"),
        ],
        batch_size=_CHUNK,
    )
    changes.note(changes=moved)


def _bound(*, batch: PublicationBatch) -> set[int]:
    return set(Publication.objects.filter(batch=batch).values_list("pk", flat=True))


def _say_again_to_strays(*, batch: PublicationBatch, still: set[int]) -> None:
    """Push members anew that were taken from the batch on its way: the feed may have spoken after them."""
    strays = {Member(*item).publication_id for item in batch.members} - still
    listing_ids = Publication.objects.filter(pk__in=strays).values_list("listing_id", flat=True)
    offers.say_again(listing_ids=listing_ids)


def _abandon(*, batch: PublicationBatch, reason: str) -> None:
    """Free the members of a batch that will never be settled; they are due again, one error later."""
    with transaction.atomic():
        work.hold(row=batch)
        _say_again_to_strays(batch=batch, still=_bound(batch=batch))
        Publication.objects.filter(batch=batch).update(
            batch=None,
            errors=F("errors") + 1,
            last_error=reason[:2000],
            due_at=ClockTimestamp() + work.backoff(errors=3, jitter=0),
        )
        work.fail(row=batch, reason=reason, final=True)
