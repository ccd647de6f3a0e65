"""Fetching documents about money from the platforms: claim, fetch a page, import what it holds, go on.

A document is imported before the page's checkpoint is written. The import knows its own bytes again, so a
crash between the two costs a second look and nothing else.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from channels import lanes, polling
from channels.messages import IncomingDocument
from channels.models import Pull
from channels.polling import FetchedPage, PageCounts
from ecomhub import work
from finance.models import MoneyAccount, SettlementFile
from finance.statements import importing, money_accounts

LEASE = timedelta(minutes=30)
"""A large report takes minutes to arrive and minutes to import."""


def open_lanes(*, at: datetime) -> int:
    """Open the stream for accounts whose platform began to hand out statements; returns how many."""
    return lanes.open_missing(stream=Pull.Stream.STATEMENTS, at=at)


def due_pulls(*, limit: int) -> Sequence[int]:
    """Return the streams of statements that are due, longest due first."""
    return polling.due_pulls(streams=(Pull.Stream.STATEMENTS,), limit=limit)


def pull_statements(
    *, pull_id: int, now: Callable[[], datetime], turn: float = polling.TURN_SECONDS
) -> timedelta | None:
    """Pull one stream if it is due and free, page by page, for one turn; returns when to come again.

    ``None`` means: somebody else has it, it is not due, or the sweep will find it.
    """
    return polling.take_turn(
        pull_id=pull_id,
        take=lambda pull, fetched: take_page(pull=pull, fetched=fetched, now=now),
        now=now,
        turn=turn,
        lease=LEASE,
    )


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
