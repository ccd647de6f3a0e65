"""Lines of a document on their way in: a table of this session, filled by COPY while the document is read.

Nothing of a document is held in memory but a chunk of lines. What a line says, in decoded form, is hashed
by the database; equal lines are numbered, because equal lines are all money.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

from django.db import InterfaceError, OperationalError, connection, transaction

from channels.settlement_messages import MoneyLine, Statement
from finance.statements.classifying import TypeBook

CHUNK = 5_000
Note = Callable[[str, int], None]
"""Told how far an import is: the step (reading, posting) and its lines so far. May raise to stop it."""
_ODD = re.compile(r"[\\\n\r\0]")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})

_TABLES = """
DROP TABLE IF EXISTS pg_temp.finance_staged, pg_temp.finance_numbered;
CREATE TEMP TABLE finance_staged (
    no int, row int, line_type_id bigint, amount numeric, posted_at timestamptz, quantity int,
    running numeric, order_ref text, line_ref text, sku_code text, reference text, marketplace text, note text
)
"""
_COPY = "COPY finance_staged FROM STDIN"
_SUMS = """
SELECT no, line_type_id, count(*), sum(amount), bool_or(amount = 'NaN' OR abs(amount) >= 1e15),
       bool_or(amount <> 'NaN' AND abs(amount) < 1e15 AND amount <> trunc(amount, c.exponent)),
       bool_or(running = 'NaN' OR abs(running) >= 1e15)
  FROM finance_staged
  JOIN unnest(%s::int[], %s::text[]) AS h(no, currency) USING (no)
  LEFT JOIN finance_currency c ON c.code = h.currency
 GROUP BY no, line_type_id ORDER BY no, line_type_id
"""
_CONTENT = """
decode(md5(concat_ws(E'\\x1f', line_type_id, trim_scale(amount), extract(epoch FROM posted_at), quantity,
    order_ref, line_ref, sku_code, reference, marketplace, note)), 'hex')
"""
_NUMBER = f"""
CREATE TEMP TABLE finance_numbered AS
SELECT (row_number() OVER every)::int AS pos, s.no, s.row, s.content,
       (row_number() OVER equals)::int AS occurrence, s.line_type_id, s.amount, s.posted_at,
       (s.posted_at AT TIME ZONE %(zone)s)::date AS effective_on, s.quantity, s.running,
       left(s.order_ref, 120) AS order_ref, o.id AS order_id, left(s.line_ref, 80) AS line_ref,
       left(s.sku_code, 120) AS sku_code, left(s.reference, 160) AS reference,
       left(s.marketplace, 60) AS marketplace, left(s.note, 300) AS note
  FROM (SELECT *, {_CONTENT} AS content FROM finance_staged) s
  LEFT JOIN orders_order o ON o.account_id = %(orders)s AND o.external_id = s.order_ref
WINDOW equals AS (PARTITION BY s.no, s.content ORDER BY s.row),
       every AS (ORDER BY s.no, s.row, s.content)
"""  # noqa: S608
_FORMER = """
UPDATE finance_numbered n SET order_id = k.order_id
  FROM (SELECT DISTINCT ON (k.text) k.text, k.order_id FROM orders_searchkey k
          JOIN orders_order o ON o.id = k.order_id
         WHERE k.kind = 'former_number' AND o.account_id = %s ORDER BY k.text, k.order_id) k
 WHERE n.order_id IS NULL AND n.order_ref <> '' AND k.text = n.order_ref
"""
_COMPARED = """
SELECT n.no, count(l.id)
  FROM finance_numbered n JOIN unnest(%s::int[], %s::bigint[]) AS h(no, settlement_id) USING (no)
  LEFT JOIN finance_settlementline l ON l.settlement_id = h.settlement_id AND l.content = n.content
        AND l.occurrence = n.occurrence
 GROUP BY n.no
"""
_NEEDS = """
SELECT no, effective_on FROM finance_numbered WHERE amount <> 0 AND no = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Lines of a document that other statements posted: how many, how much, and of that before and behind
    what is left. ``is_apart``: none of them stands between lines that are left.
    """

    lines: int = 0
    total: Decimal = Decimal(0)
    before: Decimal = Decimal(0)
    behind: Decimal = Decimal(0)
    is_apart: bool = True
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(slots=True)
class Heading:
    """One settlement of the document: its statement and what its staged lines add up to.

    ``elsewhere`` are those of its lines that other statements posted, ``alike`` names statements that have
    equal lines which bear no number.
    """

    no: int
    settlement_id: str
    currency: str
    statement: Statement | None = None
    is_stated_twice: bool = False
    lines: int = 0
    total: Decimal = Decimal(0)
    by_type: dict[int, Decimal] = field(default_factory=dict)
    is_unusable: bool = False
    is_too_fine: bool = False
    has_no_currency: bool = False
    elsewhere: Elsewhere = Elsewhere()
    alike: list[str] = field(default_factory=list)


def silent(step: str, lines: int) -> None:
    """Tell nobody how far an import is."""


def stage(*, items: Iterable[Statement | MoneyLine], types: TypeBook, note: Note = silent) -> list[Heading]:
    """Bring a document's lines into the session's table; return its settlements with their sums.

    Raises what the reader raises.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
    headings: dict[tuple[str, str], Heading] = {}
    read = 0
    for lines in _chunks(items, headings):
        _copy(lines, headings=headings, types=types)
        read += len(lines)
        note("reading", read)
    found = list(headings.values())
    _add_up(found)
    return found


