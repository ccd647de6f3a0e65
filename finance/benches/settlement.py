"""``make bench NAME=settlement``: a settlement file into the ledger, ours beside raw SQL of the same rows.

Looked at line by line: each is matched to its order and booked once, by a pair of legs. The same bytes again
add no row to any table; in another encoding they are one document more, and no money. The memory is that of
the whole process, the interpreter and the application included.
"""

import csv
import os
import statistics
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from io import RawIOBase
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from psycopg2.extensions import cursor as Cursor

from channels.models import Shop
from ecomhub import benching
from ecomhub.discovery import BenchResult
from finance.benches import parts
from finance.benches.parts import AT
from finance.models import MoneyAccount, SettlementFile
from finance.sources import registry
from finance.statements import importing, money_accounts
from finance.statements.classifying import TypeBook

LINES = int(os.environ.get("ECOMHUB_BENCH_LINES", "1000000"))
ROUNDS = int(os.environ.get("ECOMHUB_BENCH_ROUNDS", "1"))
BOUND = 0.4
MEMORY_MIB = 256
_NUMBER = "28471003921"
_FIRST = date(2026, 3, 1)
_DAYS = 14
_COLUMNS = (
    "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\tcurrency\t"
    "transaction-type\torder-id\tmerchant-order-id\tadjustment-id\tshipment-id\tmarketplace-name\t"
    "amount-type\tamount-description\tamount\tfulfillment-id\tposted-date\tposted-date-time\t"
    "order-item-code\tmerchant-order-item-id\tmerchant-adjustment-item-id\tsku\tquantity-purchased\t"
    "promotion-id"
)
_KINDS = (
    ("ItemPrice", "Principal", 1),
    ("ItemPrice", "Shipping", 1),
    ("ItemFees", "Commission", -1),
    ("ItemFees", "FBAPerUnitFulfillmentFee", -1),
)
_WRITTEN = (
    "finance_posting",
    "finance_journal",
    "finance_ledgertally",
    "finance_carriedline",
    "finance_payout",
    "finance_settlementfile",
    "finance_settlementline",
    "finance_settlement",
    "finance_sourcefile",
)
_KEPT = ("finance_settlementfile", "finance_sourcefile")
"""Where a document is written down; other bytes of the same money are a document more."""
_EXACT = """
SELECT count(*) FILTER (WHERE o.external_id IS DISTINCT FROM l.order_ref),
       count(*) FILTER (WHERE (p.amount, p.account, p.order_id, p.component)
                              IS DISTINCT FROM (-l.amount, '1105', l.order_id, m.account_id::text)),
       coalesce(sum(p.legs - 1), 0)
  FROM finance_settlementline l
  JOIN finance_typemapping m ON m.line_type_id = l.line_type_id
  LEFT JOIN orders_order o ON o.id = l.order_id
  LEFT JOIN (SELECT line_id, count(*) AS legs, sum(amount) AS amount, min(account_id) AS account,
                    min(order_id) AS order_id, min(component) AS component
               FROM finance_posting WHERE line_id IS NOT NULL GROUP BY 1) p ON p.line_id = l.id
"""
_UNPAIRED = """
SELECT coalesce(sum(abs(clearing - contra)), 0)
  FROM (SELECT p.journal_id, CASE WHEN p.line_id IS NULL THEN p.amount ELSE -p.amount END AS amount,
               count(*) FILTER (WHERE p.line_id IS NULL AND p.account_id = '1110') AS clearing,
               count(*) FILTER (WHERE p.line_id IS NOT NULL) AS contra
          FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id AND j.kind = 'settlement'
         GROUP BY 1, 2) amounts
"""
_ORDERS = """
INSERT INTO orders_order (account_id, shop_id, external_id, status, platform_status, platform_state,
    fulfillment_method, is_before_go_live, hold_reason, issue_count, cancel_requested, is_gift,
    return_status, country, currency, total, units, shipping_service, placed_at, source_updated_at,
    content_hash, note, version)
SELECT %(account)s, %(shop)s,
    '902-' || lpad(i::text, 7, '0') || '-' || lpad((i::bigint * 7919 %% 9999991)::text, 7, '0'),
    'shipped', 'SHIPPED', 'shipped', 'by_seller', false, '', 0, false, false, '', 'US', 'USD', 25, 1, '',
    %(at)s, %(at)s, sha256(i::text::bytea), '', 1
  FROM generate_series(1, %(orders)s) i
"""
_STAGED = """
CREATE TEMP TABLE limit_staged (row int, first text, second text, third text, amount numeric(19,4),
    posted_at timestamptz, order_ref text, line_ref text, sku_code text, quantity int, marketplace text)
ON COMMIT DROP
"""
_LINES = """
INSERT INTO finance_settlementline (settlement_id, file_id, row, content, occurrence, line_type_id,
    currency, amount, posted_at, effective_on, order_ref, order_id, line_ref, sku_code, quantity,
    reference, marketplace, note)
SELECT %(settlement)s, %(file)s, s.row,
    decode(md5(concat_ws(E'\\x1f', t.id, s.amount, s.posted_at, s.quantity, s.order_ref, s.line_ref,
                         s.sku_code, s.marketplace)), 'hex'),
    1, t.id, 'USD', s.amount, s.posted_at, (s.posted_at AT TIME ZONE 'Asia/Shanghai')::date, s.order_ref,
    o.id, s.line_ref, s.sku_code, s.quantity, '', s.marketplace, ''
  FROM limit_staged s
  JOIN finance_linetype t ON (t.first, t.second, t.third) = (s.first, s.second, s.third)
  LEFT JOIN orders_order o ON o.account_id = %(channel)s AND o.external_id = s.order_ref
"""
_JOURNALS = """
INSERT INTO finance_journal (book_id, effective_on, kind, key, memo, actor)
SELECT %(book)s, effective_on, 'settlement', 'limit:' || effective_on, '', 'limit'
  FROM finance_settlementline GROUP BY effective_on
"""
_POSTINGS = """
INSERT INTO finance_posting (journal_id, account_id, currency, amount, base_amount, component, shop_id,
    order_id, settlement_id, money_account_id, line_id, turn)
SELECT j.id, leg.account, l.currency, leg.sign * l.amount, leg.sign * l.amount, leg.component, %(shop)s,
    l.order_id, leg.settlement, %(account)s, leg.line, 0
  FROM finance_settlementline l
  JOIN finance_journal j ON j.book_id = %(book)s AND j.effective_on = l.effective_on
  JOIN finance_typemapping m ON m.line_type_id = l.line_type_id
  CROSS JOIN LATERAL (VALUES (1, '1110', '', l.settlement_id, NULL::bigint),
                             (-1, '1105', m.account_id, NULL::bigint, l.id))
    AS leg(sign, account, component, settlement, line)
"""


