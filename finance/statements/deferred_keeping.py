"""What a platform tells of single transactions, one row each, kept with the documents that tell it.

A transaction is told when it is posted, again when its state changed, and once more as its release. All of it
is one row. The documents may come in any order and any number of times: what was released stays released, and
the release's own figures win.
"""

from collections.abc import Sequence

from django.db import connection

# One row per transaction: a release bears the number of the transaction it releases. What several documents
# of one import say of it is folded first, since a statement may touch a row once only.
_KEEP = """
INSERT INTO finance_announcedmoney AS a (account_id, reference, currency, kind, amount, state, was_deferred,
    shop_id, order_ref, order_id, posted_at, matures_at, released_at, settlement_ref)
SELECT t.account_id, t.reference, t.currency, (array_agg(t.kind ORDER BY t.is_release DESC))[1],
       (array_agg(t.total ORDER BY t.is_release DESC))[1],
       CASE WHEN bool_or(t.is_free) THEN 'released' ELSE 'deferred' END, bool_or(t.was_deferred),
       max(t.shop_id), max(t.order_ref), max(t.order_id), min(t.posted_at), max(t.matures_at),
       max(t.posted_at) FILTER (WHERE t.is_release), max(t.settlement_ref)
  FROM (SELECT s.account_id, s.currency, s.starts_at AS posted_at, s.deposited_at AS matures_at,
               s.payout_ref AS settlement_ref, coalesce(s.total, s.lines_total) AS total,
               CASE WHEN s.platform_status = 'RELEASED' AND l.tie <> '' THEN l.tie ELSE s.external_id END
                   AS reference,
               s.platform_status <> 'DEFERRED' AS is_free,
               s.platform_status NOT IN ('DEFERRED', 'DEFERRED_RELEASED') AS is_release,
               s.platform_status IN ('DEFERRED', 'DEFERRED_RELEASED') OR l.tie <> ''
                   OR coalesce(s.deposited_at > s.starts_at, false) AS was_deferred,
               l.kind, l.order_ref, l.order_id, coalesce(o.shop_id, h.id, s.shop_id) AS shop_id
          FROM finance_settlement s
          JOIN LATERAL (SELECT max(i.reference) AS tie, max(y.first) AS kind, max(i.order_ref) AS order_ref,
                               max(i.order_id) AS order_id, max(i.marketplace) AS marketplace
                          FROM finance_settlementline i JOIN finance_linetype y ON y.id = i.line_type_id
                         WHERE i.settlement_id = s.id) l ON true
          LEFT JOIN orders_order o ON o.id = l.order_id
          JOIN finance_moneyaccount m ON m.id = s.account_id
          LEFT JOIN channels_shop h ON h.account_id = m.channel_id AND h.marketplace = l.marketplace
         WHERE s.id = ANY(%s) AND s.state = 'evidence' AND s.starts_at IS NOT NULL) t
 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (account_id, reference, currency) DO UPDATE SET
       amount = CASE WHEN EXCLUDED.released_at IS NOT NULL OR a.released_at IS NULL
                     THEN EXCLUDED.amount ELSE a.amount END,
       state = CASE WHEN 'released' IN (a.state, EXCLUDED.state) THEN 'released' ELSE 'deferred' END,
       was_deferred = a.was_deferred OR EXCLUDED.was_deferred,
       kind = coalesce(nullif(a.kind, ''), EXCLUDED.kind),
       shop_id = coalesce(EXCLUDED.shop_id, a.shop_id),
       order_ref = coalesce(nullif(a.order_ref, ''), EXCLUDED.order_ref),
       order_id = coalesce(EXCLUDED.order_id, a.order_id),
       posted_at = least(a.posted_at, EXCLUDED.posted_at),
       matures_at = coalesce(EXCLUDED.matures_at, a.matures_at),
       released_at = coalesce(EXCLUDED.released_at, a.released_at),
       settlement_ref = coalesce(nullif(EXCLUDED.settlement_ref, ''), a.settlement_ref)
"""
_GIVE = """
UPDATE finance_announcedmoney a SET order_id = f.order_id, shop_id = o.shop_id
  FROM (SELECT s.account_id, l.order_ref, min(l.order_id) AS order_id
          FROM finance_settlementline l JOIN finance_settlement s ON s.id = l.settlement_id
         WHERE l.id = ANY(%s) AND l.order_id IS NOT NULL GROUP BY 1, 2) f
  JOIN orders_order o ON o.id = f.order_id
 WHERE a.account_id = f.account_id AND a.order_ref = f.order_ref AND a.order_id IS NULL
"""


def keep(*, settlements: Sequence[int]) -> None:
    """Bring the rows up to date with what statements of single transactions say.

    Belongs into the transaction that writes those statements and their lines.
    """
    if settlements:
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [list(settlements)])


def give_orders(*, lines: Sequence[int]) -> None:
    """Give the rows the orders that these lines got after they came."""
    if lines:
        with connection.cursor() as cursor:
            cursor.execute(_GIVE, [list(lines)])
