"""Lines whose order was not known when they came, and then arrived: set-wise, a chunk a turn."""

from django.db import connection, transaction

from finance.statements import deferred_keeping, posting

_FOUND = """
SELECT l.id, l.settlement_id, coalesce(o.id, k.order_id)
  FROM finance_settlementline l
  JOIN finance_settlement s ON s.id = l.settlement_id
  JOIN finance_moneyaccount a ON a.id = s.account_id
  LEFT JOIN channels_shop h ON h.id = a.shop_id
  LEFT JOIN orders_order o ON o.account_id = coalesce(a.channel_id, h.account_id)
   AND o.external_id = l.order_ref
  LEFT JOIN LATERAL (
      SELECT min(k.order_id) AS order_id FROM orders_searchkey k JOIN orders_order f ON f.id = k.order_id
       WHERE o.id IS NULL AND k.kind = 'former_number' AND k.text = l.order_ref
         AND f.account_id = coalesce(a.channel_id, h.account_id)) k ON true
 WHERE l.order_id IS NULL AND l.order_ref <> '' AND coalesce(o.id, k.order_id) IS NOT NULL
 ORDER BY l.id LIMIT %s
"""
_GIVEN = """
UPDATE finance_settlementline l SET order_id = f.order_id
  FROM unnest(%s::bigint[], %s::bigint[]) AS f(id, order_id)
 WHERE l.id = f.id AND l.order_id IS NULL RETURNING l.id
"""


def find_orders(*, limit: int = posting.CHUNK, actor: str = "system") -> int:
    """Give lines the orders that arrived after them and rebook what was posted; return how many found one.

    Returns 0 when nothing is left to do; the caller comes again until then.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_FOUND, [limit])
            found = cursor.fetchall()
            # Nobody posts a line while it gets its order, or it would be posted without it.
            posting.lock(settlements=sorted({settlement for _line, settlement, _order in found}))
            cursor.execute(_GIVEN, [[row[0] for row in found], [row[2] for row in found]])
            lines = [line for (line,) in cursor.fetchall()]
        if lines:
            deferred_keeping.give_orders(lines=lines)
            posting.rebook(lines=lines, kind="match", actor=actor)
    return len(lines)
