"""Statements: a seller's money of one period on one marketplace, closed when somebody asks after its end.

A closed statement never changes: its lines are kept as they were. What it leaves over (a negative total, a
reserve) comes back in the next one. Odd things come by themselves in some periods, decided by the seed, or
because somebody switched one on for the next statement.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from channels.sandbox.goods import stream
from channels.sandbox.market_clock import seconds
from channels.sandbox.money import DAY, SERVICE, Event, MoneyRules, Row, Service, read_event, rows_of, write
from channels.sandbox.sellers import Seller
from channels.sandbox.store import read_note, write_note

if TYPE_CHECKING:
    from channels.sandbox.world import World

NEGATIVE, UNKNOWN_TYPE, REISSUE, RESERVE, TWINS, ZERO = (
    "negative", "unknown_type", "reissue", "reserve", "twins", "zero",
)  # fmt: skip
# oddity: what it does, in English and 中文
ODDITIES = {
    NEGATIVE: ("More fees than sales: the statement is negative", "费用大于销售额:账单为负"),
    UNKNOWN_TYPE: ("A line of a type nobody has seen", "出现未知类型的行"),
    REISSUE: ("The statement is issued again with more lines", "账单重新出具并增加行"),
    RESERVE: ("A part is kept back until the next statement", "部分金额预留至下期"),
    TWINS: ("Two lines that are equal in every byte", "两行内容完全相同"),
    ZERO: ("A line of zero", "金额为零的行"),
}
REISSUED_AFTER = 3 * DAY
_RESERVED_PERCENT = 15
_CORE = "_money"


@dataclass(frozen=True, slots=True)
class Statement:
    """One issue of a statement. ``reserve`` is what it keeps back; ``revision`` counts its issues from 1."""

    id: int
    seller: str
    place: str
    number: str
    revision: int
    starts: int
    ends: int
    created: int
    currency: str
    total: int
    reserve: int
    packed: bytes

    @property
    def rows(self) -> list[Row]:
        """The lines."""
        found: list[Row] = json.loads(zlib.decompress(self.packed))
        return found


def switch(world: "World", *, seller: str, oddity: str) -> None:
    """Let an oddity happen in a seller's next statement. Raises ``ValueError`` for one nobody knows."""
    rules = world.dialect(world.sellers[seller]).money
    if rules is None or oddity not in rules.shares:
        raise ValueError(f"{seller} knows {', '.join(rules.shares) if rules else 'nothing'}, not {oddity!r}")
    waiting = waiting_oddities(world, seller)
    write_note(world.db, _CORE, f"odd/{seller}", json.dumps([*waiting, oddity]))


def waiting_oddities(world: "World", seller: str) -> list[str]:
    """Return what was switched on and has not happened."""
    found: list[str] = json.loads(read_note(world.db, _CORE, f"odd/{seller}") or "[]")
    return found


def by_themselves(world: "World", *, on: bool) -> None:
    """Let oddities come by themselves or not; they do unless somebody said otherwise."""
    write_note(world.db, _CORE, "quiet", None if on else "1")


def close_due(world: "World", seller: Seller) -> None:
    """Close every period of a seller's that has ended; each is looked at once."""
    rules = world.dialect(seller).money
    if rules is None or not rules.days:
        return
    now = seconds(world.now)
    for place in seller.plan.marketplaces:
        key = f"until/{seller.name}/{place}"
        noted = read_note(world.db, _CORE, key)
        first = world.birth // DAY * DAY - world.history_days * DAY
        starts = first if noted is None else int(noted)
        ends = starts + (_first_length(world, rules, seller, place) if noted is None else rules.days * DAY)
        if ends > now:
            continue
        last = _last(world, seller, place)
        while ends <= now:
            since = first if last is None else last.ends
            last = _close(world, rules, seller, _Period(place, since, starts, ends), last) or last
            starts, ends = ends, ends + rules.days * DAY
        write_note(world.db, _CORE, key, str(starts))


@dataclass(frozen=True, slots=True)
class _Period:
    """A period of a marketplace; ``since`` is where its statement begins: behind the last one made."""

    place: str
    since: int
    starts: int
    ends: int


