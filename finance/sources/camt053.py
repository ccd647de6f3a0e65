"""Bank statements in ISO 20022's CAMT.053, versions 2 to 8, read entry by entry."""

import codecs
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.money_files.encodings import encoding_of, head_text, text_of
from channels.settlement_messages import (
    Holder,
    LineKind,
    MoneyLine,
    Reading,
    Sample,
    Source,
    Statement,
    StatementUnreadable,
    TypeRule,
)
from finance.sources.periods import TOLD, account_zone

_SIGNS = {"CRDT": 1, "DBIT": -1}
_OPENINGS, _CLOSINGS = ("OPBD", "PRCD"), ("CLBD",)
_REFERENCES = ("AcctSvcrRef", "EndToEndId", "TxId", "InstrId", "PmtInfId", "NtryRef")
_LONGEST_NOTE = 500
_DECLARED = re.compile(rb"^<\?xml[^>]*\bencoding=[\"']([A-Za-z0-9._-]+)")


def recognizes(sample: Sample) -> bool:
    """Say whether the document's namespace is CAMT.053."""
    text = head_text(sample.head)
    return "camt.053.001." in text and "<" in text[:200]


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the statements; each comes after its entries."""
    try:
        with text_of(file, _encoding(file), newline="") as text:
            yield from _statements(iterparse(text, events=("start", "end")), reading)
    except (ParseError, DefusedXmlException, UnicodeError) as error:
        raise StatementUnreadable(
            _("The XML is damaged. Get the statement once more from the bank.")
        ) from error


def _encoding(file: BinaryIO) -> str:
    """Return the encoding the bytes have; only what cannot be told from them is believed as it is declared.

    Documents are saved anew in another encoding without their declaration being changed.
    """
    found = encoding_of(file)
    if found.startswith("utf-"):
        return found
    declared = _DECLARED.match(file.read(200).lstrip())
    file.seek(0)
    try:
        name = codecs.lookup(declared[1].decode()).name if declared else found
    except LookupError:
        return found
    return found if name.startswith(("utf", "ascii")) else name


def _statements(events: Any, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Go through the document; what is done with is forgotten at once."""
    current: _Statement | None = None
    holder: Element | None = None
    inside_entry = 0
    for event, element in events:
        name = _name(element)
        if event == "start":
            if name == "Stmt":
                current, holder = _Statement(reading), element
            inside_entry += name == "Ntry"
            continue
        if name == "Ntry":
            inside_entry -= 1
        if current is None or inside_entry:
            continue
        if name in ("Id", "ElctrncSeqNb", "LglSeqNb", "Acct", "Bal", "FrToDt") and current.take(
            name, element
        ):
            element.clear()
        elif name == "Ntry":
            yield from current.entry(element)
            if holder is not None:
                holder.remove(element)
        elif name == "Stmt":
            yield from current.close()
            current = None
            element.clear()


