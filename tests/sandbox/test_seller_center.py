"""The seller center: what a person sees of the other side, and can do there."""

import csv
import io
from urllib.parse import urlencode

import requests

from channels.sandbox import orders_on_demand, parcels, seller_center
from channels.sandbox.app import Market
from channels.sandbox.orders import save_orders
from tests.sandbox.calling import Caller
from tests.sandbox.invented import SHOP, ask, make_world, stall
from tests.sandbox_fixture import Sandbox


def _page(sandbox: Sandbox, path: str) -> str:
    answer = requests.get(f"{sandbox.url}/seller-center/{path}", timeout=30)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer.text


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_it_lists_the_sellers_and_their_pages_open(sandbox: Sandbox) -> None:
    home = _page(sandbox, "")
    assert "busy" in home
    assert "empty" in home
    for tab in (
        "orders",
        "orders?status=unshipped&q=a",
        "listings",
        "listings?q=TRVMUG",
        "calls",
        "faults",
        "connect",
    ):
        assert "<main>" in _page(sandbox, f"busy/{tab}")
    assert requests.get(f"{sandbox.url}/seller-center/nobody/orders", timeout=10).status_code == 404


def test_it_shows_tracking_number_and_quantity_the_hub_sent(sandbox: Sandbox) -> None:
    caller = Caller(sandbox)
    order = sandbox.place_order()
    line = order["lines"][0]
    package = {
        "packageReferenceId": "1",
        "carrierCode": "4PX",
        "trackingNumber": "4PX-SEEN-HERE",
        "shipDate": "2026-06-01T12:00:00Z",
        "orderItems": [{"orderItemId": line["id"], "quantity": 1}],
    }
    body = {"marketplaceId": order["marketplace"], "packageDetail": package}
    caller.checked("POST", f"/orders/v0/orders/{order['id']}/shipmentConfirmation", json=body, status=204)
    assert "4PX-SEEN-HERE" in _page(sandbox, f"busy/orders/{order['id']}")
    assert "4PX-SEEN-HERE" in _page(sandbox, "busy/orders?status=shipped&q=4PX-SEEN")
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": 4321}]
    patch = {"op": "replace", "path": "/attributes/fulfillment_availability", "value": value}
    caller.checked(
        "PATCH",
        caller.listings_path(line["code"]),
        json={"productType": "PRODUCT", "patches": [patch]},
        marketplaceIds=order["marketplace"],
    )
    shown = _page(sandbox, f"busy/listings?q={line['code']}")
    assert "4321" in shown
    assert "patchListingsItem" in shown


def test_a_person_cancels_an_order_and_switches_a_fault(sandbox: Sandbox) -> None:
    order = sandbox.place_order()
    url = f"{sandbox.url}/seller-center/busy"
    requests.post(f"{url}/orders/{order['id']}/cancel", timeout=10)
    assert sandbox.order(order["id"])["status"] == "canceled"
    requests.post(f"{url}/faults", data={"kind": "html_503", "operation": "", "count": "2"}, timeout=10)
    fault = sandbox.state(limit=0)["faults"][0]
    assert (fault["kind"], fault["seller"], fault["remaining"]) == ("html_503", "busy", 2)
    requests.post(f"{url}/faults", data={"off": str(fault["id"])}, timeout=10)
    assert sandbox.state(limit=0)["faults"] == []


def test_a_form_from_another_site_is_refused(sandbox: Sandbox) -> None:
    answer = requests.post(
        f"{sandbox.url}/seller-center/busy/faults",
        data={"kind": "html_503"},
        headers={"Origin": "http://elsewhere.example"},
        timeout=10,
    )
    assert answer.status_code == 403


def test_what_buyers_write_is_escaped(sandbox: Sandbox) -> None:
    order = sandbox.place_order(
        lines=[{"gift_message": "<script>alert(1)</script>", "gift_level": "PREMIUM"}],
        address={"name": "<b>Bobby</b>"},
    )
    page = _page(sandbox, f"busy/orders/{order['id']}")
    assert "<script>alert" not in page
    assert "<b>Bobby" not in page


def test_sheets_fit_together(sandbox: Sandbox) -> None:
    for seller in ("busy", "empty"):
        skus = {row["code"] for row in _rows(sandbox.sheet("skus", seller))}
        stock = _rows(sandbox.sheet("opening-stock", seller))
        pairings = _rows(sandbox.sheet("pairings", seller))
        assert {row["sku"] for row in stock} <= skus
        assert {row["sku"] for row in pairings} <= skus
        assert {row["warehouse"] for row in stock} == {"SZ-01", "LA-01", "DE-01"}
        assert {row["account"] for row in pairings} == {sandbox.credentials(seller)["seller_id"]}
        assert all(int(row["quantity"]) > 0 for row in stock)
    busy, empty = (sandbox.sheet("skus", seller) for seller in ("busy", "empty"))
    assert not {row["code"] for row in _rows(busy)} & {row["code"] for row in _rows(empty)}


def test_pictures_are_drawn(sandbox: Sandbox) -> None:
    answer = requests.get(_rows(sandbox.sheet("skus"))[0]["picture_url"], timeout=10)
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert requests.get(f"{sandbox.url}/healthz", timeout=10).status_code == 200


def test_pushes_have_a_page_and_only_this_machine_is_written_to() -> None:
    market = Market(world=make_world(stall()), routes=seller_center.ROUTES)
    path = f"/seller-center/{SHOP}/pushes"
    refused = ask(market, path, method="POST", body=b"address=http%3A%2F%2Fexample.com%2F")
    assert "this machine only" in refused.body.decode()
    there = "http://127.0.0.1:1/hooks?<b>"
    taken = ask(market, path, method="POST", body=urlencode({"address": there}).encode())
    assert taken.status == 303
    page = ask(market, path).body.decode()
    assert "http://127.0.0.1:1/hooks?&lt;b&gt;" in page
    assert there not in page
    assert ask(market, path, method="POST", body=b"off=").status == 303
    assert market.world.subscriptions == {}


def test_a_platform_without_pushes_says_so(sandbox: Sandbox) -> None:
    assert "sends no pushes" in _page(sandbox, "busy/pushes")


def test_a_person_lets_a_buyer_return_and_a_carrier_collect() -> None:
    market = Market(world=make_world(stall(offers_returns=True)), routes=seller_center.ROUTES)
    world = market.world
    with world.writing():
        order = orders_on_demand.place(world=world, wanted={"seller": SHOP})
        items = parcels.left_to_arrange(order)
        parcels.arrange(
            world=world, order=order, at=order.placed, reference="P1", items=items, choice="pickup"
        )
        save_orders(world.db, [order])
    path = f"/seller-center/{SHOP}/orders/{order.id}"
    assert "/collect" in ask(market, path).body.decode()
    assert ask(market, f"{path}/collect", method="POST").status == 303
    assert "/ask_return" in ask(market, path).body.decode()
    ask(market, f"{path}/ask_return", method="POST")
    page = ask(market, path).body.decode()
    assert "Returns 退货" in page
    assert "requested" in page


def test_withdrawing_the_authorization_ends_the_tokens(sandbox: Sandbox) -> None:
    caller = Caller(sandbox)
    requests.post(f"{sandbox.url}/seller-center/busy/withdraw", timeout=10)
    assert caller.send("GET", "/sellers/v1/marketplaceParticipations").status_code == 403
    assert sandbox.state(limit=0)["faults"][0]["kind"] == "revoked_grant"
