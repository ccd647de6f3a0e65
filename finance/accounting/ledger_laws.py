"""What must hold of the ledger, its rates and its periods in every snapshot."""

from ecomhub.discovery import Law
from finance.accounting.plan import ROUNDING_RESIDUAL, TRADING
from finance.accounting.revaluing import ITEM, LASTING

_JOURNALS = "SELECT count(*) FROM finance_journal"
_POSTINGS = "SELECT count(*) FROM finance_posting"
_SEALED = (
    "'finance_journal', 'finance_posting', 'finance_settlementline', 'finance_typemapping', "
    "'finance_fxrate', 'finance_ratefile', 'finance_periodact', 'finance_policychange'"
)
_GUARDS = (
    "('finance_journal', 'journal_opens'), ('finance_journal', 'journal_has_legs'), "
    "('finance_posting', 'posting_added'), ('finance_book', 'book_changes'), "
    "('finance_periodact', 'period_stamps'), ('finance_policychange', 'policy_stamps'), "
    "('finance_book', 'book_policy')"
)
_LEG = """
    p.account_id, (p.currency, abs(p.amount), abs(p.base_amount), p.rate_id, p.component, p.shop_id,
    p.order_id, p.settlement_id, p.payout_id, p.money_account_id, p.sku_id, p.line_id) AS leg
"""
# The largest cap in force while the entry was written; a cap that was lowered later says nothing of it.
_CAP = """
    greatest(
        coalesce((SELECT coalesce((c.instead_of ->> '{name}')::numeric, 0) FROM finance_policychange c
                   WHERE c.book_id = b.id AND c.recorded_at > j.recorded_at - interval '1 hour'
                   ORDER BY c.id LIMIT 1), b.{name}),
        (SELECT max(c.{name}) FROM finance_policychange c
          WHERE c.book_id = b.id AND c.recorded_at > j.recorded_at - interval '1 hour'
            AND c.recorded_at <= j.recorded_at)) AS {name}
"""

