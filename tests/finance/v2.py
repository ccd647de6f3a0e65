"""Small V2 settlement files of Amazon, made up row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

COLUMNS = (
    "settlement-id",
    "settlement-start-date",
    "settlement-end-date",
    "deposit-date",
    "total-amount",
    "currency",
    "transaction-type",
    "order-id",
    "merchant-order-id",
    "adjustment-id",
    "shipment-id",
    "marketplace-name",
    "amount-type",
    "amount-description",
    "amount",
    "fulfillment-id",
    "posted-date",
    "posted-date-time",
    "order-item-code",
    "merchant-order-item-id",
    "merchant-adjustment-item-id",
    "sku",
    "quantity-purchased",
    "promotion-id",
)
ORDER = "902-0000001"


@dataclass(frozen=True)
class Row:
    """One amount."""

    amount: str
    kind: str = "Order"
    amount_type: str = "ItemPrice"
    what: str = "Principal"
    order: str = ORDER
    day: int = 5
    sku: str = "mug"
    item: str = "L1"


def price(amount: str, **changes: object) -> Row:
    """What a buyer paid for the goods."""
    return Row(amount, **changes)  # type: ignore[arg-type]


def fee(amount: str, **changes: object) -> Row:
    """A commission."""
    return Row(amount, amount_type="ItemFees", what="Commission", **changes)  # type: ignore[arg-type]


def other(amount: str, what: str, **changes: object) -> Row:
    """Something that belongs to no order."""
    given = {"kind": "other-transaction", "amount_type": "other-transaction", "order": "", "item": ""}
    return Row(amount, what=what, **{**given, **changes})  # type: ignore[arg-type]


@dataclass
class V2:
    """A settlement of a fortnight in March 2026 (or ``month``); the total is the sum unless given."""

    rows: Sequence[Row]
    number: str = "9001"
    total: str | None = None
    currency: str = "USD"
    month: int = 3
    first: int = 1
    marketplace: str = "amazon.com"
    extra: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The file's text."""
        total = self.total
        if total is None:
            total = str(sum((Decimal(row.amount) for row in self.rows), Decimal(0)))
        year = f"2026-{self.month:02}"
        head = {
            "settlement-id": self.number,
            "settlement-start-date": f"{year}-{self.first:02} 00:00:00 UTC",
            "settlement-end-date": f"{year}-{self.first + 13:02} 23:59:59 UTC",
            "deposit-date": f"{year}-{self.first + 14:02} 12:00:00 UTC",
            "total-amount": total,
            "currency": self.currency,
        }
        lines = ["\t".join(COLUMNS), _line(head)]
        for row in self.rows:
            day = f"{year}-{row.day:02}"
            lines.append(
                _line(
                    {
                        "settlement-id": self.number,
                        "currency": self.currency,
                        "transaction-type": row.kind,
                        "order-id": row.order,
                        "marketplace-name": self.marketplace,
                        "amount-type": row.amount_type,
                        "amount-description": row.what,
                        "amount": row.amount,
                        "posted-date": f"{day} 00:00:00 UTC",
                        "posted-date-time": f"{day} 08:14:22 UTC",
                        "order-item-code": row.item,
                        "sku": row.sku,
                        "quantity-purchased": "1" if row.order else "",
                    }
                )
            )
        return "\n".join([*lines, *self.extra, ""])

    def write(self, folder: Path, name: str = "", *, encoding: str = "utf-8") -> Path:
        """The file, in a folder of the test."""
        path = folder / (name or f"{self.number}.txt")
        path.write_bytes(self.text().encode(encoding))
        return path


def _line(values: dict[str, str]) -> str:
    return "\t".join(values.get(column, "") for column in COLUMNS)
