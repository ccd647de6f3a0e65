"""Settlement detail: every line of every settlement, with its document, its row and where it is booked."""

from django.utils.translation import gettext_lazy as _

from finance.exports.shapes import (
    ACCOUNT_NAME,
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
from finance.models import Settlement
from finance.models.settlements import TOLD

_WHERE = " AND ".join(
    [
        BOOK.format("a.book_id"),
        ACCOUNTS.format("s.account_id"),
        SETTLEMENTS.format("l.settlement_id"),
        CURRENCIES.format("l.currency"),
        STATES.format("s.state"),
        DAYS.format("l.effective_on"),
        f"s.reason <> '{TOLD}'",
    ]
)
_FROM = """
  FROM finance_settlementline l
  JOIN finance_settlement s ON s.id = l.settlement_id
  JOIN finance_moneyaccount a ON a.id = s.account_id
"""

REPORT = Report(
    kind="settlement_lines",
    title=_("Settlement detail"),
    columns=(
        Column("settlement", _("Settlement")),
        Column("account", _("Account")),
        Column("provider", _("Platform, wallet or bank")),
        Column("source", _("Source"), Cells.CODE),
        Column("state", _("State"), Cells.CODE, words=dict(Settlement.State.choices)),
        Column("document", _("Document")),
        Column("row", _("Row"), Cells.NUMBER),
        Column("posted_at", _("Time on the statement"), Cells.INSTANT),
        Column("effective_on", _("Day in the books"), Cells.DAY),
        Column("type_first", _("Type")),
        Column("type_second", _("Type, second field")),
        Column("type_third", _("Type, third field")),
        Column("order", _("Order number")),
        Column("sku", _("SKU")),
        Column("quantity", _("Quantity"), Cells.NUMBER),
        Column("marketplace", _("Marketplace")),
        Column("reference", _("Reference")),
        CURRENCY,
        Column("amount", _("Amount"), Cells.AMOUNT, currency="currency"),
        Column("booked_to", _("Booked to"), Cells.CODE),
        Column("booked_to_name", _("Name of the account")),
        Column("note", _("Note")),
    ),
    rows=f"""
        SELECT s.external_id, a.name, a.provider, s.source, s.state, d.name, l.row, {local("l.posted_at")},
               l.effective_on, t.first, t.second, t.third, l.order_ref, l.sku_code, l.quantity,
               l.marketplace, l.reference, l.currency, {money("l.amount", "k")}, c.code,
               {ACCOUNT_NAME.format("c")}, l.note
        {_FROM}
          JOIN finance_sourcefile f ON f.id = l.file_id
          JOIN ecomhub_storedfile d ON d.id = f.file_id
          JOIN finance_linetype t ON t.id = l.line_type_id
          LEFT JOIN finance_currency k ON k.code = l.currency
          LEFT JOIN LATERAL (SELECT coalesce(nullif(p.component, ''), p.account_id) AS code
                               FROM finance_posting p WHERE p.line_id = l.id
                              ORDER BY p.turn DESC LIMIT 1) b ON true
          LEFT JOIN finance_account c ON c.code = b.code
         WHERE {_WHERE} ORDER BY l.settlement_id, l.id
    """,  # noqa: S608
    control=f"""
        SELECT l.currency, count(*) AS rows, sum(l.amount) AS amount {_FROM} WHERE {_WHERE} GROUP BY 1
    """,
)
