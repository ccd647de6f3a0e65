"""Documents of every source that states a total, cut into their rows so that a test can damage one of them.

The bytes are what the platform, wallet or bank would send; nothing here knows how they are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from tests.finance.sources.amazon_documents import V2_HEADINGS, WIDE_HEADINGS, v2_line, v2_summary

ROWS = 12
REMOVED, ADDED, AMOUNT, CURRENCY = "removed", "added", "amount", "currency"
Pattern = re.Pattern[bytes]


@dataclass(frozen=True)
class Document:
    """A document as its rows and what is around them.

    ``amounts`` find what the ledger takes of a row (group 1), ``currency`` and ``identity`` what else may be
    damaged; ``kinds`` is what a stated total can notice. ``before`` and ``after`` are the documents of the
    neighboring periods, where a total is a closing balance; ``foreign`` is no currency of the document's.
    """

    head: bytes
    rows: tuple[bytes, ...]
    tail: bytes
    amounts: tuple[Pattern, ...]
    currency: Pattern | None = None
    identity: Pattern | None = None
    join: bytes = b"\n"
    kinds: tuple[str, ...] = (REMOVED, ADDED, AMOUNT, CURRENCY)
    before: bytes = b""
    after: bytes = b""
    layout: str = ""
    foreign: bytes = b"GBP"

    def content(self, rows: Sequence[bytes] | None = None) -> bytes:
        """The document's bytes, with other rows when given."""
        return self.head + self.join.join(self.rows if rows is None else rows) + self.tail

    @property
    def has_money(self) -> bool:
        """Say whether any row is money."""
        return any(self._money(row) for row in self.rows)

    def mutated(self, chance: Random) -> tuple[str, bytes]:
        """Damage one row that is money; what was done to it, and the document then."""
        kinds = [kind for kind in self.kinds if kind != CURRENCY or self.currency is not None]
        kind = chance.choice(kinds)
        rows = list(self.rows)
        place = chance.choice([at for at, row in enumerate(rows) if self._money(row)])
        row = rows[place]
        if kind == REMOVED:
            del rows[place]
        elif kind == ADDED:
            twin = _put(row, self.identity, b"%d" % chance.randint(70000, 99999)) if self.identity else row
            rows.insert(chance.randint(0, len(rows)), twin)
        elif kind == AMOUNT:
            found = chance.choice(self._money(row))
            rows[place] = row[: found.start(1)] + _other(found[1]) + row[found.end(1) :]
        else:
            rows[place] = _put(row, self.currency, self.foreign)
        return f"{kind} {place}: {row.decode(errors='replace')}", self.content(rows)

    def _money(self, row: bytes) -> list[re.Match[bytes]]:
        found = [match for pattern in self.amounts for match in pattern.finditer(row)]
        return [match for match in found if re.search(rb"[1-9]", match[1])]


def _put(row: bytes, pattern: Pattern | None, text: bytes) -> bytes:
    found = pattern.search(row) if pattern is not None else None
    assert found is not None, row
    return row[: found.start(1)] + text + row[found.end(1) :]


def _other(amount: bytes) -> bytes:
    """Another amount, written alike."""
    place = max(at for at, letter in enumerate(amount) if 48 <= letter < 58)
    digit = amount[place] - 48
    return amount[:place] + b"%d" % (digit + 1 if digit < 9 else 8) + amount[place + 1 :]


def column(number: int, delimiter: bytes = b",") -> Pattern:
    """Finds one cell of a row."""
    cell = b"[^" + delimiter + b"\n]*"
    return re.compile(b"^(?:" + cell + delimiter + b"){%d}(" % number + cell + b")")


def money(chance: Random, low: int = 100, high: int = 90000) -> Decimal:
    """An amount of two decimals."""
    return Decimal(chance.randint(low, high)).scaleb(-2)


def signed(chance: Random) -> Decimal:
    """An amount that goes in, or out."""
    return money(chance) * (1 if chance.random() < 0.7 else -1)


def amazon_v2(chance: Random) -> Document:
    words = (
        ("Order", "ItemPrice", "Principal"),
        ("Order", "ItemFees", "Commission"),
        ("Refund", "ItemPrice", "Principal"),
        ("ServiceFee", "other-transaction", "Storage Fee"),
    )
    rows, total = [], Decimal(0)
    for number in range(ROWS):
        amount = signed(chance)
        total += amount
        given = v2_line(f"{amount}", *chance.choice(words), order_id=f"111-{number}", currency="USD")
        rows.append(_cells(V2_HEADINGS, given))
    head = "\t".join(V2_HEADINGS) + "\n" + _cells(V2_HEADINGS, v2_summary(f"{total}")) + "\n"
    return _tabbed(head, rows, amounts=(14,))