def _name(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _find(element: Element, *path: str) -> Element | None:
    """Return the first descendant along a path of local names."""
    found: Element | None = element
    for name in path:
        found = next((child for child in found if _name(child) == name), None) if found is not None else None
    return found


def _text(element: Element, *path: str) -> str:
    found = _find(element, *path)
    return (found.text or "").strip() if found is not None else ""


def _deep(element: Element, name: str) -> str:
    """Return the first text of that name anywhere inside."""
    return next(
        (
            (inner.text or "").strip()
            for inner in element.iter()
            if _name(inner) == name and (inner.text or "").strip()
        ),
        "",
    )


class _Statement:
    """One statement while it is read."""

    def __init__(self, reading: Reading) -> None:
        self._zone: tzinfo = account_zone(reading)
        self._reading = reading
        self._account = self._currency = self._number = self._identity = ""
        self._opening: Decimal | None = None
        self._closing: Decimal | None = None
        self._starts_at: datetime | None = None
        self._ends_at: datetime | None = None
        self._records = 0
        self._has_told = False

    def take(self, name: str, element: Element) -> bool:
        """Take one part of the statement's head; returns whether it was one."""
        if name == "Id" and not self._identity and len(element) == 0:
            self._identity = (element.text or "").strip()
        elif name in ("ElctrncSeqNb", "LglSeqNb") and not self._number:
            self._number = (element.text or "").strip()
        elif name == "Acct":
            self._account = _deep(element, "IBAN") or _text(element, "Id", "Othr", "Id")
            self._currency = _text(element, "Ccy")
        elif name == "Bal":
            self._balance(element)
        elif name == "FrToDt":
            self._starts_at = self._instant(_text(element, "FrDtTm"))
            self._ends_at = self._instant(_text(element, "ToDtTm"))
        # Parts of an account keep their children until the account itself is read.
        return name in ("Acct", "Bal", "FrToDt")

    def _balance(self, element: Element) -> None:
        code = _text(element, "Tp", "CdOrPrtry", "Cd")
        amount = _find(element, "Amt")
        if amount is None or code not in (*_OPENINGS, *_CLOSINGS):
            return
        currency = amount.get("Ccy") or self._currency
        self._currency = self._currency or currency
        if currency != self._currency:
            return
        signed = self._signed(element)
        if code in _CLOSINGS:
            self._closing = signed
        elif code == "OPBD" or self._opening is None:
            self._opening = signed

    def entry(self, element: Element) -> Iterator[MoneyLine]:
        """Yield an entry, or its transactions where they carry amounts that sum to it."""
        self._records += 1
        whole = self._line(element, element)
        details = [
            inner for inner in element.iter() if _name(inner) == "TxDtls" and _amount_of(inner) is not None
        ]
        lines = [self._line(element, inner) for inner in details]
        is_whole = sum(line.amount for line in lines) == whole.amount
        if len(lines) > 1 and is_whole and all(line.currency == whole.currency for line in lines):
            yield from lines
        else:
            yield whole

    def _line(self, entry: Element, part: Element) -> MoneyLine:
        amount = _amount_of(part)
        status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
        at = self._instant(_deep_date(entry, "BookgDt") or _deep_date(entry, "ValDt"))
        if amount is None or at is None:
            raise self._broken()
        is_told = status not in ("", "BOOK")
        self._has_told |= is_told
        tie = next(
            (text for name in _REFERENCES if (text := _deep(part, name)) not in ("", "NOTPROVIDED")), ""
        )
        note = " ".join(
            (inner.text or "").strip() for inner in part.iter() if _name(inner) in ("Ustrd", "AddtlNtryInf")
        )
        return MoneyLine(
            self._settlement() + (TOLD if is_told else ""),
            amount.get("Ccy") or self._currency, self._records,
            _codes(entry), self._signed(part, entry), at, reference=tie, note=note[:_LONGEST_NOTE],
        )  # fmt: skip

    def close(self) -> Iterator[Statement]:
        """Yield the statement, and one for what it only announced."""
        opening, closing = self._opening, self._closing
        settlement = self._settlement()
        yield Statement(
            settlement_id=settlement,
            currency=self._currency,
            total=closing - opening if closing is not None and opening is not None else None,
            starts_at=self._starts_at,
            ends_at=self._ends_at,
            opening=opening,
            closing=closing,
        )
        if self._has_told:
            yield Statement(settlement_id=settlement + TOLD, currency=self._currency, pays=False)

    def _settlement(self) -> str:
        return " ".join(part for part in (self._account, self._number, self._identity) if part)

    def _signed(self, element: Element, fallback: Element | None = None) -> Decimal:
        amount = _amount_of(element)
        side = _text(element, "CdtDbtInd") or (_text(fallback, "CdtDbtInd") if fallback is not None else "")
        try:
            value = Decimal((amount.text or "").strip()) if amount is not None else Decimal("NaN")
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or side not in _SIGNS:
            raise self._broken()
        return _SIGNS[side] * value

    def _instant(self, text: str) -> datetime | None:
        """Return a date or instant of ISO 8601; without a zone it is the account's."""
        if not text:
            return None
        try:
            if len(text) == 10:
                day = date.fromisoformat(text)
                return datetime(day.year, day.month, day.day, tzinfo=self._zone).astimezone(UTC)
            read_at = datetime.fromisoformat(text)
        except ValueError:
            raise self._broken() from None
        return (read_at if read_at.tzinfo else read_at.replace(tzinfo=self._zone)).astimezone(UTC)

    def _broken(self) -> StatementUnreadable:
        return StatementUnreadable(
            _(
                "Entry %(row)s has no readable amount, side or date. "
                "Get the statement once more from the bank."
            )
            % {"row": self._records},
            row=self._records,
        )


def _amount_of(element: Element) -> Element | None:
    """Return the amount of an entry, or of a transaction where versions put it elsewhere."""
    return _first(_find(element, "Amt"), _find(element, "AmtDtls", "TxAmt", "Amt"))


def _first(*found: Element | None) -> Element | None:
    return next((one for one in found if one is not None), None)


def _deep_date(entry: Element, name: str) -> str:
    return _text(entry, name, "Dt") or _text(entry, name, "DtTm")


def _codes(entry: Element) -> tuple[str, str, str]:
    """Return domain, family and sub-family; a bank's own code where it uses those."""
    domain = _find(entry, "BkTxCd", "Domn")
    if domain is None:
        return _text(entry, "BkTxCd", "Prtry", "Cd"), "", ""
    return _text(domain, "Cd"), _text(domain, "Fmly", "Cd"), _text(domain, "Fmly", "SubFmlyCd")


SOURCES = (
    Source(
        key="bank_camt053",
        title=gettext_lazy("Bank statement (CAMT.053)"),
        holder=Holder.BANK,
        platform="",
        recognizes=recognizes,
        read=read,
        rules=tuple(
            TypeRule(("*", "*", code), LineKind.FEE, "5510")
            for code in ("CHRG", "FEES", "COMM", "COME", "COMI")
        ),
    ),
)
