"""Fetching the orders that pushes named, one by one, and taking them in the way the polls do."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from channels import tokens
from channels.adapter import ChannelError, Refused, RetryLater
from channels.door_models import OrderFetch
from channels.models import ChannelAccount
from ecomhub import work
from orders.pulling import FETCH_ONE, take_orders

log = structlog.get_logger(__name__)

PER_RUN = 20
TRIES = 6
"""How often an order the platform does not show yet is asked for; afterwards the polls bring it."""

_FIRST_WAIT_SECONDS = 2
_AWAY = timedelta(seconds=30)


def due_accounts(*, limit: int) -> Sequence[int]:
    """Return the accounts with pushed orders that wait, the longest waiting first."""
    rows = OrderFetch.objects.filter(
        work.is_due(),
        account__state=ChannelAccount.State.CONNECTED,
    )
    found = rows.order_by("due_at", "pk").values_list("account_id", flat=True)[: limit * PER_RUN]
    return list(dict.fromkeys(found))[:limit]


def fetch_pushed(*, account_id: int, now: Callable[[], datetime], limit: int = PER_RUN) -> int:
    """Fetch an account's pushed orders that are due; returns how many were taken in.

    A push that came before its order can be read is tried again a few times. When the platform does not
    answer, all wait and nobody else is held up.
    """
    rows = work.claim(
        model=OrderFetch,
        limit=limit,
        where=Q(account_id=account_id, account__state=ChannelAccount.State.CONNECTED),
    )
    done = 0
    for place, row in enumerate(rows):
        try:
            work.renew(row=row)
            done += _fetch(row, now=now)
        except work.LeaseLost:
            continue
        except ChannelError as error:
            after = error.after if isinstance(error, RetryLater) and error.after else _AWAY
            _give_back(rows[place:], due_in=after, reason=error.told)
            break
    return done


def _fetch(row: OrderFetch, *, now: Callable[[], datetime]) -> bool:
    """Fetch one order; ``False`` when it could not be taken in this time."""
    try:
        order = tokens.call(
            account=row.account,
            operation=FETCH_ONE,
            verb=lambda adapter: adapter.fetch_order(order_id=row.external_id),
            at=now(),
            patience=tokens.SHORT,
        )
        take_orders(account=row.account, orders=[order], at=now())
    except Refused as error:
        _not_yet(row, reason=error.told)
        return False
    except ChannelError:
        raise
    except Exception as error:
        log.exception("orders.push.failed", account=row.account_id, external_id=row.external_id)
        _not_yet(row, reason=f"{type(error).__name__}: {error}")
        return False
    _settle(row)
    return True


def _settle(row: OrderFetch) -> None:
    """Let the row go, unless another push named the order while we fetched it: then fetch it again."""
    with transaction.atomic():
        work.hold(row=row)
        if OrderFetch.objects.values_list("asked", flat=True).get(pk=row.pk) != row.asked:
            work.finish(row=row, due_in=timedelta())
        else:
            OrderFetch.objects.filter(pk=row.pk).delete()


def _not_yet(row: OrderFetch, *, reason: str) -> None:
    if row.errors + 1 >= TRIES:
        log.info("orders.push.given_up", account=row.account_id, external_id=row.external_id, reason=reason)
        _settle(row)
        return
    work.fail(row=row, reason=reason, retry_after=timedelta(seconds=_FIRST_WAIT_SECONDS * 2**row.errors))


def _give_back(rows: Sequence[OrderFetch], *, due_in: timedelta, reason: str) -> None:
    for row in rows:
        try:
            work.postpone(row=row, due_in=due_in, reason=reason)
        except work.LeaseLost:
            continue
