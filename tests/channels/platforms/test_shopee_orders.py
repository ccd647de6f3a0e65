"""Orders, returns and saved files of Shopee as the hub's messages."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from channels.adapter import Refused
from channels.messages import FulfillmentMethod, OrderState
from channels.platforms.shopee import PLATFORM
from channels.platforms.shopee.mapping import STATES, read_order
from channels.platforms.shopee.mapping_lines import line_numbers
from channels.platforms.shopee.mapping_returns import read_returns
from channels.platforms.shopee.order_files import LAYOUT, read_order_files
from channels.reading import Unreadable, parse_json
from tests.channels.platforms.examples import shopee
from tests.channels.platforms.examples.shopee import ITEM, MODEL
from tests.sandbox import shopee_contracts

Json = dict[str, Any]


def order(**changes: Any) -> Json:
    return shopee.order() | changes


def lines(*items: Json) -> list[Json]:
    base = shopee.order()["item_list"][0]
    return [base | item for item in items]


def test_ids_beyond_a_float_are_texts_and_name_the_line() -> None:
    found = read_order(parse_json(json.dumps(order()).encode()))
    line = found.lines[0]
    assert line.external_id == line.listing_id == f"{ITEM}-{MODEL}"
    assert line.product_id == "A-1"
    numbers = line_numbers(order()["item_list"])
    assert numbers == {line.external_id: {"item_id": ITEM, "model_id": MODEL, "order_item_id": ITEM}}


def test_item_without_variations_is_its_own_listing() -> None:
    found = read_order(order(item_list=lines({"model_id": 0, "model_sku": ""})))
    assert (found.lines[0].listing_id, found.lines[0].product_id) == (str(ITEM), "A")


def test_same_model_bought_in_a_bundle_and_alone_is_two_lines() -> None:
    bundle = {"promotion_group_id": 5, "order_item_id": 77, "promotion_type": "bundle_deal"}
    items = lines({}, bundle, {}, {"model_id": 0})
    found = read_order(order(item_list=items, package_list=[]))
    names = [line.external_id for line in found.lines]
    assert names == [f"{ITEM}-{MODEL}", f"{ITEM}-{MODEL}-77-g5", f"{ITEM}-{MODEL}.2", f"{ITEM}-0"]
    turned = read_order(order(item_list=[items[1], items[0], items[3]], package_list=[]))
    assert [line.external_id for line in turned.lines] == [names[1], names[0], names[3]]
    assert line_numbers(items)[names[1]]["promotion_group_id"] == 5
    alone = read_order(order(item_list=lines(bundle), package_list=[]))
    assert alone.lines[0].external_id == f"{ITEM}-{MODEL}"


def test_instants_are_epoch_seconds_and_zero_is_none() -> None:
    found = read_order(order(ship_by_date=0, pay_time=None))
    assert found.placed_at == datetime(2026, 5, 30, 8, 15, 30, tzinfo=UTC)
    assert (found.ship_by_at, found.paid_at) == (None, None)


@pytest.mark.parametrize(
    ("amounts", "charge", "discount"),
    [
        ({"model_original_price": 300000, "model_discounted_price": 48000}, "600000", "504000"),
        (
            {"model_original_price": Decimal("19.90"), "model_discounted_price": Decimal("14.93")},
            "39.8",
            "9.94",
        ),
        ({"model_original_price": Decimal("14.290000000000001")}, "28.58", "0"),
        ({"model_original_price": 10, "model_discounted_price": 12}, "24", "0"),
        ({"model_original_price": None, "model_discounted_price": None}, None, "0"),
        ({"model_discounted_price": 0, "promotion_type": "bundle_deal"}, None, "0"),
        ({"model_discounted_price": 0, "promotion_type": "flash_sale"}, "40", "40"),
    ],
)
def test_prices_are_per_unit_and_a_bundles_zero_is_unknown(
    amounts: Json, charge: str | None, discount: str
) -> None:
    plain: Json = {"model_discounted_price": None} if "model_discounted_price" not in amounts else {}
    line = read_order(order(item_list=lines({**plain, **amounts}))).lines[0]
    assert line.charge == (None if charge is None else Decimal(charge))
    assert line.discount == Decimal(discount)


@pytest.mark.parametrize("currency", ["VND", "IDR", "TWD"])
def test_whole_currencies_come_as_integers(currency: str) -> None:
    found = read_order(order(currency=currency, total_amount=32119))
    assert (found.currency, found.total) == (currency, Decimal(32119))


@pytest.mark.parametrize(("status", "state"), sorted(STATES.items()))
def test_every_known_status_has_its_state(status: str, state: OrderState) -> None:
    found = read_order(order(order_status=status))
    assert (found.state, found.platform_status) == (state, status)
    assert found.cancel_requested is (status == "IN_CANCEL")
    assert found.unknown_values == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"order_status": "TELEPORTED"}, "order_status=TELEPORTED"),
        ({"fulfillment_flag": "fulfilled_by_robot"}, "fulfillment_flag=fulfilled_by_robot"),
    ],
)
def test_unknown_values_are_kept_and_never_guessed_at(changes: Json, said: str) -> None:
    found = read_order(order(**changes))
    assert found.state is OrderState.UNKNOWN
    assert found.unknown_values == (said,)


def test_unknown_parcel_status_is_said_and_moves_nothing() -> None:
    package = shopee.order()["package_list"][0] | {"logistics_status": "LOGISTICS_TELEPORTED"}
    found = read_order(order(package_list=[package]))
    assert found.unknown_values == ("logistics_status=LOGISTICS_TELEPORTED",)
    assert (found.state, found.parcels) == (OrderState.OPEN, ())


def test_goods_of_the_platforms_warehouse_are_its_own_business() -> None:
    found = read_order(order(fulfillment_flag="fulfilled_by_shopee"))
    assert found.fulfillment_method is FulfillmentMethod.BY_CHANNEL


def parcels(*statuses: str) -> list[Json]:
    base = shopee.order()["package_list"][0]
    found = []
    for number, status in enumerate(statuses):
        item = base["item_list"][0] | {"model_quantity": 1}
        found.append(
            base | {"package_number": f"OFG{number}", "logistics_status": status, "item_list": [item]}
        )
    return found


@pytest.mark.parametrize(
    ("statuses", "state", "shipped"),
    [
        (("LOGISTICS_READY", "LOGISTICS_READY"), OrderState.OPEN, 0),
        (("LOGISTICS_REQUEST_CREATED", "LOGISTICS_REQUEST_CREATED"), OrderState.OPEN, 0),
        (("LOGISTICS_PICKUP_DONE", "LOGISTICS_READY"), OrderState.PARTLY_SHIPPED, 1),
        (("LOGISTICS_PICKUP_DONE", "LOGISTICS_PICKUP_DONE"), OrderState.SHIPPED, 2),
    ],
)
def test_parcels_that_left_count_and_arranged_ones_do_not(
    statuses: tuple[str, ...], state: OrderState, shipped: int
) -> None:
    found = read_order(order(order_status="PROCESSED", package_list=parcels(*statuses)))
    assert (found.state, found.lines[0].quantity_shipped) == (state, shipped)
    assert len(found.parcels) == shipped
    for parcel in found.parcels:
        assert parcel.lines == ((found.lines[0].external_id, 1),)


def test_canceled_units_of_a_line_are_counted() -> None:
    found = read_order(order(item_list=lines({"cancelled_qty": 1})))
    assert (found.lines[0].quantity, found.lines[0].quantity_canceled) == (2, 1)
    gone = read_order(order(order_status="CANCELLED", cancel_reason="OUT_OF_STOCK"))
    assert gone.lines[0].quantity_canceled == 2
    assert gone.cancel_reason == "OUT_OF_STOCK"


def test_masked_address_is_no_error_and_stars_are_nothing() -> None:
    stars = dict.fromkeys(shopee.order()["recipient_address"], "****")
    found = read_order(order(recipient_address=stars, buyer_username="****"))
    assert found.country == "SG"
    assert found.buyer is not None
    assert found.buyer.name == ""
    assert found.buyer.address is not None
    assert found.buyer.address.lines == ()
    assert found.buyer.address.country == ""


@pytest.mark.parametrize("address", [None, {}])
def test_missing_address_is_no_error(address: Json | None) -> None:
    found = read_order(order(recipient_address=address))
    assert found.country == "SG"
    assert found.buyer is not None
    assert found.buyer.address is None


def test_partly_masked_address_stays_as_far_as_it_shows() -> None:
    buyer = read_order(order()).buyer
    assert buyer is not None
    assert buyer.address is not None
    assert (buyer.address.name, buyer.phone) == ("A****y", "******00")
    assert buyer.address.lines == ("1 Mill Lane, Flat 2, Bedok, Singapore, SG, 467360",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"region": "ZZ"}, "region"),
        ({"currency": "¤¤¤"}, "currency"),
        ({"create_time": "yesterday"}, "create_time"),
        ({"create_time": True}, "create_time"),
        ({"update_time": 0}, "update_time"),
        ({"item_list": None}, "item_list"),
        ({"total_amount": -1}, "total_amount"),
        ({"order_sn": 7}, "order_sn"),
    ],
)
def test_order_that_cannot_be_true_is_unreadable(changes: Json, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_order(order(**changes))


def test_return_names_line_quantity_and_money() -> None:
    items, bad = read_returns([copy.deepcopy(shopee.RETURN), "?", {"return_sn": "1"}])
    (found,) = items
    assert (found.external_id, found.order_id, found.line_id) == (
        "2605300001", "123-1", f"{ITEM}-{MODEL}",
    )  # fmt: skip
    assert (found.quantity, found.refunded, found.status, found.reason) == (
        1,
        Decimal(20),
        "ACCEPTED",
        "torn",
    )
    assert len(bad) == 2


def test_return_of_several_lines_refunds_once_and_a_called_off_one_brings_nothing_back() -> None:
    several = copy.deepcopy(shopee.RETURN)
    several["item"].append(several["item"][0] | {"model_id": 5})
    items, _bad = read_returns([several, copy.deepcopy(shopee.RETURN) | {"status": "CANCELLED"}])
    assert [each.refunded for each in items] == [Decimal(20), None, Decimal(20)]
    assert [each.quantity for each in items] == [1, 1, 0]
    assert len({each.external_id for each in items[:2]}) == 2


def answers(*orders: Json) -> bytes:
    return json.dumps(shopee.order_page(orders, "")).encode()


@pytest.mark.parametrize(
    "pack",
    [
        lambda one: answers(one),
        lambda one: json.dumps(one).encode(),
        lambda one: json.dumps([one]).encode(),
        lambda one: json.dumps({"order_list": [one]}).encode(),
        lambda one: b"\xef\xbb\xbf" + answers(one),
        lambda one: answers(one).decode().encode("utf-16"),
    ],
)
def test_saved_answers_are_read_however_they_were_saved(pack: Callable[[Json], bytes]) -> None:
    found = read_order_files(pack(order()))
    assert found.layout == LAYOUT
    assert [one.external_id for one in found.page.items] == ["123-1"]


def test_several_answers_in_one_file_and_a_stray_between_them() -> None:
    content = (
        answers(order()) + b"\n" + b'{"error": "error_auth", "message": "x"}' + answers(order(order_sn="9"))
    )
    found = read_order_files(content)
    assert [one.external_id for one in found.page.items] == ["123-1", "9"]
    assert [bad.reason for bad in found.page.bad] == ["this is an error answer, no orders"]


def test_list_of_numbers_says_what_to_save_instead() -> None:
    listed = {"error": "", "response": {"more": False, "order_list": [{"order_sn": "1"}]}}
    found = read_order_files(json.dumps(listed).encode())
    assert found.page.items == ()
    assert "get_order_detail" in found.page.bad[0].reason


def test_file_of_something_else_is_refused_with_a_hint() -> None:
    with pytest.raises(Refused, match="get_order_detail"):
        PLATFORM.read_order_files(b'{"orders": []}')


def test_platforms_own_sample_is_read() -> None:
    content = shopee_contracts.sample()
    if content is None:
        return
    (found,) = read_order_files(content).page.items
    assert (found.marketplace, found.currency, found.total) == ("SHOPEE_VN", "VND", Decimal(32119))
    assert found.state is OrderState.COMPLETED
    assert (found.lines[0].charge, found.lines[0].discount) == (Decimal(300000), Decimal(252000))
    assert found.unknown_values == ()
