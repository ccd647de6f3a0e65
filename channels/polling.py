"""Pulling a stream page by page: windows, checkpoints, the cursor, and when to come again.

A pass reads one window with fixed bounds. Each page is written together with its checkpoint in one
transaction of the caller; the cursor moves only with the last page. ``take_turn`` is the loop of every
house: ``work.claim_one`` → ``fetch_page`` → the house's ``atomic: work.hold, <take in>, advance`` → … →
``finish_pass``, and ``fail_pass`` for whatever was raised on the way.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from channels import lanes, throttle, tokens
from channels.adapter import Adapter, ChannelError, PageTokenExpired, RetryLater, Throttled, Unsupported
from channels.messages import Page
from channels.models import ChannelAccount, Pull, SyncRun
from channels.pace import real
from ecomhub import work

ORDER_STREAMS = lanes.ORDER_STREAMS
_LONGEST_WAIT = timedelta(minutes=5)
_REMEMBERED = 400
TURN_SECONDS = 3.0
"""How long one task works on a pass before it lets others run; the checkpoint lets it go on later."""

_PATIENCE = 0.5
"""How many real seconds a lane that does not follow the present may keep a worker waiting for a token."""


class PassLooped(ChannelError):
    """The platform handed out a page or a page token a second time; the pass ends, the cursor stays."""


class Counts(Protocol):
    """What became of a page's objects."""

    @property
    def seen(self) -> int:
        """Objects on the page."""

    @property
    def created(self) -> int:
        """Objects that were new."""

    @property
    def updated(self) -> int:
        """Objects that changed."""

    @property
    def unchanged(self) -> int:
        """Objects we had already, as they are."""

    @property
    def quarantined(self) -> int:
        """Objects that could not be taken in."""


@dataclass(frozen=True, slots=True)
class PageCounts:
    """Plain counts."""

    seen: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """One page as it came, with the checkpoint that belongs to it."""

    page: Page[Any]
    place: str
    fingerprint: str
    next_place: str
    is_last: bool


def due_pulls(*, streams: Collection[str], limit: int) -> list[int]:
    """Return these streams of connected accounts that are due and free, longest due first."""
    due = Pull.objects.filter(
        work.is_due(), stream__in=streams, account__state=ChannelAccount.State.CONNECTED
    )
    return list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])


def take_turn(
    *,
    pull_id: int,
    take: "Callable[[Pull, FetchedPage], object]",
    now: Callable[[], datetime],
    turn: float = TURN_SECONDS,
    lease: timedelta = work.LEASE,
) -> timedelta | None:
    """Pull one stream if it is due and free, page by page, for one turn; returns when to come again.

    ``take`` writes one page and its checkpoint together. ``None`` means: somebody else has it, it is not
    due, or the sweep will find it.
    """
    pull = work.claim_one(model=Pull, pk=pull_id, lease=lease)
    if pull is None:
        return None
    until = time.monotonic() + turn
    try:
        while True:
            fetched = fetch_page(pull=pull, at=now())
            if fetched is not None:
                take(pull, fetched)
            if fetched is None or fetched.is_last:
                return finish_pass(pull=pull, at=now())
            if time.monotonic() > until:
                work.postpone(row=pull, due_in=timedelta())
                return timedelta()
    except Exception as error:
        wait = fail_pass(pull=pull, error=error, at=now())
        if not is_expected(error):
            raise
        return wait


def fetch_page(*, pull: Pull, at: datetime) -> FetchedPage | None:
    """Fetch the next page of the pull's open pass, opening one when there is none; no transaction is open.

    Returns ``None`` when nothing is to be fetched now (the window would be empty): the caller goes on with
    ``finish_pass``. Raises the adapter's errors, ``PassLooped``, and ``work.LeaseLost``.
    """
    if pull.pass_to is None and not _open_pass(pull=pull, at=at):
        return None
    page = tokens.call(
        account=pull.account,
        operation=lanes.operation(pull=pull),
        verb=lambda adapter: _ask(pull=pull, adapter=adapter),
        at=at,
        keep=lanes.tokens_kept(stream=pull.stream),
        patience=tokens.SHORT if pull.stream in lanes.FOLLOWING else _PATIENCE,
    )
    fingerprint = _fingerprint(page)
    _refuse_loop(pull=pull, page=page, fingerprint=fingerprint)
    following = "" if page.next_token else lanes.next_place(pull=pull)
    return FetchedPage(
        page=page,
        place=pull.pass_place,
        fingerprint=fingerprint,
        next_place=following or pull.pass_place,
        is_last=not page.next_token and not following,
    )


