"""The market's books: driven over half a year by a clock of our own, every cent is settled exactly once."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from channels.platforms.amazon.sandbox.settlements import MONEY as AMAZON
from channels.sandbox import money, money_statements
from channels.sandbox.app import make_market
from channels.sandbox.market_clock import seconds
from channels.sandbox.money import SERVICE, Event, read_event, refunded, rows_of, share_of
from channels.sandbox.money_tariff import Rule, tariff
from channels.sandbox.orders import Line, Order, read_doc
from channels.sandbox.world import World, advance, happen

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
DAYS = 182
SELLERS = ("busy", "ebay", "shopify", "shopee")


def drive(*, seed: int = 7, step: int = 3, days: int = DAYS, ask_every: int = 1) -> World:
    """A small market over many days, fast: what its sellers must ship leaves within ``step`` days."""
    market = make_market(directory=None, seed=seed, at=BEGIN, history_days=1)
    world = market.world
    world.live_per_day = dict.fromkeys(world.sellers, 0.0) | dict.fromkeys(SELLERS, 1.5)
    for number, day in enumerate(range(step, days + 1, step)):
        world.clock.set(at=BEGIN + timedelta(days=day), speed=0.0)
        with world.writing():
            advance(world=world, to=world.now)
            _ship(world)
            if number % ask_every == 0:
                for name in SELLERS:
                    money_statements.close_due(world, world.sellers[name])
    return world


def _ship(world: World) -> None:
    rows = world.db.execute("select id from orders where status = 'unshipped' and by_platform = 0")
    for (order_id,) in rows.fetchall():
        happen(world=world, kind="ship", subject=order_id, data="{}", at=seconds(world.now))


@pytest.fixture(scope="module")
def half_a_year() -> Iterator[tuple[World, float]]:
    started = time.monotonic()
    world = drive()
    yield world, time.monotonic() - started
    world.db.close()


def events(world: World, where: str = "1 = 1") -> list[Event]:
    return [read_event(row) for row in world.db.execute(f"select * from money where {where} order by id")]


def orders(world: World) -> dict[str, Order]:
    return {row["id"]: read_doc(row["doc"]) for row in world.db.execute("select id, doc from orders")}


def issued(world: World, seller: str) -> list[money_statements.Statement]:
    found = world.db.execute("select * from statements where seller = ? order by id", (seller,))
    return [money_statements.read_statement(row) for row in found]


def newest(world: World, seller: str) -> dict[str, money_statements.Statement]:
    """Each settlement's last issue, by its number."""
    return {each.number: each for each in issued(world, seller)}


def test_half_a_year_passes_in_less_than_a_minute_of_work(half_a_year: tuple[World, float]) -> None:
    world, _ = half_a_year
    assert world.db.execute("select count(*) from orders").fetchone()[0] > 900
    assert all(len(issued(world, seller)) > 15 for seller in SELLERS)


def test_every_statement_adds_up_and_names_no_event_twice(half_a_year: tuple[World, float]) -> None:
    world, _ = half_a_year
    for seller in SELLERS:
        seen: Counter[int] = Counter()
        for statement in newest(world, seller).values():
            rows = statement.rows
            assert sum(row["a"] for row in rows) == statement.total
            seen.update({row["id"] for row in rows if "id" in row})
        assert max(seen.values()) == 1


def test_every_free_cent_of_an_order_is_in_exactly_one_settlement(half_a_year: tuple[World, float]) -> None:
    """What events bring equals what statements hold, order by order, and nothing old is left over."""
    world, _ = half_a_year
    for seller in SELLERS:
        rules = world.dialect(world.sellers[seller]).money
        assert rules is not None
        booked: defaultdict[tuple[str, str], int] = defaultdict(int)
        settled = events(world, f"seller = '{seller}' and settled is not null and kind <> 'service'")
        for event, rows in rows_of(world, rules, settled):
            booked[str(event.settled), event.order] += sum(row["a"] for row in rows)
        held: defaultdict[tuple[str, str], int] = defaultdict(int)
        for number, statement in newest(world, seller).items():
            for row in statement.rows:
                if "o" in row:
                    held[number, row["o"]] += row["a"]
        assert {key: amount for key, amount in booked.items() if amount} == {
            key: amount for key, amount in held.items() if amount
        }
        late = [
            event
            for event in events(world, f"seller = '{seller}' and settled is null")
            if event.free < seconds(world.now) - 4 * rules.days * 86400
        ]
        assert not late


def test_every_order_that_brought_money_has_an_event(half_a_year: tuple[World, float]) -> None:
    world, _ = half_a_year
    units: defaultdict[tuple[str, str], int] = defaultdict(int)
    back: defaultdict[tuple[str, str], int] = defaultdict(int)
    for event in events(world, "kind <> 'service'"):
        for line, quantity, _before in event.doc.get("items", []):
            units[event.order, line] += quantity if event.kind == money.SALE else -quantity
        if event.kind == money.REFUND:
            back[event.order, event.doc["line"]] += event.doc["amount"]
    found = 0
    for order in orders(world).values():
        if order.seller not in SELLERS or not money.was_paid(order):
            continue
        rules = world.dialect(world.sellers[order.seller]).money
        assert rules is not None
        for line in order.lines:
            paid = rules.counts == money.BY_PAYMENT and order.status != "canceled"
            expected = line.quantity if paid else line.shipped
            if rules.counts == money.BY_COMPLETION and order.status not in ("shipped", "canceled"):
                expected = 0
            assert units[order.id, line.id] == expected, order.id
            given = sum(each["amount"] for each in order.refunds if each["line"] == line.id)
            assert back[order.id, line.id] == given <= line.total
            found += bool(expected)
    assert found > 500


