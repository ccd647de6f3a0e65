"""A platform that lets us wait holds up only itself: after one call in vain it is left alone for a while.

A call ends after ``settings.ECOMHUB_CALL_SECONDS`` at the latest, so the workers a platform catches unawares
are free again within that time. From then on every other call to the same address is refused at once, without
a request, until the rest is over; then one call alone tries again.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import F

from channels.door_models import Silence
from channels.models import ChannelAccount
from ecomhub.work import ClockTimestamp, database_now

_HANGS_AFTER = 8.0

FIRST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=5)
_MOST_DOUBLINGS = 5


def hung(*, seconds: float) -> bool:
    """Say whether a call that brought no answer in so many seconds was let to hang, not refused."""
    return seconds >= min(_HANGS_AFTER, 0.8 * settings.ECOMHUB_CALL_SECONDS)


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an account's address may be asked: ``wait`` says for how long not; a trial ends a silence."""

    wait: timedelta | None = None
    is_trial: bool = False


def standing(*, account: ChannelAccount) -> Standing:
    """Return whether an account's address is still left alone, and whether the caller is the one to try.

    After the rest exactly one caller is let through, to try; the others wait for what becomes of that call.
    """
    row = Silence.objects.filter(platform=account.platform, endpoint=account.endpoint).first()
    if row is None:
        return Standing()
    trial = timedelta(seconds=settings.ECOMHUB_CALL_SECONDS + 5)
    won = Silence.objects.filter(pk=row.pk, until=row.until, until__lte=ClockTimestamp()).update(
        until=ClockTimestamp() + trial
    )
    if won:
        return Standing(is_trial=True)
    return Standing(wait=max(row.until - database_now(), timedelta(seconds=1)))


def note_silence(*, account: ChannelAccount) -> None:
    """Leave the account's address alone for a while, longer each time it let a call hang."""
    row, is_new = Silence.objects.get_or_create(
        platform=account.platform,
        endpoint=account.endpoint,
        defaults={"until": ClockTimestamp() + FIRST_REST},
    )
    if is_new:
        return
    pause = min(FIRST_REST * 2 ** min(row.count, _MOST_DOUBLINGS), LONGEST_REST)
    Silence.objects.filter(pk=row.pk).update(until=ClockTimestamp() + pause, count=F("count") + 1)


def note_answer(*, account: ChannelAccount) -> None:
    """Forget the silence: the platform answered the one that tried."""
    Silence.objects.filter(platform=account.platform, endpoint=account.endpoint).delete()
