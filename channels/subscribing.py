"""Asking a platform to push to us: a row of work for each account whose platform can be asked."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from channels import tokens
from channels.adapter import Capability, ChannelError, RetryLater
from channels.door_models import Subscription
from channels.models import ChannelAccount
from channels.registry import platforms
from ecomhub import work
from ecomhub.work import ClockTimestamp, WorkState

OPERATION = "subscribe"
_AWAY = timedelta(minutes=1)


def address_of(*, account: ChannelAccount) -> str:
    """Return where an account's platform pushes to, as the world sees it; empty where it never pushes."""
    offered = platforms().get(account.platform)
    if offered is None or offered.pushes is None:
        return ""
    path = reverse("hooks:receive", args=[account.platform, account.push_id])
    return f"{settings.ECOMHUB_ORIGIN.rstrip('/')}{path}"


def is_by_hand(*, account: ChannelAccount) -> bool:
    """Say whether a person must paste the address at the platform: it pushes but cannot be asked to."""
    offered = platforms().get(account.platform)
    return (
        offered is not None
        and offered.pushes is not None
        and Capability.SUBSCRIBE not in offered.capabilities
    )


def want(*, account: ChannelAccount) -> None:
    """Leave the wish to be pushed to as a row of work, in the transaction of its cause."""
    offered = platforms().get(account.platform)
    if offered is None or Capability.SUBSCRIBE not in offered.capabilities or offered.pushes is None:
        return
    values = {"state": WorkState.WAITING, "due_at": ClockTimestamp(), "errors": 0, "deaths": 0}
    Subscription.objects.update_or_create(account=account, defaults=values)


def due(*, limit: int) -> Sequence[int]:
    """Return the wishes that wait, the longest waiting first."""
    rows = Subscription.objects.filter(
        work.is_due(),
        account__state=ChannelAccount.State.CONNECTED,
    )
    return list(rows.order_by("due_at", "pk").values_list("pk", flat=True)[:limit])


def subscribe(*, row_id: int, now: Callable[[], datetime]) -> bool:
    """Ask a platform to push to us, if that is due and free; says whether it took our address."""
    row = work.claim_one(model=Subscription, pk=row_id)
    if row is None:
        return False
    account = row.account
    try:
        tokens.call(
            account=account,
            operation=OPERATION,
            verb=lambda adapter: adapter.subscribe(address=address_of(account=account)),
            at=now(),
            patience=tokens.SHORT,
        )
        work.finish(row=row)
        Subscription.objects.filter(pk=row.pk).update(subscribed_at=now())
    except work.LeaseLost:
        return False
    except RetryLater as error:
        work.postpone(row=row, due_in=error.after or _AWAY, reason=error.told)
        return False
    except ChannelError as error:
        work.fail(row=row, reason=error.told)
        return False
    return True
