"""What must hold of what platforms keep back; `manage.py verify` looks."""

from channels.settlement_messages import Reserve
from ecomhub.discovery import Law
from finance.statements.type_words import MATCHES, rows_of

# The reserve lines of each posted settlement: what it states as a whole, gives back as a whole, and the
# single holds and releases. A type counts as long as its mapping in force leads to 1115.
_RESERVES = f"""
WITH word (source, first, second, third, whole) AS ({rows_of(lambda rule: rule.reserve)}),
     kind AS MATERIALIZED (
    SELECT t.id, m.binding,
           (SELECT w.whole FROM word w WHERE {MATCHES} LIMIT 1) AS whole
      FROM finance_linetype t
      JOIN LATERAL (SELECT account_id, binding FROM finance_typemapping
                     WHERE line_type_id = t.id ORDER BY version DESC LIMIT 1) m ON m.account_id = '1115'),
     line AS MATERIALIZED (
    SELECT l.settlement_id,
           coalesce(sum(l.amount) FILTER (WHERE k.whole = '{Reserve.STATED}'), 0) AS kept,
           coalesce(sum(l.amount) FILTER (WHERE k.whole = '{Reserve.RETURNED}'), 0) AS back,
           coalesce(sum(l.amount) FILTER (WHERE k.whole IS NULL), 0) AS single
      FROM finance_settlementline l JOIN kind k ON k.id = l.line_type_id
     WHERE k.binding <> 'order' OR l.order_ref = ''
     GROUP BY 1),
     r AS MATERIALIZED (
    SELECT s.id, s.account_id, s.source, s.currency, s.external_id, s.starts_at, s.ends_at,
           coalesce(n.kept, 0) AS kept, coalesce(n.back, 0) AS back, coalesce(n.single, 0) AS single
      FROM finance_settlement s LEFT JOIN line n ON n.settlement_id = s.id
     WHERE s.state = 'posted' AND (n.settlement_id IS NOT NULL OR s.source IN (SELECT source FROM word))),
     pair AS MATERIALIZED (
    SELECT n.id AS next, n.back, b.id AS before, b.kept
      FROM r n JOIN r b ON (b.account_id, b.source, b.currency) = (n.account_id, n.source, n.currency)
       AND b.id <> n.id AND b.ends_at < n.ends_at
       AND b.ends_at BETWEEN n.starts_at - interval '1 day' AND n.starts_at + interval '1 day')
"""  # noqa: S608
# An account's marketplaces settle on the same days: a settlement counts as followed when as many came after
# as there are that could be meant. The balance a book opened with is what its first settlement gives back.
_STATED = """
, followed AS MATERIALIZED (
    SELECT b.before AS id FROM pair b GROUP BY b.before
    HAVING count(*) >= (SELECT count(DISTINCT o.before) FROM pair o
                         WHERE o.next IN (SELECT next FROM pair WHERE pair.before = b.before))),
     led AS MATERIALIZED (
    SELECT p.next AS id FROM pair p LEFT JOIN followed f ON f.id = p.before
     GROUP BY p.next HAVING bool_and(f.id IS NOT NULL)),
     opened AS MATERIALIZED (
    SELECT p.money_account_id AS account_id, p.currency, sum(p.amount) AS amount
      FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id AND j.kind = 'opening'
     WHERE p.account_id = '1115' GROUP BY 1, 2),
     begun AS MATERIALIZED (
    SELECT id FROM (SELECT id, starts_at, min(starts_at) OVER (PARTITION BY account_id, currency) AS first
                      FROM r) one
     WHERE starts_at < first + interval '1 day' AND id NOT IN (SELECT id FROM led)),
     stated AS MATERIALIZED (
    SELECT r.account_id, r.currency,
           -sum(r.single + CASE WHEN f.id IS NULL THEN r.kept ELSE 0 END
                         + CASE WHEN l.id IS NULL AND b.id IS NULL THEN r.back ELSE 0 END)
               AS amount,
           -sum(r.back) FILTER (WHERE b.id IS NOT NULL) AS first_back,
           bool_or(r.single <> 0) OR NOT bool_or(r.kept <> 0 OR r.back <> 0) AS is_open
      FROM r LEFT JOIN followed f ON f.id = r.id LEFT JOIN led l ON l.id = r.id
      LEFT JOIN begun b ON b.id = r.id
     GROUP BY 1, 2),
     due AS (
    SELECT s.account_id, s.currency,
           s.amount + CASE WHEN o.amount IS NULL THEN coalesce(s.first_back, 0)
                           WHEN s.is_open THEN o.amount + coalesce(s.first_back, 0) ELSE 0 END AS amount
      FROM stated s LEFT JOIN opened o USING (account_id, currency)
    UNION ALL
    SELECT account_id, currency, amount FROM opened
     WHERE (account_id, currency) NOT IN (SELECT account_id, currency FROM stated)),
     held AS (
    SELECT money_account_id AS account_id, currency, sum(amount) AS amount
      FROM finance_posting WHERE account_id = '1115' GROUP BY 1, 2)
"""

LAWS = [
    Law(
        id="I9",
        title="What is kept back of an account is what its documents state, and what a settlement gives back "
        "of a reserve is what one before it kept",
        checked=f"{_RESERVES} SELECT count(*) FROM r",  # noqa: S608
        violations=f"""
            {_RESERVES} {_STATED}
            SELECT r.external_id, r.currency, 'gives back', r.back, NULL::numeric
              FROM r WHERE r.back <> 0
               AND (SELECT bool_or(pair.kept = -r.back) FROM pair WHERE pair.next = r.id) = false
            UNION ALL
            SELECT r.external_id, r.currency, 'keeps', r.kept, NULL::numeric
              FROM r WHERE r.kept <> 0 AND r.id IN (SELECT id FROM followed)
               AND (SELECT bool_or(pair.back = -r.kept) FROM pair WHERE pair.before = r.id) = false
            UNION ALL
            SELECT coalesce(a.name, 'no account'), coalesce(held.currency, due.currency), 'reserve',
                   coalesce(held.amount, 0), coalesce(due.amount, 0)
              FROM held FULL JOIN due ON (due.account_id, due.currency) = (held.account_id, held.currency)
              LEFT JOIN finance_moneyaccount a ON a.id = coalesce(held.account_id, due.account_id)
             WHERE coalesce(held.amount, 0) <> coalesce(due.amount, 0)
        """,  # noqa: S608
    ),
]
