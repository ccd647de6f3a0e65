"""Reconciliation of settlements: what each states, what its lines say, and where its money went."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from finance.accounting import plan
from finance.exports.shapes import (
    ACCOUNTS,
    BOOK,
    CURRENCIES,
    CURRENCY,
    DAYS,
    SETTLEMENTS,
    STATES,
    Cells,
    Column,
    Report,
    local,
    money,
)
from finance.models import Payout, Settlement
from finance.models.settlements import TOLD

_DAY = "(coalesce(s.deposited_at, s.ends_at, s.recorded_at) AT TIME ZONE %(zone)s)::date"
_WHERE = " AND ".join(
    [
        BOOK.format("a.book_id"),
        ACCOUNTS.format("s.account_id"),
        SETTLEMENTS.format("s.id"),
        CURRENCIES.format("s.currency"),
        STATES.format("s.state"),
        DAYS.format(_DAY),
        f"s.reason <> '{TOLD}'",
    ]
)
_FROM = """
  FROM finance_settlement s
  JOIN finance_moneyaccount a ON a.id = s.account_id
"""
_CLEARING = f"""
SELECT p.settlement_id, sum(p.amount) AS amount FROM finance_posting p
 WHERE p.settlement_id IS NOT NULL AND p.account_id = '{plan.CLEARING}' GROUP BY 1
"""  # noqa: S608
_SUSPENSE = f"""
SELECT l.settlement_id, -sum(p.amount) AS amount
  FROM finance_posting p JOIN finance_settlementline l ON l.id = p.line_id
 WHERE p.account_id = '{plan.SUSPENSE}' GROUP BY 1
"""  # noqa: S608

_UNEXPLAINED = """
    CASE WHEN s.state IN ('staged', 'refused') THEN coalesce(s.total, 0) - s.lines_total
         WHEN s.state = 'posted' THEN coalesce(u.amount, 0) ELSE 0 END
"""

REPORT = Report(
    kind="reconciliation",
    title=_("Reconciliation of settlements"),
    columns=(
        Column("account", _("Account")),
        Column("provider", _("Platform, wallet or bank")),
        Column("settlement", _("Settlement")),
        Column("source", _("Source"), Cells.CODE),
        Column("state", _("State"), Cells.CODE, words=dict(Settlement.State.choices)),
        Column("reason", _("Reason"), Cells.CODE),
        Column("starts_at", _("Period from"), Cells.INSTANT),
        Column("ends_at", _("Period to"), Cells.INSTANT),
        Column("deposited_at", _("Deposited"), Cells.INSTANT),
        CURRENCY,
        Column("stated", _("Stated total"), Cells.AMOUNT, currency="currency"),
        Column("lines_total", _("Sum of the lines"), Cells.AMOUNT, currency="currency"),
        Column("difference", _("Difference"), Cells.AMOUNT, currency="currency"),
        Column("lines", pgettext_lazy("settlement", "Lines"), Cells.NUMBER),
        Column("posted_lines", _("Lines posted"), Cells.NUMBER),
        Column("suspense", _("Unclassified"), Cells.AMOUNT, currency="currency"),
        Column("unexplained", _("Not explained"), Cells.AMOUNT, currency="currency"),
        Column("clearing", _("Left in clearing"), Cells.AMOUNT, currency="currency"),
        Column("payout", _("Payout"), Cells.AMOUNT),
        Column("payout_state", _("State of the payout"), Cells.CODE, words=dict(Payout.State.choices)),
        Column("arrived_at", pgettext_lazy("time", "Arrived"), Cells.INSTANT),
        Column("arrived_in", _("Arrived in")),
        Column("arrived_currency", _("Currency that arrived"), Cells.CODE),
        Column("arrived_amount", _("Amount that arrived"), Cells.AMOUNT),
    ),
    rows=f"""
        SELECT a.name, a.provider, s.external_id, s.source, s.state, s.reason, {local("s.starts_at")},
               {local("s.ends_at")}, {local("s.deposited_at")}, s.currency, {money("s.total", "k")},
               {money("s.lines_total", "k")}, {money("(s.total - s.lines_total)", "k")}, s.line_count,
               s.posted_count, {money("coalesce(u.amount, 0)", "k")},
               {money(_UNEXPLAINED, "k")}, {money("coalesce(h.amount, 0)", "k")},
               {money("y.amount", "k")}, y.state,
               {local("y.arrived_at")}, ra.name, r.currency, {money("r.amount", "kr")}
        {_FROM}
          LEFT JOIN finance_currency k ON k.code = s.currency
          LEFT JOIN ({_CLEARING}) h ON h.settlement_id = s.id
          LEFT JOIN ({_SUSPENSE}) u ON u.settlement_id = s.id
          LEFT JOIN finance_payout y ON y.settlement_id = s.id
          LEFT JOIN finance_settlementline r ON r.id = y.arrived_line_id
          LEFT JOIN finance_settlement rs ON rs.id = r.settlement_id
          LEFT JOIN finance_moneyaccount ra ON ra.id = rs.account_id
          LEFT JOIN finance_currency kr ON kr.code = r.currency
         WHERE {_WHERE} ORDER BY a.name, coalesce(s.deposited_at, s.ends_at, s.recorded_at), s.id
    """,
    control=f"""
        SELECT s.currency, count(*) AS rows, coalesce(sum(s.total), 0) AS stated,
               sum(s.lines_total) AS lines_total,
               coalesce(sum(s.total - s.lines_total), 0) AS difference,
               coalesce(sum((SELECT -sum(p.amount) FROM finance_settlementline l
                               JOIN finance_posting p ON p.line_id = l.id
                              WHERE l.settlement_id = s.id AND p.account_id = '{plan.SUSPENSE}')), 0)
                   AS suspense,
               coalesce(sum(CASE WHEN s.state IN ('staged', 'refused')
                                 THEN coalesce(s.total, 0) - s.lines_total
                                 WHEN s.state = 'posted' THEN
                            (SELECT sum(l.amount) FROM finance_settlementline l
                              WHERE l.settlement_id = s.id AND NOT EXISTS
                                    (SELECT FROM finance_typemapping t WHERE t.line_type_id = l.line_type_id))
                            END), 0) AS unexplained,
               coalesce(sum((SELECT sum(p.amount) FROM finance_posting p
                              WHERE p.settlement_id = s.id AND p.account_id = '{plan.CLEARING}')), 0)
                   AS clearing
        {_FROM} WHERE {_WHERE} GROUP BY 1
    """,  # noqa: S608
)
