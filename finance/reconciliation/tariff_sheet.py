"""Taking in a sheet of fees: a row is one fee from a day on; the same row again changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from ecomhub.money import known_currencies
from ecomhub.sheets import CellRefused, Finding, Job, Outcome, SheetRow, repeated
from finance.models import Account, Tariff
from finance.reconciliation import tariffs

_KEY = ("platform", "marketplace", "category", "fee", "base", "currency", "above", "valid_from")
_REST = ("account_id", "percent", "fixed", "minimum", "up_to", "valid_until")


@dataclass(frozen=True, slots=True)
class _Line:
    row: SheetRow
    values: dict[str, Any]

    @property
    def key(self) -> tuple[Any, ...]:
        return tuple(self.values[name] for name in _KEY)

    @property
    def subject(self) -> str:
        words = (self.values[name] for name in ("platform", "marketplace", "category", "fee"))
        return " ".join(str(word) for word in words)[:120]


def check(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Say what each row would do; writes nothing."""
    lines, findings = _read(rows)
    held = _held(lines)
    for line in lines:
        findings[line.row.number] = _finding(line, held.get(line.key))
    return [findings[row.number] for row in rows]


def apply(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Write the rows' fees."""
    lines, findings = _read(rows)
    held = _held(lines)
    for line in lines:
        findings[line.row.number] = _finding(line, held.get(line.key))
    fresh = [line for line in lines if line.key not in held]
    Tariff.objects.bulk_create([Tariff(**line.values, actor=job.actor[:160]) for line in fresh])
    for line in lines:
        row = held.get(line.key)
        if row is not None and findings[line.row.number].outcome is Outcome.UPDATED:
            for name in _REST:
                setattr(row, name, line.values[name])
            row.actor = job.actor[:160]
            row.save()
    return [findings[row.number] for row in rows]


def _read(rows: Sequence[SheetRow]) -> tuple[list[_Line], dict[int, Finding]]:
    lines: list[_Line] = []
    findings: dict[int, Finding] = {}
    accounts = set(Account.objects.filter(takes_lines=True).values_list("pk", flat=True))
    for row in rows:
        try:
            lines.append(_line(row, accounts))
        except CellRefused as refusal:
            subject = row.values.get("fee", "")[:120]
            findings[row.number] = Finding(row.number, Outcome.REFUSED, subject, str(refusal))
    again = repeated(keys=[(line.row.number, line.key) for line in lines])
    for line in lines:
        if line.row.number in again:
            reason = _("The same fee stands in row %d already") % again[line.row.number]
            findings[line.row.number] = Finding(line.row.number, Outcome.REFUSED, line.subject, reason)
    return [line for line in lines if line.row.number not in again], findings


def _line(row: SheetRow, accounts: set[str]) -> _Line:
    """Read a row. Raises ``CellRefused``."""
    platform = row.text("platform", longest=40, required=True).lower()
    fee = row.text("fee", longest=80, required=True)
    base = row.text("base", longest=12, required=True).lower()
    if base not in Tariff.Base.values:
        raise CellRefused(_("The base is one of: %s") % ", ".join(Tariff.Base.values))
    currency = row.text("currency", longest=3, required=True).upper()
    if currency not in known_currencies():
        raise CellRefused(_("Write a currency as three letters, such as CNY: %s") % currency)
    account = row.text("account", longest=8) or tariffs.account_of(platform=platform, fee=fee)
    if account is not None and account not in accounts:
        raise CellRefused(_("Fees cannot be booked to the account %s. Choose another one.") % account)
    starts, ends = _day(row, "valid_from", required=True), _day(row, "valid_until")
    if starts is not None and ends is not None and ends <= starts:
        raise CellRefused(_("The last day is before the first"))
    zero = Decimal(0)
    return _Line(
        row,
        {
            "platform": platform,
            "marketplace": row.text("marketplace", longest=40) or tariffs.ANY,
            "category": row.text("category", longest=120) or tariffs.ANY,
            "fee": fee,
            "account_id": account,
            "base": base,
            "percent": row.decimal("percent") or zero,
            "fixed": row.decimal("fixed") or zero,
            "minimum": row.decimal("minimum") or zero,
            "currency": currency,
            "above": row.decimal("above") or zero,
            "up_to": row.decimal("up_to"),
            "valid_from": starts,
            "valid_until": ends,
        },
    )


def _day(row: SheetRow, key: str, *, required: bool = False) -> date | None:
    """Return a cell's day. Raises ``CellRefused``."""
    text = row.text(key, longest=30, required=required)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10].replace("/", "-"))
    except ValueError as error:
        raise CellRefused(_("Write a day as 2026-01-31: %s") % text) from error


def _held(lines: Sequence[_Line]) -> dict[tuple[Any, ...], Tariff]:
    platforms = {line.values["platform"] for line in lines}
    rows = Tariff.objects.filter(platform__in=platforms)
    return {tuple(getattr(row, name) for name in _KEY): row for row in rows}


def _finding(line: _Line, held: Tariff | None) -> Finding:
    if held is None:
        return Finding(line.row.number, Outcome.CREATED, line.subject)
    changed = [name for name in _REST if getattr(held, name) != line.values[name]]
    if not changed:
        return Finding(line.row.number, Outcome.UNCHANGED, line.subject)
    return Finding(line.row.number, Outcome.UPDATED, line.subject, ", ".join(changed))
