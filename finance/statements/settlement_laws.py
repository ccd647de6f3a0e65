"""What must hold of settlements, their lines, payouts and chains; `manage.py verify` looks."""

from ecomhub.discovery import Law
from finance.statements import reserve_laws

_CLEARING = "('1110', '1020', '1010')"
_POSTED = "SELECT count(*) FROM finance_settlement WHERE state = 'posted'"
_SETTLED = """
SELECT s.*, a.holder FROM finance_settlement s JOIN finance_moneyaccount a ON a.id = s.account_id
 WHERE s.state = 'posted'
"""

LAWS = [
    Law(
        id="I5.lines",
        title="Every line with money of a posted settlement is in the ledger exactly once, with its amount",
        checked="SELECT count(*) FROM finance_settlementline l JOIN finance_settlement s "
        "ON s.id = l.settlement_id WHERE s.state = 'posted' AND l.amount <> 0",
        violations="""
            SELECT 'line ' || l.row || ' of ' || s.external_id, l.amount, l.currency, p.amount, p.turns
              FROM finance_settlementline l
              JOIN finance_settlement s ON s.id = l.settlement_id AND s.state = 'posted'
              LEFT JOIN (SELECT line_id, sum(amount) AS amount, count(*) AS turns, max(turn) AS last,
                                min(currency) AS currency, max(currency) AS other
                           FROM finance_posting WHERE line_id IS NOT NULL GROUP BY 1) p ON p.line_id = l.id
             WHERE coalesce(p.amount, 0) <> -l.amount
                OR (l.amount <> 0 AND (p.turns <> p.last + 1 OR p.turns % 2 = 0
                                       OR p.currency <> l.currency OR p.other <> l.currency))
                OR l.currency <> s.currency
        """,
    ),
    Law(
        id="I6",
        title="A posted settlement's lines add up to its total, and what is on clearing to its lines",
        checked=_POSTED,
        violations=f"""
            SELECT s.external_id, s.state, s.reason, s.currency, s.total, s.lines_total, l.total, c.total,
                   s.line_count - l.lines
              FROM finance_settlement s
              LEFT JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS total, count(*) AS lines
                                   FROM finance_settlementline WHERE settlement_id = s.id) l ON true
              LEFT JOIN LATERAL (SELECT coalesce(sum(p.amount), 0) AS total
                                   FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id
                                  WHERE p.settlement_id = s.id AND p.account_id IN {_CLEARING}
                                    AND p.line_id IS NULL
                                    AND j.kind IN ('settlement', 'wallet', 'bank')) c ON true
             WHERE s.state = 'posted'
               AND (s.lines_total <> l.total OR c.total <> l.total OR s.line_count <> l.lines
                    OR s.total <> l.total)
        """,  # noqa: S608
    ),
    Law(
        id="I6.decided",
        title="A document that does not agree is booked only after somebody accepted or set it aside",
        checked="SELECT count(*) FROM finance_settlementfile",
        violations="""
            SELECT s.external_id, s.state, s.reason, s.currency, s.total, s.lines_total
              FROM finance_settlement s
             WHERE s.state = 'staged'
               AND s.reason IN ('total_mismatch', 'no_statement', 'stated_twice')
            UNION ALL
            SELECT s.external_id, d.state, d.reason, s.currency, d.total, d.lines_total
              FROM finance_settlementfile d JOIN finance_settlement s ON s.id = d.settlement_id
             WHERE d.state = 'staged' AND d.reason = 'differs'
            UNION ALL
            SELECT s.external_id, s.state, 'accepted without a ruling', s.currency, s.total, s.lines_total
              FROM finance_settlement s
             WHERE s.accepted_reason <> ''
               AND NOT EXISTS (SELECT FROM finance_documentruling r
                                WHERE r.settlement_id = s.id AND r.kind = 'accepted')
        """,
    ),
    Law(
        id="I7",
        title="The clearing of a settlement that is through is zero; that of an open one is what is left",
        checked=f"SELECT count(*) FROM ({_SETTLED}) s WHERE s.holder = 'channel'",  # noqa: S608
        violations=f"""
            SELECT s.external_id, s.currency, s.closed_at, s.total, c.balance, o.amount
              FROM ({_SETTLED}) s
              LEFT JOIN finance_payout o ON o.settlement_id = s.id
              LEFT JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS balance FROM finance_posting
                                  WHERE settlement_id = s.id AND account_id = '1110') c ON true
             WHERE s.holder = 'channel'
               AND ((c.balance = 0) <> (s.closed_at IS NOT NULL)
                    OR (c.balance > 0 AND s.total > 0 AND s.deposited_at IS NOT NULL)
                    OR (o.amount <> s.total AND NOT (o.amount = 0 AND s.total < 0)))
        """,  # noqa: S608
    ),
    Law(
        id="I8",
        title="Money on its way is in transit with its amount, and arrives within a month of statements "
        "unless somebody accepted that it does not",
        checked="SELECT count(*) FROM finance_payout",
        violations="""
            SELECT 'payout ' || coalesce(nullif(o.reference, ''), o.id::text), o.state, o.amount, o.currency,
                   t.balance, o.sent_at
              FROM finance_payout o
              JOIN finance_moneyaccount a ON a.id = o.account_id
              LEFT JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS balance FROM finance_posting
                                  WHERE payout_id = o.id) t ON true
             WHERE (o.state = 'sent' AND t.balance <> o.amount
                    AND (o.line_id IS NULL OR EXISTS (SELECT 1 FROM finance_posting p
                                                       WHERE p.line_id = o.line_id)))
                OR (o.state IN ('arrived', 'failed') AND t.balance <> 0)
                OR (o.state = 'sent' AND o.amount > 0
                    AND NOT EXISTS (SELECT FROM finance_moneyexception e
                                     WHERE e.key = 'unmatched_payout:payout:' || o.id
                                       AND e.state = 'accepted' AND e.amount = o.amount)
                    AND EXISTS (SELECT 1 FROM finance_settlement s
                                  JOIN finance_moneyaccount r ON r.id = s.account_id
                                 WHERE r.book_id = a.book_id AND r.id <> a.id
                                   AND r.holder IN ('wallet', 'bank') AND s.state = 'posted'
                                   AND s.starts_at <= o.sent_at
                                   AND s.ends_at > o.sent_at + interval '30 days'))
        """,
    ),
    *reserve_laws.LAWS,
    Law(
        id="I10",
        title="A balance that was carried is exactly what the older settlement had left",
        checked="SELECT count(*) FROM finance_carriedline",
        violations="""
            SELECT 'line ' || l.row || ' of ' || s.external_id, l.amount, l.currency, o.external_id
              FROM finance_carriedline c
              JOIN finance_settlementline l ON l.id = c.line_id
              JOIN finance_settlement s ON s.id = l.settlement_id AND s.state = 'posted'
              LEFT JOIN finance_settlement o ON o.id = c.older_id
             WHERE (c.older_id IS NOT NULL AND (o.closed_at IS NULL OR o.currency <> l.currency))
                OR (c.older_id IS NULL AND l.amount < 0
                    AND EXISTS (SELECT 1 FROM finance_settlement e
                                 WHERE e.account_id = s.account_id AND e.source = s.source
                                   AND e.currency = s.currency AND e.state = 'posted'
                                   AND e.ends_at <= s.starts_at + interval '1 day' AND e.id <> s.id))
        """,
    ),
    Law(
        id="I12",
        title="Tax the marketplace collects and remits is zero per settlement, or accepted with a reason; "
        "the seller's own waits for its order",
        checked="SELECT count(DISTINCT settlement_id) FROM finance_posting WHERE account_id = '2110'",
        violations="""
            SELECT coalesce(s.external_id, 'no settlement'), p.currency, sum(p.amount)
              FROM finance_posting p LEFT JOIN finance_settlement s ON s.id = p.settlement_id
             WHERE p.account_id = '2110' AND coalesce(s.accepted_reason, '') = ''
               AND NOT EXISTS (SELECT FROM finance_ordermoney m
                                 JOIN finance_expecteditem e USING (order_id)
                                WHERE m.order_id = p.order_id AND m.state <> 'settled'
                                  AND e.component = '2100')
               AND NOT EXISTS (SELECT FROM finance_settlementline l
                                WHERE l.id = p.line_id AND l.order_ref <> '' AND l.order_id IS NULL)
               AND NOT EXISTS (SELECT FROM orders_order o LEFT JOIN finance_ordermoney m ON m.order_id = o.id
                                WHERE o.id = p.order_id AND NOT o.is_before_go_live
                                  AND (m.order_id IS NULL OR m.is_due))
             GROUP BY s.id, s.external_id, p.currency HAVING sum(p.amount) <> 0
        """,
    ),
    Law(
        id="I13",
        title="Each line stands where its type's mapping puts it; suspense holds exactly the unmapped lines",
        checked="SELECT count(*) FROM finance_linetype",
        violations="""
            SELECT t.source || ': ' || concat_ws('/', nullif(t.first, ''), nullif(t.second, ''),
                                                 nullif(t.third, '')),
                   m.account_id, b.account_id, b.currency, sum(b.amount), count(*)
              FROM (SELECT DISTINCT ON (p.line_id) p.line_id, p.account_id, p.component, p.currency, p.amount
                      FROM finance_posting p WHERE p.line_id IS NOT NULL
                     ORDER BY p.line_id, p.turn DESC) b
              JOIN finance_settlementline l ON l.id = b.line_id
              JOIN finance_linetype t ON t.id = l.line_type_id
              LEFT JOIN LATERAL (SELECT account_id, binding FROM finance_typemapping
                                  WHERE line_type_id = t.id ORDER BY version DESC LIMIT 1) m ON true
              LEFT JOIN (SELECT line_id FROM finance_match
                          WHERE undoing_id IS NULL AND payout_id IS NOT NULL
                          UNION SELECT y.line_id FROM finance_match k
                                  JOIN finance_payout y ON y.id = k.payout_id
                          WHERE k.undoing_id IS NULL AND y.line_id IS NOT NULL) k ON k.line_id = l.id
             WHERE CASE WHEN k.line_id IS NOT NULL THEN b.account_id NOT IN ('1120', '1130')
                        WHEN m.account_id IS NULL THEN b.account_id <> '1900'
                        WHEN m.binding = 'carry' THEN b.account_id <> '1110'
                        WHEN m.binding = 'order' AND l.order_ref <> ''
                            THEN b.account_id NOT IN ('1105', '1106') OR b.component <> m.account_id
                        WHEN m.account_id = '2110' AND m.binding = 'account' AND l.order_ref <> ''
                             AND b.account_id = '1106' THEN b.component <> m.account_id
                        ELSE b.account_id <> m.account_id END
             GROUP BY t.id, m.account_id, b.account_id, b.currency
            UNION ALL
            SELECT 'suspense without a line', NULL, p.account_id, p.currency, sum(p.amount), count(*)
              FROM finance_posting p WHERE p.account_id = '1900' AND p.line_id IS NULL
             GROUP BY 3, 4 HAVING sum(p.amount) <> 0
        """,
    ),
    Law(
        id="I24",
        title="Money told by two documents is posted once, and both tell the same",
        checked="SELECT count(*) FROM finance_settlement WHERE state = 'evidence'",
        violations="""
            SELECT e.external_id, e.source, e.currency, e.lines_total, p.source, p.lines_total, x.posted
              FROM finance_settlement e
              LEFT JOIN finance_settlement p ON p.account_id = e.account_id
               AND p.external_id = e.external_id AND p.currency = e.currency AND p.state = 'posted'
              LEFT JOIN LATERAL (SELECT count(*) AS posted FROM finance_settlementline l
                                   JOIN finance_posting g ON g.line_id = l.id
                                  WHERE l.settlement_id = e.id) x ON true
             WHERE e.state = 'evidence'
               AND (x.posted > 0 OR (e.reason = 'other_source' AND e.lines_total <> p.lines_total)
                    OR (e.total <> e.lines_total AND e.reason <> 'set_aside'))
            UNION ALL
            SELECT s.external_id, min(s.source), s.currency, min(s.lines_total), max(s.source),
                   max(s.lines_total), count(*)
              FROM finance_settlement s WHERE s.state = 'posted'
             GROUP BY s.account_id, s.external_id, s.currency HAVING count(*) > 1
        """,
    ),
]
