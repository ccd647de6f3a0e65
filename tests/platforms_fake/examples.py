"""What the contract cases need to know about the fake platform's wire format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.channels.platforms.contract import Examples, Json, Step, reply


def order() -> Json:
    return {
        "id": "123-1", "site": "FB-US", "state": "paid", "at": 1780000000, "changed": 1780000100,
        "coin": "USD", "country": "US", "parcels": [],
        "rows": [{"id": "11", "code": "A-1", "name": "Tea towel", "count": 2, "sum": "40.00"}],
    }  # fmt: skip


def listing() -> Json:
    return {
        "code": "A-1", "site": "FB-US", "name": "Tea towel", "price": "20.00", "coin": "USD", "count": 12,
    }  # fmt: skip


def order_page(orders: Sequence[Any], token: str) -> Json:
    return {"orders": list(orders), "next": token}


def dressed(one: Json, code: str, title: str) -> Json:
    target = one["rows"][0] if "rows" in one else one
    target.update(code=code, name=title)
    return one


EXAMPLES = Examples(
    credentials={"key": "k"},
    marketplaces=("FB-US",),
    order=order,
    listing=listing,
    order_page=order_page,
    listing_page=lambda items, token: {"offers": list(items), "next": token},
    single_order=lambda one: {"order": one},
    single_listing=lambda one: {"offer": one},
    dressed=dressed,
    token=lambda: {"token": "token-1"},
    token_key="token",
    expired=lambda: reply({"problem": "token"}, status=401),
    rejected=lambda: reply({"problem": "key"}, status=401),
    refused=lambda: reply({"problem": "no"}, status=400),
    page_token_refused=lambda: reply({"problem": "page"}, status=400),
    more={
        "check": lambda base: (
            Step(reply({"sites": [{"id": "FB-US", "country": "US", "coin": "USD"}]}), "sites"),
        ),
        "push_stock": lambda base: (Step(reply({"done": True}), "done", writes=True),),
        "push_price": lambda base: (Step(reply({"done": True}), "done", writes=True),),
        "confirm_shipment": lambda base: (Step(reply({"parcel": "1"}), "parcel", writes=True),),
        "shipping_choices": lambda base: (
            Step(reply({"ways": [{"id": "shop", "kind": "dropoff", "label": "Parcel shop"}]}), "ways"),
        ),
        "arrange_shipment": lambda base: (Step(reply({"box": "B", "number": ""}), "box", writes=True),),
        "fetch_tracking": lambda base: (Step(reply({"box": "B", "number": "F1", "by": "Post"}), "box"),),
        "fetch_document": lambda base: (Step(reply({"label": "JVBERi0="}), "label"),),
        "cancel_order": lambda base: (Step(reply({"done": True}), "done", writes=True),),
        "answer_cancel": lambda base: (Step(reply({"done": True}), "done", writes=True),),
        "subscribe": lambda base: (Step(reply({"done": True}), "done", writes=True),),
        "fetch_returns": lambda base: (Step(reply({"returns": [], "next": ""}), "returns"),),
    },
)