class _Copied(RawIOBase):
    """What COPY reads: rows as csv parses them, formed as they are asked for."""

    def __init__(self, rows: Iterator[str]) -> None:
        self._rows = rows
        self._rest = b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return about ``size`` bytes, nothing at the end."""
        parts = [self._rest]
        held = len(self._rest)
        while held < size:
            row = next(self._rows, None)
            if row is None:
                break
            parts.append(row.encode())
            held += len(parts[-1])
        whole = b"".join(parts)
        self._rest = whole[size:]
        return whole[:size]


def settlement() -> BenchResult:
    """Measure parse, load, match and post of one file, its memory, and the same file once more."""
    figures: dict[str, list[float]] = {"ours": [], "limit": [], "again": [], "growth": [], "peak": []}
    exact = {"missed": 0, "doubled": 0}
    with (
        tempfile.TemporaryDirectory() as folder,
        parts.files_in(folder),
        benching.scratch(copied=["finance_account", "finance_currency"]) as cursor,
    ):
        account = _seller(cursor)
        path, other = _write(Path(folder))
        for round_ in range(ROUNDS):
            for way in ("ours", "limit") if round_ % 2 else ("limit", "ours"):
                cursor.execute(f"TRUNCATE {', '.join(_WRITTEN)} CASCADE")
                if way == "limit":
                    seconds, _growth, _peak = parts.apart(lambda: _limit(account, path))
                    figures["limit"].append(LINES / seconds)
                    continue
                seconds, growth, peak = parts.apart(lambda: _ours(account, path, "posted"))
                figures["ours"].append(LINES / seconds)
                figures["growth"].append(growth)
                figures["peak"].append(peak)
                missed, doubled = _wrong(cursor)
                exact["missed"] += missed
                exact["doubled"] += doubled
                before = _counted(cursor)
                for again in (path, other):
                    seconds, growth, peak = parts.apart(partial(_ours, account, again, "duplicate"))
                    figures["peak"].append(peak)
                    figures["growth"].append(growth)
                    after = _counted(cursor)
                    may = _KEPT if again == other else ()
                    exact["doubled"] += sum(
                        abs(after[table] - before[table]) for table in before if table not in may
                    )
                figures["again"].append(LINES / seconds)
    exact["mib_over_memory"] = max(0, round(max(figures["peak"]) - MEMORY_MIB))
    ratios = [ours / limit for ours, limit in zip(figures["ours"], figures["limit"], strict=True)]
    ratio = statistics.median(ratios)
    return BenchResult(
        name="settlement",
        unit="lines/s",
        ours=statistics.median(figures["ours"]),
        limit=statistics.median(figures["limit"]),
        ratio=ratio,
        bound=BOUND,
        cases=[
            {
                "case": f"{LINES} lines, {LINES // len(_KINDS)} orders",
                "ours": [round(rate) for rate in figures["ours"]],
                "limit": [round(rate) for rate in figures["limit"]],
                "ratio": round(ratio, 3),
            },
            {"case": "again, in UTF-16", "ours": [round(rate) for rate in figures["again"]]},
            {
                "case": "memory",
                "growth_mib": round(max(figures["growth"])),
                "peak_mib": round(max(figures["peak"])),
                "bound": MEMORY_MIB,
            },
        ],
        exact=exact,
    )


def _seller(cursor: Cursor) -> MoneyAccount:
    """Make an account with its orders and books in dollars, and the types of its lines."""
    account = parts.seller()
    shop = Shop.objects.get()
    cursor.execute("ALTER TABLE orders_order DISABLE TRIGGER USER")
    cursor.execute(
        _ORDERS, {"account": shop.account_id, "shop": shop.pk, "at": AT, "orders": LINES // len(_KINDS)}
    )
    cursor.execute("ALTER TABLE orders_order ENABLE TRIGGER USER")
    cursor.execute("VACUUM ANALYZE orders_order")
    types = TypeBook(source=registry.source("amazon_settlement_v2"), at=AT)
    types.learn([("Order", one, two) for one, two, _sign in _KINDS])
    types.settle()
    return account


def _write(folder: Path) -> tuple[Path, Path]:
    """Write the file, and the same in another encoding."""
    total = sum(_cents(number) * _KINDS[number % len(_KINDS)][2] for number in range(LINES))
    path, other = folder / "settlement.txt", folder / "utf16.txt"
    last = _FIRST + timedelta(days=_DAYS)
    head = (
        f"{_NUMBER}\t{_FIRST} 00:00:00 UTC\t{last} 00:00:00 UTC\t{last} 12:00:00 UTC\t"
        f"{Decimal(total).scaleb(-2)}\tUSD{chr(9) * 18}"
    )
    with path.open("w") as plain, other.open("w", encoding="utf-16") as wide:
        for line in (_COLUMNS, head):
            plain.write(line + "\n")
            wide.write(line + "\n")
        for number in range(LINES):
            line = _line(number) + "\n"
            plain.write(line)
            wide.write(line)
    return path, other


def _cents(number: int) -> int:
    """Return a line's amount without its sign; fees are the smaller ones."""
    return (number % 4999 + 5) // (1 if _KINDS[number % len(_KINDS)][2] > 0 else 5)


