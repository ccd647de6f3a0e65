"""Driving the streams of orders and returns: claim, fetch a page, take it in with its checkpoint."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import OperationalError, transaction
from django.db.models import Q

from channels import failures, lanes, polling, tokens
from channels.adapter import ChannelError
from channels.messages import BadItem, IncomingOrder, Page
from channels.models import ChannelAccount, FailedImport, Pull
from channels.polling import FetchedPage, PageCounts
from channels.registry import by_file_keys
from ecomhub import work
from orders import returns
from orders.intake import IntakeResult, take_in

log = structlog.get_logger(__name__)

STREAMS = (*polling.ORDER_STREAMS, Pull.Stream.RETURNS)
FOLLOWING = tuple(stream for stream in STREAMS if stream in lanes.FOLLOWING)
LOOKING_BACK = tuple(stream for stream in STREAMS if stream not in lanes.FOLLOWING)
_TRIES = 4
_REPEATABLE = frozenset({"40P01", "40001", "55P03"})
FETCH_ONE = "fetch_order"


def due_pulls(*, limit: int, streams: Sequence[str] = STREAMS) -> Sequence[int]:
    """Return the streams of orders and returns that are due, longest due first."""
    return polling.due_pulls(streams=streams, limit=limit)


def pull_orders(
    *, pull_id: int, now: Callable[[], datetime], turn: float = polling.TURN_SECONDS
) -> timedelta | None:
    """Pull one stream if it is due and free, page by page, for one turn; returns when to come again.

    ``None`` means: somebody else has it, it is not due, or the sweep will find it. A page is written with its
    checkpoint in one transaction that first makes sure the lease is still ours; a deadlock repeats the page.
    """
    return polling.take_turn(
        pull_id=pull_id,
        take=lambda pull, fetched: take_page(pull=pull, fetched=fetched, now=now),
        now=now,
        turn=turn,
    )


def take_page(*, pull: Pull, fetched: FetchedPage, now: Callable[[], datetime]) -> IntakeResult | PageCounts:
    """Write one page with its checkpoint; a page that met a deadlock is written again from its beginning."""
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                work.hold(row=pull)
                at = now()
                result = _take_in(pull=pull, page=fetched.page, at=at)
                polling.advance(pull=pull, fetched=fetched, counts=result, at=at)
            return result
        except OperationalError as error:
            if not left or not may_be_repeated(error):
                raise
            log.info("orders.page.again", pull=pull.pk)
    raise AssertionError("unreachable")


def _take_in(*, pull: Pull, page: Page[Any], at: datetime) -> IntakeResult | PageCounts:
    if pull.stream == Pull.Stream.RETURNS:
        return returns.take_in(account=pull.account, reported=page.items, bad=page.bad, at=at)
    return take_in(account=pull.account, orders=page.items, bad=page.bad, at=at)


def may_be_repeated(error: OperationalError) -> bool:
    """Say whether the database ended this transaction for the sake of another: deadlock, lock time-out."""
    return getattr(error.__cause__, "pgcode", None) in _REPEATABLE


def take_orders(
    *,
    account: ChannelAccount,
    orders: Sequence[IncomingOrder],
    at: datetime,
    bad: Sequence[BadItem] = (),
) -> IntakeResult:
    """Take orders in that came outside of a pull, in their own transaction, repeated after a deadlock."""
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                return take_in(account=account, orders=orders, bad=bad, at=at)
        except OperationalError as error:
            if not left or not may_be_repeated(error):
                raise
    raise AssertionError("unreachable")


def retry_failed(*, now: Callable[[], datetime], limit: int) -> int:
    """Fetch orders that could not be taken in once more, singly; returns how many were tried.

    An order taken in is solved by the intake itself; one that fails again waits longer. An order that came
    by a sheet waits for the next sheet.
    """
    rows = work.claim(
        model=FailedImport,
        limit=limit,
        where=Q(kind="order", account__state=ChannelAccount.State.CONNECTED)
        & ~Q(account__platform__in=by_file_keys()),
    )
    for row in rows:
        _retry(row, now=now)
    return len(rows)


def _retry(row: FailedImport, *, now: Callable[[], datetime]) -> None:
    account = row.account
    try:
        order = tokens.call(
            account=account,
            operation=FETCH_ONE,
            verb=lambda adapter: adapter.fetch_order(order_id=row.external_id),
            at=now(),
        )
        result = take_orders(account=account, orders=[order], at=now())
        if result.quarantined:
            work.fail(row=row, reason=result.reasons[0][1])
        else:
            failures.solved(account_id=account.pk, kind="order", external_ids=[row.external_id])
    except work.LeaseLost:
        return
    except (ChannelError, ValueError) as error:
        work.fail(row=row, reason=str(error) or type(error).__name__)