def amazon_flat(chance: Random) -> Document:
    rows, total = [], Decimal(0)
    for number in range(ROWS):
        price, fee = money(chance), -money(chance, high=900)
        total += price + fee
        given = {
            "settlement-id": "S1", "currency": "USD", "transaction-type": "Order",
            "order-id": f"111-{number}", "posted-date": "2026-06-03", "price-type": "Principal",
            "price-amount": f"{price}", "item-related-fee-type": "Commission",
            "item-related-fee-amount": f"{fee}", "sku": "CUP", "quantity-purchased": "1",
        }  # fmt: skip
        rows.append(_cells(WIDE_HEADINGS, given))
    head = "\t".join(WIDE_HEADINGS) + "\n" + _cells(WIDE_HEADINGS, v2_summary(f"{total}")) + "\n"
    places = [WIDE_HEADINGS.index(name) for name in ("price-amount", "item-related-fee-amount")]
    return _tabbed(head, rows, amounts=places)


def _cells(headings: Sequence[str], values: dict[str, str]) -> str:
    return "\t".join(values.get(name, "") for name in headings)


def _tabbed(head: str, rows: Sequence[str], *, amounts: Sequence[int]) -> Document:
    return Document(
        head=head.encode(), rows=tuple(row.encode() for row in rows), tail=b"\n",
        amounts=tuple(column(place, b"\t") for place in amounts), currency=column(5, b"\t"),
        identity=column(7, b"\t"),
    )  # fmt: skip


def ebay_report(chance: Random) -> Document:
    rows, total = [], Decimal(0)
    for number in range(ROWS):
        gross, fixed, share = money(chance, 2000), -Decimal("0.30"), -money(chance, 100, 900)
        net = gross + fixed + share
        total += net
        rows.append(
            f'"Jun 3, 2026",Order,O-{number},{net},USD,"Jun 5, 2026",P1,Funds sent,CUP,1,{fixed},{share},'
            f"{gross},USD,--"
        )
    head = (
        "Transaction report\nSeller,acme\n\n"
        "Transaction creation date,Type,Order number,Net amount,Payout currency,Payout date,Payout ID,"
        "Payout status,Custom label,Quantity,Final Value Fee - fixed,Final Value Fee - variable,"
        "Gross transaction amount,Transaction currency,Exchange rate\n"
    )
    paid = f'\n"Jun 5, 2026",Payout,--,-{total},USD,"Jun 5, 2026",P1,Funds sent,--,--,--,--,--,USD,--\n'
    # The dates have a comma of their own.
    return Document(
        head=head.encode(), rows=tuple(row.encode() for row in rows), tail=paid.encode(),
        amounts=tuple(column(place) for place in (4, 12, 13, 14)), currency=column(5), identity=column(3),
    )  # fmt: skip


def shopify_csv(chance: Random) -> Document:
    rows, total = [], Decimal(0)
    for number in range(ROWS):
        amount, fee = money(chance, 2000), money(chance, 100, 900)
        total += amount - fee
        rows.append(
            f"2026-06-03 10:11:12 -0400,charge,#{number},visa,paid,2026-06-05,7,{amount},{fee},"
            f"{amount - fee},#9,USD"
        )
    head = (
        "Transaction Date,Type,Order,Card Brand,Payout Status,Payout Date,Payout ID,Amount,Fee,Net,"
        "Checkout,Currency\n"
    )
    paid = f"\n2026-06-05 10:11:12 -0400,payout,,,paid,2026-06-05,7,-{total},0.00,-{total},,USD\n"
    return Document(
        head=head.encode(), rows=tuple(row.encode() for row in rows), tail=paid.encode(),
        amounts=(column(7), column(8)), currency=column(11), identity=column(2),
    )  # fmt: skip


def shopify_payouts(chance: Random) -> Document:
    """The list of payouts: each row has its own total, and nothing states how many there are."""
    rows = []
    for number in range(ROWS):
        charges, refunds, fees = money(chance, 2000), -money(chance, 100, 900), money(chance, 100, 900)
        total = charges + refunds - fees
        rows.append(f"2026-06-{number + 1:02},paid,{charges},{refunds},0.00,0.00,{fees},0.00,{total},USD")
    head = (
        "Payout Date,Status,Charges,Refunds,Adjustments,Reserved Funds,Fees,Retried Amount,Total,Currency\n"
    )
    return Document(
        head=head.encode(), rows=tuple(row.encode() for row in rows), tail=b"\n",
        amounts=(column(2), column(3), column(6)), kinds=(AMOUNT,),
    )  # fmt: skip


def paypal_settlement(chance: Random) -> Document:
    rows, credit, fees = [], 0, 0
    for number in range(ROWS):
        amount, fee = chance.randint(2000, 90000), chance.randint(100, 900)
        credit, fees = credit + amount, fees + fee
        rows.append(
            f'"SB","A{number}","I1","","T0006",2026/06/04 10:11:12 -0700,"CR",{amount},USD,"DR",{fee},USD,""'
        )
    head = (
        '"RH",2026/06/05 05:00:00 -0700,X,ACME,011\n"FH",01\n'
        '"SH",2026/06/04 00:00:00 -0700,2026/06/04 23:59:59 -0700,ACME,\n'
        '"CH","Transaction ID","Invoice ID","PayPal Reference ID","Transaction Event Code",'
        '"Transaction Completion Date","Transaction  Debit or Credit","Gross Transaction Amount",'
        '"Gross Transaction Currency","Fee Debit or Credit","Fee Amount","Fee Currency","Custom Field"\n'
    )
    sums = f"USD,{credit},0,0,{fees}"
    tail = f'\n"SF",{sums},0,{credit - fees}\n"SC",{ROWS}\n"RF",{sums}\n"RC",{ROWS}\n"FF",{ROWS}\n'
    return Document(
        head=head.encode(), rows=tuple(row.encode() for row in rows), tail=tail.encode(),
        amounts=(column(7), column(10)), currency=column(8), identity=column(1),
    )  # fmt: skip


