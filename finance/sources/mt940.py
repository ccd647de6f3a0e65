"""Bank statements in SWIFT's MT940. Several statements in one file are split before anything else is read."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import BinaryIO, TextIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.money_files.encodings import head_text, text_of
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
from finance.sources.periods import account_zone

_TAG = re.compile(r"^:([0-9]{2}[A-Z]?):")
_BALANCE = re.compile(r"([CD])([0-9]{6})([A-Z]{3})([0-9]+,[0-9]*)")
_ENTRY = re.compile(
    r"(?P<day>[0-9]{6})(?P<booked>[0-9]{4})?(?P<mark>R?[CD])[A-Z]?(?P<amount>[0-9]+,[0-9]*)"
    r"(?P<code>[NFS][A-Z0-9]{3})(?P<reference>.*)"
)
_SIGNS = {"C": 1, "D": -1, "RC": -1, "RD": 1}
_BUSINESS_CODE = re.compile(r"([0-9]{3})\?")
_SUBFIELD = re.compile(r"\?[0-9]{2}")
_LONGEST_NOTE = 500
_LOOKED_AT = 1 << 16


def recognizes(sample: Sample) -> bool:
    """Say whether there are the fields of a statement message."""
    tags = {
        found[1]
        for line in head_text(sample.head)[:_LOOKED_AT].splitlines()
        if (found := _TAG.match(line.strip("\ufeff ")))
    }
    return "20" in tags and bool(tags & {"60F", "60M"})


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the statements; each comes after its entries, when its closing balance is known."""
    with text_of(file) as text:
        try:
            message: _Message | None = None
            for number, tag, body in _fields(text):
                if tag == "20":
                    if message is not None:
                        raise _broken(number)
                    message = _Message(reading)
                if message is None:
                    continue
                yield from message.take(number, tag, body)
                if message.is_complete:
                    message = None
            if message is not None:
                raise _broken(message.number)
        except UnicodeDecodeError as error:
            raise StatementUnreadable(
                _("The statement mixes encodings. Get it once more from the bank.")
            ) from error


def _fields(text: TextIO) -> Iterator[tuple[int, str, str]]:
    """Yield ``(row, tag, text)``; lines without a tag continue the field before them."""
    tag, start, body = "", 0, list[str]()
    for number, raw in enumerate(text, start=1):
        line = raw.rstrip("\r\n").lstrip("\ufeff")
        found = _TAG.match(line)
        is_end = line.strip() in ("-", "-}") or line.startswith(("{", "-}"))
        if found or is_end:
            if tag:
                yield start, tag, "\n".join(body).strip()
            tag, start, body = (found[1], number, [line[found.end() :]]) if found else ("", 0, [])
        elif tag:
            body.append(line)
    if tag:
        yield start, tag, "\n".join(body).strip()


class _Message:
    """One statement while it is read."""

    def __init__(self, reading: Reading) -> None:
        self._zone: tzinfo = account_zone(reading)
        self._account = self._sequence = self._currency = ""
        self._opened: date | None = None
        self._opening = Decimal(0)
        self._pending: MoneyLine | None = None
        self.is_complete = False
        self.number = 0

    def take(self, number: int, tag: str, body: str) -> Iterator[Statement | MoneyLine]:
        """Take one field; an entry is yielded when what follows it can no longer explain it."""
        self.number = number
        if tag != "86":
            yield from self._flush()
        if tag == "25":
            self._account = body.split("\n")[0].strip()
        elif tag in ("28C", "28"):
            self._sequence = body.strip()
        elif tag in ("60F", "60M"):
            self._opening, self._opened, self._currency = self._balance(number, body)
        elif tag == "61":
            self._pending = self._entry(number, body)
        elif tag == "86" and self._pending is not None:
            self._pending = _explained(self._pending, body)
        elif tag in ("62F", "62M"):
            yield self._statement(number, body)

    def _flush(self) -> Iterator[MoneyLine]:
        if self._pending is not None:
            yield self._pending
        self._pending = None

    def _name(self) -> str:
        opened = self._opened or date.min
        return f"{self._account} {self._sequence} {opened:%Y-%m-%d}".strip()

    def _balance(self, number: int, body: str) -> tuple[Decimal, date, str]:
        found = _BALANCE.match(body)
        if found is None:
            raise _broken(number)
        amount = _amount(found[4])
        return (amount if found[1] == "C" else -amount), _day(found[2], number), found[3]

    def _entry(self, number: int, body: str) -> MoneyLine:
        first, _newline, rest = body.partition("\n")
        found = _ENTRY.match(first)
        if found is None or self._opened is None:
            raise _broken(number)
        valued = _day(found["day"], number)
        reference, _slashes, bank_reference = found["reference"].partition("//")
        tie = reference.strip() if reference.strip() not in ("", "NONREF") else bank_reference.strip()
        return MoneyLine(
            self._name(), self._currency, number, (found["code"], "", ""),
            _SIGNS[found["mark"]] * _amount(found["amount"]),
            self._instant(_booked(valued, found["booked"], number)), reference=tie,
            note=rest.strip()[:_LONGEST_NOTE],
        )  # fmt: skip

    def _instant(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).astimezone(UTC)

    def _statement(self, number: int, body: str) -> Statement:
        if self._opened is None:
            raise _broken(number)
        closing, closed, currency = self._balance(number, body)
        self.is_complete = True
        return Statement(
            settlement_id=self._name(),
            currency=self._currency,
            # A closing in another currency says nothing about this account's entries.
            total=closing - self._opening if currency == self._currency else None,
            starts_at=self._instant(self._opened),
            ends_at=self._instant(closed),
            opening=self._opening,
            closing=closing if currency == self._currency else None,
        )


def _explained(entry: MoneyLine, body: str) -> MoneyLine:
    """Add what field 86 says: the German business code as the second type, the rest as a note."""
    found = _BUSINESS_CODE.match(body)
    flat = " ".join(_SUBFIELD.sub(" ", body.replace("\n", " ")).split())
    note = " ".join(part for part in (entry.note, flat) if part)[:_LONGEST_NOTE]
    return entry._replace(types=(entry.types[0], found[1] if found else "", ""), note=note)


def _amount(text: str) -> Decimal:
    return Decimal(text.replace(",", ".").rstrip("."))


def _day(text: str, number: int) -> date:
    try:
        year = int(text[:2])
        return date(year + (1900 if year >= 80 else 2000), int(text[2:4]), int(text[4:6]))
    except ValueError:
        raise _broken(number) from None


def _booked(valued: date, text: str | None, number: int) -> date:
    """Return the booking day: it names no year, so it is the one nearest to the value day."""
    if not text:
        return valued
    found: list[date] = []
    for year in (valued.year - 1, valued.year, valued.year + 1):
        try:
            found.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            continue
    if not found:
        raise _broken(number)
    return min(found, key=lambda day: abs((day - valued).days))


def _broken(number: int) -> StatementUnreadable:
    return StatementUnreadable(
        _("Row %(row)s: the statement is not complete there. Get it once more from the bank.")
        % {"row": number},
        row=number,
    )


SOURCES = (
    Source(
        key="bank_mt940",
        title=gettext_lazy("Bank statement (MT940)"),
        holder=Holder.BANK,
        platform="",
        recognizes=recognizes,
        read=read,
        rules=tuple(
            TypeRule((f"{letter}{code}", "*", ""), LineKind.FEE, "5510")
            for letter in "NFS"
            for code in ("CHG", "COM")
        ),
    ),
)
