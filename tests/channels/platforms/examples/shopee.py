"""Shopee's wire format in our own words: small invented objects in its shapes."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from channels.shipping_messages import ShippingChoice
from tests.answering import Reply
from tests.channels.platforms.contract import Examples, Json, Step, reply

SG = "SHOPEE_SG"
ITEM, MODEL = 90071992547409931, 90071992547409999  # beyond what a float holds

_ORDER: Json = {
    "order_sn": "123-1",
    "region": "SG",
    "currency": "SGD",
    "cod": False,
    "total_amount": 43,
    "order_status": "READY_TO_SHIP",
    "shipping_carrier": "SPX Express",
    "payment_method": "Online Banking",
    "estimated_shipping_fee": 3,
    "message_to_seller": "",
    "create_time": 1780128930,
    "update_time": 1780136130,
    "days_to_ship": 2,
    "ship_by_date": 1780358399,
    "pay_time": 1780129000,
    "buyer_user_id": 9193214,
    "buyer_username": "ada.ly",
    "buyer_cancel_reason": "",
    "cancel_by": "",
    "cancel_reason": "",
    "fulfillment_flag": "fulfilled_by_local_seller",
    "pickup_done_time": 0,
    "recipient_address": {
        "name": "A****y",
        "phone": "******00",
        "town": "",
        "district": "Bedok",
        "city": "Singapore",
        "state": "",
        "region": "SG",
        "zipcode": "467360",
        "full_address": "1 Mill Lane, Flat 2, Bedok, Singapore, SG, 467360",
    },
    "item_list": [
        {
            "item_id": ITEM,
            "item_name": "Tea towel",
            "item_sku": "A",
            "model_id": MODEL,
            "model_name": "",
            "model_sku": "A-1",
            "model_quantity_purchased": 2,
            "model_original_price": 20,
            "model_discounted_price": 20,
            "weight": 1,
            "promotion_type": "",
            "promotion_id": 0,
            "order_item_id": ITEM,
            "promotion_group_id": 0,
        }
    ],
    "package_list": [
        {
            "package_number": "OFG1",
            "logistics_status": "LOGISTICS_READY",
            "logistics_channel_id": 18099,
            "shipping_carrier": "SPX Express",
            "item_list": [
                {
                    "item_id": ITEM,
                    "model_id": MODEL,
                    "model_quantity": 2,
                    "order_item_id": ITEM,
                    "promotion_group_id": 0,
                }
            ],
        }
    ],
}
_ITEM: Json = {
    "item_id": ITEM,
    "category_id": 100,
    "item_name": "Tea towel",
    "item_sku": "A",
    "create_time": 1770000000,
    "update_time": 1770000001,
    "item_status": "NORMAL",
    "has_model": True,
    "image": {"image_url_list": ["https://cf.shopee.sg/file/1"], "image_id_list": ["1"]},
}
_MODEL: Json = {
    "model_id": MODEL,
    "model_sku": "A-1",
    "model_status": "MODEL_NORMAL",
    "tier_index": [0],
    "gtin_code": "4006381333931",
    "price_info": [{"currency": "SGD", "original_price": 20, "current_price": 18.5}],
    "stock_info_v2": {
        "summary_info": {"total_reserved_stock": 0, "total_available_stock": 12},
        "seller_stock": [{"location_id": "", "stock": 12, "if_saleable": True}],
        "shopee_stock": [],
    },
}
RETURN: Json = {
    "return_sn": "2605300001",
    "order_sn": "123-1",
    "status": "ACCEPTED",
    "reason": "PHYSICAL_DMG",
    "text_reason": "torn",
    "refund_amount": 20,
    "currency": "SGD",
    "create_time": 1780136000,
    "update_time": 1780136100,
    "item": [{"item_id": ITEM, "model_id": MODEL, "name": "Tea towel", "amount": 1, "item_price": 20}],
}


def order() -> Json:
    return copy.deepcopy(_ORDER)


def listing() -> Json:
    """An item with its models beside it, under a name Shopee does not use."""
    return {**copy.deepcopy(_ITEM), "models": [copy.deepcopy(_MODEL)]}


def envelope(response: Any, **more: Any) -> Json:
    return {"error": "", "message": "", "request_id": "r1", "response": response, **more}


def problem(code: str, message: str, status: int = 200) -> Reply:
    return reply({"error": code, "message": message, "request_id": "r1"}, status=status)


def order_page(orders: Sequence[Any], token: str) -> Json:
    return envelope({"order_list": list(orders)})


def order_exchanges(orders: Sequence[Any], token: str) -> tuple[Step, ...]:
    numbers = [{"order_sn": one["order_sn"]} for one in orders if isinstance(one, dict) and "order_sn" in one]
    page = {"order_list": numbers, "more": bool(token), "next_cursor": token}
    first = Step(reply(envelope(page)), "response.order_list")
    if not numbers:
        return (first,)
    return first, Step(reply(order_page(orders, "")), "response.order_list")


def parts(one: Json) -> tuple[Json, list[Json]]:
    """Return an item as Shopee writes it, and its models."""
    item = dict(one)
    return item, item.pop("models", [])


def _item_steps(one: Json) -> tuple[Step, ...]:
    item, models = parts(one)
    base = Step(reply(envelope({"item_list": [item]})), "response.item_list")
    tiers = [{"name": "Color", "option_list": [{"option": ""}]}]
    answer = envelope({"tier_variation": tiers, "model": models})
    return (base, Step(reply(answer), "response.model")) if models else (base,)


def listing_exchanges(listings: Sequence[Any], token: str) -> tuple[Step, ...]:
    page: Json = {
        "item": [{"item_id": one["item_id"], "item_status": "NORMAL"} for one in listings],
        "total_count": len(listings),
        "has_next_page": bool(token),
    }
    if token:
        page["next_offset"] = int(token)
    steps = [Step(reply(envelope(page)), "response.item")]
    for one in listings:
        steps += _item_steps(one)
    return tuple(steps)


def dressed(one: Json, code: str, title: str) -> Json:
    """Put a code and a title on an order's first line or on a listing."""
    if "item_list" in one:
        one["item_list"][0].update(model_sku=code, item_name=title)
    else:
        one["item_name"] = title
        one["models"][0]["model_sku"] = code
    return one


