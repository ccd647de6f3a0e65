"""The streams this house takes in itself: listings, and the stock in the channel's own warehouses.

The order streams go the same way with their own intake; see ``polling``.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from channels import channel_stock, failures, listings, polling, price_publishing, readback
from channels.messages import Page
from channels.models import ChannelAccount, FailedImport, Pull
from channels.polling import FetchedPage, PageCounts
from ecomhub import work

STREAMS = (Pull.Stream.LISTINGS, Pull.Stream.CHANNEL_STOCK)


def run(*, pull_id: int, now: Callable[[], datetime], turn: float = polling.TURN_SECONDS) -> timedelta | None:
    """Pull one stream if it is due and free, page by page, for one turn; returns when to come again.

    ``None`` means: somebody else has it, it is not due, or the sweep will find it.
    """
    return polling.take_turn(
        pull_id=pull_id,
        take=lambda pull, fetched: _write(pull=pull, fetched=fetched, at=now()),
        now=now,
        turn=turn,
    )


def _write(*, pull: Pull, fetched: FetchedPage, at: datetime) -> None:
    """Write one page and its checkpoint together; after the last page, what follows from the whole."""
    with transaction.atomic():
        work.hold(row=pull)
        counts = _take_in(pull=pull, page=fetched.page, at=at)
        polling.advance(pull=pull, fetched=fetched, counts=counts, at=at)
        if fetched.is_last:
            _follow(account=pull.account, stream=pull.stream, pass_id=f"{pull.pk}.{pull.lease_epoch}", at=at)


def _take_in(*, pull: Pull, page: Page[Any], at: datetime) -> PageCounts:
    account = pull.account
    for bad in page.bad:
        failures.quarantine(
            account_id=account.pk,
            kind=kind_of(stream=pull.stream),
            external_id=bad.external_id,
            reason=bad.reason,
            raw=bad.raw,
            at=at,
        )
    if pull.stream == Pull.Stream.LISTINGS:
        found = listings.take_in(account=account, listings=page.items, at=at)
    else:
        found = channel_stock.take_in(account=account, marketplace=pull.pass_place, stock=page.items, at=at)
    _solved(account=account, stream=pull.stream, ids=[item.listing_id for item in page.items])
    return PageCounts(
        seen=found.seen + len(page.bad),
        created=found.created,
        updated=found.updated,
        unchanged=found.unchanged,
        quarantined=len(page.bad),
    )


def _solved(*, account: ChannelAccount, stream: str, ids: list[str]) -> None:
    failures.solved(account_id=account.pk, kind=kind_of(stream=stream), external_ids=ids)


def kind_of(*, stream: str) -> str:
    """Return the kind of failed import a stream leaves."""
    return "listing" if stream == Pull.Stream.LISTINGS else "channel_stock"


def _follow(*, account: ChannelAccount, stream: str, pass_id: str, at: datetime) -> None:
    if stream == Pull.Stream.LISTINGS:
        readback.reconcile(account_id=account.pk, at=at)
        price_publishing.reconcile(account_id=account.pk, at=at)
    else:
        channel_stock.book(account=account, cause=f"channel-stock:{pass_id}", at=at)


def retry_failed(*, limit: int) -> int:
    """Ring the stream that will bring failed listings again; returns how many rows were looked at.

    A listing or stock row that became readable is solved by the pass that reads it.
    """
    kinds = [kind_of(stream=stream) for stream in STREAMS]
    rows = work.claim(model=FailedImport, limit=limit, where=Q(kind__in=kinds))
    for row in rows:
        stream = Pull.Stream.LISTINGS if row.kind == "listing" else Pull.Stream.CHANNEL_STOCK
        idle = Pull.objects.filter(account_id=row.account_id, stream=stream, pass_to__isnull=True)
        work.ring(model=Pull, pks=list(idle.values_list("pk", flat=True)))
        work.fail(row=row, reason=row.reason)
    return len(rows)
