"""Where exceptions come from: one query a kind, each row one cause that is there now.

``%(at)s`` is the application's instant, ``%(days)s`` how long such a thing may take. The columns are those of
``finance.exceptions.Found``.
"""

from finance.statements.type_words import MATCHES, rows_of

_NEVER_PAID = """
SELECT 'never_paid', 'never_paid:order:' || m.order_id, m.book_id, sum(p.amount), m.currency, m.due_on,
       m.shop_id, NULL, m.order_id, NULL, NULL, NULL, NULL, '', o.external_id
  FROM finance_ordermoney m
  JOIN orders_order o ON o.id = m.order_id
  JOIN finance_posting p ON p.order_id = m.order_id AND p.account_id = '1105' AND p.currency = m.currency
 WHERE m.state <> 'settled' AND m.shipped_on + %(days)s < (%(at)s)::date
 GROUP BY m.order_id, o.external_id HAVING sum(p.amount) <> 0 AND count(p.line_id) = 0
"""
_UNKNOWN_ORDER = """
SELECT 'unknown_order', left('unknown_order:' || a.id || ':' || l.currency || ':' || md5(l.order_ref), 80),
       a.book_id, sum(l.amount), l.currency, min(l.effective_on), NULL, a.id, NULL, NULL, NULL, min(l.id),
       NULL, '', left(l.order_ref, 160)
  FROM finance_settlementline l
  JOIN finance_settlement s ON s.id = l.settlement_id AND s.state = 'posted'
  JOIN finance_moneyaccount a ON a.id = s.account_id
 WHERE l.order_id IS NULL AND l.order_ref <> '' AND l.amount <> 0
   AND (a.live_on IS NULL OR l.effective_on >= a.live_on)
   AND EXISTS (SELECT FROM finance_posting p WHERE p.line_id = l.id AND p.account_id = '1105')
 GROUP BY a.id, l.currency, l.order_ref HAVING max(l.effective_on) + %(days)s < (%(at)s)::date
"""
# Equal lines of one settlement are all money; the same second, order and amount in two settlements are not.
# Lines booked since the last look are compared with their orders' lines; what was raised, once more.
_DUPLICATE = """
WITH fresh AS MATERIALIZED (
    SELECT p.line_id FROM finance_journal j
      JOIN finance_posting p ON p.journal_id = j.id AND p.line_id IS NOT NULL
     WHERE (j.transaction, j.id) > (%(number)s::text::xid8, %(row)s)
     UNION SELECT e.line_id FROM finance_moneyexception e WHERE e.kind = 'duplicate' AND e.state <> 'solved'
), asked AS MATERIALIZED (
    SELECT DISTINCT l.currency, l.content, l.order_id, l.order_ref
      FROM fresh JOIN finance_settlementline l ON l.id = fresh.line_id
     WHERE l.order_ref <> '' AND l.amount <> 0
), seen AS (
    SELECT l.id, l.settlement_id, l.currency, l.content FROM asked q
      JOIN finance_settlementline l ON l.order_id = q.order_id
       AND l.content = q.content AND l.currency = q.currency
     WHERE q.order_id IS NOT NULL
     UNION
    SELECT l.id, l.settlement_id, l.currency, l.content FROM asked q
      JOIN finance_settlementline l ON l.order_id IS NULL AND l.order_ref <> '' AND l.order_ref = q.order_ref
       AND l.content = q.content AND l.currency = q.currency
)
SELECT 'duplicate', 'duplicate:line:' || max(l.id), a.book_id, max(l.amount), l.currency, max(l.effective_on),
       NULL, a.id, max(l.order_id), max(l.settlement_id), NULL, max(l.id), max(l.line_type_id), '',
       left(max(l.order_ref), 160)
  FROM seen n JOIN finance_settlementline l ON l.id = n.id
  JOIN finance_settlement s ON s.id = n.settlement_id AND s.state = 'posted'
  JOIN finance_moneyaccount a ON a.id = s.account_id
 GROUP BY a.id, l.currency, l.content HAVING count(DISTINCT l.settlement_id) > 1
"""
_REFUND_WITHOUT_RETURN = """
SELECT 'refund_without_return', 'refund_without_return:order:' || o.id, j.book_id, sum(p.amount), p.currency,
       max(j.effective_on), o.shop_id, NULL, o.id, NULL, NULL, NULL, NULL, '4100', o.external_id
  FROM finance_posting p
  JOIN finance_journal j ON j.id = p.journal_id
  JOIN orders_order o ON o.id = p.order_id
 WHERE p.account_id = '1105' AND p.component = '4100' AND p.line_id IS NOT NULL
   AND o.shipped_at IS NOT NULL AND o.status <> 'canceled'
   AND NOT EXISTS (SELECT FROM orders_platformreturn r WHERE r.order_id = o.id AND r.quantity > 0)
   AND NOT EXISTS (SELECT FROM orders_orderline l JOIN inventory_stockmovement m
                       ON m.demand = 'order-line:' || l.id AND m.kind = 'take_back'
                    WHERE l.order_id = o.id)
 GROUP BY o.id, j.book_id, p.currency, o.external_id, o.shop_id
HAVING sum(p.amount) > 0 AND max(j.effective_on) + %(days)s < (%(at)s)::date
"""
# Of each refunded order what was sold and given back by part of the sale; a refund whose words do not tell
# its part is of the whole alone.
REFUNDS_ABOVE_SALES = f"""
WITH word (source, first, second, third, part) AS ({rows_of(lambda rule: rule.gives_back)}),
     kind AS MATERIALIZED (
    SELECT t.id, (SELECT w.part FROM word w WHERE {MATCHES} LIMIT 1) AS part
      FROM finance_linetype t WHERE t.source IN (SELECT source FROM word)),
     part AS MATERIALIZED (
    SELECT p.order_id, p.currency, CASE WHEN p.component = '4100' THEN k.part ELSE p.component END AS part,
           coalesce(-sum(p.amount) FILTER (WHERE p.component <> '4100'), 0) AS sold,
           coalesce(sum(p.amount) FILTER (WHERE p.component = '4100'), 0) AS refunded
      FROM finance_posting p
      LEFT JOIN finance_settlementline l ON l.id = p.line_id AND p.component = '4100'
      LEFT JOIN kind k ON k.id = l.line_type_id
     WHERE p.account_id = '1105' AND p.line_id IS NOT NULL AND p.order_id IS NOT NULL
       AND p.component = ANY(ARRAY['4000', '4010', '4020', '4030', '4200', '4100'])
       AND p.order_id IN (SELECT r.order_id FROM finance_posting r
                           WHERE r.account_id = '1105' AND r.component = '4100' AND r.line_id IS NOT NULL)
     GROUP BY 1, 2, 3),
     whole AS MATERIALIZED (
    SELECT order_id, currency, sum(sold) AS sold, sum(refunded) AS refunded,
           sum(refunded) > 0 AND sum(refunded) > sum(sold) AS is_above
      FROM part GROUP BY 1, 2)
SELECT order_id, currency, '4100' AS component, sold, refunded FROM whole WHERE is_above
UNION ALL
SELECT p.order_id, p.currency, p.part, p.sold, p.refunded
  FROM part p JOIN whole w USING (order_id, currency)
 WHERE NOT w.is_above AND p.refunded > 0 AND p.refunded > p.sold AND p.part <> ''
"""  # noqa: S608
"""(order, currency, component, sold, refunded) where more was given back than sold: of an order as a whole
(component 4100), else of a part of it."""
_REFUND_ABOVE_SALES = f"""
SELECT 'refund_above_sales', 'refund_above_sales:order:' || r.order_id || ':' || r.currency
           || CASE WHEN r.component = '4100' THEN '' ELSE ':' || r.component END,
       m.book_id, r.refunded - r.sold, r.currency, (%(at)s)::date, o.shop_id, NULL, o.id, NULL, NULL, NULL,
       NULL, r.component, o.external_id
  FROM ({REFUNDS_ABOVE_SALES}) r
  JOIN orders_order o ON o.id = r.order_id JOIN finance_ordermoney m ON m.order_id = o.id
"""  # noqa: S608
# What arrived and then was stated anew is named at once, with the receipt it had been.
_UNMATCHED_PAYOUT = """
SELECT 'unmatched_payout', 'unmatched_payout:payout:' || y.id, a.book_id, y.amount, y.currency,
       (y.sent_at AT TIME ZONE b.zone)::date, NULL::bigint, a.id, NULL::bigint, y.settlement_id, y.id,
       coalesce(y.line_id, r.line_id), NULL::bigint, '', y.reference
  FROM finance_payout y
  JOIN finance_moneyaccount a ON a.id = y.account_id JOIN finance_book b ON b.id = a.book_id
  LEFT JOIN LATERAL (SELECT m.line_id FROM finance_match m JOIN finance_journal u ON u.id = m.undoing_id
                      WHERE m.payout_id = y.id AND u.key LIKE 'restated:%%'
                      ORDER BY m.id DESC LIMIT 1) r ON true
 WHERE y.state = 'sent' AND y.amount <> 0
   AND (y.sent_at + make_interval(days => %(days)s) < %(at)s OR r.line_id IS NOT NULL)
   AND (a.live_on IS NULL OR (y.sent_at AT TIME ZONE b.zone)::date >= a.live_on)
UNION ALL
SELECT 'unmatched_payout', 'unmatched_payout:line:' || l.id, a.book_id, l.amount, l.currency, l.effective_on,
       NULL, a.id, NULL, l.settlement_id, NULL, l.id, l.line_type_id, '', l.reference
  FROM finance_posting p
  JOIN finance_settlementline l ON l.id = p.line_id
  JOIN finance_settlement s ON s.id = l.settlement_id AND s.state = 'posted'
  JOIN finance_moneyaccount a ON a.id = s.account_id
 WHERE p.account_id IN ('1120', '1130') AND l.amount > 0 AND l.effective_on + %(days)s < (%(at)s)::date
   AND (a.live_on IS NULL OR l.effective_on >= a.live_on)
   AND (a.holder <> 'channel' OR l.line_type_id IN (
        SELECT m.line_type_id FROM finance_typemapping m WHERE m.binding = 'payout'))
   AND NOT EXISTS (SELECT FROM finance_posting n WHERE n.line_id = p.line_id AND n.turn > p.turn)
   AND NOT EXISTS (SELECT FROM finance_match m WHERE m.line_id = l.id AND m.undoing_id IS NULL)
"""
# A bank has few words for much: what it received is looked at line by line, not by its type.
_RECEIPT = "l.amount > 0 AND a.holder = 'bank'"
_UNKNOWN_RECEIPT = f"""
SELECT 'unknown_receipt', 'unknown_receipt:line:' || l.id, a.book_id, l.amount, l.currency, l.effective_on,
       NULL, a.id, NULL, l.settlement_id, NULL, l.id, l.line_type_id, '',
       left(concat_ws(' ', nullif(l.reference, ''), nullif(l.note, '')), 160)
  FROM finance_posting p
  JOIN finance_settlementline l ON l.id = p.line_id
  JOIN finance_settlement s ON s.id = l.settlement_id AND s.state = 'posted'
  JOIN finance_moneyaccount a ON a.id = s.account_id
 WHERE p.account_id = '1900' AND {_RECEIPT} AND l.effective_on + %(days)s < (%(at)s)::date
   AND NOT EXISTS (SELECT FROM finance_posting n WHERE n.line_id = p.line_id AND n.turn > p.turn)
"""  # noqa: S608
_UNKNOWN_TYPE = f"""
SELECT 'unknown_type', 'unknown_type:' || t.id || ':' || p.currency || ':' || j.book_id, j.book_id,
       -sum(p.amount), p.currency, min(j.effective_on), NULL, max(p.money_account_id), NULL, NULL, NULL,
       min(p.line_id), t.id, '', left(concat_ws('/', t.first, t.second, t.third), 160)
  FROM finance_posting p
  JOIN finance_journal j ON j.id = p.journal_id
  JOIN finance_settlementline l ON l.id = p.line_id
  JOIN finance_settlement s ON s.id = l.settlement_id
  JOIN finance_moneyaccount a ON a.id = s.account_id
  JOIN finance_linetype t ON t.id = l.line_type_id
 WHERE p.account_id = '1900' AND NOT ({_RECEIPT})
 GROUP BY t.id, p.currency, j.book_id HAVING sum(p.amount) <> 0 OR bool_or(
       p.turn = (SELECT max(x.turn) FROM finance_posting x WHERE x.line_id = p.line_id))
"""  # noqa: S608
_WRONG_TOTAL = """
SELECT 'wrong_total', 'wrong_total:settlement:' || s.id, a.book_id,
       coalesce(s.total, 0) - s.lines_total, s.currency, (s.recorded_at AT TIME ZONE b.zone)::date, s.shop_id,
       a.id, NULL, s.id, NULL, NULL, NULL, '', left(s.external_id, 160)
  FROM finance_settlement s
  JOIN finance_moneyaccount a ON a.id = s.account_id JOIN finance_book b ON b.id = a.book_id
 WHERE s.state = 'refused' OR s.state = 'staged'
   AND s.reason = ANY(ARRAY['total_mismatch', 'stated_twice', 'no_statement', 'differs'])
"""

QUERIES = {
    "never_paid": _NEVER_PAID,
    "unknown_order": _UNKNOWN_ORDER,
    "duplicate": _DUPLICATE,
    "refund_without_return": _REFUND_WITHOUT_RETURN,
    "refund_above_sales": _REFUND_ABOVE_SALES,
    "unmatched_payout": _UNMATCHED_PAYOUT,
    "unknown_receipt": _UNKNOWN_RECEIPT,
    "unknown_type": _UNKNOWN_TYPE,
    "wrong_total": _WRONG_TOTAL,
}
"""The query of each kind that the sweep looks for."""
