"""Rates: one token bucket per account and operation, a row in the database, one clock for all workers.

A platform publishes a rate and a burst; we refill a little slower, so that two clocks that jitter against
each other do not make us exceed it. The bucket is refilled and drawn from in one statement. Operations may
share a bucket, and a call may cost more than one token (``Platform.buckets``, ``Platform.costs``).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from channels.adapter import Platform, Rate
from channels.models import ChannelAccount, ThrottleBucket
from channels.pace import pace
from channels.registry import platform

MARGIN = 0.95
"""The part of a published rate that we use."""

LEAST_SHARE = 0.5
"""A rate learned from a platform's answer stays between this part of the published one and all of it."""

PUSHES = "receive_push"
"""The bucket of what a platform pushes to us; it is no budget of calls."""

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
    SELECT id, level, rate, least(%(cost)s::float * (1 + %(keep)s::float), greatest(burst, 1)) AS needed,
           least(%(cost)s::float, greatest(burst, 1)) AS cost,
           floor(extract(epoch FROM clock_timestamp()) * %(world)s / 86400)::bigint AS today
      FROM held
)
UPDATE channels_throttlebucket AS bucket
   SET tokens = asked.level - CASE WHEN asked.level >= asked.needed THEN asked.cost ELSE 0 END,
       refilled_at = clock_timestamp(),
       used = used + CASE WHEN asked.level >= asked.needed THEN 1 ELSE 0 END,
       used_that_day = CASE WHEN used_on = asked.today THEN used_that_day ELSE 0 END
                       + CASE WHEN asked.level >= asked.needed THEN 1 ELSE 0 END,
       used_on = asked.today
  FROM asked
 WHERE bucket.id = asked.id
RETURNING asked.level >= asked.needed, (asked.needed - asked.level) / (asked.rate * %(pace)s)
"""


_NOTE = """
UPDATE channels_throttlebucket
   SET rate = coalesce(%(rate)s, rate),
       tokens = least(
           burst, %(remaining)s::float,
           tokens + greatest(0, extract(epoch FROM clock_timestamp() - refilled_at)) * rate * %(pace)s
       ),
       refilled_at = clock_timestamp()
 WHERE account_id = %(account)s AND operation = %(bucket)s
"""


def bucket_of(*, offered: Platform, operation: str) -> str:
    """Return the name of the bucket an operation draws from: its own, or one it shares."""
    return offered.buckets.get(operation, operation)


def take(*, account_id: int, operation: str, keep: float = 0.0, cost: float | None = None) -> float:
    """Take the tokens of one call; returns 0.0 when granted, else the real seconds until they will be there.

    ``cost`` is what the call takes, by default what the platform declares for the operation. ``keep`` is how
    many calls' tokens must stay behind for more urgent callers of the same bucket. An operation without a
    published rate is always granted. Call it outside a transaction: the row stays locked until the end of
    yours.
    """
    endpoint, key = ChannelAccount.objects.values_list("endpoint", "platform").get(pk=account_id)
    offered = platform(key)
    bucket = bucket_of(offered=offered, operation=operation)
    given = {
        "account": account_id,
        "operation": bucket,
        "keep": keep,
        "cost": offered.costs.get(operation, 1.0) if cost is None else cost,
        "pace": pace(endpoint=endpoint) * MARGIN,
        "world": pace(endpoint=endpoint),
    }
    answer = _take(given)
    if answer is None:
        rate = offered.rates.get(bucket)
        if rate is None:
            return 0.0
        open_buckets(account_id=account_id, rates={bucket: rate})
        answer = _take(given)
    granted, wait = answer or (True, 0.0)
    return 0.0 if granted else max(float(wait), 0.001)


def _take(given: Mapping[str, Any]) -> tuple[bool, float] | None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, dict(given))
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


def learn(
    *,
    account_id: int,
    operation: str,
    granted_rate: float | None = None,
    remaining: float | None = None,
) -> None:
    """Believe what a platform said in its answer about a bucket, in one statement.

    A rate is believed within half and all of what the platform publishes. ``remaining`` are the tokens left
    in the platform's own bucket: ours never holds more than that, and is never filled by it.
    """
    endpoint, key = ChannelAccount.objects.values_list("endpoint", "platform").get(pk=account_id)
    offered = platform(key)
    bucket = bucket_of(offered=offered, operation=operation)
    published = offered.rates.get(bucket)
    rate = None
    if published is not None and granted_rate is not None and granted_rate > 0:
        rate = min(max(granted_rate, published.per_second * LEAST_SHARE), published.per_second)
    if remaining is None:
        rows = ThrottleBucket.objects.filter(account_id=account_id, operation=bucket)
        if rate is not None:
            rows.exclude(rate=rate).update(rate=rate)
        return
    given: dict[str, Any] = {
        "account": account_id,
        "bucket": bucket,
        "rate": rate,
        "remaining": max(remaining, 0.0),
        "pace": pace(endpoint=endpoint) * MARGIN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, given)


def used_today(*, bucket: ThrottleBucket, endpoint: str, now: datetime) -> int:
    """Return how many calls were made today, by UTC; in a faster world by its own days.

    ``now`` is the database's.
    """
    today = int(now.timestamp() * pace(endpoint=endpoint) // 86_400)
    return bucket.used_that_day if bucket.used_on == today else 0


def empty(*, account_id: int, operation: str) -> None:
    """Empty the bucket after the platform said that we call too often."""
    key = ChannelAccount.objects.values_list("platform", flat=True).get(pk=account_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_throttlebucket SET tokens = 0, refilled_at = clock_timestamp(), "
            "throttled = throttled + 1 WHERE account_id = %s AND operation = %s",
            [account_id, bucket_of(offered=platform(key), operation=operation)],
        )


def period(*, account: ChannelAccount, operation: str) -> float:
    """Return the seconds of the account's world that one call costs; 0.0 without a published rate."""
    offered = platform(account.platform)
    bucket = bucket_of(offered=offered, operation=operation)
    rate = (
        ThrottleBucket.objects.filter(account=account, operation=bucket)
        .values_list("rate", flat=True)
        .first()
    )
    return offered.costs.get(operation, 1.0) / (rate * MARGIN) if rate else 0.0


def wait_for(account: ChannelAccount, operation: str) -> float:
    """Return the real seconds one token takes to fill in; a short rest where no rate is published."""
    return max(period(account=account, operation=operation), 1.0) / pace(endpoint=account.endpoint)
