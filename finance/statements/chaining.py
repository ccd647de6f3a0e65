"""Balances that one settlement hands to the next: a carry line against the settlement it comes from.

Documents come in any order, so a carry line may be posted before its older settlement is known; it then
stands on clearing without one, and moves when the older settlement comes.
"""

from datetime import datetime

from django.db import connection, transaction

from finance.models import MoneyAccount
from finance.statements import payouts, posting

MOST = 500
"""Carry lines looked at in one turn by their amount; there is seldom more than one that waits."""

_NAMED = """
UPDATE finance_carriedline c SET older_id = found.older
  FROM (SELECT w.line_id, min(o.id) AS older
          FROM finance_carriedline w
          JOIN finance_settlementline l ON l.id = w.line_id
          JOIN finance_settlement s ON s.id = l.settlement_id
          JOIN finance_settlement o ON o.account_id = s.account_id AND o.currency = l.currency
           AND o.id <> s.id AND o.state = 'posted' AND o.external_id <> ''
           AND o.external_id IN (l.reference, l.order_ref)
         WHERE w.older_id IS NULL AND s.account_id = %s AND s.state = 'posted'
         GROUP BY 1) found
 WHERE c.line_id = found.line_id RETURNING c.line_id, c.older_id
"""
_WAITING = """
SELECT w.line_id
  FROM finance_carriedline w
  JOIN finance_settlementline l ON l.id = w.line_id
  JOIN finance_settlement s ON s.id = l.settlement_id
 WHERE w.older_id IS NULL AND s.account_id = %s AND s.state = 'posted'
 ORDER BY coalesce(s.ends_at, s.deposited_at) DESC, w.line_id DESC LIMIT %s
"""
_OLDER = """
UPDATE finance_carriedline c SET older_id = found.older
  FROM (SELECT o.id AS older
          FROM finance_settlementline l
          JOIN finance_settlement s ON s.id = l.settlement_id
          JOIN finance_settlement o ON o.account_id = s.account_id AND o.currency = s.currency
           AND o.source = s.source AND o.id <> s.id AND o.state = 'posted' AND o.closed_at IS NULL
           AND coalesce(o.ends_at, o.deposited_at) < coalesce(s.ends_at, s.deposited_at)
         WHERE l.id = %(line)s
           AND l.amount = (SELECT sum(p.amount) FROM finance_posting p
                            WHERE p.settlement_id = o.id AND p.account_id = '1110')
         ORDER BY coalesce(o.ends_at, o.deposited_at) DESC, o.id DESC LIMIT 1) found
 WHERE c.line_id = %(line)s AND c.older_id IS NULL RETURNING c.line_id, c.older_id
"""


def attach(*, account: MoneyAccount, at: datetime, actor: str = "system") -> int:
    """Put an account's carry lines against the settlements they come from; return how many found theirs.

    By the settlement the line names, else by the latest open settlement before it that has exactly its
    amount left. Settlements that are through then are closed. The caller keeps other imports of the
    account out.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_NAMED, [account.pk])
            found = cursor.fetchall()
        _settle(account, found, at=at, actor=actor)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [account.pk, MOST])
        waiting = [line for (line,) in cursor.fetchall()]
    attached = len(found)
    for line in waiting:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_OLDER, {"line": line})
                older = cursor.fetchall()
            _settle(account, older, at=at, actor=actor)
            attached += len(older)
    return attached


def _settle(account: MoneyAccount, found: list[tuple[int, int]], *, at: datetime, actor: str) -> None:
    if found:
        posting.rebook(lines=[line for line, _older in found], kind="match", actor=actor)
        payouts.close(settlements=[older for _line, older in found], at=at)
