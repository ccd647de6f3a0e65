"""The API quota (接口额度) of an account, from its token buckets, in words a person can use."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from channels.models import ChannelAccount, ThrottleBucket
from channels.pace import pace
from channels.registry import platform
from channels.throttle import MARGIN, PUSHES, used_today
from ecomhub import work
from ecomhub.shell.display import number_text

_NAMES = {
    "fetch_orders": gettext_lazy("Read orders"),
    "fetch_order": gettext_lazy("Read one order"),
    "fetch_listings": gettext_lazy("Read listings"),
    "fetch_listing": gettext_lazy("Read one listing"),
    "push_stock": gettext_lazy("Set a quantity"),
    "push_stock_batch": gettext_lazy("Hand in a feed of quantities"),
    "batch_results": gettext_lazy("Ask for a feed's report"),
    "fetch_channel_stock": gettext_lazy("Read stock at the channel"),
    "push_price": gettext_lazy("Set a price"),
    "confirm_shipment": gettext_lazy("Mark as shipped"),
    "shipping_choices": gettext_lazy("Ask how a parcel can be handed over"),
    "arrange_shipment": gettext_lazy("Arrange a parcel"),
    "fetch_tracking": gettext_lazy("Ask for a tracking number"),
    "fetch_document": gettext_lazy("Fetch a label"),
    "cancel_order": gettext_lazy("Cancel an order"),
    "answer_cancel": gettext_lazy("Answer a wish to cancel"),
    "fetch_returns": gettext_lazy("Read returns"),
    "fetch_statements": gettext_lazy("Read statements and payouts"),
    "split_order": gettext_lazy("Split an order into parcels"),
    "subscribe": gettext_lazy("Ask for pushes"),
    "points": gettext_lazy("Everything, in query points"),
    "trading": gettext_lazy("Trading API"),
    "fulfillment": gettext_lazy("Orders and shipping"),
    "finances": gettext_lazy("Read statements and payouts"),
    "notification": gettext_lazy("Ask for pushes"),
    "check": gettext_lazy("Check the connection"),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """One operation's budget: calls in hand now, the most there can be, and the words for it.

    ``used`` are the calls of today, ``a_day`` the most the platform allows of them; ``None`` for no such cap.
    """

    operation: str
    title: str
    in_hand: int
    burst: int
    every_s: float
    used: int
    a_day: int | None
    throttled: int
    words: str


def quotas_of(*, account: ChannelAccount) -> list[Quota]:
    """Return the budgets of an account; the scarcest first."""
    now = work.database_now()
    speed = pace(endpoint=account.endpoint) * MARGIN
    offered = platform(account.platform)
    costs = bool(offered.costs)
    found = []
    for bucket in ThrottleBucket.objects.filter(account=account).exclude(operation=PUSHES):
        passed = max((now - bucket.refilled_at).total_seconds(), 0.0)
        level = min(bucket.burst, bucket.tokens + passed * bucket.rate * speed)
        every = 1 / (bucket.rate * MARGIN)
        used = used_today(bucket=bucket, endpoint=account.endpoint, now=now)
        a_day = offered.daily.get(bucket.operation)
        left = _words(in_hand=int(level), burst=int(bucket.burst), every=every, costs=costs)
        found.append(
            Quota(
                operation=bucket.operation,
                title=str(_NAMES.get(bucket.operation, bucket.operation)),
                in_hand=int(level),
                burst=int(bucket.burst),
                every_s=every,
                used=used,
                a_day=a_day,
                throttled=bucket.throttled,
                words=f"{left}; {_used(used=used, a_day=a_day)}",
            )
        )
    return sorted(found, key=lambda quota: -quota.every_s)


def _words(*, in_hand: int, burst: int, every: float, costs: bool) -> str:
    words = _("%(left)d of %(burst)d points in hand") if costs else _("%(left)d of %(burst)d calls in hand")
    left = words % {"left": in_hand, "burst": burst}
    return _("%(left)s, %(refill)s") % {"left": left, "refill": _refill(every)}


def _used(*, used: int, a_day: int | None) -> str:
    if a_day is not None:
        return _("%(used)s of %(most)s calls used today") % {
            "used": number_text(used),
            "most": number_text(a_day),
        }
    text = ngettext("%(used)s call used today", "%(used)s calls used today", used)
    return text % {"used": number_text(used)}


def _refill(every: float) -> str:
    if every < 1:
        count = round(1 / every)
        return ngettext("%d more a second", "%d more a second", count) % count
    if every < 90:
        count = round(every)
        text = ngettext("one more every second", "one more every %(count)d seconds", count)
        return text % {"count": count}
    return _("one more every %d minutes") % round(every / 60)
