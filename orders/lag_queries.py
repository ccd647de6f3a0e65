"""Reads of how quickly orders of each shop stood here after buyers had paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from channels.models import Shop
from channels.pace import pace
from channels.registry import by_file_keys
from ecomhub.access import Actor

WITHIN = timedelta(hours=24)

_LAGS = """
SELECT o.shop_id, count(*), max(o.created_at),
       percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (
           ORDER BY greatest(extract(epoch FROM o.created_at - coalesce(o.paid_at, o.placed_at)), 0))
  FROM orders_order o JOIN channels_channelaccount a ON a.id = o.account_id
 WHERE o.placed_at > %(since)s AND o.placed_at > coalesce(a.switched_on_at, a.go_live_at)
   AND o.shop_id = ANY(%(shops)s)
 GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class ShopLag:
    """A shop's new orders of the last day: how many, the newest, and seconds on the wall from pay to here."""

    shop: Shop
    orders: int
    last_at: datetime | None = None
    p50_s: float | None = None
    p95_s: float | None = None


def shop_lags(*, actor: Actor, at: datetime) -> Sequence[ShopLag]:
    """Return every shop somebody may see with its lags, by name.

    Orders from before an account was switched on are left out, for nobody waited for them; so are shops
    worked by file, whose orders come when somebody imports them.
    """
    read_for = Shop.objects.visible_to(actor).exclude(account__platform__in=by_file_keys())
    shops = list(read_for.select_related("account").order_by("short_name"))
    with connection.cursor() as cursor:
        cursor.execute(_LAGS, {"since": at - WITHIN, "shops": [shop.pk for shop in shops]})
        found = {shop: rest for shop, *rest in cursor.fetchall()}
    rows = []
    for shop in shops:
        if shop.pk not in found:
            rows.append(ShopLag(shop, 0))
            continue
        count, last, (half, most) = found[shop.pk]
        speed = pace(endpoint=shop.account.endpoint)
        rows.append(ShopLag(shop, count, last, half / speed, most / speed))
    return rows
