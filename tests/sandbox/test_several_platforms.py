"""Several platforms in one market: one stock of goods, names of their own, lives that differ."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.sandbox import faults, life, orders_on_demand, parcels, returns
from channels.sandbox.app import Market
from channels.sandbox.market_clock import MarketClock, seconds
from channels.sandbox.orders import Order, find_order, read_doc, save_orders
from channels.sandbox.places import WHOLE_UNITS, Marketplace, decimals
from channels.sandbox.sellers import SellerPlan
from channels.sandbox.world import World, advance, give_birth, happen, open_world
from tests.sandbox.invented import PLACE, SHOP, ask, make_world, paid_id, real_dialects, route, stall
from tests.sandbox_fixture import START, Sandbox

NOW = seconds(START)


def _orders(world: World, seller: str = SHOP) -> list[Order]:
    rows = world.db.execute("select doc from orders where seller = ? order by placed", (seller,))
    return [read_doc(row["doc"]) for row in rows]


def _place(world: World, **wanted: Any) -> str:
    with world.writing():
        return orders_on_demand.place(world=world, wanted={"seller": SHOP, **wanted}).id


def _find(world: World, order_id: str) -> Order:
    order = find_order(world.db, order_id)
    assert order is not None
    return order


def _let(world: World, kind: str, order_id: str, **data: Any) -> Order:
    with world.writing():
        happen(world=world, kind=kind, subject=order_id, data=json.dumps(data), at=NOW)
    return _find(world, order_id)


def _run(world: World, **after: float) -> None:
    world.clock.set(at=START + timedelta(**after), speed=0)
    with world.writing():
        advance(world=world, to=world.now)


def test_sellers_without_families_sell_the_same_goods() -> None:
    world = make_world(*real_dialects(), stall())
    sold: dict[str, set[str]] = {}
    for listing in world.listings.values():
        sold.setdefault(listing.seller, set()).update(sku for sku, _ in listing.components)
    stock = sold.pop("busy")
    own = sold.pop("empty")
    assert SHOP in sold
    for name, codes in sold.items():
        assert codes <= stock, name
        assert not codes & own, name
    assert len(sold[SHOP]) < len(stock) / 2, "a small shelf"


def test_every_platforms_orders_come_close_together() -> None:
    world = make_world(*real_dialects())
    world.clock.set(at=START + timedelta(minutes=25), speed=0)
    give_birth(world=world, seed=7, history_days=2)
    _run(world, hours=24)
    for seller in world.sellers.values():
        if seller.plan.waits:
            continue
        placed = [order.placed for order in _orders(world, seller.name) if order.placed > world.birth]
        gaps = [later - earlier for earlier, later in zip([world.birth, *placed], placed, strict=False)]
        assert gaps, seller.name
        assert max(gaps) < 1500, f"{seller.name}: 25 minutes of the market are 25 seconds of the demo"
        assert sum(gaps) / len(gaps) < 900, f"{seller.name}: 15 seconds on average"


def test_only_a_platform_that_keeps_goods_lists_its_own_stock() -> None:
    world = make_world(*real_dialects(), stall())
    keepers = {each.seller for each in world.listings.values() if each.by_platform}
    assert keepers <= {s.name for s in world.sellers.values() if world.dialect(s).keeps_goods}
    assert "busy" in keepers


@pytest.mark.parametrize(
    ("field", "value", "what"),
    [
        ("plans", (SellerPlan("busy", 1, 1, 1, {PLACE.id: 1}),), "seller named busy"),
        ("marketplaces", (Marketplace("ATVPDKIKX0DER", "US", "x", "USD", 0, True, ()),), "marketplace named"),
    ],
)
def test_a_name_two_platforms_claim_is_refused(field: str, value: object, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        make_world(*real_dialects(), stall(**{field: value}))


def test_an_order_goes_on_under_another_number_once_it_is_paid() -> None:
    world = make_world(stall(paid_order_id=paid_id))
    first = _place(world, status="pending")
    with world.writing():
        world.schedule(at=NOW + 60, kind="ask_cancel", subject=first)
    paid = _let(world, "pay", first)
    assert (paid.id, paid.former_ids) == (f"PAID-{first}", [first])
    assert [order.id for order in _orders(world)] == [paid.id]
    assert _find(world, first).id == paid.id, "the old number still finds it"
    _run(world, minutes=2)
    assert _find(world, paid.id).lines[0].cancel_request, "what was due followed it"


def test_orders_of_the_past_were_renumbered_too() -> None:
    world = make_world(stall(paid_order_id=paid_id), history_days=30)
    renumbered = [order for order in _orders(world) if order.former_ids]
    assert renumbered
    for order in renumbered:
        assert _find(world, order.former_ids[0]).id == order.id
    due = {row["object"] for row in world.db.execute("select object from due where kind = 'late_cancel'")}
    assert due <= {order.id for order in _orders(world)}


def test_an_arranged_parcel_gets_its_number_later_and_leaves_when_collected() -> None:
    world = make_world(stall())
    order_id = _place(world, lines=[{"quantity": 2}])
    with world.writing():
        order = _find(world, order_id)
        items = parcels.left_to_arrange(order)
        parcels.arrange(world=world, order=order, at=NOW, reference="P1", items=items, choice="pickup")
        save_orders(world.db, [order])
    order = _find(world, order_id)
    assert (order.status, order.packages[0].tracking, order.packages[0].status) == (
        "unshipped",
        "",
        "arranged",
    )
    assert parcels.left_to_arrange(order) == []
    assert _let(world, "ship", order_id).packages[0].status == "arranged", "nobody else ships it"
    _run(world, minutes=11)
    numbered = _find(world, order_id)
    assert numbered.packages[0].tracking
    assert numbered.status == "unshipped"
    _run(world, hours=21)
    gone = _find(world, order_id)
    assert (gone.status, gone.lines[0].shipped) == ("shipped", 2)
    assert gone.packages[0].tracking == numbered.packages[0].tracking
    _run(world, days=13)
    assert _find(world, order_id).packages[0].status == "delivered"


def test_a_canceled_order_is_not_collected() -> None:
    world = make_world(stall())
    order_id = _place(world)
    with world.writing():
        order = _find(world, order_id)
        items = parcels.left_to_arrange(order)
        parcels.arrange(world=world, order=order, at=NOW, reference="P1", items=items, choice="dropoff")
        save_orders(world.db, [order])
    asked = _let(world, "buyer_cancel", order_id)
    assert asked.status == "unshipped", "once arranged, the buyer can only ask"
    with world.writing():
        assert life.answer_cancel(world=world, order=asked, at=NOW, accept=True)
        save_orders(world.db, [asked])
    _run(world, days=3)
    canceled = _find(world, order_id)
    assert (canceled.status, canceled.packages[0].status, canceled.lines[0].shipped) == (
        "canceled", "canceled", 0,
    )  # fmt: skip


def test_the_seller_answers_a_wish_to_cancel_once() -> None:
    world = make_world(stall())
    order = _let(world, "ask_cancel", _place(world))
    assert order.lines[0].cancel_request
    assert life.answer_cancel(world=world, order=order, at=NOW, accept=False)
    assert not order.lines[0].cancel_request
    assert not life.answer_cancel(world=world, order=order, at=NOW, accept=True)


def test_a_return_is_asked_for_answered_and_paid_back() -> None:
    world = make_world(stall(offers_returns=True))
    order_id = _place(world, lines=[{"quantity": 2}])
    assert _let(world, "ask_return", order_id).returns == [], "nothing was shipped yet"
    _let(world, "ship", order_id)
    order = _let(world, "ask_return", order_id, quantity=5)
    found = order.returns[0]
    assert (found["status"], found["quantity"]) == ("requested", 2)
    assert returns.answer(world=world, order=order, number=found["id"], accept=True, at=NOW)
    assert not returns.answer(world=world, order=order, number=found["id"], accept=True, at=NOW)
    with world.writing():
        save_orders(world.db, [order])
    _run(world, days=3)
    settled = _find(world, order_id)
    assert settled.returns[0]["status"] == "refunded"
    assert settled.refunds[0]["amount"] == settled.lines[0].total


def test_a_refused_return_is_not_paid_back() -> None:
    world = make_world(stall(offers_returns=True))
    order_id = _place(world)
    _let(world, "ship", order_id)
    order = _let(world, "ask_return", order_id)
    with world.writing():
        returns.answer(world=world, order=order, number=order.returns[0]["id"], accept=False, at=NOW)
        save_orders(world.db, [order])
    _run(world, days=3)
    assert _find(world, order_id).refunds == []


def test_some_buyers_return_by_themselves_where_the_platform_offers_it() -> None:
    busy = (SellerPlan(SHOP, 60, 60, 60, {PLACE.id: 1}, shelf=0.3),)
    offered = _orders(make_world(stall(offers_returns=True, plans=busy), history_days=40))
    refused = _orders(make_world(stall(plans=busy), history_days=40))
    assert Counter(each["status"] for order in offered for each in order.returns)["refunded"] > 5
    assert not any(order.returns for order in refused)


@pytest.mark.parametrize("currency", sorted(WHOLE_UNITS - {"COP"}))
def test_nobody_pays_cents_where_nobody_writes_them(currency: str) -> None:
    place = Marketplace("STALL_X", "SG", "x", currency, 800, False, (("SG", 1),))
    plans = (SellerPlan(SHOP, 20, 20, 20, {place.id: 1}, shelf=0.3),)
    orders = _orders(make_world(stall(marketplaces=(place,), plans=plans), history_days=10))
    step = 10 ** decimals(currency)
    assert orders
    for order in orders:
        for line in order.lines:
            amounts = (line.unit_price, line.discount, line.shipping, line.tax_item, line.tax_shipping)
            assert all(amount % step == 0 for amount in (*amounts, line.gift_wrap)), line


def test_page_faults_find_the_page_in_query_json_and_xml() -> None:
    dialect = stall()
    market = Market(world=make_world(dialect), routes=[
        route(dialect, page_parameter="offset", page_key="next", list_key="page.rows"),
        route(dialect, pattern="/stall/json", page_parameter="variables.after", page_key="next"),
        route(dialect, pattern="/stall/xml", page_parameter="PageNumber", page_key="next"),
    ])  # fmt: skip
    xml = b"<P><PageNumber>%d</PageNumber></P>"
    cases = (
        ("/stall/rows?offset=0", b"", "/stall/rows?offset=50", b""),
        ("/stall/json", b'{"variables":{"after":null}}', "/stall/json", b'{"variables":{"after":"c"}}'),
        ("/stall/xml", xml % 1, "/stall/xml", xml % 2),
    )  # fmt: skip
    for first, first_body, second, second_body in cases:
        with market.world.writing():
            faults.switch_on(world=market.world, kind="page_token_expired", count=1)
        assert ask(market, first, method="POST", body=first_body).status == 200, first
        assert ask(market, second, method="POST", body=second_body).status == 400, second
        assert ask(market, second, method="POST", body=second_body).status == 200, second
    with market.world.writing():
        faults.switch_on(world=market.world, kind="missing_list_key", count=1)
    assert json.loads(ask(market, "/stall/rows", method="POST").body) == {"page": {}, "next": "n"}


def test_a_list_is_left_out_of_xml_too() -> None:
    dialect = stall()
    body = b"<R><Ack>Success</Ack><Rows a='1'><Row/><Row/></Rows></R>"
    xml = route(dialect, list_key="Rows")
    fault = faults.Fault(id=1, seller="", operation="", kind="missing_list_key", remaining=1, settings={})
    response = ask(Market(world=make_world(dialect), routes=[xml]), "/stall/rows", method="POST")
    response.body = body
    spoiled = faults.spoiled(fault=fault, route=xml, request=None, response=response)  # type: ignore[arg-type]
    assert spoiled.body == b"<R><Ack>Success</Ack></R>"


def test_a_platform_that_comes_later_finds_its_place_in_an_older_market(tmp_path: Path) -> None:
    clock = MarketClock()
    clock.set(at=START, speed=0)
    first = open_world(directory=tmp_path, dialects=real_dialects(), clock=clock, seed=7, history_days=3)
    before = {name: len(_orders(first, name)) for name in first.sellers}
    clock.set(at=START + timedelta(days=2), speed=0)
    with first.writing():
        advance(world=first, to=first.now)
    first.db.close()
    dialects = [*real_dialects(), stall()]
    second = open_world(directory=tmp_path, dialects=dialects, clock=clock, seed=7, history_days=3)
    assert set(second.sellers) == {*before, SHOP}
    assert _orders(second)
    assert second.listings_of(seller=SHOP, marketplace=PLACE.id)
    with second.writing():
        advance(world=second, to=START + timedelta(days=3))
    assert max(order.placed for order in _orders(second)) > NOW + 2 * 86400
    second.db.close()


def test_the_market_says_who_sells_where(sandbox: Sandbox) -> None:
    sellers = sandbox.sellers()
    assert {"busy", "empty"} <= {each["name"] for each in sellers}
    assert len({each["name"] for each in sellers}) == len(sellers)
    for each in sellers:
        sheet = sandbox.credentials(each["name"])
        assert (sheet["platform"], sheet["seller_id"]) == (each["platform"], each["seller_id"])
        assert f",{each['seller_id']}," in sandbox.sheet("pairings", each["name"])