LAWS = [
    Law(
        id="I1",
        title="Every entry balances per currency and in base currency and has two legs or more",
        checked=_JOURNALS,
        violations="""
            SELECT 'journal ' || j.id || ' ' || j.key, left_over.currency, left_over.amount
              FROM finance_journal j
              JOIN (SELECT journal_id, currency, sum(amount) AS amount
                      FROM finance_posting GROUP BY 1, 2 HAVING sum(amount) <> 0
                    UNION ALL
                    SELECT journal_id, 'base', sum(base_amount)
                      FROM finance_posting GROUP BY 1 HAVING sum(base_amount) <> 0) left_over
                ON left_over.journal_id = j.id
             UNION ALL
            SELECT 'journal ' || j.id || ' ' || j.key, 'legs', count(p.id)
              FROM finance_journal j LEFT JOIN finance_posting p ON p.journal_id = j.id
             GROUP BY j.id HAVING count(p.id) < 2
        """,
    ),
    Law(
        id="I2",
        title="The trial balance of every book is zero in every currency and in base currency",
        checked="SELECT count(*) FROM (SELECT DISTINCT book_id, currency FROM finance_ledgertally) one",
        violations="""
            SELECT 'book ' || book_id, currency, amount FROM (
                SELECT j.book_id, p.currency, sum(p.amount) AS amount
                  FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id GROUP BY 1, 2
                 UNION ALL
                SELECT j.book_id, 'base', sum(p.base_amount)
                  FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id GROUP BY 1
                 UNION ALL
                SELECT book_id, currency, sum(amount) FROM finance_ledgertally GROUP BY 1, 2
            ) left_over WHERE amount <> 0
        """,
    ),
    Law(
        id="I3",
        title="Nobody may change what is written, and the rules of the ledger are in force",
        checked=f"SELECT count(*) FROM pg_class WHERE relname IN ({_SEALED})",  # noqa: S608
        violations=f"""
            SELECT c.relname, pg_get_userbyid(g.grantee), g.privilege_type
              FROM pg_class c, aclexplode(c.relacl) g
             WHERE c.relname IN ({_SEALED}) AND c.relnamespace = 'public'::regnamespace
               AND g.grantee <> c.relowner AND g.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')
             UNION ALL
            SELECT guard.relation, guard.name, 'not in force'
              FROM (VALUES {_GUARDS}) guard (relation, name)
             WHERE NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgname = guard.name
                                  AND t.tgrelid = guard.relation::regclass AND t.tgenabled = 'O')
        """,  # noqa: S608
    ),
    Law(
        id="I4",
        title="Every amount has no more decimals than its currency",
        checked=_POSTINGS,
        violations="""
            SELECT 'posting ' || p.id, p.amount, p.currency, p.base_amount
              FROM finance_posting p
              JOIN finance_journal j ON j.id = p.journal_id
              JOIN finance_book b ON b.id = j.book_id
              JOIN finance_currency kb ON kb.code = b.currency
              LEFT JOIN finance_currency k ON k.code = p.currency
             WHERE k.code IS NULL OR p.amount <> round(p.amount, k.exponent)
                OR p.base_amount <> round(p.base_amount, kb.exponent)
        """,
    ),
    Law(
        id="I5.keys",
        title="Every act is in a book once, and a line is booked once per turn",
        checked=_JOURNALS,
        violations="""
            SELECT 'book ' || book_id, key, count(*)
              FROM finance_journal GROUP BY book_id, key HAVING count(*) > 1
             UNION ALL
            SELECT 'line ' || line_id, 'turn ' || turn, count(*)
              FROM finance_posting WHERE line_id IS NOT NULL GROUP BY line_id, turn HAVING count(*) > 1
        """,
    ),
    Law(
        id="I17",
        title="The trading account hides no exchange result, and in closed periods no base is left "
        "where no money is",
        checked=f"SELECT count(*) FROM finance_posting WHERE account_id = '{TRADING}'",  # noqa: S608
        violations=f"""
            SELECT 'journal ' || journal_id, 'base left in trading', sum(base_amount)
              FROM finance_posting WHERE account_id = '{TRADING}'
             GROUP BY journal_id HAVING sum(base_amount) <> 0
             UNION ALL
            SELECT * FROM (
                SELECT 'book ' || j.book_id, p.account_id || ' ' || p.currency, sum(p.base_amount)
                  FROM finance_posting p
                  JOIN finance_journal j ON j.id = p.journal_id
                  JOIN finance_book b ON b.id = j.book_id
                  JOIN finance_account a ON a.code = p.account_id AND a.is_monetary
                 WHERE j.effective_on <= b.locked_through AND p.currency <> b.currency AND {LASTING}
                 GROUP BY j.book_id, p.account_id, p.currency, {ITEM}
                HAVING sum(p.amount) = 0 AND sum(p.base_amount) <> 0) item
        """,  # noqa: S608
    ),
    Law(
        id="I18",
        title="Every amount in another currency has a stored rate of its pair, never a later one",
        checked="SELECT count(*) FROM finance_posting WHERE rate_id IS NOT NULL",
        violations="""
            SELECT 'posting ' || p.id, p.currency, f.base || '/' || f.quote, f."on", j.effective_on
              FROM finance_posting p
              JOIN finance_journal j ON j.id = p.journal_id
              JOIN finance_book b ON b.id = j.book_id
              LEFT JOIN finance_fxrate f ON f.id = p.rate_id
             WHERE (p.currency <> b.currency AND p.amount <> 0 AND f.id IS NULL)
                OR (p.currency = b.currency AND p.amount <> p.base_amount)
                OR f."on" > j.effective_on
                OR (f.base, f.quote) NOT IN ((p.currency, b.currency), (b.currency, p.currency))
             UNION ALL
            SELECT 'rate ' || f.id, f.source, f.base || '/' || f.quote, f."on", NULL
              FROM finance_fxrate f
              LEFT JOIN finance_fxrate one ON one.id = f.first_leg_id
              LEFT JOIN finance_fxrate two ON two.id = f.second_leg_id
             WHERE f.kind = 'cross'
               AND (one.id IS NULL OR two.id IS NULL OR one."on" <> f."on" OR two."on" <> f."on"
                    OR one.source <> f.source OR two.source <> f.source
                    OR f.base NOT IN (one.base, one.quote) OR f.quote NOT IN (two.base, two.quote))
        """,
    ),
    Law(
        id="I19",
        title="Rounding residuals stay within the caps of their book",
        checked=f"SELECT count(*) FROM finance_posting WHERE account_id = '{ROUNDING_RESIDUAL}'",  # noqa: S608
        violations=f"""
            WITH residual AS (
                SELECT p.id, b.id AS book_id, p.base_amount, date_trunc('month', j.effective_on) AS month,
                       power(10::numeric, -k.exponent) AS unit, {_CAP.format(name="rounding_cap")},
                       {_CAP.format(name="rounding_cap_month")}
                  FROM finance_posting p
                  JOIN finance_journal j ON j.id = p.journal_id
                  JOIN finance_book b ON b.id = j.book_id
                  JOIN finance_currency k ON k.code = b.currency
                 WHERE p.account_id = '{ROUNDING_RESIDUAL}'
            )
            SELECT 'posting ' || id, base_amount, greatest(rounding_cap, unit)
              FROM residual WHERE abs(base_amount) > greatest(rounding_cap, unit)
             UNION ALL
            SELECT 'book ' || book_id || ' ' || month::date, sum(base_amount),
                   max(greatest(rounding_cap_month, unit))
              FROM residual GROUP BY book_id, month
            HAVING abs(sum(base_amount)) > greatest(max(rounding_cap_month), max(unit) * count(*))
        """,  # noqa: S608
    ),
    Law(
        id="I22",
        title="Nothing effective in a closed period was written after the close",
        checked="SELECT count(*) FROM finance_periodact WHERE kind = 'close'",
        violations="""
            SELECT 'journal ' || j.id || ' ' || j.key, j.effective_on, j.recorded_at
              FROM finance_journal j JOIN finance_book b ON b.id = j.book_id
              JOIN LATERAL (
                SELECT p.through FROM finance_periodact p
                 WHERE p.book_id = j.book_id AND p.recorded_at <= j.recorded_at
                 ORDER BY p.recorded_at DESC, p.id DESC LIMIT 1
              ) lock ON j.effective_on <= lock.through
             UNION ALL
            SELECT 'book ' || b.id, b.locked_through, last.recorded_at
              FROM finance_book b
              LEFT JOIN LATERAL (
                SELECT p.through, p.recorded_at FROM finance_periodact p
                 WHERE p.book_id = b.id ORDER BY p.recorded_at DESC, p.id DESC LIMIT 1
              ) last ON true
             WHERE b.locked_through IS DISTINCT FROM last.through
             UNION ALL
            SELECT 'journal ' || j.id || ' ' || j.key, j.effective_on, j.recorded_at
              FROM finance_journal j JOIN finance_book b ON b.id = j.book_id
             WHERE j.effective_on < b.opens_on
        """,
    ),
    Law(
        id="I23",
        title="A reversal is its entry leg by leg with the opposite sign, and there is at most one",
        checked="SELECT count(*) FROM finance_journal WHERE reverses_id IS NOT NULL",
        violations=f"""
            SELECT 'journal ' || reversal, 'does not reverse journal ' || reversed, account_id FROM (
                SELECT j.id AS reversal, j.reverses_id AS reversed, {_LEG}, p.amount, p.base_amount, 1 AS legs
                  FROM finance_journal j JOIN finance_posting p ON p.journal_id = j.id
                 WHERE j.reverses_id IS NOT NULL
                 UNION ALL
                SELECT j.id, j.reverses_id, {_LEG}, p.amount, p.base_amount, -1
                  FROM finance_journal j JOIN finance_posting p ON p.journal_id = j.reverses_id
            ) pair GROUP BY reversal, reversed, account_id, leg
            HAVING sum(amount) <> 0 OR sum(base_amount) <> 0 OR sum(legs) <> 0
        """,  # noqa: S608
    ),
    Law(
        id="I25",
        title="The kept balances are what the postings add up to",
        checked="SELECT count(*) FROM finance_ledgertally",
        violations="""
            SELECT 'book ' || book_id, account_id, currency, month, amount, base_amount, legs FROM (
                SELECT book_id, account_id, currency, month, sum(amount) AS amount,
                       sum(base_amount) AS base_amount, sum(legs) AS legs
                  FROM (SELECT book_id, account_id, currency, month, amount, base_amount, count AS legs
                          FROM finance_ledgertally
                         UNION ALL
                        SELECT j.book_id, p.account_id, p.currency,
                               date_trunc('month', j.effective_on)::date, -p.amount, -p.base_amount, -1
                          FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id) side
                 GROUP BY 1, 2, 3, 4
            ) off WHERE (amount, base_amount, legs) <> (0, 0, 0)
        """,
    ),
]