def _first_length(world: "World", rules: MoneyRules, seller: Seller, place: str) -> int:
    return stream(world.seed, "first period", seller.name, place).randint(1, rules.days) * DAY


def _last(world: "World", seller: Seller, place: str) -> Statement | None:
    row = world.db.execute(
        "select * from statements where seller = ? and place = ? order by id desc limit 1",
        (seller.name, place),
    ).fetchone()
    return None if row is None else read_statement(row)


def read_statement(row: sqlite3.Row) -> Statement:
    """Return a kept statement."""
    return Statement(**dict(row))


def _close(
    world: "World", rules: MoneyRules, seller: Seller, period: _Period, last: Statement | None
) -> Statement | None:
    place, ends = period.place, period.ends
    found = unsettled(world, seller.name, place, ends)
    if last is None and not found:
        return None
    given = rules.services(world, seller, place, period.starts, ends)
    _serve(world, seller, period, f"{period.starts}", given)
    rows = _rows(world, rules, unsettled(world, seller.name, place, ends)) + _brought(
        rules, last, period.since
    )
    odd, switched = _odd_ones(world, rules, seller, period)
    for name in odd:
        if name not in (RESERVE, REISSUE):
            rows += _odd_rows(world, rules, seller, period, name, sum(row["a"] for row in rows))
    total = sum(row["a"] for row in rows)
    kept = total * _RESERVED_PERCENT // 100 if RESERVE in odd and total > 0 else 0
    if RESERVE in switched and not kept:
        switch(world, seller=seller.name, oddity=RESERVE)
    if not rows or (total <= 0 and not rules.carries):
        return None
    if kept:
        rows.append({"at": ends - 1, "a": -kept, "t": list(rules.movements["reserve"])})
    made = _keep(world, seller, period, ends, 1, rows, kept)
    if REISSUE in odd:
        rows += _odd_rows(world, rules, seller, period, REISSUE, total)
        made = _keep(world, seller, period, ends + REISSUED_AFTER, 2, rows, kept)
    world.db.execute(
        "update money set settled = ? where seller = ? and place = ? and settled is null and free < ?",
        (int(made.number), seller.name, place, ends),
    )
    return made


def _rows(world: "World", rules: MoneyRules, events: Sequence[Event]) -> list[Row]:
    return [row for _, each in rows_of(world, rules, events) for row in each]


def unsettled(world: "World", seller: str, place: str, before: int) -> list[Event]:
    """Return what is free before an instant and on no statement yet."""
    rows = world.db.execute(
        "select * from money where seller = ? and place = ? and settled is null and free < ?"
        " order by free, id",
        (seller, place, before),
    )
    return [read_event(row) for row in rows]


def _serve(world: "World", seller: Seller, period: _Period, label: str, services: Sequence[Service]) -> None:
    owner = f"{seller.name}/{period.place}"
    rows = [
        (
            seller.name, period.place, owner, f"{label}/{number}/{each.name}", each.at,
            min(each.at, period.ends - 1), SERVICE,
            json.dumps({"name": each.name, "amount": each.amount, **each.doc}),
        )
        for number, each in enumerate(services)
    ]  # fmt: skip
    write(world, rows)


def _odd_rows(
    world: "World", rules: MoneyRules, seller: Seller, period: _Period, name: str, total: int
) -> list[Row]:
    before = {event.id for event in unsettled(world, seller.name, period.place, period.ends)}
    extra = rules.odd(world, seller, period.place, name, period.ends, total)
    _serve(world, seller, period, f"{period.ends}/{name}", extra)
    found = unsettled(world, seller.name, period.place, period.ends)
    return _rows(world, rules, [event for event in found if event.id not in before])


def _odd_ones(
    world: "World", rules: MoneyRules, seller: Seller, period: _Period
) -> tuple[list[str], list[str]]:
    """Return what odd comes into a period, by the seed and by switch, and what of it was switched on."""
    found: list[str] = []
    if read_note(world.db, _CORE, "quiet") is None:
        chance = stream(world.seed, "odd statement", seller.name, period.place, period.ends)
        found = [name for name, share in rules.shares.items() if chance.random() < share]
    switched = waiting_oddities(world, seller.name)
    if switched:
        write_note(world.db, _CORE, f"odd/{seller.name}", None)
    return list(dict.fromkeys([*found, *switched])), switched