def _line(number: int) -> str:
    amount_type, what, sign = _KINDS[number % len(_KINDS)]
    order = number // len(_KINDS) + 1
    day = _FIRST + timedelta(days=order % _DAYS)
    order_id = f"902-{order:07}-{order * 7919 % 9999991:07}"
    return (
        f"{_NUMBER}\t\t\t\t\tUSD\tOrder\t{order_id}\t\t\tS{order}\tAmazon.com\t"
        f"{amount_type}\t{what}\t{Decimal(sign * _cents(number)).scaleb(-2)}\tAFN\t{day} 00:00:00 UTC\t"
        f"{day} {order % 24:02}:{order % 60:02}:00 UTC\t{order}\t\t\tSKU-{order % 1000}\t1\t"
    )


def _ours(account: MoneyAccount, path: Path, wanted: str) -> None:
    (summary,) = importing.take_in(account=account, path=path, at=AT)
    if summary.state is not SettlementFile.State(wanted):
        raise RuntimeError(f"the file ended as {summary.state}: {summary.reason}")


def _counted(cursor: Cursor) -> dict[str, int]:
    """Return the rows of every table that an import may write to."""
    found = {}
    for table in (*_WRITTEN, "finance_linetype", "finance_typemapping"):
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
        found[table] = int((cursor.fetchone() or (0,))[0])
    return found