def _shop(base: str) -> tuple[Step, ...]:
    shop = {
        "error": "",
        "message": "",
        "request_id": "r1",
        "shop_name": "tea",
        "region": "SG",
        "status": "NORMAL",
    }
    return (Step(reply(shop), "region"),)


def _written(lists: Json) -> tuple[Step, ...]:
    return (Step(reply(envelope(lists)), "response.success_list", writes=True),)


def _choices(base: str) -> tuple[Step, ...]:
    answer = {
        "info_needed": {"pickup": ["address_id", "pickup_time_id"]},
        "pickup": {
            "address_list": [
                {
                    "address_id": 234,
                    "address": "1 Mill Lane",
                    "city": "Singapore",
                    "zipcode": "467360",
                    "time_slot_list": [{"date": 1780358400, "time_text": "9-12", "pickup_time_id": "p1"}],
                }
            ]
        },
    }
    return (Step(reply(envelope(answer)), "response.info_needed"),)


def _updated(base: str) -> tuple[Step, ...]:
    return (Step(reply(envelope({"update_time": 1780136130})), "response.update_time", writes=True),)


def divided() -> Json:
    """The order after it was divided into two packages of a unit each."""
    (package,) = order()["package_list"]
    (item,) = package["item_list"]
    one = package | {"item_list": [item | {"model_quantity": 1}]}
    return order() | {"split_up": True, "package_list": [one, one | {"package_number": "OFG2"}]}


