"""The lanes a platform's objects come in by: which window each reads, how often, and who waits for whom.

Orders have four lanes over one call budget. The narrow one follows the present. Two wider ones heal what
the narrow one missed (an order that became visible late), and the history lane brings what was there before
the account was connected, newest first. Narrow goes first: the others leave tokens behind for it, and a wide
pass takes at most a quarter (hourly) or an eighth (nightly) of the budget, so on a busy account it comes more
seldom. Workers are shared the same way: the narrow lane is rung for before all long turns, and the others
keep no worker waiting for a token.
"""

from datetime import datetime, timedelta

from django.db.models import Q

from channels import throttle
from channels.adapter import Capability, Platform
from channels.models import ChannelAccount, Pull
from channels.registry import platform, platforms
from ecomhub.work import ClockTimestamp, WorkState

Stream = Pull.Stream

ORDER_STREAMS = (Stream.ORDERS, Stream.ORDERS_HOURLY, Stream.ORDERS_NIGHTLY, Stream.ORDERS_HISTORY)
WINDOWED = (*ORDER_STREAMS, Stream.RETURNS, Stream.STATEMENTS)
"""What is read by windows of change, for all marketplaces at once."""

FOLLOWING = frozenset({Stream.ORDERS})
"""What follows the present: it goes before all that reads further back, in tokens and in workers."""

WIDE = {
    Stream.ORDERS_HOURLY: timedelta(hours=24),
    Stream.ORDERS_NIGHTLY: timedelta(days=14),
}
FIRST_LOOK_BACK = timedelta(days=1)
"""Where the narrow lane begins on a new account; the history lane begins there and goes back."""

HISTORY_SLICE = timedelta(days=7)
_PERIODS = {
    Stream.ORDERS_HOURLY: timedelta(hours=1),
    Stream.ORDERS_NIGHTLY: timedelta(hours=24),
    Stream.LISTINGS: timedelta(hours=6),
    Stream.CHANNEL_STOCK: timedelta(hours=2),
    Stream.RETURNS: timedelta(minutes=15),
    Stream.STATEMENTS: timedelta(hours=6),
}
_FAR_BEHIND = timedelta(days=1).total_seconds()
_KEPT = {Stream.ORDERS_HOURLY: 1.0, Stream.ORDERS_NIGHTLY: 2.0, Stream.ORDERS_HISTORY: 2.0}
_CALLS_PER_OWN = {Stream.ORDERS_HOURLY: 4, Stream.ORDERS_NIGHTLY: 8}
_CAPABILITIES = {
    Stream.LISTINGS: Capability.LISTINGS,
    Stream.CHANNEL_STOCK: Capability.CHANNEL_STOCK,
    Stream.RETURNS: Capability.RETURNS,
    Stream.STATEMENTS: Capability.STATEMENTS,
}
_OWN_PACE = (Stream.RETURNS, Stream.STATEMENTS)


def streams(*, offered: Platform, history_days: int) -> list[str]:
    """Return the streams an account of this platform has."""
    found: list[str] = []
    if Capability.ORDERS in offered.capabilities:
        found += [stream for stream in ORDER_STREAMS if stream != Stream.ORDERS_HISTORY or history_days]
    found += [stream for stream, needed in _CAPABILITIES.items() if needed in offered.capabilities]
    return found


def new_pull(*, account_id: int, stream: str, history_days: int, at: datetime) -> Pull:
    """Return a stream's row as it stands on the day an account is connected."""
    pull = Pull(account_id=account_id, stream=stream)
    if stream == Stream.ORDERS:
        pull.cursor = at - FIRST_LOOK_BACK if history_days else at
    if stream in _OWN_PACE:
        pull.cursor = at - timedelta(days=history_days)
    if stream == Stream.ORDERS_HISTORY:
        pull.cursor = at - FIRST_LOOK_BACK
        pull.reaches_back_to = at - timedelta(days=history_days)
    return pull


def open_missing(*, stream: str, at: datetime) -> int:
    """Open a stream for accounts connected before their platform offered it; returns how many."""
    needed = _CAPABILITIES[Stream(stream)]
    able = [key for key, offered in platforms().items() if needed in offered.capabilities]
    late = ChannelAccount.objects.filter(platform__in=able).exclude(pulls__stream=stream)
    made = [
        new_pull(account_id=pk, stream=stream, history_days=days, at=at)
        for pk, days in late.order_by("pk").values_list("pk", "history_days")
    ]
    if made:
        Pull.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)


def first_wait(*, stream: str) -> timedelta:
    """Return how long after connecting a lane starts, in the account's time: wide ones have time."""
    return _PERIODS[Stream(stream)] if stream in WIDE else timedelta()


def capability(*, stream: str) -> Capability:
    """Return what a platform must offer for a stream."""
    return _CAPABILITIES.get(Stream(stream), Capability.ORDERS)


def operation(*, pull: Pull) -> str:
    """Return the name of the token bucket a stream draws from."""
    needed = capability(stream=pull.stream)
    return platform(pull.account.platform).operations.get(needed, needed.value)


