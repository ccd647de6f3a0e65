"""Folding the maintained counters: signed rows the triggers wrote become one row per shop and bucket."""

from django.db import connection

_FOLD = """
WITH piled AS (
    SELECT bucket, shop_id FROM orders_ordertally GROUP BY 1, 2 HAVING count(*) > 1
), gone AS (
    DELETE FROM orders_ordertally WHERE id IN (
        SELECT t.id FROM orders_ordertally t JOIN piled USING (bucket, shop_id)
        ORDER BY t.id LIMIT %s FOR UPDATE OF t SKIP LOCKED
    )
    RETURNING bucket, shop_id, delta
), sums AS (
    INSERT INTO orders_ordertally (bucket, shop_id, delta)
    SELECT bucket, shop_id, sum(delta) FROM gone GROUP BY 1, 2 HAVING sum(delta) <> 0
    RETURNING 1
)
SELECT count(*) FROM gone
"""


def fold(*, limit: int = 10_000) -> int:
    """Fold up to ``limit`` signed rows; returns how many went. Nobody waits for it and no sum changes."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, [limit])
        return int(cursor.fetchone()[0])
