"""Open items at the end of a day: whose money is still on its way, and for how long."""

from django.utils.translation import gettext_lazy as _

from finance.accounting import plan
from finance.exports.shapes import (
    ACCOUNT_NAME,
    BOOK,
    CURRENCIES,
    CURRENCY,
    Cells,
    Column,
    Report,
    money,
)

ACCOUNTS = (
    plan.UNSETTLED,
    plan.OPENING_ORDERS,
    plan.CLEARING,
    plan.RESERVE,
    plan.PAYOUTS,
    plan.WITHDRAWALS,
    "1140",
    "1160",
    plan.SUSPENSE,
)
"""Accounts that come to nothing when everything is explained and paid."""
BUCKETS = ("0–30", "31–60", "61–90", "91–180", "181+")
_CODES = ", ".join(f"'{code}'" for code in ACCOUNTS)
_WHERE = " AND ".join(
    [
        BOOK.format("j.book_id"),
        CURRENCIES.format("p.currency"),
        "j.effective_on <= %(through)s::date",
        f"p.account_id IN ({_CODES})",
    ]
)
_FROM = """
  FROM finance_posting p
  JOIN finance_journal j ON j.id = p.journal_id
  JOIN finance_book b ON b.id = j.book_id
"""
_ORDER = f"CASE WHEN p.account_id IN ('{plan.UNSETTLED}', '{plan.OPENING_ORDERS}') THEN p.order_id END"
_SETTLEMENT = f"CASE WHEN p.account_id = '{plan.CLEARING}' THEN p.settlement_id END"
_PAYOUT = f"CASE WHEN p.account_id IN ('{plan.PAYOUTS}', '{plan.WITHDRAWALS}') THEN p.payout_id END"
_ITEMS = f"""
SELECT b.id AS book_id, b.currency AS base_currency, p.account_id, p.currency,
       {_ORDER} AS order_id, {_SETTLEMENT} AS settlement_id, {_PAYOUT} AS payout_id,
       CASE WHEN coalesce({_ORDER}, {_SETTLEMENT}, {_PAYOUT}) IS NULL THEN p.money_account_id
            END AS money_account_id,
       sum(p.amount) AS amount, sum(p.base_amount) AS base_amount, min(j.effective_on) AS since,
       count(*) AS legs
  {_FROM} WHERE {_WHERE} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
HAVING sum(p.amount) <> 0 OR sum(p.base_amount) <> 0
"""
_AGE = "(%(through)s::date - i.since)"

REPORT = Report(
    kind="open_items",
    title=_("Open items by age"),
    columns=(
        Column("company", _("Company")),
        Column("account", _("Account code"), Cells.CODE),
        Column("account_name", _("Name of the account")),
        Column("order", _("Order number")),
        Column("settlement", _("Settlement")),
        Column("payout", _("Payout")),
        Column("money_account", _("Account of the money")),
        Column("shop", _("Shop")),
        CURRENCY,
        Column("amount", _("Open amount"), Cells.AMOUNT, currency="currency"),
        Column("base_currency", _("Base currency"), Cells.CODE),
        Column("base_amount", _("Open amount in base currency"), Cells.AMOUNT, currency="base_currency"),
        Column("since", _("Open since"), Cells.DAY),
        Column("days", _("Days"), Cells.NUMBER),
        Column("age", _("Age in days"), Cells.CODE),
        Column("entries", _("Entries"), Cells.NUMBER),
    ),
    rows=f"""
        SELECT e.code, i.account_id, {ACCOUNT_NAME.format("c")}, o.external_id, s.external_id, y.reference,
               m.name, h.name, i.currency, {money("i.amount", "k")}, i.base_currency,
               {money("i.base_amount", "kb")}, i.since, {_AGE},
               CASE WHEN {_AGE} <= 30 THEN '{BUCKETS[0]}' WHEN {_AGE} <= 60 THEN '{BUCKETS[1]}'
                    WHEN {_AGE} <= 90 THEN '{BUCKETS[2]}' WHEN {_AGE} <= 180 THEN '{BUCKETS[3]}'
                    ELSE '{BUCKETS[4]}' END, i.legs
          FROM ({_ITEMS}) i
          JOIN finance_book b ON b.id = i.book_id
          JOIN ecomhub_legalentity e ON e.id = b.legal_entity_id
          JOIN finance_account c ON c.code = i.account_id
          LEFT JOIN finance_currency k ON k.code = i.currency
          LEFT JOIN finance_currency kb ON kb.code = i.base_currency
          LEFT JOIN orders_order o ON o.id = i.order_id
          LEFT JOIN finance_settlement s ON s.id = i.settlement_id
          LEFT JOIN finance_payout y ON y.id = i.payout_id
          LEFT JOIN finance_moneyaccount m ON m.id = coalesce(i.money_account_id, s.account_id, y.account_id)
          LEFT JOIN channels_shop h ON h.id = coalesce(o.shop_id, s.shop_id, m.shop_id)
         ORDER BY i.account_id, i.currency, i.since, i.order_id, i.settlement_id, i.payout_id,
                  i.money_account_id
    """,  # noqa: S608
    control=f"""
        SELECT p.currency, b.currency AS base_currency, NULL AS rows, sum(p.amount) AS amount,
               sum(p.base_amount) AS base_amount
        {_FROM} WHERE {_WHERE} GROUP BY 1, 2
    """,
    needs=("book", "through"),
)
