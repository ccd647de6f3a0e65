"""Shopee's pushes and consent against the sandbox, and both sides against Shopee's own documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pytest_django import Settings

from channels.adapter import (
    Adapter,
)
from channels.authorization import Application, NotAuthorized
from channels.messages import (
    PriceUpdate,
    StockUpdate,
)
from channels.platforms.shopee.transport import Expected, Line
from channels.registry import platform
from channels.shipping_messages import CancelRequest
from tests.channels.platforms.shopee_shop import (
    SELLER,
    SG,
    arranged,
    connection_to,
    dial,
    every_order,
    own_listing,
    place,
)
from tests.sandbox import shopee_contracts
from tests.sandbox_fixture import START, Sandbox


@pytest.fixture
def shopee(sandbox: Sandbox, settings: Settings) -> Adapter:
    """The adapter of the Singapore shop with a fresh access token."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    return dial(sandbox)


def test_pushes_are_proven_over_address_and_raw_body(shopee: Adapter, sandbox: Sandbox) -> None:
    shopee.subscribe(address="http://127.0.0.1:9/hooks/shopee/1")
    shopee.subscribe(address="http://127.0.0.1:9/hooks/shopee/1")
    number = place(sandbox)
    pushes = requests.get(f"{sandbox.url}/_control/pushes", params={"seller": SELLER}, timeout=30).json()
    sent = next(each for each in pushes["pushes"] if number in each["body"])
    request = shopee_contracts.push_request(sent)
    offered = platform("shopee").pushes
    assert offered is not None
    offered.verify(request, shopee.connection, START)
    (push,) = offered.read(request)
    assert (push.external_ids, push.seller_id) == ((number,), shopee.connection.seller_id)


def consent(sandbox: Sandbox, seller: str = SELLER) -> tuple[Application, str, dict[str, str]]:
    """Walk through the consent page like a browser; return what came back to our address."""
    sheet = sandbox.credentials(seller)
    fields = {name: sheet[name] for name in ("partner_id", "partner_key")}
    application = Application(sheet["endpoint"], sheet["token_endpoint"], fields)
    offered = platform("shopee").authorization
    assert offered is not None
    redirect = "http://127.0.0.1:8000/channels/connected/"
    url = offered.address(application, redirect, "state-1")
    page = requests.get(url, timeout=30)
    assert page.status_code == 200, page.text
    back = f"{redirect}?state=state-1"
    form = {"redirect": back, "seller": seller, "decision": "allow"}
    answer = requests.post(url, data=form, timeout=30, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    query = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}
    return application, redirect, query


def test_consent_brings_a_code_that_becomes_the_shops_credentials_once(
    sandbox: Sandbox, settings: Settings
) -> None:
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    application, redirect, query = consent(sandbox)
    assert query["state"] == "state-1"
    offered = platform("shopee").authorization
    assert offered is not None
    grant = offered.exchange(application, query, redirect)
    assert grant.seller_id == sandbox.credentials(SELLER)["seller_id"]
    assert grant.authorized_for == timedelta(days=365)
    assert set(grant.credentials) == {field.key for field in platform("shopee").credential_fields}
    connection = replace(connection_to(sandbox), credentials=dict(grant.credentials))
    token = platform("shopee").build(connection, None).refresh_token().token
    platform("shopee").build(replace(connection, access_token=token), None).check()
    with pytest.raises(NotAuthorized):
        offered.exchange(application, query, redirect)


def test_consent_without_a_shop_is_not_taken(sandbox: Sandbox, settings: Settings) -> None:
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    application, redirect, query = consent(sandbox)
    offered = platform("shopee").authorization
    assert offered is not None
    for brought in (
        {},
        {"error": "access_denied"},
        {"code": query["code"]},
        {"code": query["code"], "main_account_id": "5"},
        {"code": "x", "shop_id": query["shop_id"]},
    ):
        with pytest.raises(NotAuthorized):
            offered.exchange(application, brought, redirect)


def test_every_request_we_send_fits_shopees_documents(shopee: Adapter, sandbox: Sandbox) -> None:
    number = place(sandbox)
    shopee.check()
    every_order(shopee)
    listing = own_listing(shopee)
    shopee.fetch_listing(marketplace=SG, listing_id=listing.listing_id)
    shopee.push_stock(update=StockUpdate(SG, listing.listing_id, 3))
    shopee.push_price(update=PriceUpdate(SG, listing.listing_id, Decimal("18.45"), "SGD"))
    shopee.arrange_shipment(request=arranged(shopee, number))
    shopee.fetch_tracking(order_id=number, package="")
    shopee.fetch_document(order_id=number, package="")
    shopee.fetch_document(order_id=number, package="")
    other = place(sandbox)
    shopee.cancel_order(request=CancelRequest(other, SG, "OUT_OF_STOCK"))
    third = place(sandbox)
    sandbox.act(third, "ask_cancel")
    shopee.answer_cancel(order_id=third, accept=False)
    shopee.fetch_returns(updated_from=START - timedelta(days=1), updated_to=START, page_token="")
    calls = [call for call in sandbox.calls(seller=SELLER, limit=1000) if call["method"] in ("GET", "POST")]
    assert {call["operation"] for call in calls} >= {
        "getOrderList", "getOrderDetail", "getItemList", "getItemBaseInfo", "getModelList", "updateStock",
        "updatePrice", "getShippingParameter", "shipOrder", "getTrackingNumber", "createShippingDocument",
        "getShippingDocumentResult", "downloadShippingDocument", "cancelOrder", "handleBuyerCancellation",
        "getReturnList", "getShopInfo",
    }  # fmt: skip
    for call in calls:
        shopee_contracts.check_request(call)


def test_every_answer_of_the_sandbox_has_the_fields_of_shopees_documents(
    shopee: Adapter, sandbox: Sandbox
) -> None:
    number = place(sandbox)
    line = Line(shopee.connection)
    expected = Expected("check")
    listing = own_listing(shopee)
    answers = {
        "/api/v2/order/get_order_detail": {
            "order_sn_list": number, "response_optional_fields": "item_list,package_list,recipient_address",
        },
        "/api/v2/product/get_item_base_info": {"item_id_list": listing.parent_id},
        "/api/v2/product/get_model_list": {"item_id": listing.parent_id},
        "/api/v2/logistics/get_shipping_parameter": {"order_sn": number},
        "/api/v2/shop/get_shop_info": {},
    }  # fmt: skip
    for path, query in answers.items():
        shopee_contracts.check_answer(path, line.get(path, query, expected))
