"""What is on its way to a warehouse (在途): kept as told, beside the movements and never promised."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime

from django.db import connection, transaction

from inventory.ledger.levels import lock_levels
from inventory.ledger.nouns import WrongQuantity
from inventory.ledger.writing import LARGEST
from inventory.models import StockLevel

# The version stays: it counts movements, and nothing that is promised changed.
_NOTE = """
UPDATE inventory_stocklevel l SET inbound = t.inbound, changed_at = %(at)s
FROM unnest(%(skus)s::bigint[], %(inbound)s::int[]) AS t (sku_id, inbound)
WHERE l.warehouse_id = %(warehouse)s AND l.sku_id = t.sku_id AND l.inbound <> t.inbound
"""


def expect(*, warehouse_id: int, inbound: Mapping[int, int], at: datetime) -> int:
    """Note how many units of each SKU are on their way to a warehouse; returns how many levels changed.

    ``inbound`` is the whole truth for that warehouse, units by SKU id: nothing is on its way of a SKU it does
    not name. It is told again at every reading, so it needs no cause. Raises ``WrongQuantity``.
    """
    if any(not 0 <= units <= LARGEST for units in inbound.values()):
        raise WrongQuantity("on its way are zero or more units")
    with nullcontext() if connection.in_atomic_block else transaction.atomic():
        known = StockLevel.objects.filter(warehouse_id=warehouse_id).values_list("sku_id", "inbound")
        before = dict(known)
        wanted = {sku_id: inbound.get(sku_id, 0) for sku_id in set(before) | set(inbound)}
        changed = sorted(sku_id for sku_id, units in wanted.items() if units != before.get(sku_id, 0))
        if not changed:
            return 0
        lock_levels(pairs=[(sku_id, warehouse_id) for sku_id in changed])
        with connection.cursor() as cursor:
            cursor.execute(
                _NOTE,
                {
                    "at": at,
                    "warehouse": warehouse_id,
                    "skus": changed,
                    "inbound": [wanted[sku_id] for sku_id in changed],
                },
            )
            written: int = cursor.rowcount
    return written
