"""What must hold of orders in every snapshot; `manage.py verify` looks."""

from ecomhub.discovery import Law

_ORDERS = "SELECT count(*) FROM orders_order"
_LINES = "SELECT count(*) FROM orders_orderline"
_ALLOCATIONS = "SELECT count(*) FROM orders_allocation"

LAWS = [
    Law(
        id="orders.allocated_is_sum_of_claims",
        title="A line's allocated quantity is what its claims make, the same for every SKU of it",
        checked=_LINES,
        violations="""
            SELECT 'line ' || l.id || ' of ' || o.external_id, l.quantity_allocated, c.sku_id, c.held
              FROM orders_orderline l
              JOIN orders_order o ON o.id = l.order_id
              LEFT JOIN (SELECT line_id, sku_id, max(units) AS units,
                                sum(quantity - quantity_released) AS held
                           FROM orders_allocation GROUP BY 1, 2
                         HAVING sum(quantity - quantity_released) > 0) c ON c.line_id = l.id
             WHERE coalesce(c.held, 0) <> l.quantity_allocated * coalesce(c.units, 1)
        """,
    ),
    Law(
        id="orders.ledger_holds_what_is_claimed",
        title="What the ledger holds for a line is what its claims still have open",
        checked=_ALLOCATIONS,
        violations="""
            SELECT coalesce(a.demand, m.demand), coalesce(a.sku_id, m.sku_id),
                   coalesce(a.warehouse_id, m.warehouse_id), a.open, m.held
              FROM (SELECT 'order-line:' || line_id AS demand, sku_id, warehouse_id,
                           sum(quantity - quantity_shipped - quantity_released) AS open
                      FROM orders_allocation GROUP BY 1, 2, 3) a
              FULL JOIN
                   (SELECT demand, sku_id, warehouse_id, sum(reserved_delta) AS held
                      FROM inventory_stockmovement WHERE demand LIKE 'order-line:%' GROUP BY 1, 2, 3) m
             USING (demand, sku_id, warehouse_id)
             WHERE coalesce(a.open, 0) <> coalesce(m.held, 0)
        """,
    ),
    Law(
        id="orders.ledger_shipped_what_claims_say",
        title="What left the stock for a line is what its claims count as shipped",
        checked=_ALLOCATIONS,
        violations="""
            SELECT coalesce(a.demand, m.demand), coalesce(a.sku_id, m.sku_id), a.shipped, m.gone
              FROM (SELECT 'order-line:' || line_id AS demand, sku_id, warehouse_id,
                           sum(quantity_shipped) AS shipped
                      FROM orders_allocation GROUP BY 1, 2, 3) a
              FULL JOIN
                   (SELECT demand, sku_id, warehouse_id, -sum(on_hand_delta) AS gone
                      FROM inventory_stockmovement
                     WHERE kind = 'ship' AND demand LIKE 'order-line:%' GROUP BY 1, 2, 3) m
             USING (demand, sku_id, warehouse_id)
             WHERE coalesce(a.shipped, 0) <> coalesce(m.gone, 0)
        """,
    ),
    Law(
        id="orders.shipped_is_what_left",
        title="A line's shipped quantity is what left our stock and what left elsewhere",
        checked=_LINES,
        violations="""
            SELECT 'line ' || l.id || ' of ' || o.external_id, l.quantity_shipped, c.gone,
                   l.quantity_shipped_elsewhere
              FROM orders_orderline l
              JOIN orders_order o ON o.id = l.order_id
              LEFT JOIN (SELECT line_id, min(gone) AS gone
                           FROM (SELECT line_id, sku_id, sum(quantity_shipped) / max(units) AS gone
                                   FROM orders_allocation WHERE quantity > quantity_released
                                  GROUP BY 1, 2) per_sku
                          GROUP BY 1) c ON c.line_id = l.id
             WHERE l.quantity_shipped <> l.quantity_shipped_elsewhere + coalesce(c.gone, 0)
        """,
    ),
    Law(
        id="orders.ended_orders_hold_nothing",
        title="An order that ended holds no stock",
        checked="SELECT count(*) FROM orders_order "
        "WHERE status IN ('shipped', 'completed', 'canceled', 'ignored')",
        violations="""
            SELECT o.external_id, o.status, a.sku_id,
                   a.quantity - a.quantity_shipped - a.quantity_released AS held
              FROM orders_order o
              JOIN orders_orderline l ON l.order_id = o.id
              JOIN orders_allocation a ON a.line_id = l.id
             WHERE o.status IN ('shipped', 'completed', 'canceled', 'ignored')
               AND a.quantity > a.quantity_shipped + a.quantity_released
        """,
    ),
    Law(
        id="orders.only_worked_orders_claim",
        title="Orders the channel ships and orders from before go-live claim nothing",
        checked="SELECT count(*) FROM orders_order "
        "WHERE fulfillment_method = 'by_channel' OR is_before_go_live",
        violations="""
            SELECT o.external_id, o.fulfillment_method, o.is_before_go_live
              FROM orders_order o
             WHERE (o.fulfillment_method = 'by_channel' OR o.is_before_go_live)
               AND EXISTS (SELECT 1 FROM orders_orderline l JOIN orders_allocation a ON a.line_id = l.id
                            WHERE l.order_id = o.id)
        """,
    ),
    Law(
        id="orders.ready_orders_are_covered",
        title="An order ready to print or to ship has stock for every line",
        checked="SELECT count(*) FROM orders_order WHERE status IN ('label', 'ship')",
        violations="""
            SELECT o.external_id, l.external_id, l.quantity, l.quantity_allocated
              FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
             WHERE o.status IN ('label', 'ship')
               AND l.quantity_allocated < l.quantity - l.quantity_canceled - l.quantity_shipped_elsewhere
        """,
    ),
    Law(
        id="orders.issue_count_is_open_issues",
        title="An order's count of exceptions is its open ones",
        checked=_ORDERS,
        violations="""
            SELECT o.external_id, o.issue_count, coalesce(i.open, 0)
              FROM orders_order o
              LEFT JOIN (SELECT order_id, count(*) AS open FROM orders_orderissue
                          WHERE solved_at IS NULL GROUP BY 1) i ON i.order_id = o.id
             WHERE o.issue_count <> coalesce(i.open, 0)
        """,
    ),
    Law(
        id="orders.tally_is_count",
        title="The maintained counters are what counting gives",
        checked="SELECT count(DISTINCT (shop_id, bucket)) FROM orders_ordertally",
        violations="""
            SELECT coalesce(c.bucket, t.bucket) || ' of shop ' || coalesce(c.shop_id, t.shop_id), c.n, t.n
              FROM (SELECT o.shop_id, b.bucket, count(*) AS n
                      FROM orders_order o, unnest(orders_buckets(o.status, o.fulfillment_method,
                               o.hold_reason, o.issue_count, o.cancel_requested)) AS b(bucket)
                     GROUP BY 1, 2) c
              FULL JOIN
                   (SELECT shop_id, bucket, sum(delta) AS n FROM orders_ordertally GROUP BY 1, 2) t
             USING (shop_id, bucket)
             WHERE coalesce(c.n, 0) <> coalesce(t.n, 0)
        """,
    ),
    Law(
        id="orders.status_is_last_event",
        title="An order stands where its last event took it",
        checked="SELECT count(*) FROM ecomhub_event WHERE object_kind = 'order' AND data ? 'to'",
        violations="""
            SELECT o.external_id, o.status, e.at_last
              FROM orders_order o
              JOIN (SELECT DISTINCT ON (object_id) object_id,
                           coalesce(data ->> 'to', data ->> 'status') AS at_last
                      FROM ecomhub_event
                     WHERE object_kind = 'order' AND (data ?& array['from', 'to'] OR kind = 'taken_in')
                     ORDER BY object_id, sequence DESC) e ON e.object_id = o.id
             WHERE o.status <> e.at_last
        """,
    ),
    Law(
        id="orders.order_has_its_history",
        title="Every order has the event of its intake, and its events are numbered without a gap",
        checked=_ORDERS,
        violations="""
            SELECT o.external_id, e.events, e.last
              FROM orders_order o
              LEFT JOIN (SELECT object_id, count(*) AS events, max(sequence) AS last
                           FROM ecomhub_event WHERE object_kind = 'order' GROUP BY 1) e ON e.object_id = o.id
             WHERE e.events IS NULL OR e.events <> e.last
        """,
    ),
    Law(
        id="orders.cancel_facts_agree",
        title="What is said to a platform about a cancellation, its times and its work agree",
        checked="SELECT count(*) FROM orders_platformcancel",
        violations="""
            SELECT o.external_id, c.kind, c.outcome, c.state
              FROM orders_platformcancel c JOIN orders_order o ON o.id = c.order_id
             WHERE (c.outcome = 'confirmed') <> (c.taken_at IS NOT NULL)
                OR (c.outcome IN ('sent', 'unknown') AND c.sent_at IS NULL)
                OR (c.outcome IN ('intended', 'sent', 'unknown') AND c.state = 'done')
                OR (c.outcome = 'refused' AND c.state = 'waiting')
        """,
    ),
    Law(
        id="orders.canceling_is_worked_on",
        title="An order waits for its cancellation exactly as long as the platform is asked for it",
        checked="SELECT count(*) FROM orders_platformcancel WHERE kind <> 'decline'",
        violations="""
            SELECT o.external_id, o.status, o.hold_reason, c.outcome
              FROM orders_order o
              LEFT JOIN orders_platformcancel c
                ON c.order_id = o.id AND c.kind <> 'decline'
               AND c.outcome IN ('intended', 'sent', 'unknown')
             WHERE (o.hold_reason = 'canceling') <> (c.id IS NOT NULL)
        """,
    ),
    Law(
        id="orders.return_is_of_its_order",
        title="A return's line is one of its order",
        checked="SELECT count(*) FROM orders_platformreturn",
        violations="""
            SELECT o.external_id, r.external_id, r.line_id
              FROM orders_platformreturn r
              JOIN orders_order o ON o.id = r.order_id
              JOIN orders_orderline l ON l.id = r.line_id
             WHERE l.order_id <> r.order_id
        """,
    ),
    Law(
        id="orders.erased_buyers_are_gone",
        title="Of an order whose data key was destroyed nothing of its buyer is left",
        checked="SELECT count(*) FROM channels_datakey WHERE redacted_at IS NOT NULL",
        violations="""
            SELECT o.external_id, k.redacted_at
              FROM channels_datakey k
              JOIN orders_order o ON o.account_id = k.account_id AND o.external_id = k.external_id
             WHERE k.redacted_at IS NOT NULL
               AND (k.sealed <> ''
                    OR EXISTS (SELECT 1 FROM orders_orderbuyer b WHERE b.order_id = o.id)
                    OR EXISTS (SELECT 1 FROM orders_orderline l
                                WHERE l.order_id = o.id AND l.gift_message_sealed IS NOT NULL))
        """,
    ),
]
