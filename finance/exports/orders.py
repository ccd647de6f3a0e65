"""Reconciliation of orders: what was expected, what settlements paid, what was booked as difference."""

from django.utils.translation import gettext_lazy as _

from finance.accounting import plan
from finance.exports.shapes import ACCOUNTS, BOOK, CURRENCIES, CURRENCY, DAYS, Cells, Column, Report, money
from finance.models import OrderMoney

_WHERE = " AND ".join(
    [
        BOOK.format("j.book_id"),
        ACCOUNTS.format("m.id"),
        CURRENCIES.format("p.currency"),
        f"p.account_id = '{plan.UNSETTLED}'",
        "p.order_id IS NOT NULL",
        "(%(through)s::date IS NULL OR j.effective_on <= %(through)s::date)",
    ]
)
_ORDERS = f"""
SELECT p.order_id, p.currency, min(j.effective_on) AS first_on, max(m.name) AS account,
       coalesce(sum(p.amount) FILTER (WHERE j.kind = 'shipment'), 0) AS expected,
       -coalesce(sum(p.amount) FILTER (WHERE j.kind NOT IN ('shipment', 'variance')), 0) AS settled,
       -coalesce(sum(p.amount) FILTER (WHERE j.kind = 'variance'), 0) AS difference, sum(p.amount) AS open
  FROM finance_posting p
  JOIN finance_journal j ON j.id = p.journal_id
  JOIN orders_order o ON o.id = p.order_id
  LEFT JOIN finance_moneyaccount m ON m.channel_id = o.account_id
 WHERE {_WHERE} GROUP BY 1, 2
HAVING {DAYS.format("min(j.effective_on)")}
"""  # noqa: S608

REPORT = Report(
    kind="orders",
    title=_("Reconciliation of orders"),
    columns=(
        Column("account", _("Account")),
        Column("shop", _("Shop")),
        Column("order", _("Order number")),
        Column("state", _("State"), Cells.CODE, words=dict(OrderMoney.State.choices)),
        Column("shipped_on", _("Shipped on"), Cells.DAY),
        Column("due_on", _("Payment due"), Cells.DAY),
        CURRENCY,
        Column("expected", _("Ours: expected"), Cells.AMOUNT, currency="currency"),
        Column("settled", _("Settlement: paid"), Cells.AMOUNT, currency="currency"),
        Column("difference", _("Difference booked"), Cells.AMOUNT, currency="currency"),
        Column("open", _("Still open"), Cells.AMOUNT, currency="currency"),
        Column("exceptions", _("Open exceptions")),
    ),
    rows=f"""
        SELECT i.account, h.name, o.external_id, m.state, m.shipped_on, m.due_on, i.currency,
               {money("i.expected", "k")}, {money("i.settled", "k")}, {money("i.difference", "k")},
               {money("i.open", "k")},
               (SELECT string_agg(x.kind, ', ' ORDER BY x.kind) FROM finance_moneyexception x
                 WHERE x.order_id = i.order_id AND x.state = 'open')
          FROM ({_ORDERS}) i
          JOIN orders_order o ON o.id = i.order_id
          JOIN channels_shop h ON h.id = o.shop_id
          LEFT JOIN finance_ordermoney m ON m.order_id = i.order_id
          LEFT JOIN finance_currency k ON k.code = i.currency
         ORDER BY i.account, h.name, i.first_on, i.order_id, i.currency
    """,  # noqa: S608
    control=f"""
        SELECT currency, count(*) AS rows, sum(expected) AS expected, sum(settled) AS settled,
               sum(difference) AS difference, sum(open) AS open
          FROM ({_ORDERS}) i GROUP BY 1
    """,  # noqa: S608
)
