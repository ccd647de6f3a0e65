"""What must hold between shipments, the stock ledger, order lines and what the platform was told."""

from ecomhub.discovery import Law

LAWS = [
    Law(
        id="logistics.shipped-is-what-left-the-stock",
        title="A line of a dispatched shipment is a movement out of its warehouse, and the other way round",
        checked="SELECT count(*) FROM logistics_shipmentline l JOIN logistics_shipment s "
        "ON s.id = l.shipment_id WHERE s.state = 'dispatched'",
        violations="""
            SELECT coalesce(told.number, moved.number) AS shipment,
                   coalesce(told.demand, moved.demand) AS demand, told.units AS shipped, moved.units AS moved
              FROM (SELECT s.number, 'order-line:' || l.line_id AS demand, l.sku_id, s.warehouse_id,
                           sum(l.quantity) AS units
                      FROM logistics_shipmentline l JOIN logistics_shipment s ON s.id = l.shipment_id
                     WHERE s.state = 'dispatched' GROUP BY 1, 2, 3, 4) told
              FULL JOIN
                   (SELECT split_part(cause, ':', 2) AS number, demand, sku_id, warehouse_id,
                           sum(-on_hand_delta) AS units
                      FROM inventory_stockmovement
                     WHERE kind = 'ship' AND cause LIKE 'ship:S%' GROUP BY 1, 2, 3, 4) moved
             USING (number, demand, sku_id, warehouse_id)
             WHERE told.units IS DISTINCT FROM moved.units
        """,
    ),
    Law(
        id="logistics.shipped-within-the-allocation",
        title="No more left for an order line than its allocation counted",
        checked="SELECT count(*) FROM orders_allocation WHERE quantity_shipped > 0",
        violations="""
            SELECT min(s.number) AS shipment, l.line_id, sum(l.quantity) AS shipped,
                   coalesce(max(a.quantity_shipped), 0) AS counted
              FROM logistics_shipmentline l
              JOIN logistics_shipment s ON s.id = l.shipment_id AND s.state = 'dispatched'
              LEFT JOIN orders_allocation a
                ON a.line_id = l.line_id AND a.sku_id = l.sku_id AND a.warehouse_id = s.warehouse_id
             GROUP BY l.line_id, l.sku_id, s.warehouse_id
            HAVING sum(l.quantity) > coalesce(max(a.quantity_shipped), 0)
        """,
    ),
    Law(
        id="logistics.dispatched-has-content",
        title="Every dispatched shipment has lines, all of orders the seller ships",
        checked="SELECT count(*) FROM logistics_shipment WHERE state = 'dispatched'",
        violations="""
            SELECT s.number, count(l.id) AS lines, count(o.id) AS not_ours
              FROM logistics_shipment s
              LEFT JOIN logistics_shipmentline l ON l.shipment_id = s.id
              LEFT JOIN orders_orderline ol ON ol.id = l.line_id
              LEFT JOIN orders_order o ON o.id = ol.order_id AND o.fulfillment_method <> 'by_seller'
             WHERE s.state = 'dispatched'
             GROUP BY s.number HAVING count(l.id) = 0 OR count(o.id) > 0
        """,
    ),
    Law(
        id="logistics.dispatched-is-told-or-says-why-not",
        title="Every order of a dispatched shipment has its confirmation, told or with the reason why not",
        checked="SELECT count(*) FROM logistics_shipment WHERE state = 'dispatched'",
        violations="""
            SELECT s.number, o.external_id
              FROM logistics_shipment s
              JOIN logistics_shipmentline l ON l.shipment_id = s.id
              JOIN orders_orderline ol ON ol.id = l.line_id
              JOIN orders_order o ON o.id = ol.order_id
             WHERE s.state = 'dispatched'
               AND NOT EXISTS (SELECT 1 FROM logistics_confirmation c
                                WHERE c.shipment_id = s.id AND c.order_id = o.id)
             GROUP BY s.number, o.external_id
        """,
    ),
    Law(
        id="logistics.confirmation-facts-agree",
        title="A confirmation's outcome, its times and its work agree",
        checked="SELECT count(*) FROM logistics_confirmation",
        violations="""
            SELECT s.number, o.external_id, c.outcome, c.state,
                   CASE WHEN c.outcome = 'confirmed' AND c.told_at IS NULL THEN 'confirmed without its time'
                        WHEN c.outcome <> 'confirmed' AND c.told_at IS NOT NULL THEN 'told, and not confirmed'
                        WHEN c.outcome IN ('sent', 'unknown') AND c.sent_at IS NULL
                             THEN 'sent without its time'
                        WHEN c.outcome IN ('intended', 'sent', 'unknown') AND c.state = 'done'
                             THEN 'nobody works on it'
                        ELSE 'refused, and still tried' END AS why
              FROM logistics_confirmation c
              JOIN logistics_shipment s ON s.id = c.shipment_id
              JOIN orders_order o ON o.id = c.order_id
             WHERE (c.outcome = 'confirmed') <> (c.told_at IS NOT NULL)
                OR (c.outcome IN ('sent', 'unknown') AND c.sent_at IS NULL)
                OR (c.outcome IN ('intended', 'sent', 'unknown') AND c.state = 'done')
                OR (c.outcome = 'refused' AND c.state = 'waiting')
        """,
    ),
    Law(
        id="logistics.shipment-times-agree",
        title="A shipment has left when its state says so, and only then",
        checked="SELECT count(*) FROM logistics_shipment",
        violations="""
            SELECT number, state, dispatched_at, voided_at FROM logistics_shipment
             WHERE (state = 'dispatched') <> (dispatched_at IS NOT NULL)
                OR (state = 'voided') <> (voided_at IS NOT NULL)
        """,
    ),
    Law(
        id="logistics.arrangement-facts-agree",
        title="An arrangement's outcome, its times, its number and its work agree",
        checked="SELECT count(*) FROM logistics_arrangement",
        violations="""
            SELECT s.number, a.outcome, a.state,
                   CASE WHEN (a.outcome = 'confirmed') <> (a.told_at IS NOT NULL)
                             THEN 'confirmed and its time do not agree'
                        WHEN a.outcome IN ('sent', 'unknown') AND a.sent_at IS NULL
                             THEN 'sent without its time'
                        WHEN (a.tracking_number <> '') <> (a.numbered_at IS NOT NULL)
                             THEN 'the number and its time do not agree'
                        WHEN (a.document_id IS NOT NULL) <> (a.document_at IS NOT NULL)
                             THEN 'the label and its time do not agree'
                        WHEN a.state = 'done' THEN 'nobody works on it'
                        ELSE 'refused, and still tried' END AS why
              FROM logistics_arrangement a
              JOIN logistics_shipment s ON s.id = a.shipment_id
             WHERE (a.outcome = 'confirmed') <> (a.told_at IS NOT NULL)
                OR (a.outcome IN ('sent', 'unknown') AND a.sent_at IS NULL)
                OR (a.tracking_number <> '') <> (a.numbered_at IS NOT NULL)
                OR (a.document_id IS NOT NULL) <> (a.document_at IS NOT NULL)
                OR (a.state = 'done' AND s.state <> 'voided'
                    AND (a.outcome IN ('intended', 'sent', 'unknown')
                         OR (a.outcome = 'confirmed' AND a.tracking_number = '')))
                OR (a.outcome = 'refused' AND a.state = 'waiting')
        """,
    ),
    Law(
        id="logistics.arranged-is-told",
        title="An arranged shipment counts as told at that moment, under the number the platform gave",
        checked="SELECT count(*) FROM logistics_arrangement WHERE outcome = 'confirmed'",
        violations="""
            SELECT s.number, a.tracking_number, s.tracking_number AS shown, c.outcome
              FROM logistics_arrangement a
              JOIN logistics_shipment s ON s.id = a.shipment_id
              LEFT JOIN logistics_confirmation c ON c.shipment_id = s.id AND c.order_id = a.order_id
             WHERE a.outcome = 'confirmed'
               AND (c.outcome IS DISTINCT FROM 'confirmed' OR c.told_at IS DISTINCT FROM a.told_at
                    OR s.tracking_number <> a.tracking_number)
        """,
    ),
    Law(
        id="logistics.package-holds-one-shipment",
        title="No two shipments of an order are the same package at its platform",
        checked="SELECT count(*) FROM logistics_arrangement WHERE package <> ''",
        violations="""
            SELECT o.external_id, a.package, string_agg(s.number, ', ' ORDER BY s.number) AS shipments
              FROM logistics_arrangement a
              JOIN logistics_shipment s ON s.id = a.shipment_id AND s.state <> 'voided'
              JOIN orders_order o ON o.id = a.order_id
             WHERE a.package <> '' AND a.outcome IN ('intended', 'sent', 'unknown', 'confirmed')
             GROUP BY o.external_id, a.package, a.order_id HAVING count(*) > 1
        """,
    ),
    Law(
        id="logistics.nothing-leaves-half-arranged",
        title="Nothing leaves while its arrangement is open",
        checked="SELECT count(*) FROM logistics_arrangement a JOIN logistics_shipment s "
        "ON s.id = a.shipment_id WHERE s.state = 'dispatched'",
        violations="""
            SELECT s.number, a.outcome
              FROM logistics_arrangement a JOIN logistics_shipment s ON s.id = a.shipment_id
             WHERE s.state = 'dispatched' AND a.outcome IN ('intended', 'sent', 'unknown')
        """,
    ),
]
