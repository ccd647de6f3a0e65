"""The seller center: what a person sees of the other side, and can do there."""

import csv
import io

import requests

from tests.sandbox.calling import Caller
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
