"""Reading single cells: numbers with points or commas, yes and no, headers."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _


class CellRefused(ValueError):
    """A cell cannot be what its column says; the text tells the person what is wrong."""


class Numbers(StrEnum):
    """How a sheet writes decimals; unclear when its cells contradict each other."""

    POINT = "point"
    COMMA = "comma"
    UNCLEAR = "unclear"


_SPACES = str.maketrans("", "", " \u00a0\u2009\u202f'’_")
_PLAIN = re.compile(r"[+-]?\d+")
_POINT = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)?\.\d+|[+-]?\d{1,3}(,\d{3}){2,}")
_COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)?,\d+|[+-]?\d{1,3}(\.\d{3}){2,}")
_EITHER = re.compile(r"[+-]?\d{1,3}[.,]\d{3}")
_SHORTENED = re.compile(r"\d([.,]\d+)?E\+\d{2,}", re.IGNORECASE)
_YES = frozenset({"1", "true", "yes", "y", "x", "是", "有", "√", "✓", "✔"})
_NO = frozenset({"0", "false", "no", "n", "否", "无", "没有", "×", "✗"})


def normalized(text: str) -> str:
    """Return a cell's text in one form: composed, without control characters or outer blanks."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(sign for sign in text if sign >= " " or sign in "\n\t")
    return text.strip().strip("\u200b\ufeff").strip()


def header_key(text: str) -> str:
    """Return a header without case, blanks, stars, brackets and full-width forms; units stay."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\s_\-*:.()\[\]【】\u200b\ufeff]+", "", text)


def _shape(text: str) -> Numbers | None:
    if _EITHER.fullmatch(text) and not text.lstrip("+-").startswith("0"):
        return None
    point, comma = bool(_POINT.fullmatch(text)), bool(_COMMA.fullmatch(text))
    if point == comma:
        return None
    return Numbers.POINT if point else Numbers.COMMA


def spoken_numbers(texts: Iterable[str], *, otherwise: Numbers) -> Numbers:
    """Say how a sheet writes decimals, from the cells that leave no doubt; ``otherwise`` without any."""
    seen = {_shape(text.translate(_SPACES)) for text in texts} - {None}
    if len(seen) == 2:
        return Numbers.UNCLEAR
    return next((shape for shape in seen if shape), otherwise)


def parse_number(text: str, *, numbers: Numbers) -> Decimal:
    """Read a number as people write it: ``1,234.50``, ``1.234,50``, ``1 234,5``. Raises ``CellRefused``.

    ``1,234`` and ``1.234`` mean what the rest of the sheet says (``numbers``), and are refused when it
    contradicts itself.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_SPACES).replace("\u2212", "-")
    if _PLAIN.fullmatch(plain):
        return Decimal(plain)
    shape = _shape(plain)
    if shape is None and _EITHER.fullmatch(plain):
        if numbers is Numbers.UNCLEAR:
            raise CellRefused(_("can be read in two ways: %s. Write it without thousands signs") % text)
        shape = numbers
    if shape is None:
        raise CellRefused(_("is not a number: %s") % text)
    if shape is Numbers.POINT:
        return Decimal(plain.replace(",", ""))
    return Decimal(plain.replace(".", "").replace(",", "."))


def parse_boolean(text: str) -> bool | None:
    """Read yes or no in English, Chinese or signs; ``None`` when it is neither."""
    word = unicodedata.normalize("NFKC", text).strip().casefold()
    return True if word in _YES else False if word in _NO else None


def was_shortened(text: str) -> bool:
    """Say whether Excel turned a long number into ``6.90123E+12``: its last digits are lost."""
    return bool(_SHORTENED.fullmatch(text))
