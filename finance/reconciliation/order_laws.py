"""What must hold of orders' money, statements of wallets and banks, stock values and profits."""

from ecomhub.discovery import Law
from finance.reconciliation.exception_causes import REFUNDS_ABOVE_SALES

# Money that was booked a moment ago is looked at by the next turn; until then nothing is said about it.
_UNREAD = """
    SELECT FROM finance_posting n
      JOIN finance_journal j ON j.id = n.journal_id
      LEFT JOIN finance_progress g ON g.name = 'journals'
     WHERE n.order_id = m.order_id AND n.account_id = '1105' AND n.line_id IS NOT NULL
       AND (j.transaction, j.id) > (coalesce(g.transaction, 0)::text::xid8, coalesce(g.row, 0))
"""
_SAME = "(coalesce({0}.amount, 0), coalesce({0}.base, 0))"

LAWS = [
    Law(
        id="I11",
        title="What an order still owes is what was expected less what its lines and differences took",
        checked="SELECT count(*) FROM finance_ordermoney",
        violations=f"""
            SELECT o.external_id, x.component, x.currency, x.expected, x.booked
              FROM (SELECT coalesce(e.order_id, p.order_id) AS order_id,
                           coalesce(e.component, p.component) AS component,
                           coalesce(e.currency, p.currency) AS currency,
                           coalesce(e.amount, 0) AS expected, coalesce(p.amount, 0) AS booked
                      FROM (SELECT order_id, component, currency, sum(amount) AS amount
                              FROM finance_expecteditem GROUP BY 1, 2, 3) e
                      FULL JOIN (SELECT p.order_id, p.component, p.currency, sum(p.amount) AS amount
                                   FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id
                                  WHERE p.account_id = '1105' AND p.order_id IS NOT NULL
                                    AND j.kind = 'shipment' GROUP BY 1, 2, 3) p
                        ON (e.order_id, e.component, e.currency) = (p.order_id, p.component, p.currency)) x
              JOIN orders_order o ON o.id = x.order_id
             WHERE x.expected <> x.booked
            UNION ALL
            SELECT o.external_id, l.currency, 'its lines', l.amount, p.amount
              FROM (SELECT p.order_id, p.currency, -sum(p.amount) AS amount
                      FROM finance_posting p
                     WHERE p.account_id = '1105' AND p.order_id IS NOT NULL AND p.line_id IS NOT NULL
                     GROUP BY 1, 2) p
              JOIN (SELECT l.order_id, l.currency, sum(l.amount) AS amount FROM finance_settlementline l
                     WHERE l.order_id IS NOT NULL
                       AND '1105' = (SELECT x.account_id FROM finance_posting x WHERE x.line_id = l.id
                                      ORDER BY x.turn DESC LIMIT 1)
                     GROUP BY 1, 2) l USING (order_id, currency)
              JOIN orders_order o ON o.id = p.order_id
             WHERE l.amount <> p.amount
            UNION ALL
            SELECT o.external_id, 'settled', p.currency, sum(p.amount), sum(p.base_amount)
              FROM finance_ordermoney m
              JOIN orders_order o ON o.id = m.order_id
              JOIN finance_posting p ON p.order_id = m.order_id AND p.account_id = '1105'
             WHERE m.state = 'settled' AND NOT m.is_due
               AND NOT EXISTS ({_UNREAD})
             GROUP BY o.external_id, p.currency HAVING sum(p.amount) <> 0
        """,  # noqa: S608
    ),
    Law(
        id="I14",
        title="A settled order's income, fees and refunds are together what its lines paid",
        checked="SELECT count(*) FROM finance_ordermoney WHERE state = 'settled'",
        violations=f"""
            SELECT o.external_id, b.currency, b.booked, coalesce(l.paid, 0)
              FROM (SELECT p.order_id, p.currency, -sum(p.amount) AS booked
                      FROM finance_posting p
                      JOIN finance_journal j ON j.id = p.journal_id
                      JOIN finance_ordermoney m ON m.order_id = p.order_id AND m.state = 'settled'
                     WHERE j.kind IN ('shipment', 'variance') AND p.account_id <> '1105' GROUP BY 1, 2) b
              LEFT JOIN (SELECT p.order_id, p.currency, -sum(p.amount) AS paid FROM finance_posting p
                          WHERE p.account_id = '1105' AND p.line_id IS NOT NULL GROUP BY 1, 2) l
                     USING (order_id, currency)
              JOIN orders_order o ON o.id = b.order_id
              JOIN finance_ordermoney m ON m.order_id = b.order_id AND NOT m.is_due
             WHERE b.booked <> coalesce(l.paid, 0)
               AND NOT EXISTS ({_UNREAD})
        """,  # noqa: S608
    ),
    Law(
        id="I15",
        title="No more was given back for an order, or for a part of it, than was sold, or it is listed",
        checked="SELECT count(DISTINCT order_id) FROM finance_posting "
        "WHERE account_id = '1105' AND component = '4100' AND line_id IS NOT NULL",
        violations=f"""
            SELECT o.external_id, r.currency, r.component, r.sold, r.refunded
              FROM ({REFUNDS_ABOVE_SALES}) r JOIN orders_order o ON o.id = r.order_id
             WHERE NOT EXISTS (SELECT FROM finance_moneyexception e
                                WHERE e.order_id = r.order_id AND e.kind = 'refund_above_sales'
                                  AND e.currency = r.currency AND e.component = r.component
                                  AND e.state <> 'solved')
               AND NOT EXISTS (SELECT FROM finance_progress g
                                 JOIN finance_posting p ON p.order_id = r.order_id AND p.account_id = '1105'
                                 JOIN finance_journal j ON j.id = p.journal_id
                                WHERE g.name = 'swept' AND p.component = '4100' AND p.line_id IS NOT NULL
                                  AND (j.transaction::text::numeric, j.id) > (g.transaction, g."row"))
        """,  # noqa: S608
    ),
    Law(
        id="I16",
        title="Wallets and banks: the ledger moves by what each statement says, and statements follow",
        checked="""
            SELECT count(*) FROM finance_settlement WHERE state = 'posted' AND closing IS NOT NULL
        """,
        violations="""
            WITH stated AS MATERIALIZED (
                SELECT s.id, s.account_id, a.name, s.external_id, s.currency, s.opening, s.closing,
                       CASE a.holder WHEN 'bank' THEN '1010' ELSE '1020' END AS code,
                       coalesce(s.ends_at, s.starts_at, s.recorded_at) AS through,
                       lag(s.closing) OVER chain AS before,
                       row_number() OVER (PARTITION BY s.account_id, s.currency, s.source
                            ORDER BY coalesce(s.ends_at, s.starts_at, s.recorded_at) DESC, s.id DESC) AS back,
                       first_value(s.opening) OVER chain AS first_opening
                  FROM finance_settlement s JOIN finance_moneyaccount a ON a.id = s.account_id
                 WHERE s.state = 'posted' AND s.opening IS NOT NULL AND s.closing IS NOT NULL
                WINDOW chain AS (PARTITION BY s.account_id, s.currency, s.source
                                 ORDER BY coalesce(s.ends_at, s.starts_at, s.recorded_at), s.id)
            )
            SELECT t.name, t.external_id, t.currency, 'moved by', t.closing - t.opening, coalesce(p.amount, 0)
              FROM stated t
              LEFT JOIN LATERAL (SELECT sum(p.amount) AS amount FROM finance_posting p
                                  WHERE p.settlement_id = t.id AND p.account_id = t.code) p ON true
             WHERE t.closing - t.opening <> coalesce(p.amount, 0)
            UNION ALL
            SELECT name, external_id, currency, 'begins where the one before ended', opening, before
              FROM stated WHERE before IS NOT NULL AND before <> opening
            UNION ALL
            SELECT t.name, t.external_id, t.currency, 'stands at', t.closing, p.amount
              FROM stated t
              JOIN LATERAL (
                  SELECT coalesce(sum(p.amount), 0)
                       + CASE WHEN bool_or(j.kind = 'opening') THEN 0 ELSE t.first_opening END AS amount
                    FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id
                   WHERE p.account_id = t.code AND p.money_account_id = t.account_id
                     AND p.currency = t.currency) p ON true
             WHERE t.back = 1 AND t.closing <> p.amount
               AND NOT EXISTS (SELECT FROM finance_settlement s
                                WHERE s.account_id = t.account_id AND s.currency = t.currency
                                  AND s.state = 'posted' AND (s.closing IS NULL OR s.id NOT IN (
                                      SELECT id FROM stated))
                                  AND EXISTS (SELECT FROM finance_posting p
                                               WHERE p.settlement_id = s.id AND p.account_id = t.code))
               AND (SELECT count(DISTINCT s.source) FROM finance_settlement s
                     WHERE s.account_id = t.account_id AND s.currency = t.currency
                       AND s.state = 'posted' AND s.closing IS NOT NULL) = 1
        """,
    ),
    Law(
        id="I19.shares",
        title="What is shared out adds up: a layer's value over what left and is left, a movement's over its "
        "layers, a sale's over what came back",
        checked="SELECT count(*) FROM finance_stockuse",
        violations="""
            SELECT 'layers of ' || s.code || ' @ ' || w.code, x.currency, x.units, x.amount, x.base
              FROM (SELECT l.sku_id, l.warehouse_id, l.currency,
                           sum(l.quantity - l.left) - sum(coalesce(u.units, 0)) AS units,
                           sum(l.amount - l.left_amount) - sum(coalesce(u.amount, 0)) AS amount,
                           sum(l.base_amount - l.left_base) - sum(coalesce(u.base, 0)) AS base
                      FROM finance_stocklayer l
                      LEFT JOIN (SELECT layer_id, sum(quantity) AS units, sum(amount) AS amount,
                                        sum(base_amount) AS base
                                   FROM finance_stockuse WHERE quantity > 0 GROUP BY 1) u ON u.layer_id = l.id
                     GROUP BY 1, 2, 3) x
              JOIN inventory_sku s ON s.id = x.sku_id JOIN inventory_warehouse w ON w.id = x.warehouse_id
             WHERE (x.units, x.amount, x.base) <> (0, 0, 0)
            UNION ALL
            SELECT 'movement ' || movement_id, currency, NULL, sum(amount), sum(base)
              FROM (SELECT u.movement_id, u.currency, sum(u.amount) AS amount, sum(u.base_amount) AS base
                      FROM finance_stockuse u GROUP BY 1, 2
                    UNION ALL
                    SELECT u.movement_id, p.currency, sum(p.amount), sum(p.base_amount)
                      FROM (SELECT DISTINCT u.movement_id, l.book_id
                              FROM finance_stockuse u JOIN finance_stocklayer l ON l.id = u.layer_id) u
                      JOIN finance_journal j ON j.book_id = u.book_id AND j.key = 'stock:' || u.movement_id
                      JOIN finance_posting p ON p.journal_id = j.id AND p.account_id = '1200'
                     GROUP BY 1, 2) side
             GROUP BY movement_id, currency HAVING sum(amount) <> 0 OR sum(base) <> 0
            UNION ALL
            SELECT 'sale ' || u.demand, u.currency, sum(u.quantity), sum(u.amount), sum(u.base_amount)
              FROM finance_stockuse u JOIN finance_stocklayer l ON l.id = u.layer_id
             WHERE u.demand <> '' AND u.account_id = '5000' GROUP BY u.demand, l.sku_id, u.currency
            HAVING sum(u.quantity) < 0
                OR (sum(u.quantity) = 0 AND (sum(u.amount), sum(u.base_amount)) <> (0, 0))
        """,
    ),
    Law(
        id="I20",
        title="Stock in the books is its open layers, in value and units, and goods sold cost what they took",
        checked="SELECT count(*) FROM finance_stockchain",
        violations=f"""
            SELECT 'book ' || coalesce(l.book_id, p.book_id), coalesce(l.currency, p.currency),
                   coalesce(l.amount, 0), coalesce(p.amount, 0), coalesce(l.base, 0), coalesce(p.base, 0)
              FROM (SELECT book_id, currency, sum(left_amount) AS amount, sum(left_base) AS base
                      FROM finance_stocklayer GROUP BY 1, 2) l
              FULL JOIN (SELECT j.book_id, p.currency, sum(p.amount) AS amount, sum(p.base_amount) AS base
                           FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id
                          WHERE p.account_id = '1200'
                            AND j.book_id IN (SELECT book_id FROM finance_stocklayer) GROUP BY 1, 2) p
                USING (book_id, currency)
             WHERE {_SAME.format("l")} <> {_SAME.format("p")}
            UNION ALL
            SELECT s.code || ' @ ' || w.code, 'units', l.units, m.units, NULL, NULL
              FROM finance_stockchain c
              JOIN inventory_sku s ON s.id = c.sku_id JOIN inventory_warehouse w ON w.id = c.warehouse_id
              JOIN LATERAL (SELECT coalesce(sum(l.left), 0) AS units FROM finance_stocklayer l
                             WHERE l.sku_id = c.sku_id AND l.warehouse_id = c.warehouse_id) l ON true
              JOIN LATERAL (SELECT coalesce(sum(m.on_hand_delta), 0) AS units FROM inventory_stockmovement m
                             WHERE m.sku_id = c.sku_id AND m.warehouse_id = c.warehouse_id
                               AND m.id <= c.movement) m ON true
             WHERE l.units <> m.units
            UNION ALL
            SELECT 'order ' || coalesce(u.order_id, p.order_id), coalesce(u.currency, p.currency),
                   coalesce(u.amount, 0), coalesce(p.amount, 0), coalesce(u.base, 0), coalesce(p.base, 0)
              FROM (SELECT order_id, currency, sum(amount) AS amount, sum(base_amount) AS base
                      FROM finance_stockuse WHERE order_id IS NOT NULL AND account_id = '5000'
                     GROUP BY 1, 2) u
              FULL JOIN (SELECT order_id, currency, sum(amount) AS amount, sum(base_amount) AS base
                           FROM finance_posting WHERE account_id IN ('5000', '1230') AND order_id IS NOT NULL
                          GROUP BY 1, 2) p USING (order_id, currency)
             WHERE {_SAME.format("u")} <> {_SAME.format("p")}
        """,  # noqa: S608
    ),
    Law(
        id="I21",
        title="A shop's profit is the contribution of its orders and what belongs to no order",
        checked="""
            SELECT count(DISTINCT p.shop_id) FROM finance_posting p JOIN finance_account a
                ON a.code = p.account_id AND a.nature IN ('income', 'expense')
        """,
        violations="""
            WITH profit AS MATERIALIZED (
                SELECT j.book_id, p.shop_id, o.shop_id AS order_shop, p.order_id IS NOT NULL AS allocated,
                       sum(p.base_amount) AS amount
                  FROM finance_posting p
                  JOIN finance_journal j ON j.id = p.journal_id
                  JOIN finance_account a ON a.code = p.account_id AND a.nature IN ('income', 'expense')
                  LEFT JOIN orders_order o ON o.id = p.order_id
                 GROUP BY 1, 2, 3, 4
            )
            SELECT 'book ' || w.book_id, 'shop ' || w.shop_id, w.whole,
                   coalesce(c.contributions, 0) + coalesce(u.unallocated, 0)
              FROM (SELECT book_id, shop_id, sum(amount) AS whole FROM profit GROUP BY 1, 2) w
              LEFT JOIN (SELECT book_id, order_shop AS shop_id, sum(amount) AS contributions FROM profit
                          WHERE allocated GROUP BY 1, 2) c
                     ON c.book_id = w.book_id AND c.shop_id IS NOT DISTINCT FROM w.shop_id
              LEFT JOIN (SELECT book_id, shop_id, sum(amount) AS unallocated FROM profit
                          WHERE NOT allocated GROUP BY 1, 2) u
                     ON u.book_id = w.book_id AND u.shop_id IS NOT DISTINCT FROM w.shop_id
             WHERE w.whole <> coalesce(c.contributions, 0) + coalesce(u.unallocated, 0)
            UNION ALL
            SELECT 'book ' || book_id, 'orders of shop ' || order_shop, sum(amount), NULL
              FROM profit WHERE allocated AND shop_id IS DISTINCT FROM order_shop GROUP BY 1, 2
        """,
    ),
]
