"""Statements of wallets and banks in tests: what arrives where."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from channels.settlement_messages import Holder
from ecomhub import verifying
from finance import laws
from finance.models import MoneyAccount, Payout, SettlementLine
from finance.statements import money_accounts
from finance.statements.summaries import Summary
from tests.finance.settling import AT, take
from tests.finance.v2 import V2, price

_HEADER = "Booking date,Transaction type,Description,Reference,Amount,Balance,Currency"


@dataclass
class Bank:
    """A bank account whose statements follow each other."""

    account: MoneyAccount
    folder: Path
    currency: str = "USD"
    balance: Decimal = Decimal("1000.00")
    number: int = 0
    rows: list[str] = field(default_factory=list)

    def says(self, amount: str, *, day: int = 16, what: str = "Credit", note: str = "") -> None:
        """One more movement of March 2026."""
        self.balance += Decimal(amount)
        cells = (f"2026-03-{day:02}", what, note, "", amount, f"{self.balance}", self.currency)
        self.rows.append(",".join(cells))

    def send(self) -> Summary:
        """Its statement, taken in."""
        self.number += 1
        path = self.folder / f"{self.account.name}-{self.number}.csv"
        path.write_text("\n".join([_HEADER, *self.rows, ""]), encoding="utf-8")
        self.rows = []
        (summary,) = take(self.account, path)
        assert summary.state.value == "posted", summary
        return summary

    def gets(self, amount: str, **words: object) -> SettlementLine:
        """A statement with one movement; its line."""
        self.says(amount, **words)  # type: ignore[arg-type]
        self.send()
        return SettlementLine.objects.latest("pk")


def bank(owner: MoneyAccount, folder: Path, *, name: str = "Bank", currency: str = "USD") -> Bank:
    """A bank account of the same company."""
    made = money_accounts.create(
        name=name, holder=Holder.BANK, provider=name.lower(), at=AT, currency=currency,
        legal_entity=owner.book.legal_entity,
    )  # fmt: skip
    return Bank(made, folder, currency)


def pay(account: MoneyAccount, folder: Path, amount: str = "100.00", **changes: object) -> Payout:
    """A settlement that pays on the fifteenth of March."""
    take(account, V2([price(amount)], **changes).write(folder))  # type: ignore[arg-type]
    return Payout.objects.latest("pk")


def stands_on(line: SettlementLine) -> str:
    """The account a line's money stands on now."""
    last = line.postings.order_by("-turn").first()
    assert last is not None
    return str(last.account_id)


def held() -> None:
    """Every law of the house holds."""
    assert verifying.verify(laws=laws.LAWS).broken == []


SOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