def _brought(rules: MoneyRules, last: Statement | None, starts: int) -> list[Row]:
    rows: list[Row] = []
    if last is not None and last.reserve:
        rows.append({"at": starts, "a": last.reserve, "t": list(rules.movements["reserve_back"])})
    if last is not None and last.total < 0:
        rows.append({"at": starts, "a": last.total, "t": list(rules.movements["carry"])})
    return rows


def _keep(
    world: "World", seller: Seller, period: _Period, created: int, revision: int, rows: Sequence[Row],
    reserve: int,
) -> Statement:  # fmt: skip
    place = period.place
    chance = stream(world.seed, "statement", seller.platform, seller.name, place, period.ends)
    number = str(10**10 + int(chance.random() * 8 * 10**10))
    packed = zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), 6)
    facts = (
        seller.name, place, number, revision, period.since, period.ends, created,
        world.marketplaces[place].currency, sum(row["a"] for row in rows), reserve, packed,
    )  # fmt: skip
    cursor = world.db.execute(
        "insert into statements (seller, place, number, revision, starts, ends, created, currency, total,"
        " reserve, packed) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        facts,
    )
    return Statement(int(cursor.lastrowid or 0), *facts)


def issued(
    world: "World", seller: Seller, *, since: float = 0, until: float = 2**40, start: int = 0, limit: int = -1
) -> list[Statement]:
    """Return what a seller was issued in a span of time, the newest first, without what lies ahead."""
    close_due(world, seller)
    rows = world.db.execute(
        "select * from statements where seller = ? and created >= ? and created <= ?"
        " order by created desc, id desc limit ? offset ?",
        (seller.name, since, min(until, world.now.timestamp()), limit, start),
    )
    return [read_statement(row) for row in rows]


def find_statement(world: "World", seller: Seller, number: str) -> Statement | None:
    """Return the newest issue of a statement by its number."""
    close_due(world, seller)
    row = world.db.execute(
        "select * from statements where seller = ? and number = ? and created <= ?"
        " order by revision desc limit 1",
        (seller.name, number, world.now.timestamp()),
    ).fetchone()
    return None if row is None else read_statement(row)


def booked(world: "World", seller: Seller, *, first: float, last: float, place: str = "") -> Iterator[Event]:
    """Yield what was booked in a span of time or became free in it, in the order of booking."""
    close_due(world, seller)
    rows = world.db.execute(
        "select * from money where seller = ? and (? = '' or place = ?)"
        " and ((at >= ? and at <= ?) or (free >= ? and free <= ?)) order by at, id",
        (seller.name, place, place, first, last, first, last),
    )
    for row in rows.fetchall():
        yield read_event(row)


def injected(world: "World", seller: Seller) -> list[dict[str, Any]]:
    """Return every piece of money an oddity brought with its lines; one that waits has no ``statement``."""
    close_due(world, seller)
    rules = world.dialect(seller).money
    rows = world.db.execute(
        "select * from money where seller = ? and kind = ? order by id", (seller.name, SERVICE)
    )
    events = [event for row in rows.fetchall() if (event := read_event(row)).key.split("/")[1] in ODDITIES]
    return [
        {
            "oddity": event.key.split("/")[1], "place": event.place,
            "statement": "" if event.settled is None else str(event.settled),
            "currency": world.marketplaces[event.place].currency,
            "rows": [{"t": row["t"], "a": row["a"]} for row in each],
        }
        for event, each in (rows_of(world, rules, events) if rules is not None else [])
    ]  # fmt: skip


def summary(statement: Statement) -> dict[str, Any]:
    """Return a statement as the market's own pages and switches show it."""
    return {
        "number": statement.number, "revision": statement.revision, "place": statement.place,
        "starts": statement.starts, "ends": statement.ends, "created": statement.created,
        "currency": statement.currency, "total": statement.total, "reserve": statement.reserve,
        "lines": len(statement.rows),
    }  # fmt: skip
