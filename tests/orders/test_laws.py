"""Each law of the house, broken by raw SQL, is named."""

from __future__ import annotations

import pytest
from django.db import transaction
from psycopg2.extensions import cursor as Cursor

from channels.messages import IncomingReturn
from ecomhub.verifying import verify
from orders.laws import LAWS
from orders.models import Order, PlatformCancel
from orders.returns import take_in
from tests.orders.factory import AT, incoming, line, make_goods, take, taken

pytestmark = pytest.mark.django_db(transaction=True)

BREAKS = {
    "orders.allocated_is_sum_of_claims": "UPDATE orders_orderline SET quantity_allocated = 7",
    "orders.ledger_holds_what_is_claimed": "UPDATE orders_allocation SET quantity = quantity + 1",
    "orders.ledger_shipped_what_claims_say": "UPDATE orders_allocation SET quantity_shipped = 1",
    "orders.shipped_is_what_left": "UPDATE orders_orderline SET quantity_shipped = 1",
    "orders.ended_orders_hold_nothing": "UPDATE orders_order SET status = 'canceled'",
    "orders.only_worked_orders_claim": "UPDATE orders_order SET is_before_go_live = true",
    "orders.ready_orders_are_covered": "UPDATE orders_orderline SET quantity = 9",
    "orders.issue_count_is_open_issues": "UPDATE orders_order SET issue_count = 4",
    "orders.tally_is_count": "INSERT INTO orders_ordertally (shop_id, bucket, delta) "
    "SELECT shop_id, 'review', 1 FROM orders_order LIMIT 1",
    "orders.status_is_last_event": "UPDATE orders_order SET status = 'ship'",
    "orders.order_has_its_history": "DELETE FROM ecomhub_event WHERE sequence = 2",
    "orders.cancel_facts_agree": "UPDATE orders_platformcancel SET state = 'done'",
    "orders.canceling_is_worked_on": "UPDATE orders_order SET hold_reason = ''",
    "orders.erased_buyers_are_gone": "UPDATE channels_datakey SET redacted_at = now()",
    "orders.return_is_of_its_order": "UPDATE orders_platformreturn SET order_id = "
    "(SELECT max(id) FROM orders_order)",
}


def test_every_law_has_a_break() -> None:
    assert {law.id for law in LAWS} == set(BREAKS)


@pytest.mark.parametrize("law", BREAKS)
def test_broken_law_is_named(law: str, owner: Cursor) -> None:
    goods = make_goods({"mug": 5, "plate": 5})
    order = taken(goods.account, incoming(1, line("mug", 2), line("plate", number=2)))
    take(goods.account, incoming(2, line("mug", 9)))
    back = IncomingReturn("R1", "L1", 1, "asked", order_id=order.external_id)
    with transaction.atomic():
        take_in(account=goods.account, reported=[back], bad=[], at=AT)
    PlatformCancel.objects.create(order=order, kind="cancel", actor="somebody", asked_at=AT)
    Order.objects.filter(pk=order.pk).update(hold_reason="canceling")
    assert verify(laws=LAWS).ok
    owner.execute("BEGIN")
    owner.execute(BREAKS[law])
    owner.execute("COMMIT")
    verdict = verify(laws=LAWS)
    assert law in verdict.broken
    result = next(each for each in verdict.laws if each.id == law)
    assert result.examples
    assert result.checked
    assert order.external_id