def _open_pass(*, pull: Pull, at: datetime) -> bool:
    window = lanes.window(pull=pull, at=at)
    if window is None:
        return False
    _write(
        pull=pull,
        pass_from=window[0],
        pass_to=window[1],
        pass_place=lanes.first_place(pull=pull),
        pass_token="",
        pass_tokens_seen=[],
        pass_pages=0,
        pass_counts={},
        last_started_at=at,
    )
    return True


def _write(*, pull: Pull, **changes: Any) -> None:
    """Write to the pull's row and the object in hand, only while its lease is ours."""
    mine = Pull.objects.filter(pk=pull.pk, lease_epoch=pull.lease_epoch)
    if not mine.update(**changes):
        raise work.LeaseLost(f"pull {pull.pk} belongs to another worker now")
    for name, value in changes.items():
        setattr(pull, name, value)


def _ask(*, pull: Pull, adapter: Adapter) -> Page[Any]:
    if pull.stream == Pull.Stream.STATEMENTS and pull.pass_from is not None and pull.pass_to is not None:
        return adapter.fetch_statements(
            created_from=pull.pass_from, created_to=pull.pass_to, page_token=pull.pass_token
        )
    if pull.stream in lanes.WINDOWED and pull.pass_from is not None and pull.pass_to is not None:
        fetch = adapter.fetch_returns if pull.stream == Pull.Stream.RETURNS else adapter.fetch_orders
        page: Page[Any] = fetch(
            updated_from=pull.pass_from, updated_to=pull.pass_to, page_token=pull.pass_token
        )
        return page
    if pull.stream == Pull.Stream.LISTINGS:
        return adapter.fetch_listings(marketplace=pull.pass_place, page_token=pull.pass_token)
    if pull.stream == Pull.Stream.CHANNEL_STOCK:
        return adapter.fetch_channel_stock(marketplace=pull.pass_place, page_token=pull.pass_token)
    raise Unsupported(f"nothing is known about the stream {pull.stream}")


def _fingerprint(page: Page[Any]) -> str:
    """Return a short hash of what a page holds; an empty page has none."""
    if not page.items and not page.bad:
        return ""
    said = [repr(getattr(item, "raw", None) or item) for item in page.items]
    said += [f"{bad.external_id}:{bad.reason}" for bad in page.bad]
    return hashlib.sha256("\n".join(said).encode(errors="replace")).hexdigest()[:20]


def _token_mark(token: str) -> str:
    return "t:" + hashlib.sha256(token.encode()).hexdigest()[:20]


def _refuse_loop(*, pull: Pull, page: Page[Any], fingerprint: str) -> None:
    seen = pull.pass_tokens_seen
    if page.next_token and (page.next_token == pull.pass_token or _token_mark(page.next_token) in seen):
        raise PassLooped("the platform handed out the same page token twice")
    if fingerprint and f"{pull.pass_place}:{fingerprint}" in seen:
        raise PassLooped("the platform handed out the same page twice")


def advance(*, pull: Pull, fetched: FetchedPage, counts: Counts, at: datetime) -> None:
    """Write the page's checkpoint, and with the last page the cursor and the run's figures.

    Belongs into the transaction that writes the page's objects, after ``work.hold``.
    """
    totals = _totals(pull.pass_counts, counts)
    if fetched.is_last:
        _complete(pull=pull, fetched=fetched, totals=totals, at=at)
        return
    token = fetched.page.next_token
    marks = [f"{fetched.place}:{fetched.fingerprint}"] if fetched.fingerprint else []
    marks += [_token_mark(token)] if token else []
    _write(
        pull=pull,
        pass_token=token,
        pass_place=fetched.next_place,
        pass_tokens_seen=[*pull.pass_tokens_seen, *marks][-_REMEMBERED:],
        pass_pages=pull.pass_pages + 1,
        pass_counts=totals,
        lease_until=work.ClockTimestamp() + work.LEASE,
    )


