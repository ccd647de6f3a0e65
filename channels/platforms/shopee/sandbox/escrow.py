"""Payments: released escrows with their amounts, and the shop's wallet."""

from collections.abc import Iterator
from typing import Any

from channels.platforms.shopee.sandbox.answers import answer, body_of, error, not_found, number, whole
from channels.platforms.shopee.sandbox.income import (
    COMMISSION,
    MONEY,
    SERVICE_FEE,
    TRANSACTION,
    WITHDRAWN,
    income,
)
from channels.platforms.shopee.sandbox.order_body import numbers_of
from channels.platforms.shopee.sandbox.orders import own_order
from channels.sandbox import money_statements
from channels.sandbox.money import Event, Row, read_event, rows_of
from channels.sandbox.orders import Order
from channels.sandbox.wire import BadRequest, Call, Response

LONGEST_WINDOW = 15 * 86400


def _currency(call: Call) -> str:
    return call.world.marketplaces[next(iter(call.caller.plan.marketplaces))].currency


def _released(call: Call, first: int, last: int, start: int, limit: int) -> list[Event]:
    rows = call.world.db.execute(
        "select * from money where seller = ? and kind = 'sale' and free between ? and ?"
        " order by free, id limit ? offset ?",
        (call.caller.name, first, min(last, int(call.world.now.timestamp())), limit, start),
    )
    return [read_event(row) for row in rows]


def get_escrow_list(call: Call) -> Response:
    """GET /api/v2/payment/get_escrow_list: orders whose money was released, by that time."""
    first, last = (whole(call, name, low=0, high=2**33) for name in ("release_time_from", "release_time_to"))
    if not first < last or last - first > LONGEST_WINDOW:
        raise BadRequest("release_time_from must be earlier than release_time_to and diff in 15days")
    page = whole(call, "page_no", low=1, high=100_000, default=1)
    size = whole(call, "page_size", low=1, high=100, default=40)
    found = _released(call, first, last, (page - 1) * size, size + 1)
    currency = _currency(call)
    listed = [
        {"order_sn": event.order, "payout_amount": number(rows[0]["a"], currency),
         "escrow_release_time": event.free}
        for event, rows in rows_of(call.world, MONEY, found[:size])
    ]  # fmt: skip
    return answer(call, {"more": len(found) > size, "escrow_list": listed})


def _sale(call: Call, order_sn: str) -> tuple[Order, Event] | None:
    order = own_order(call, order_sn)
    if order is None:
        return None
    row = call.world.db.execute(
        "select * from money where object = ? and key = 'sale'", (order.id,)
    ).fetchone()
    return None if row is None else (order, read_event(row))


def get_escrow_detail(call: Call) -> Response:
    """GET /api/v2/payment/get_escrow_detail."""
    found = _sale(call, call.request.one("order_sn") or "")
    return not_found(call) if found is None else answer(call, _detail(call, *found))


def get_escrow_detail_batch(call: Call) -> Response:
    """POST /api/v2/payment/get_escrow_detail_batch: up to fifty orders."""
    wanted = body_of(call).get("order_sn_list")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, str) for one in wanted):
        raise BadRequest("order_sn_list is required, format should be string[]")
    if len(wanted) > 50:
        return error(call, "exceed_max_limit", "Your request exceeds the max limit of 50 orders.")
    found = [each for each in (_sale(call, one) for one in wanted) if each is not None]
    return answer(call, [{"escrow_detail": _detail(call, *each)} for each in found])


