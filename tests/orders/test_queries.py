"""The order list, its counters and its search."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from channels.messages import FulfillmentMethod, IncomingAddress, IncomingBuyer
from ecomhub.access import Actor, Role
from inventory.models import Warehouse
from orders import holds, queries, search, tally
from orders.models import Order, OrderTally
from orders.queries import OrderFilter
from tests.orders.factory import AT, again, incoming, line, make_account, make_goods, take, taken

pytestmark = pytest.mark.django_db(transaction=True)

ANNA = Actor(name="anna", role=Role.OPERATIONS)


def found(actor: Actor = ANNA, **wanted: Any) -> list[str]:
    rows = queries.found(actor=actor, wanted=OrderFilter(**wanted)).order_by("external_id")
    return [row.external_id[-1] for row in rows]


@pytest.mark.parametrize("size", [1, 20])
def test_bare_list_takes_five_statements_whatever_its_size(size: int, django_assert_num_queries: Any) -> None:
    goods = make_goods({"mug": 100, "plate": 5})
    take(
        goods.account,
        *[incoming(0, line("mug"), line("plate", number=2), line("odd", number=3)) for _ in range(20)],
    )
    with django_assert_num_queries(5):
        page = queries.page(actor=ANNA, wanted=OrderFilter(), size=size)
        for order in page.rows:
            assert order.shop.short_name
            assert order.account.platform
            assert [issue.kind for issue in order.open_issues]  # type: ignore[attr-defined]
            for row in order.lines.all():
                assert row.listing.external_id
                codes = [part.sku.code for part in row.listing.components.all()]
                assert bool(codes) == (row.listing.external_id != "odd")
                assert len([claim.warehouse.code for claim in row.allocations.all()]) <= 1
    assert len(page.rows) == size


def test_pages_follow_each_other_and_lead_back() -> None:
    goods = make_goods({"mug": 100})
    orders = [incoming(n, placed_at=AT - timedelta(minutes=n // 2)) for n in range(1, 8)]
    take(goods.account, *orders)
    seen: list[list[int]] = []
    page = queries.page(actor=ANNA, wanted=OrderFilter(), size=3)
    assert page.previous == ""
    seen.append([order.pk for order in page.rows])
    while page.next:
        page = queries.page(actor=ANNA, wanted=OrderFilter(), after=page.next, size=3)
        seen.append([order.pk for order in page.rows])
    everything = [pk for part in seen for pk in part]
    assert everything == list(Order.objects.order_by("-placed_at", "-pk").values_list("pk", flat=True))
    back = queries.page(actor=ANNA, wanted=OrderFilter(), before=page.previous, size=3)
    assert [order.pk for order in back.rows] == seen[-2]
    first = queries.page(actor=ANNA, wanted=OrderFilter(), before=back.previous, size=3)
    assert ([order.pk for order in first.rows], first.previous) == (seen[0], "")
    assert len(queries.page(actor=ANNA, wanted=OrderFilter(), after="nonsense").rows) == 7


def test_tabs_show_what_their_counters_count() -> None:
    goods = make_goods({"mug": 3})
    first = incoming(1)
    take(goods.account, first, incoming(2, line("mug", 5)), incoming(3, line("unpaired")))
    take(goods.account, incoming(4, fulfillment_method=FulfillmentMethod.BY_CHANNEL))
    take(goods.account, again(first, cancel_requested=True))
    held = taken(goods.account, incoming(5))
    holds.hold(order_id=held.pk, at=AT, actor="anna")
    counts = queries.counts(actor=ANNA)
    assert counts["exceptions"] == 3
    assert counts["cancel_requested"] == 1
    assert counts["hold"] == 2
    assert counts["by_channel"] == 1
    for tab in queries.TABS:
        if tab != "all":
            assert len(found(tab=tab)) == counts.get(tab, 0), tab
    assert len(found(tab="all")) == 5
    assert found(tab="nonsense") == []


def test_folding_the_counters_changes_no_sum() -> None:
    goods = make_goods({"mug": 3})
    for number in range(1, 5):
        take(goods.account, incoming(number))
    before = queries.counts(actor=ANNA)
    rows = OrderTally.objects.count()
    assert tally.fold() > 0
    assert OrderTally.objects.count() < rows
    assert {name: value for name, value in before.items() if value} == queries.counts(actor=ANNA)
    assert tally.fold() == 0


def test_list_is_narrowed_by_each_filter() -> None:
    goods = make_goods({"mug": 5, "plate": 5})
    take(goods.account, incoming(1), incoming(2, line("plate"), country="DE"))
    take(goods.account, incoming(3, line("plate"), placed_at=AT - timedelta(days=9)))
    stopped = taken(goods.account, incoming(4, line("unpaired")))
    holds.hold(order_id=stopped.pk, at=AT, actor="anna")
    assert found(countries=["DE"]) == ["2"]
    assert found(sku=goods.skus["plate"].code) == ["2", "3"]
    assert found(placed_from=AT - timedelta(days=1)) == ["1", "2", "4"]
    assert found(placed_before=AT - timedelta(days=1)) == ["3"]
    assert found(hold="manual") == ["4"]
    assert found(issue="unmapped_listing") == ["4"]
    assert found(statuses=["label"]) == ["1", "2", "3"]
    assert found(platforms=["ebay"]) == []
    assert found(shop_ids=[goods.shop.pk]) == ["1", "2", "3", "4"]
    assert found(warehouse_id=goods.warehouse.pk) == ["1", "2", "3"]
    assert found(warehouse_id=Warehouse.objects.count() + 99) == []
    assert found(cancel_requested=False) == ["1", "2", "3", "4"]


def test_actor_sees_only_the_shops_they_may_see() -> None:
    goods = make_goods({"mug": 5})
    other = make_account()
    take(goods.account, incoming(1))
    take(other, incoming(2))
    mine = Actor(name="mia", role=Role.VIEWER, shop_ids=frozenset({goods.shop.pk}))
    assert found(mine) == ["1"]
    assert queries.counts(actor=mine) == {"label": 1}
    with pytest.raises(Order.DoesNotExist):
        queries.detail(actor=mine, order_id=Order.objects.get(account=other).pk)
    assert queries.counts(actor=Actor(name="nobody")) == {}


def test_text_finds_number_sku_title_and_tracking() -> None:
    goods = make_goods({"mug": 5, "plate": 5})
    order = taken(goods.account, incoming(1, line("mug")))
    take(goods.account, incoming(2, line("new-thing", title="Blue elephant lamp")))
    search.note_tracking(order_id=order.pk, tracking_number="1Z999AA1")
    search.note_tracking(order_id=order.pk, tracking_number="1Z999AA1")
    assert found(text="902-0000001") == ["1"]
    assert found(text="0002") == ["2"]
    assert found(text=goods.skus["mug"].code.lower()) == ["1"]
    assert found(text="elephant") == ["2"]
    assert found(text="z999aa") == ["1"]
    assert found(text="nothing like it") == []


def test_buyer_is_found_by_word_prefix_exact_mail_and_phone() -> None:
    goods = make_goods({"mug": 50})
    wang = IncomingBuyer(name="王小明", address=IncomingAddress(name="Ng O", phone="+86 138-0013-8000"))
    long = IncomingBuyer(name="Maximiliana Featherstonehaugh")
    take(goods.account, incoming(1), replace(incoming(2), buyer=wang), replace(incoming(3), buyer=long))
    assert found(text="must") == ["1"]
    assert found(text="ERIKA mustermann") == ["1"]
    assert found(text="erika feather") == []
    assert found(text="erika@example.org") == ["1"]
    assert found(text="erika@example") == []
    assert found(text="4930 1234567") == ["1"]
    assert found(text="8613800138000") == ["2"]
    assert found(text="王小") == ["2"]
    assert found(text="ng o") == ["2"]
    assert found(text="Featherstone") == ["3"]
    viewer = Actor(name="vera", role=Role.VIEWER)
    assert found(viewer, text="must") == []


def test_detail_brings_everything_of_an_order(django_assert_max_num_queries: Any) -> None:
    goods = make_goods({"mug": 5})
    order = taken(goods.account, incoming(1, line("mug", 2)))
    with django_assert_max_num_queries(9):
        shown = queries.detail(actor=ANNA, order_id=order.pk)
        assert [row.allocations.all()[0].quantity for row in shown.lines.all()] == [2]
        assert shown.allocation_traces.all()[0].trace["choice"] == "single"
    assert [event.kind for event in queries.timeline(order=order)] == ["taken_in", "approve", "allocate"]
    assert queries.countries(actor=ANNA) == ["US"]