def _totals(held: Mapping[str, int], counts: Counts) -> dict[str, int]:
    names = ("seen", "created", "updated", "unchanged", "quarantined")
    return {name: held.get(name, 0) + getattr(counts, name) for name in names}


def _complete(*, pull: Pull, fetched: FetchedPage, totals: Mapping[str, int], at: datetime) -> None:
    pages = pull.pass_pages + 1
    lag = lanes.lag(pull=pull, at=at)
    SyncRun.objects.create(
        pull=pull,
        started_at=pull.last_started_at or at,
        ended_at=at,
        ok=True,
        pages=pages,
        lag_s=lag,
        **totals,
    )
    cursor = lanes.moved_cursor(pull=pull, upper_bound=fetched.page.upper_bound)
    _write(
        pull=pull,
        cursor=cursor,
        pass_from=None,
        pass_to=None,
        pass_token="",
        pass_place="",
        pass_tokens_seen=[],
        pass_pages=pages,
        pass_counts={},
        last_success_at=at,
        backlog=lanes.seconds_behind(pull=pull, cursor=cursor, at=at),
    )


def finish_pass(*, pull: Pull, at: datetime) -> timedelta | None:
    """Give the row back and say when to come again, in real time; ``None`` when the lane is done for good.

    The period adapts to the account's token bucket: see ``lanes.pause``. Raises ``work.LeaseLost``.
    """
    pause = lanes.pause(pull=pull, at=at)
    due_in = None if pause is None else real(account=pull.account, duration=pause)
    work.finish(row=pull, due_in=due_in)
    return due_in


def fail_pass(*, pull: Pull, error: Exception, at: datetime) -> timedelta | None:
    """Note why a pass could not go on; returns the real time until the next try, where there is one.

    Our own throttle only postpones. An absent platform is asked again and again, at most five minutes
    apart, and never gives up. A page token that expired or came twice starts the pass anew at its cursor.
    Anything else is an error of the row, quarantined at the twelfth. A lost lease writes nothing.
    """
    try:
        return _note_failure(pull=pull, error=error, at=at)
    except work.LeaseLost:
        return None


def _note_failure(*, pull: Pull, error: Exception, at: datetime) -> timedelta | None:
    if isinstance(error, work.LeaseLost):
        return None
    if isinstance(error, Throttled):
        wait = error.after or timedelta(seconds=throttle.wait_for(pull.account, lanes.operation(pull=pull)))
        work.postpone(row=pull, due_in=wait)
        return wait
    if isinstance(error, tokens.AccountStopped):
        work.postpone(row=pull, due_in=error.after or _LONGEST_WAIT, reason=error.told)
        return None
    SyncRun.objects.create(
        pull=pull, started_at=pull.last_started_at or at, ended_at=at, ok=False, error=describe(error)[:500]
    )
    if isinstance(error, PageTokenExpired | PassLooped):
        _write(pull=pull, pass_from=None, pass_to=None, pass_token="", pass_place="", pass_tokens_seen=[])
    if isinstance(error, ChannelError):
        return _again_later(pull=pull, error=error)
    work.fail(row=pull, reason=describe(error))
    return None


def _again_later(*, pull: Pull, error: ChannelError) -> timedelta:
    wait = min(work.backoff(errors=pull.errors + 1, jitter=0.0), _LONGEST_WAIT)
    if isinstance(error, RetryLater) and error.after is not None:
        wait = max(wait, error.after)
    _write(
        pull=pull,
        errors=pull.errors + 1,
        deaths=0,
        due_at=work.ClockTimestamp() + wait,
        lease_until=None,
        last_error=error.told[:2000],
    )
    return wait


def is_expected(error: Exception) -> bool:
    """Say whether an error belongs to the business of pulling; any other is a fault of ours."""
    return isinstance(error, ChannelError | work.LeaseLost)


def describe(error: Exception) -> str:
    """Return an error's own words; a stranger's with its kind."""
    return error.told if isinstance(error, ChannelError) else f"{type(error).__name__}: {error}"
