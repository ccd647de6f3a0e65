"""Rates: one token bucket per account and operation, a row in the database, one clock for all workers.

A platform publishes a rate and a burst; we refill a little slower, so that two clocks that jitter against
each other do not make us exceed it. The bucket is refilled and drawn from in one statement.
"""

from django.db import connection

from channels.adapter import Rate
from channels.models import ChannelAccount, ThrottleBucket
from channels.pace import pace
from channels.registry import platform

MARGIN = 0.95
"""The part of a published rate that we use."""

LEAST_SHARE = 0.5
"""A rate learned from a platform's answer stays between this part of the published one and all of it."""

_TAKE = """
WITH held AS (
    SELECT id, rate, burst,
           least(burst, tokens + greatest(0, extract(epoch FROM clock_timestamp() - refilled_at))
                 * rate * %(pace)s) AS level,
           set_config('synchronous_commit', 'off', true) AS losing_a_count_is_harmless
      FROM channels_throttlebucket
     WHERE account_id = %(account)s AND operation = %(operation)s
       FOR UPDATE
), asked AS (
    SELECT id, level, rate, least(1 + %(keep)s::float, greatest(burst, 1)) AS needed FROM held
)
UPDATE channels_throttlebucket AS bucket
   SET tokens = asked.level - CASE WHEN asked.level >= asked.needed THEN 1 ELSE 0 END,
       refilled_at = clock_timestamp(),
       used = used + CASE WHEN asked.level >= asked.needed THEN 1 ELSE 0 END
  FROM asked
 WHERE bucket.id = asked.id
RETURNING asked.level >= asked.needed, (asked.needed - asked.level) / (asked.rate * %(pace)s)
"""


def take(*, account_id: int, operation: str, keep: float = 0.0) -> float:
    """Take one token; returns 0.0 when granted, else the real seconds until one will be there.

    ``keep`` is how many tokens must stay behind for more urgent callers of the same operation. An
    operation without a published rate is always granted. Call it outside a transaction: the row stays
    locked until the end of yours.
    """
    endpoint, key = ChannelAccount.objects.values_list("endpoint", "platform").get(pk=account_id)
    speed = pace(endpoint=endpoint) * MARGIN
    answer = _take(account_id, operation, keep, speed)
    if answer is None:
        rate = platform(key).rates.get(operation)
        if rate is None:
            return 0.0
        open_buckets(account_id=account_id, rates={operation: rate})
        answer = _take(account_id, operation, keep, speed)
    granted, wait = answer or (True, 0.0)
    return 0.0 if granted else max(float(wait), 0.001)


def _take(account_id: int, operation: str, keep: float, speed: float) -> tuple[bool, float] | None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"account": account_id, "operation": operation, "keep": keep, "pace": speed})
        row: tuple[bool, float] | None = cursor.fetchone()
    return row


def open_buckets(*, account_id: int, rates: dict[str, Rate]) -> None:
    """Make the buckets of an account, full, as the platform publishes them; existing ones stay."""
    ThrottleBucket.objects.bulk_create(
        [
            ThrottleBucket(
                account_id=account_id,
                operation=operation,
                tokens=rate.burst,
                rate=rate.per_second,
                burst=rate.burst,
            )
            for operation, rate in sorted(rates.items())
        ],
        ignore_conflicts=True,
    )


def learn(*, account_id: int, operation: str, granted_rate: float) -> None:
    """Believe the rate a platform named in its answer, within half and all of what it publishes."""
    account = ChannelAccount.objects.only("platform").get(pk=account_id)
    published = platform(account.platform).rates.get(operation)
    if published is None or granted_rate <= 0:
        return
    rate = min(max(granted_rate, published.per_second * LEAST_SHARE), published.per_second)
    buckets = ThrottleBucket.objects.filter(account_id=account_id, operation=operation)
    buckets.exclude(rate=rate).update(rate=rate)


def empty(*, account_id: int, operation: str) -> None:
    """Empty the bucket after the platform said that we call too often."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_throttlebucket SET tokens = 0, refilled_at = clock_timestamp(), "
            "throttled = throttled + 1 WHERE account_id = %s AND operation = %s",
            [account_id, operation],
        )


def period(*, account: ChannelAccount, operation: str) -> float:
    """Return the seconds of the account's world that one call costs; 0.0 without a published rate."""
    rate = (
        ThrottleBucket.objects.filter(account=account, operation=operation)
        .values_list("rate", flat=True)
        .first()
    )
    return 1 / (rate * MARGIN) if rate else 0.0


def wait_for(account: ChannelAccount, operation: str) -> float:
    """Return the real seconds one token takes to fill in; a short rest where no rate is published."""
    return max(period(account=account, operation=operation), 1.0) / pace(endpoint=account.endpoint)