def number(*, zone: str, orders: int | None) -> None:
    """Hash the staged lines, number equal ones, and find the orders they name among an account's.

    ``zone`` decides the day a line belongs to. Orders that go on under another number are found by the
    former one too. The lines get places 1, 2, 3 … by settlement and in their order, so that what belongs
    to one order is written together.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _without_limits()
        cursor.execute("ANALYZE finance_staged")
        cursor.execute(_NUMBER, {"zone": zone, "orders": orders})
        if orders is not None:
            cursor.execute(_FORMER, [orders])
        cursor.execute("CREATE INDEX ON finance_numbered (pos)")
        cursor.execute("ANALYZE finance_numbered")
        cursor.execute("DROP TABLE finance_staged")


def compared(*, settlements: dict[int, int]) -> dict[int, int]:
    """Return how many of a settlement's numbered lines (by ``no``) the settlement (by key) has already."""
    if not settlements:
        return {}
    with transaction.atomic(), connection.cursor() as cursor:
        _without_limits()
        cursor.execute(_COMPARED, [list(settlements), list(settlements.values())])
        return dict(cursor.fetchall())


def days(*, numbers: Sequence[int]) -> dict[int, list[date]]:
    """Return the days the numbered lines of these settlements belong to."""
    found: dict[int, list[date]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_NEEDS, [list(numbers)])
        for no, day in cursor.fetchall():
            found.setdefault(no, []).append(day)
    return found


def clear() -> None:
    """Give the session's tables back; they go with the session anyway."""
    with suppress(OperationalError, InterfaceError), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.finance_staged, pg_temp.finance_numbered")


def _without_limits() -> None:
    """Lift the limits that keep writers short: only this session's own tables are written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, '0', true) FROM pg_settings "
            "WHERE name IN ('statement_timeout', 'transaction_timeout')"
        )
        cursor.execute("SET LOCAL work_mem = '64MB'")


def _chunks(
    items: Iterable[Statement | MoneyLine], headings: dict[tuple[str, str], Heading]
) -> Iterator[list[MoneyLine]]:
    lines: list[MoneyLine] = []
    for item in items:
        if isinstance(item, MoneyLine):
            lines.append(item)
            if len(lines) >= CHUNK:
                yield lines
                lines = []
        else:
            _head(item, headings)
    if lines:
        yield lines


def _head(statement: Statement, headings: dict[tuple[str, str], Heading]) -> None:
    heading = _heading(headings, (statement.settlement_id, statement.currency))
    if heading.statement is None:
        heading.statement = statement
    elif heading.statement != statement:
        heading.is_stated_twice = True


def _heading(headings: dict[tuple[str, str], Heading], key: tuple[str, str]) -> Heading:
    if key not in headings:
        headings[key] = Heading(len(headings) + 1, *key)
    return headings[key]


def _copy(lines: list[MoneyLine], *, headings: dict[tuple[str, str], Heading], types: TypeBook) -> None:
    """Send a chunk of lines. One pass, and little work for a plain line: a document may have millions."""
    types.learn({line[3] for line in lines})
    numbers = {key: heading.no for key, heading in headings.items()}
    keys, odd = types.keys, _ODD.search
    rows: list[str] = []
    for line in lines:
        (
            settlement_id, currency, row, kind, amount, posted_at, order_ref, line_ref, sku, quantity,
            reference, marketplace, note, running,
        ) = line  # fmt: skip
        key = (settlement_id, currency)
        no = numbers.get(key)
        if no is None:
            no = numbers[key] = _heading(headings, key).no
        texts = f"{order_ref}\t{line_ref}\t{sku}\t{reference}\t{marketplace}\t{note}"
        if odd(texts) or texts.count("\t") != 5:
            parts = (order_ref, line_ref, sku, reference, marketplace, note)
            texts = "\t".join(part.translate(_ESCAPES) for part in parts)
        rows.append(
            f"{no}\t{row}\t{keys[kind]}\t{amount}\t{posted_at}\t{quantity}\t"
            f"{running if running is not None else chr(92) + 'N'}\t{texts}\n"
        )
    content = BytesIO("".join(rows).encode(errors="replace"))
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(_COPY, content)


def _add_up(headings: Sequence[Heading]) -> None:
    by_number = {heading.no: heading for heading in headings}
    with transaction.atomic(), connection.cursor() as cursor:
        _without_limits()
        cursor.execute(_SUMS, [list(by_number), [heading.currency for heading in headings]])
        for no, line_type, lines, total, is_unusable, is_too_fine, is_odd in cursor.fetchall():
            heading = by_number[no]
            heading.lines += lines
            heading.total += total
            heading.by_type[line_type] = heading.by_type.get(line_type, Decimal(0)) + total
            heading.is_unusable |= bool(is_unusable or is_odd)
            heading.has_no_currency |= is_too_fine is None
            heading.is_too_fine |= bool(is_too_fine)
