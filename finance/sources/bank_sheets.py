"""Banks' own CSV exports with the usual headings; an export with others needs a layout of a person's own."""

from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from django.utils.translation import gettext_lazy

from channels.money_files.tables import head_heading
from channels.settlement_messages import Holder, MoneyLine, Reading, Sample, Source, Statement
from finance.sources import paypal, shops, wallets
from finance.sources.layouts import Layout
from finance.sources.mapped import reader

_SIGNED = Layout(
    columns={
        "date": (
            "Booking date", "Buchungstag", "Buchungsdatum", "Date de comptabilisation", "Fecha contable",
            "Data contabile", "Transaction date", "Date", "Datum", "Fecha", "交易日期", "记账日期", "日期",
        ),
        "amount": ("Amount", "Betrag", "Betrag (EUR)", "Montant", "Importe", "Importo", "交易金额", "金额",
                   "发生额"),
        "balance": ("Balance", "Saldo", "Saldo nach Buchung", "Solde", "账户余额", "余额", "Running balance"),
        "currency": ("Currency", "Währung", "Devise", "Divisa", "Valuta", "币种"),
        "type": ("Transaction type", "Buchungstext", "Type", "Type d'opération", "交易类型"),
        "note": (
            "Description", "Verwendungszweck", "Details", "Libellé", "Concepto", "Causale", "Narrative",
            "摘要", "附言",
        ),
        "reference": ("Reference", "Kundenreferenz", "Référence", "Referencia", "交易流水号", "流水号"),
    },
    needed=("balance", "note"),
)  # fmt: skip
_SIDED = replace(
    _SIGNED,
    columns={role: names for role, names in _SIGNED.columns.items() if role != "amount"}
    | {
        "credit": (
            "Credit",
            "Haben",
            "Crédit",
            "Abono",
            "Paid in",
            "Money in",
            "Credit amount",
            "收入",
            "贷方发生额",
        ),
        "debit": (
            "Debit",
            "Soll",
            "Débit",
            "Cargo",
            "Paid out",
            "Money out",
            "Debit amount",
            "支出",
            "借方发生额",
        ),
    },
)


def _without_currency(layout: Layout) -> Layout:
    return replace(
        layout, columns={role: names for role, names in layout.columns.items() if role != "currency"}
    )


LAYOUTS = (_SIDED, _SIGNED, _without_currency(_SIDED), _without_currency(_SIGNED))
"""What banks call their columns, the order in which they are tried."""
_NEARER = (*wallets.SOURCES, *shops.SOURCES, *paypal.SOURCES)


def recognizes(sample: Sample) -> bool:
    """Say whether the headings are a bank's, and of no wallet or shop that has a layout of its own."""
    fitting = any(head_heading(sample.head, layout.fits) is not None for layout in LAYOUTS)
    return fitting and not any(nearer.recognizes(sample) for nearer in _NEARER)


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the export by the first layout that fits."""
    file.seek(0)
    head = file.read(1 << 16)
    fitting = next((one for one in LAYOUTS if head_heading(head, one.fits) is not None), _SIGNED)
    yield from reader(fitting)(file, reading)


SOURCES = (
    Source(
        key="bank_csv",
        title=gettext_lazy("Bank statement (CSV)"),
        holder=Holder.BANK,
        platform="",
        recognizes=recognizes,
        read=read,
    ),
)