def _detail(call: Call, order: Order, event: Event) -> dict[str, Any]:
    amounts, coin = income(call.world, order, event), order.currency

    def money(minor: int) -> int | float:
        return number(minor, coin)

    paid = amounts["goods"] - amounts["voucher"] + amounts["shipping"]
    return {
        "order_sn": order.id,
        "buyer_user_name": order.buyer["mail"].partition("@")[0],
        "return_order_sn_list": [each["id"] for each in order.returns if each["status"] == "refunded"],
        "order_income": {
            "escrow_amount": money(amounts["escrow"]),
            "escrow_amount_after_adjustment": money(amounts["escrow"]),
            "total_adjustment_amount": 0,
            "buyer_total_amount": money(paid),
            "order_original_price": money(amounts["goods"]),
            "original_price": money(amounts["goods"]),
            "order_selling_price": money(amounts["goods"]),
            "order_discounted_price": money(amounts["goods"]),
            "order_seller_discount": 0,
            "seller_discount": 0,
            "shopee_discount": 0,
            "cost_of_goods_sold": money(amounts["goods"]),
            "voucher_from_seller": money(amounts["voucher"]),
            "voucher_from_shopee": 0,
            "coins": 0,
            "seller_coin_cash_back": 0,
            "commission_fee": money(amounts[COMMISSION]),
            "service_fee": money(amounts[SERVICE_FEE]),
            "seller_transaction_fee": money(amounts[TRANSACTION]),
            "seller_return_refund": money(amounts["back"]),
            "buyer_paid_shipping_fee": money(amounts["shipping"]),
            "actual_shipping_fee": money(amounts["shipping"]),
            "shopee_shipping_rebate": 0,
            "shipping_fee_discount_from_3pl": 0,
            "final_shipping_fee": 0,
            "reverse_shipping_fee": 0,
            "escrow_tax": 0,
            "items": [_item(call, order, line_id, units) for line_id, units, _ in event.doc["items"]],
        },
        "buyer_payment_info": {
            "buyer_total_amount": money(paid),
            "merchant_subtotal": money(amounts["goods"]),
            "seller_voucher": money(-amounts["voucher"]),
            "shipping_fee": money(amounts["shipping"]),
        },
    }


def _item(call: Call, order: Order, line_id: str, units: int) -> dict[str, Any]:
    line = order.line(line_id)
    listing = None if line is None else call.world.listings.get(line.listing)
    if line is None or listing is None:
        return {}
    item, model = numbers_of(call.world, listing)
    price = number(line.unit_price * units, order.currency)
    return {
        "item_id": item, "model_id": model, "item_name": line.title, "item_sku": line.code,
        "model_sku": line.code, "quantity_purchased": units, "original_price": price,
        "selling_price": price, "discounted_price": price, "seller_discount": 0, "shopee_discount": 0,
    }  # fmt: skip


def _wallet(call: Call) -> Iterator[dict[str, Any]]:
    """Yield everything that ever happened in the wallet, the oldest first, with the balance behind it."""
    world, seller, balance = call.world, call.caller, 0
    place = next(iter(seller.plan.marketplaces))
    closed = list(reversed(money_statements.issued(world, seller)))
    for statement in closed:
        for row in statement.rows:
            balance += row["a"]
            yield _transaction(row, max(row["at"], statement.starts), balance, statement.currency)
        balance -= statement.total
        out: Row = {"at": statement.ends, "a": -statement.total, "t": [WITHDRAWN, "", ""],
                    "id": 9 * 10**9 + statement.id, "withdrawal": statement.id}  # fmt: skip
        yield _transaction(out, statement.ends, balance, statement.currency)
    since = closed[-1].ends if closed else 0
    now = int(world.now.timestamp())
    events = money_statements.unsettled(world, seller.name, place, now)
    for _, rows in rows_of(world, MONEY, events):
        for row in rows:
            balance += row["a"]
            yield _transaction(row, max(row["at"], since), balance, _currency(call))


def _transaction(row: Row, at: int, balance: int, currency: str) -> dict[str, Any]:
    return {
        "transaction_id": row["id"],
        "status": "COMPLETED",
        "wallet_type": "SELLER_WALLET",
        "transaction_type": row["t"][0],
        "money_flow": "MONEY_IN" if row["a"] >= 0 else "MONEY_OUT",
        "amount": number(row["a"], currency),
        "current_balance": number(balance, currency),
        "create_time": at,
        "order_sn": row.get("o", ""),
        "refund_sn": "",
        "withdrawal_type": "AUTO" if "withdrawal" in row else "",
        "transaction_fee": 0,
        "description": "",
        "buyer_name": "",
        "reason": row.get("why", ""),
        "withdrawal_id": row.get("withdrawal", 0),
        "pay_order_list": [],
    }


def get_wallet_transaction_list(call: Call) -> Response:
    """GET /api/v2/payment/get_wallet_transaction_list: pages counted from 0, the newest first."""
    first, last = (whole(call, name, low=0, high=2**33) for name in ("create_time_from", "create_time_to"))
    if last < first:
        return error(call, "time_invalid", "The param error: create_time_from bigger than create_time_to.")
    if last - first > LONGEST_WINDOW:
        return error(call, "time_period_too_large", "The param error: time period too large.")
    page = whole(call, "page_no", low=0, high=100_000, default=0)
    size = whole(call, "page_size", low=1, high=100, default=40)
    found = [each for each in _wallet(call) if first <= each["create_time"] <= last]
    found.reverse()
    shown = found[page * size : (page + 1) * size]
    return answer(call, {"transaction_list": shown, "more": len(found) > (page + 1) * size})
