"""The journal: every leg of every entry of a book, debit and credit, in its own and in base currency."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from finance.exports.shapes import (
    ACCOUNT_NAME,
    BOOK,
    CURRENCIES,
    CURRENCY,
    DAYS,
    SETTLEMENTS,
    Cells,
    Column,
    Report,
    local,
    money,
)
from finance.models import Journal

_WHERE = " AND ".join(
    [
        BOOK.format("j.book_id"),
        SETTLEMENTS.format("p.settlement_id"),
        CURRENCIES.format("p.currency"),
        DAYS.format("j.effective_on"),
    ]
)
_FROM = """
  FROM finance_journal j
  JOIN finance_posting p ON p.journal_id = j.id
  JOIN finance_book b ON b.id = j.book_id
"""


def _side(amount: str, currency: str, sign: str) -> str:
    side = f"{sign}{amount}"
    return f"CASE WHEN {side} > 0 THEN {money(side, currency)} END"


REPORT = Report(
    kind="journal",
    title=pgettext_lazy("report", "Journal"),
    columns=(
        Column("company", _("Company"), Cells.TEXT),
        Column("journal", _("Entry"), Cells.NUMBER),
        Column("effective_on", _("Day in the books"), Cells.DAY),
        Column("kind", _("Kind"), Cells.CODE, words=dict(Journal.Kind.choices)),
        Column("key", _("Key")),
        Column("account", _("Account code"), Cells.CODE),
        Column("account_name", _("Name of the account")),
        Column("component", _("Expected for"), Cells.CODE),
        CURRENCY,
        Column("debit", _("Debit"), Cells.AMOUNT, currency="currency"),
        Column("credit", _("Credit"), Cells.AMOUNT, currency="currency"),
        Column("base_currency", _("Base currency"), Cells.CODE),
        Column("base_debit", _("Debit in base currency"), Cells.AMOUNT, currency="base_currency"),
        Column("base_credit", _("Credit in base currency"), Cells.AMOUNT, currency="base_currency"),
        Column("shop", _("Shop")),
        Column("order", _("Order number")),
        Column("settlement", _("Settlement")),
        Column("payout", _("Payout")),
        Column("money_account", _("Account of the money")),
        Column("sku", _("SKU")),
        Column("memo", _("Memo")),
        Column("actor", _("By")),
        Column("recorded_at", _("Recorded"), Cells.INSTANT),
    ),
    rows=f"""
        SELECT e.code, j.id, j.effective_on, j.kind, j.key, p.account_id, {ACCOUNT_NAME.format("c")},
               p.component, p.currency, {_side("p.amount", "k", "")}, {_side("p.amount", "k", "-")},
               b.currency, {_side("p.base_amount", "kb", "")}, {_side("p.base_amount", "kb", "-")},
               h.name, o.external_id, s.external_id, y.reference, m.name, u.code, j.memo, j.actor,
               {local("j.recorded_at")}
        {_FROM}
          JOIN ecomhub_legalentity e ON e.id = b.legal_entity_id
          JOIN finance_account c ON c.code = p.account_id
          LEFT JOIN finance_currency k ON k.code = p.currency
          LEFT JOIN finance_currency kb ON kb.code = b.currency
          LEFT JOIN channels_shop h ON h.id = p.shop_id
          LEFT JOIN orders_order o ON o.id = p.order_id
          LEFT JOIN finance_settlement s ON s.id = p.settlement_id
          LEFT JOIN finance_payout y ON y.id = p.payout_id
          LEFT JOIN finance_moneyaccount m ON m.id = p.money_account_id
          LEFT JOIN inventory_sku u ON u.id = p.sku_id
         WHERE {_WHERE} ORDER BY j.effective_on, j.id, p.id
    """,
    control=f"""
        SELECT p.currency, b.currency AS base_currency, count(*) AS rows,
               coalesce(sum(p.amount) FILTER (WHERE p.amount > 0), 0) AS debit,
               coalesce(-sum(p.amount) FILTER (WHERE p.amount < 0), 0) AS credit,
               coalesce(sum(p.base_amount) FILTER (WHERE p.base_amount > 0), 0) AS base_debit,
               coalesce(-sum(p.base_amount) FILTER (WHERE p.base_amount < 0), 0) AS base_credit
        {_FROM} WHERE {_WHERE} GROUP BY 1, 2
    """,
    needs=("book",),
)