def test_collected_tax_is_nobodys_money_but_the_tax_offices(half_a_year: tuple[World, float]) -> None:
    world, _ = half_a_year
    taxes = 0
    for statement in newest(world, "busy").values():
        if not world.marketplaces[statement.place].marketplace_collects_tax:
            continue
        rows = [row for row in statement.rows if "Tax" in row["t"][2] or row["t"][1] == "ItemWithheldTax"]
        taxes += len(rows)
        assert sum(row["a"] for row in rows) == 0
    assert taxes > 100


def test_what_is_left_over_comes_back(half_a_year: tuple[World, float]) -> None:
    world, _ = half_a_year
    chains: dict[str, list[money_statements.Statement]] = defaultdict(list)
    for statement in newest(world, "busy").values():
        chains[statement.place].append(statement)
    carried = kept = 0
    words = AMAZON.movements
    for chain in chains.values():
        for before, after in pairwise(chain):
            rows = [(tuple(row["t"]), row["a"]) for row in after.rows]
            back = sum(amount for types, amount in rows if types == words["reserve_back"])
            brought = sum(amount for types, amount in rows if types == words["carry"])
            assert back == before.reserve
            assert brought == min(before.total, 0)
            carried, kept = carried + bool(brought), kept + bool(back)
    assert carried
    assert kept


def test_the_seed_brings_every_oddity(half_a_year: tuple[World, float]) -> None:
    world, _ = half_a_year
    statements = issued(world, "busy")
    words = Counter(tuple(row["t"])[2] for each in statements for row in each.rows)
    assert any(each.revision == 2 for each in statements)
    assert any(each.total < 0 for each in statements)
    assert any(each.reserve for each in statements)
    assert words["Regulatory Recovery Levy"]
    assert any(row["a"] == 0 for each in statements for row in each.rows)
    assert any(_has_twins(each) for each in statements)


def _has_twins(statement: money_statements.Statement) -> bool:
    plain = Counter((str(row["t"]), row["a"], row["at"]) for row in statement.rows if "o" not in row)
    return max(plain.values(), default=0) > 1


def test_the_same_seed_settles_the_same_however_often_somebody_asks() -> None:
    def told(world: World) -> list[tuple[object, ...]]:
        found = [
            (each.number, each.revision, each.total, each.starts, each.ends, each.packed)
            for seller in SELLERS
            for each in issued(world, seller)
        ]
        world.db.close()
        return sorted(found, key=str)

    often = drive(days=45)
    seldom = drive(days=45, ask_every=15)
    for world in (often, seldom):
        with world.writing():
            for name in SELLERS:
                money_statements.close_due(world, world.sellers[name])
    first, second = told(often), told(seldom)
    totals = [row[:5] for row in first]
    assert totals == [row[:5] for row in second]
    assert len(totals) > 10


def test_fees_follow_the_tariff_of_their_day(half_a_year: tuple[World, float]) -> None:
    world, _ = half_a_year
    checked = 0
    known = orders(world)
    for event in events(world, "seller = 'busy' and kind = 'sale'"):
        order = known[event.order]
        rows = AMAZON.rows(world, event, order)
        for line_id, units, before in event.doc["items"]:
            line = order.line(line_id)
            assert line is not None
            listing = world.listings[line.listing]
            rule = tariff(world, "amazon").rule(
                marketplace=order.marketplace, category=listing.product_type, fee="Commission", at=event.at
            )
            charged = sum(
                row["a"] for row in rows if row["l"] == line_id and row["t"][1:] == ["ItemFees", "Commission"]
            )
            assert charged == -rule.charge(share_of(line, units, before).charges)
            checked += 1
    assert checked > 100


def _line() -> Line:
    return Line(
        id="1", listing=1, code="A", external_code="B", title="", quantity=3, unit_price=1001, item=3003,
        shipping=499, discount=301, gift_wrap=7, tax_item=517, tax_shipping=41,
    )  # fmt: skip


def test_shares_of_a_line_add_up_to_the_line() -> None:
    line = _line()
    parts = [share_of(line, 1, before) for before in range(3)]
    whole = share_of(line, 3, 0)
    assert sum(part.charges + part.tax for part in parts) == whole.charges + whole.tax == line.total
    assert sum(part.discount for part in parts) == line.discount


@pytest.mark.parametrize("amount", [1, 2, 99, 1255, 3766])
def test_a_refund_is_spread_without_a_rest(amount: int) -> None:
    line = _line()
    share = refunded(line, amount)
    assert share.charges + share.tax == amount


def test_a_fee_is_rounded_half_up_and_has_a_floor() -> None:
    rule = Rule("*", "*", "fee", 1500, "charges", "USD", fixed=0, minimum=30)
    assert [rule.charge(base) for base in (0, 100, 1000, 1003, 1010)] == [0, 30, 150, 150, 152]
    assert Rule("*", "*", "fee", 0, "units", "USD", fixed=25).charge(0, 3) == 75


def test_services_are_no_orders(half_a_year: tuple[World, float]) -> None:
    world, _ = half_a_year
    assert {event.order for event in events(world, "kind = 'service'")}.isdisjoint(orders(world))
    assert all(event.kind == SERVICE for event in events(world, "object like '%/%'"))