def _wrong(cursor: Cursor) -> tuple[int, int]:
    """Return how many lines are missing, not matched to their order or not booked as they say; and how many
    legs are there once too often, or without the other one of their pair."""
    held = _counted(cursor)
    cursor.execute(_EXACT)
    unmatched, unbooked, twice = cursor.fetchone() or (0, 0, 0)
    cursor.execute(_UNPAIRED)
    (unpaired,) = cursor.fetchone() or (0,)
    # The deposit is a pair of its own.
    legs = abs(2 * LINES + 2 - held["finance_posting"])
    missed = abs(LINES - held["finance_settlementline"]) + int(unmatched) + int(unbooked)
    return missed + legs, int(twice) + int(unpaired)


def _limit(account: MoneyAccount, path: Path) -> None:
    """Parse by csv, COPY, match by one statement, post by one INSERT … SELECT; the triggers check balance."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name in ("statement_timeout", "transaction_timeout"):
            cursor.execute("SELECT set_config(%s, '0', true)", [name])
        given = _given(cursor, account)
        cursor.execute(_STAGED)
        with path.open(newline="") as file:
            cursor.copy_expert("COPY limit_staged FROM STDIN", _Copied(_parsed(file)), size=1 << 16)
        cursor.execute("ANALYZE limit_staged")
        cursor.execute(_LINES, given)
        cursor.execute(_JOURNALS, given)
        cursor.execute(_POSTINGS, given)


def _parsed(file: Any) -> Iterator[str]:
    total = Decimal(0)
    for number, row in enumerate(csv.reader(file, delimiter="\t"), start=1):
        if number < 3:
            continue
        amount = Decimal(row[14])
        total += amount
        yield (
            f"{number}\t{row[6]}\t{row[12]}\t{row[13]}\t{amount}\t{row[17]}\t{row[7]}\t{row[18]}\t{row[21]}\t"
            f"{row[22]}\t{row[11]}\n"
        )


def _given(cursor: Any, account: MoneyAccount) -> dict[str, Any]:
    """Make the rows the lines hang on."""
    given = {
        "account": account.pk,
        "book": account.book_id,
        "channel": account.channel_id,
        "shop": money_accounts.shop_of(account=account, currency="USD"),
        "number": _NUMBER,
        "at": AT,
    }
    cursor.execute(
        "INSERT INTO ecomhub_storedfile (digest, purpose, name, content_type, size, sealed) "
        "VALUES ('limit', 'statement', 'limit', '', 0, false) RETURNING id"
    )
    given["stored"] = cursor.fetchone()[0]
    cursor.execute(
        "INSERT INTO finance_sourcefile (account_id, digest, file_id, source, state, reason, lines, actor, "
        "received_at) VALUES (%(account)s, 'limit', %(stored)s, '', 'read', '', 0, 'limit', %(at)s) "
        "RETURNING id",
        given,
    )
    given["file"] = cursor.fetchone()[0]
    cursor.execute(
        "INSERT INTO finance_settlement (account_id, external_id, currency, source, shop_id, state, reason, "
        "platform_status, lines_total, line_count, posted_count, payout_ref, payout_currency, "
        "accepted_reason, version) VALUES (%(account)s, %(number)s, 'USD', 'limit', %(shop)s, 'posted', '', "
        "'', 0, 0, 0, '', '', '', 1) RETURNING id",
        given,
    )
    given["settlement"] = cursor.fetchone()[0]
    return given
