"""Arranged shipping: parameters, ship_order, the number that comes later, and the label."""

from typing import Any

from channels.platforms.shopee.sandbox.answers import answer, body_of, error, flat, text_of
from channels.platforms.shopee.sandbox.label import pdf_label
from channels.platforms.shopee.sandbox.order_body import package_number, split_groups, status_of, waiting
from channels.platforms.shopee.sandbox.orders import own_order
from channels.sandbox import parcels
from channels.sandbox.market_clock import instant, seconds
from channels.sandbox.orders import ARRANGED, Order, Package, save_orders
from channels.sandbox.wire import BadRequest, Call, Response

DAY = 86400
_NUMBER_MISSING = "logistics.package_number_not_exist"
_OWN_FLEET = "FREE_ECONOMY"
_ALREADY = "This package has already been arranged shipment and you can't ship it again."


def _slots(now: int) -> list[dict[str, Any]]:
    """Return when a courier may come: the next two days, in the morning."""
    days = [(now // DAY + ahead) * DAY + 2 * 3600 for ahead in (1, 2)]
    return [
        {
            "date": day,
            "time_text": f"{instant(day):%Y-%m-%d} 10:00-13:00",
            "pickup_time_id": f"{day}_1",
            "flags": ["recommended"] if place == 0 else [],
        }
        for place, day in enumerate(days)
    ]


def _offered(order: Order, now: int) -> dict[str, Any]:
    if order.service == _OWN_FLEET:
        return {"info_needed": {"non_integrated": ["tracking_number"]}}
    address = {
        "address_id": 234,
        "region": "CN",
        "state": "Guangdong",
        "city": "Shenzhen",
        "district": "Longhua",
        "address": "Building 3, Minzhi Industrial Park",
        "zipcode": "518131",
        "address_flag": ["default_address", "pickup_address"],
        "time_slot_list": _slots(now),
    }
    return {
        "info_needed": {"pickup": ["address_id", "pickup_time_id"], "dropoff": []},
        "pickup": {"address_list": [address]},
        "dropoff": {"branch_list": None, "slug_list": None},
    }


def _named_wrongly(call: Call, order: Order, named: object, *, code: str) -> Response | None:
    """Return the refusal of a split order without a package's number, of an unsplit one with it."""
    if split_groups(order) and not named:
        return error(call, code, "Please request with package_number for this split order.")
    if named and not split_groups(order):
        text = "Please don't request with package_number for this unsplit order."
        return error(call, "logistics.ship_order_not_need_pacakge_number", text)
    return None


def _not_ready(call: Call, order: Order) -> Response | None:
    status = status_of(order)
    if status == "CANCELLED":
        return error(call, "error_status", "The order has been cancelled.")
    if status in ("PROCESSED", "SHIPPED", "COMPLETED"):
        return error(call, "logistics.package_already_shipped", _ALREADY)
    if status != "READY_TO_SHIP":
        text = "Shipping parameters can only be obtained when package is ready to ship."
        return error(call, "error_param", text)
    return None


def get_shipping_parameter(call: Call) -> Response:
    """GET /api/v2/logistics/get_shipping_parameter."""
    order = own_order(call, call.request.one("order_sn") or "")
    if order is None:
        return error(call, "error_not_found", "Wrong parameters, detail: the order is not found.")
    named = call.request.one("package_number")
    refused = _not_ready(call, order) or _named_wrongly(call, order, named, code=_NUMBER_MISSING)
    return refused or answer(call, _offered(order, seconds(call.world.now)))


def ship_order(call: Call) -> Response:
    """POST /api/v2/logistics/ship_order: hand a parcel over in exactly one of the ways offered."""
    body = body_of(call)
    order = own_order(call, text_of(body, "order_sn"))
    if order is None:
        return error(call, "error_not_found", "Wrong parameters, detail: the order is not found.")
    named = body.get("package_number")
    refused = _not_ready(call, order) or _named_wrongly(
        call, order, named, code="logistics.ship_order_need_pacakge_number"
    )
    if refused is not None:
        return refused
    now = seconds(call.world.now)
    known = {package_number(order, package.reference) for package in order.packages}
    fitting = [each for each in waiting(order) if named in (None, package_number(order, each[0]))]
    if not fitting and named in known:
        return error(call, "logistics.package_already_shipped", _ALREADY)
    if not fitting:
        return error(call, "logistics.package_not_exist", "The package is not exist.")
    reference, items = fitting[0]
    choice, tracking = _way(body, _offered(order, now))
    parcels.arrange(
        world=call.world, order=order, at=now, reference=reference, items=items,
        choice=choice, tracking=tracking, number_now=call.world.apply_seconds == 0,
    )  # fmt: skip
    save_orders(call.world.db, [order])
    return flat(call, {})


def _way(body: dict[str, Any], offered: dict[str, Any]) -> tuple[str, str]:
    """Return how the parcel is handed over and the seller's own number, if it is one."""
    given = [name for name in ("pickup", "dropoff", "non_integrated") if isinstance(body.get(name), dict)]
    if len(given) != 1 or given[0] not in offered["info_needed"]:
        raise BadRequest("exactly one of the modes under info_needed is to be used")
    (mode,) = given
    way = body[mode]
    if mode == "non_integrated":
        number = way.get("tracking_number")
        if not isinstance(number, str) or not number.strip():
            raise BadRequest("tracking_number is a required field")
        return "own_number", number.strip()
    if mode == "pickup":
        address = offered["pickup"]["address_list"][0]
        times = {slot["pickup_time_id"] for slot in address["time_slot_list"]}
        if way.get("address_id") != address["address_id"]:
            raise BadRequest("address_id is invalid")
        if way.get("pickup_time_id") not in times:
            raise BadRequest("The pickup_time_id received is invalid and not expected")
    return mode, ""


def _parcel(order: Order, named: object) -> Package | None:
    found = [package for package in order.packages if package.status != "canceled"]
    if isinstance(named, str) and named:
        found = [p for p in found if package_number(order, p.reference) == named]
    return found[0] if found else None


def get_tracking_number(call: Call) -> Response:
    """GET /api/v2/logistics/get_tracking_number: empty until the carrier gave one."""
    order = own_order(call, call.request.one("order_sn") or "")
    if order is None:
        return error(call, "logistics.invalid_error", "The order is not exist.")
    named = call.request.one("package_number")
    if split_groups(order) and not named:
        return error(call, _NUMBER_MISSING, "Please request with package_number for this split order.")
    package = _parcel(order, named)
    number = package.tracking if package is not None else ""
    data = {"tracking_number": number, "plp_number": "", "hint": ""}
    return answer(call, data)


def _entries(call: Call) -> list[dict[str, Any]]:
    entries = body_of(call).get("order_list")
    if not isinstance(entries, list) or not 1 <= len(entries) <= 50:
        raise BadRequest("order_list limit [1,50]")
    if not all(isinstance(entry, dict) and isinstance(entry.get("order_sn"), str) for entry in entries):
        raise BadRequest("order_sn is a required field")
    return entries


def _failed(entry: dict[str, Any], code: str, message: str) -> dict[str, Any]:
    return {"order_sn": entry["order_sn"], "fail_error": code, "fail_message": message}


def _results(call: Call, found: list[dict[str, Any]]) -> Response:
    """Return a batch's results; when every one failed the envelope says so too."""
    if all("fail_error" in entry for entry in found):
        text = "Failed, please check result_list for more details."
        return error(call, "common.batch_api_all_failed", text, response={"result_list": found})
    return answer(call, {"result_list": found})


def create_shipping_document(call: Call) -> Response:
    """POST /api/v2/logistics/create_shipping_document: ask for labels to be made."""
    found = [_create(call, entry) for entry in _entries(call)]
    return _results(call, found)


def _create(call: Call, entry: dict[str, Any]) -> dict[str, Any]:
    order = own_order(call, entry["order_sn"])
    package = _parcel(order, entry.get("package_number")) if order is not None else None
    if order is None:
        return _failed(entry, "logistics.order_not_exist", "The order is not exist.")
    if package is None or package.status != ARRANGED:
        return _failed(entry, "logistics.package_can_not_print", "The package can not print now.")
    if not package.tracking or entry.get("tracking_number") != package.tracking:
        return _failed(entry, "logistics.tracking_number_invalid", "The tracking number is invalid.")
    package.extra["label"] = seconds(call.world.now) + call.world.apply_seconds
    save_orders(call.world.db, [order])
    number = package_number(order, package.reference)
    return {"order_sn": order.id, "package_number": number}


def get_shipping_document_result(call: Call) -> Response:
    """POST /api/v2/logistics/get_shipping_document_result."""
    found = [_result(call, entry) for entry in _entries(call)]
    return _results(call, found)


def _result(call: Call, entry: dict[str, Any]) -> dict[str, Any]:
    order = own_order(call, entry["order_sn"])
    if order is None:
        return _failed(entry, "logistics.order_not_exist", "The order is not exist.")
    package = _parcel(order, entry.get("package_number"))
    if package is None or "label" not in package.extra:
        text = "The package can not print now, please create shipping document first."
        return _failed(entry, "logistics.shipping_document_should_print_first", text)
    ready = seconds(call.world.now) >= package.extra["label"]
    number = package_number(order, package.reference)
    return {"order_sn": order.id, "package_number": number, "status": "READY" if ready else "PROCESSING"}


def download_shipping_document(call: Call) -> Response:
    """POST /api/v2/logistics/download_shipping_document: the label as a PDF."""
    entry = _entries(call)[0]
    result = _result(call, entry)
    if "fail_error" in result:
        return error(call, result["fail_error"], result["fail_message"])
    if result["status"] != "READY":
        return error(call, "logistics.download_later", "Processing, please download later.")
    order = own_order(call, entry["order_sn"])
    package = _parcel(order, entry.get("package_number")) if order is not None else None
    if order is None or package is None:
        return error(call, "logistics.order_not_exist", "The order is not exist.")
    lines = ["Shopee Express", package.tracking, order.id, result["package_number"]]
    lines += [f"{line.quantity} x {line.code}" for line in order.lines]
    return Response(status=200, body=pdf_label(lines), content_type="application/pdf")