def _split(base: str) -> tuple[Step, ...]:
    made = {"order_sn": "123-1", "package_list": divided()["package_list"]}
    return (
        Step(reply(order_page([order()], "")), "response.order_list"),
        Step(reply(envelope(made)), "response.package_list", writes=True),
        Step(reply(order_page([divided()], "")), "response.order_list"),
    )


def _statements(base: str) -> tuple[Step, ...]:
    listed = [{"order_sn": "123-1", "payout_amount": 8.6, "escrow_release_time": 1780000000}]
    detail = {"order_sn": "123-1", "order_income": {"escrow_amount": 8.6, "order_discounted_price": 8.6}}
    return (
        Step(reply(envelope({"escrow_list": listed, "more": False})), "response.escrow_list"),
        Step(reply(envelope([{"escrow_detail": detail}])), "response"),
    )


def _document(base: str) -> tuple[Step, ...]:
    ready = {"result_list": [{"order_sn": "123-1", "package_number": "OFG1", "status": "READY"}]}
    return (
        Step(reply(envelope(ready)), "response.result_list"),
        Step(Reply(200, b"%PDF-1.4 label", "application/pdf"), is_bytes=True),
    )


EXAMPLES = Examples(
    credentials={"partner_id": "2001887", "partner_key": "kkey", "refresh_token": "rfsh"},
    marketplaces=(SG,),
    order=order,
    listing=listing,
    order_page=order_page,
    listing_page=lambda items, token: envelope({"item_list": list(items)}),
    single_order=lambda one: order_page([one], ""),
    single_listing=lambda one: envelope({"item_list": [parts(one)[0]]}),
    dressed=dressed,
    token=lambda: {
        "error": "", "message": "", "request_id": "r1", "partner_id": 2001887, "shop_id": 1,
        "access_token": "acc1", "refresh_token": "rfsh2", "expire_in": 14400,
    },
    token_key="access_token",
    expired=lambda: problem("invalid_acceess_token", "Invalid access_token, please have a check.", 403),
    rejected=lambda: problem("error_auth", "Invalid refresh_token.", 403),
    refused=lambda: problem("error_param", "Wrong parameters, detail: no."),
    page_token_refused=lambda: problem("error_param", "Wrong parameters, detail: cursor."),
    order_exchanges=order_exchanges,
    listing_exchanges=listing_exchanges,
    single_order_exchanges=lambda one: (Step(reply(order_page([one], "")), "response.order_list"),),
    single_listing_exchanges=_item_steps,
    listing_id=f"{ITEM}-{MODEL}",
    line_id=f"{ITEM}-{MODEL}",
    code_names_listing=False,
    choice=ShippingChoice("pickup", "", {"address_id": "234", "pickup_time_id": "p1"}),
    cancel_reason="CUSTOMER_REQUEST",
    more={
        "check": _shop,
        "push_stock": lambda base: _written(
            {"failure_list": [], "success_list": [{"model_id": MODEL, "stock": 7}]}
        ),
        "push_price": lambda base: _written(
            {"failure_list": [], "success_list": [{"model_id": MODEL, "original_price": 20}]}
        ),
        "shipping_choices": _choices,
        "arrange_shipment": lambda base: (
            Step(reply({"error": "", "message": "", "request_id": "r1"}), "error", writes=True),
        ),
        "split_order": _split,
        "fetch_tracking": lambda base: (Step(reply(envelope({"tracking_number": "SPX1"})), "response"),),
        "fetch_document": _document,
        "fetch_statements": _statements,
        "cancel_order": _updated,
        "answer_cancel": _updated,
        "fetch_returns": lambda base: (
            Step(reply(envelope({"more": False, "return": [copy.deepcopy(RETURN)]})), "response.return"),
        ),
        "subscribe": lambda base: (
            Step(reply(envelope({"result": "success"})), "response.result", writes=True),
        ),
    },
)  # fmt: skip
