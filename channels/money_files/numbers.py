"""How a document writes its amounts: one style per document, decided once and checked on every cell."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from channels.settlement_messages import StatementUnreadable
from ecomhub.money import NotMoney, exponent

_SIGNS = str.maketrans({"−": "-", "–": "-", "﹣": "-", "－": "-", "’": "'", "\u00a0": " ", "\u202f": " "})
_DRESS = re.compile(r"^(?:[A-Za-z]{0,3}[$€£¥₹₩฿₫₱₽]|[A-Z]{3})\s*|\s*(?:[$€£¥₹₩฿₫₱₽円元]|[A-Z]{3})$")
_PATTERNS = {
    ".": re.compile(r"[0-9]{1,3}(?:[,' ][0-9]{2,3})*[,' ][0-9]{3}(?:\.[0-9]*)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+"),
    ",": re.compile(r"[0-9]{1,3}(?:[.' ][0-9]{2,3})*[.' ][0-9]{3}(?:,[0-9]*)?|[0-9]+(?:,[0-9]*)?|,[0-9]+"),
}
_PLAIN = {
    ".": re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII),
    ",": re.compile(r"-?[0-9]+(?:,[0-9]+)?", re.ASCII),
}
_DROPPED = {".": str.maketrans("", "", ",' "), ",": str.maketrans(",", ".", ".' ")}
_LONGEST = 60


class NotInStyle(ValueError):
    """A cell is not an amount as this document writes amounts."""


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """The decimal mark of a document: ``.`` or ``,``."""

    mark: str = "."

    def read(self, text: str) -> Decimal:
        """Return the amount of a cell: ``1.234,56``, ``(1.00)``, ``5.00-``, ``US$ 3.10`` by the style.

        Raises ``NotInStyle`` for what another style would have written.
        """
        if _PLAIN[self.mark].fullmatch(text):
            return Decimal(text if self.mark == "." else text.replace(",", "."))
        digits, negative = _bare(text)
        if not _PATTERNS[self.mark].fullmatch(digits):
            raise NotInStyle(text)
        amount = Decimal(digits.translate(_DROPPED[self.mark]))
        return -amount if negative else amount


def number_style(samples: Iterable[str], currency: str = "") -> NumberStyle:
    """Decide the style from cells, the summary column's first; stops at the first that leaves no doubt.

    In a cell with both marks the last is the decimal one. ``1.234`` alone could be either: it has thousands
    unless the currency has three decimals, and then nobody can tell.
    """
    doubtful = ""
    for text in samples:
        verdict = _verdict(_bare(text)[0])
        if verdict in ("", "?"):
            doubtful = doubtful or (text if verdict == "?" else "")
            continue
        return NumberStyle(verdict)
    if not doubtful:
        return NumberStyle()
    if currency and _decimals(currency) == 3:
        raise StatementUnreadable(
            _(
                "Nobody can tell whether %(text)s has thousands or decimals. Export the document once more "
                "with another number format."
            )
            % {"text": doubtful}
        )
    return NumberStyle("," if "." in doubtful else ".")


def read_amount(text: str, style: NumberStyle, *, row: int, column: str) -> Decimal:
    """Return a cell's amount. Raises ``StatementUnreadable`` with the row and column."""
    try:
        return style.read(text)
    except NotInStyle:
        raise StatementUnreadable(
            _(
                "Row %(row)s: “%(text)s” in column %(column)s is not an amount as the rest of the document "
                "writes amounts. Get the document once more from its source, unchanged by a spreadsheet."
            )
            % {"row": row, "text": text[:_LONGEST], "column": column},
            row=row,
        ) from None


def _bare(text: str) -> tuple[str, bool]:
    """Return the digits and marks of a cell, and whether it is negative in any of the usual ways."""
    bare = text.strip()
    if not bare.isascii():
        bare = unicodedata.normalize("NFKC", bare).translate(_SIGNS).strip()
    negative = False
    if bare.startswith("(") and bare.endswith(")"):
        bare, negative = bare[1:-1].strip(), True
    for _again in range(2):
        if bare[:1] in ("-", "+"):
            negative ^= bare[0] == "-"
            bare = bare[1:].lstrip()
        elif bare[-1:] in ("-", "+"):
            negative ^= bare[-1] == "-"
            bare = bare[:-1].rstrip()
        elif stripped := _DRESS.sub("", bare):
            bare = stripped
    return bare, negative


def _verdict(digits: str) -> str:
    """Return the decimal mark a cell proves, ``?`` for one doubtful mark, nothing for none."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return ""
    mark = digits[last]
    other = "," if mark == "." else "."
    if other in digits:
        return mark
    if digits.count(mark) > 1:
        return other
    before, after = digits[:last], digits[last + 1 :]
    if len(after) == 3 and 1 <= len(before) <= 3 and before.isdigit() and before[0] != "0":
        return "?"
    return mark


def _decimals(currency: str) -> int:
    try:
        return exponent(currency)
    except NotMoney:
        return 2
