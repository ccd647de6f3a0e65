"""Layouts: what a person or a preset says about the columns of a sheet. Stored as JSON text.

{"columns": {"date": ["Date", "交易时间"], "amount": ["Amount"], ...}, "date": "day_first",
 "decimal_mark": ",", "in_words": ["入账"], "out_words": ["提现"], "done": ["成功"]}
"""

import json
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from channels.money_files.dates import DateOrder
from channels.money_files.tables import fold
from channels.settlement_messages import StatementUnreadable

ROLES = (
    "date", "time", "zone", "type", "detail", "status", "amount", "credit", "debit", "sign", "fee", "balance",
    "currency", "original_amount", "original_currency", "reference", "order", "line", "sku", "quantity",
    "note",
    "settlement", "marketplace", "withheld", "withheld_included",
)  # fmt: skip
"""What a column may be. ``sign`` says in or out where amounts have none, ``fee`` is a cost beside it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read one sheet.

    ``columns`` gives for each role the headings it may have. ``parts`` are columns that explain the amount.
    ``fee_included``: the amount is what remained after the fee; ``None`` lets the balances decide. ``done``
    are the statuses of rows that moved money, none means all. ``header_row`` counts from 1, 0 means: find it.
    ``needed`` roles and ``marks`` (headings) must be there for a sheet to be taken for this layout's;
    ``headings`` are all those of the sheet it was made from.
    """

    columns: dict[str, tuple[str, ...]]
    header_row: int = 0
    date: DateOrder | None = None
    decimal_mark: str = ""
    in_words: tuple[str, ...] = ()
    out_words: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    fee_included: bool | None = None
    parts: tuple[str, ...] = ()
    currency: str = ""
    marks: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()

    def required(self) -> dict[str, tuple[str, ...]]:
        """Return the columns without which no row can be read."""
        roles = ["date"]
        roles += ["amount"] if "amount" in self.columns else ["credit", "debit"]
        roles += [role for role in self.needed if role in self.columns]
        roles += ["currency"] if "currency" in self.columns and not self.currency else []
        return {role: self.columns[role] for role in roles}

    def fits(self, names: frozenset[str]) -> bool:
        """Say whether folded headings have what is required, and what tells this sheet from others."""
        has_required = all(
            any(fold(name) in names for name in spellings) for spellings in self.required().values()
        )
        return has_required and all(fold(mark) in names for mark in self.marks)


def read_layout(text: str) -> Layout:
    """Return the layout of a JSON text. Raises ``StatementUnreadable`` saying what is wrong with it."""
    try:
        raw: Any = json.loads(text)
    except ValueError:
        raw = None
    columns = raw.get("columns") if isinstance(raw, dict) else None
    if not isinstance(columns, dict):
        raise _wrong(_("it is not a layout"))
    unknown = sorted(set(columns) - set(ROLES))
    if unknown:
        raise _wrong(_("it has unknown roles: %(roles)s") % {"roles": ", ".join(unknown)})
    named = {role: _words(value) for role, value in columns.items() if _words(value)}
    if "date" not in named or not ("amount" in named or {"credit", "debit"} <= set(named)):
        raise _wrong(_("it needs a date, and an amount or a credit and a debit column"))
    mark = str(raw.get("decimal_mark") or "")
    order = str(raw.get("date") or "")
    if mark not in ("", ".", ",") or order not in ("", *DateOrder):
        raise _wrong(_("its decimal mark or its date order is unknown"))
    included = raw.get("fee_included")
    return Layout(
        columns=named,
        header_row=int(raw["header_row"]) if str(raw.get("header_row", "")).isdigit() else 0,
        date=DateOrder(order) if order else None,
        decimal_mark=mark,
        in_words=_words(raw.get("in_words")),
        out_words=_words(raw.get("out_words")),
        done=_words(raw.get("done")),
        fee_included=included if isinstance(included, bool) else None,
        parts=_words(raw.get("parts")),
        currency=str(raw.get("currency") or ""),
        marks=_words(raw.get("marks")),
        headings=_words(raw.get("headings")),
    )


def _words(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(str(one) for one in value if one) if isinstance(value, (list, tuple)) else ()


def _wrong(what: str) -> StatementUnreadable:
    return StatementUnreadable(
        _("The layout cannot be used: %(what)s. Open the layout and set its columns again.") % {"what": what}
    )