Row = Callable[[int, int, Decimal, Decimal], str]


def chained(
    chance: Random, build: Callable[[Decimal, Decimal, int], tuple[str, str]], row: Row, **more: Any
) -> Document:
    """Three statements that follow each other: days 1–9, 11–19 and 21–29, the middle one to be damaged.

    ``build`` returns what stands around the rows by opening, closing and number; ``row`` one row by its
    number, day, amount and the balance behind it.
    """
    made: list[tuple[str, list[str], str]] = []
    balance = Decimal("1000.00")
    for part in range(3):
        opening, rows = balance, []
        for number in range(ROWS):
            amount = signed(chance) if number != 3 else money(chance)
            balance += amount
            day = 10 * part + 1 + number * 8 // (ROWS - 1)
            rows.append(row(100 * part + number, day, amount, balance))
        head, tail = build(opening, balance, part)
        made.append((head, rows, tail))
    join = more.get("join", b"\n").decode()
    before, after = ((head + join.join(rows) + tail).encode() for head, rows, tail in (made[0], made[2]))
    head, rows, tail = made[1]
    return Document(
        head=head.encode(), rows=tuple(each.encode() for each in rows), tail=tail.encode(),
        before=before, after=after, **more,
    )  # fmt: skip


def mt940(chance: Random) -> Document:
    def around(opening: Decimal, closing: Decimal, part: int) -> tuple[str, str]:
        first, last = f"2606{10 * part + 1:02}", f"2606{10 * part + 9:02}"
        head = (
            f":20:{part}\n:25:12345678\n:28C:{part + 1}/1\n:60F:{_side(opening)}{first}USD{_comma(opening)}\n"
        )
        return head, f"\n:62F:{_side(closing)}{last}USD{_comma(closing)}\n-\n"

    def row(number: int, day: int, amount: Decimal, _balance: Decimal) -> str:
        return (
            f":61:2606{day:02}06{day:02}{_side(amount)}{_comma(amount)}NTRFNONREF//B{number}\n:86:A PAYMENT"
        )

    return chained(
        chance, around, row,
        amounts=(re.compile(rb"^:61:[0-9]{10}[CD]([0-9]+,[0-9]*)"),), identity=re.compile(rb"//B([0-9]+)"),
    )  # fmt: skip


def _side(amount: Decimal) -> str:
    return "C" if amount >= 0 else "D"


def _comma(amount: Decimal) -> str:
    return f"{abs(amount)}".replace(".", ",")


def camt(chance: Random) -> Document:
    def balance(code: str, amount: Decimal, day: int) -> str:
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="USD">{abs(amount)}</Amt>'
            f"<CdtDbtInd>{_credit(amount)}</CdtDbtInd><Dt><Dt>2026-06-{day:02}</Dt></Dt></Bal>"
        )

    def around(opening: Decimal, closing: Decimal, part: int) -> tuple[str, str]:
        first, last = 10 * part + 1, 10 * part + 9
        head = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><GrpHdr>'
            f"<MsgId>M</MsgId></GrpHdr><Stmt><Id>X{part}</Id><ElctrncSeqNb>{part}</ElctrncSeqNb><FrToDt>"
            f"<FrDtTm>2026-06-{first:02}T00:00:00</FrDtTm><ToDtTm>2026-06-{last:02}T23:59:59</ToDtTm>"
            "</FrToDt><Acct><Id><IBAN>DE02</IBAN></Id><Ccy>USD</Ccy></Acct>"
            f"{balance('OPBD', opening, first)}{balance('CLBD', closing, last)}"
        )
        return head, "</Stmt></BkToCstmrStmt></Document>"

    def row(number: int, day: int, amount: Decimal, _balance: Decimal) -> str:
        return (
            f'<Ntry><Amt Ccy="USD">{abs(amount)}</Amt><CdtDbtInd>{_credit(amount)}</CdtDbtInd><Sts>BOOK</Sts>'
            f"<BookgDt><Dt>2026-06-{day:02}</Dt></BookgDt><AcctSvcrRef>R{number}</AcctSvcrRef>"
            "<BkTxCd><Prtry><Cd>NTRF</Cd></Prtry></BkTxCd></Ntry>"
        )

    return chained(
        chance, around, row, join=b"", amounts=(re.compile(rb">([0-9.]+)</Amt>"),),
        currency=re.compile(rb'Ccy="([A-Z]+)"'), identity=re.compile(rb"<AcctSvcrRef>R([0-9]+)<"),
    )  # fmt: skip


def _credit(amount: Decimal) -> str:
    return "CRDT" if amount >= 0 else "DBIT"
