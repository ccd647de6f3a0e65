"""Fetching documents about money from the platforms: claim, fetch a page, import what it holds, go on.

A document is imported before the page's checkpoint is written. The import knows its own bytes again, so a
crash between the two costs a second look and nothing else.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Q

from channels import lanes, polling
from channels.messages import IncomingDocument
from channels.models import ChannelAccount, Pull
from channels.polling import FetchedPage, PageCounts
from ecomhub import work
from ecomhub.work import ClockTimestamp, WorkState
from finance import importing, money_accounts
from finance.models import MoneyAccount, SettlementFile

TURN_SECONDS = 5.0
"""How long one task works on a pass before it lets others run; the checkpoint lets it go on later."""

LEASE = timedelta(minutes=30)
"""A large report takes minutes to arrive and minutes to import."""


def open_lanes(*, at: datetime) -> int:
    """Open the stream for accounts whose platform began to hand out statements; returns how many."""
    return lanes.open_missing(stream=Pull.Stream.STATEMENTS, at=at)


def due_pulls(*, limit: int) -> Sequence[int]:
    """Return the streams of statements that are due, longest due first."""
    due = Pull.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=ClockTimestamp()),
        state=WorkState.WAITING,
        due_at__lte=ClockTimestamp(),
        stream=Pull.Stream.STATEMENTS,
        account__state=ChannelAccount.State.CONNECTED,
    )
    return list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])


def pull_statements(
    *, pull_id: int, now: Callable[[], datetime], turn: float = TURN_SECONDS
) -> timedelta | None:
    """Pull one stream if it is due and free, page by page, for one turn; returns when to come again.

    ``None`` means: somebody else has it, it is not due, or the sweep will find it.
    """
    pull = work.claim_one(model=Pull, pk=pull_id, lease=LEASE)
    if pull is None:
        return None
    until = time.monotonic() + turn
    try:
        while True:
            fetched = polling.fetch_page(pull=pull, at=now())
            if fetched is not None:
                take_page(pull=pull, fetched=fetched, now=now)
            if fetched is None or fetched.is_last:
                return polling.finish_pass(pull=pull, at=now())
            if time.monotonic() > until:
                work.postpone(row=pull, due_in=timedelta())
                return timedelta()
    except Exception as error:
        wait = polling.fail_pass(pull=pull, error=error, at=now())
        if not polling.is_expected(error):
            raise
        return wait


def take_page(*, pull: Pull, fetched: FetchedPage, now: Callable[[], datetime]) -> PageCounts:
    """Import a page's documents, then write its checkpoint; the lease must still be ours for that."""
    account = money_accounts.of_channel(channel=pull.account, at=now())
    refused = sum([_take_in(document, account=account, at=now()) for document in fetched.page.items])
    seen = len(fetched.page.items)
    counts = PageCounts(seen=seen, created=seen - refused, quarantined=refused)
    with transaction.atomic():
        work.hold(row=pull)
        polling.advance(pull=pull, fetched=fetched, counts=counts, at=now())
    work.renew(row=pull, lease=LEASE)
    return counts


def _take_in(document: IncomingDocument, *, account: MoneyAccount, at: datetime) -> bool:
    """Import one document; whether it was refused. A refused one is kept, and shown with its reason."""
    with tempfile.TemporaryDirectory() as folder, document.content as content:
        path = Path(folder) / "document"
        with path.open("wb") as kept:
            shutil.copyfileobj(content, kept)
        found = importing.take_in(account=account, path=path, name=document.name, at=at)
    return any(one.state == SettlementFile.State.REFUSED and not one.settlement_id for one in found)