def tokens_kept(*, stream: str) -> float:
    """Return how many tokens a lane leaves behind for more urgent ones."""
    return _KEPT.get(Stream(stream), 0.0)


def window(*, pull: Pull, at: datetime) -> tuple[datetime, datetime] | None:
    """Return the bounds of the next pass, fixed until it ends; ``None`` when there is nothing to read."""
    offered = platform(pull.account.platform)
    end = at - offered.order_lag
    stream = Stream(pull.stream)
    if stream not in WINDOWED:
        return at, at
    if stream == Stream.ORDERS_HISTORY:
        return _history_window(pull=pull, offered=offered, end=end)
    if stream in WIDE:
        start = max(at - WIDE[stream], end - offered.order_window)
        return start, end
    start = (pull.cursor or at - FIRST_LOOK_BACK) - offered.order_overlap
    start = max(start, end - timedelta(days=max(pull.account.history_days, 14)))
    end = min(end, start + offered.order_overlap + offered.order_window)
    return (start, end) if end > start else None


def _history_window(*, pull: Pull, offered: Platform, end: datetime) -> tuple[datetime, datetime] | None:
    if pull.cursor is None or pull.reaches_back_to is None or pull.cursor <= pull.reaches_back_to:
        return None
    slice_ = min(offered.order_window, HISTORY_SLICE)
    start = max(pull.cursor - slice_, pull.reaches_back_to)
    return start, min(pull.cursor + offered.order_overlap, end)


def places(*, pull: Pull) -> list[str]:
    """Return the marketplaces a stream walks through one by one; orders come for all at once."""
    if pull.stream in WINDOWED:
        return [""]
    return list(pull.account.shops.order_by("marketplace").values_list("marketplace", flat=True))


def first_place(*, pull: Pull) -> str:
    """Return where a pass begins."""
    return next(iter(places(pull=pull)), "")


def next_place(*, pull: Pull) -> str:
    """Return the marketplace after the present one, or an empty text after the last."""
    later = [place for place in places(pull=pull) if place > pull.pass_place]
    return later[0] if later else ""


def moved_cursor(*, pull: Pull, upper_bound: datetime | None) -> datetime | None:
    """Return where the cursor stands after a whole pass: never beyond what the platform answered for."""
    if pull.stream == Stream.ORDERS_HISTORY:
        return pull.pass_from
    reached = pull.pass_to
    if reached is not None and upper_bound is not None:
        reached = min(reached, upper_bound)
    if pull.cursor is None or reached is None:
        return reached
    return max(pull.cursor, reached)


def lag(*, pull: Pull, at: datetime) -> float | None:
    """Return how old the oldest change of this pass may have been when it was taken in, in seconds.

    What changed before the account was switched on was not late: it counts from then on.
    """
    if pull.stream == Stream.ORDERS_HISTORY or pull.cursor is None:
        return None
    since = max(pull.cursor, pull.account.switched_on_at or pull.cursor)
    return max((at - since).total_seconds(), 0.0)


def seconds_behind(*, pull: Pull, cursor: datetime | None, at: datetime) -> int:
    """Return how much of its time a lane has still to read, in the account's seconds."""
    if cursor is None:
        return 0
    if pull.stream == Stream.ORDERS_HISTORY:
        left = cursor - (pull.reaches_back_to or cursor)
        return max(int(left.total_seconds()), 0)
    if pull.stream not in WINDOWED:
        return 0
    lag_ = platform(pull.account.platform).order_lag
    return max(int((at - lag_ - cursor).total_seconds()), 0)


def pause(*, pull: Pull, at: datetime) -> timedelta | None:
    """Return how long a lane rests after a pass, in the account's time; ``None``: it has done its work."""
    stream = Stream(pull.stream)
    if stream == Stream.ORDERS_HISTORY:
        return timedelta() if seconds_behind(pull=pull, cursor=pull.cursor, at=at) else None
    offered = platform(pull.account.platform)
    call = throttle.period(account=pull.account, operation=operation(pull=pull))
    if stream == Stream.ORDERS:
        if seconds_behind(pull=pull, cursor=pull.cursor, at=at) > offered.order_window.total_seconds() / 2:
            return timedelta()
        return max(offered.poll_every, timedelta(seconds=call * (2 if _others_work(pull) else 1)))
    if stream in _OWN_PACE and seconds_behind(pull=pull, cursor=pull.cursor, at=at) > _FAR_BEHIND:
        return timedelta()
    costly = timedelta(seconds=call * pull.pass_pages * _CALLS_PER_OWN.get(stream, 1))
    rest = max(_PERIODS[stream], costly)
    return min(rest, max(WIDE[stream] / 2, _PERIODS[stream])) if stream in WIDE else rest


def _others_work(pull: Pull) -> bool:
    """Say whether a wide lane of the account is at work or waits for its turn."""
    return (
        Pull.objects.filter(
            Q(pass_to__isnull=False) | Q(due_at__lte=ClockTimestamp()),
            account_id=pull.account_id,
            stream__in=ORDER_STREAMS,
            state=WorkState.WAITING,
        )
        .exclude(pk=pull.pk)
        .exists()
    )
