"""Handing parcels over: Shopee offers ways, gives the tracking number later, and prints the label."""

from collections.abc import Iterator
from typing import Any

from channels.adapter import Refused, RetryLater, Throttled
from channels.platforms.shopee.mapping import GONE, WAITING
from channels.platforms.shopee.meanings import wait_told
from channels.platforms.shopee.orders import checked_order, detail_entries
from channels.platforms.shopee.reading import instant, number
from channels.platforms.shopee.transport import Expected, Line, envelope_of, judge
from channels.reading import Json, Unreadable, an_object, child, children, cut_text, text
from channels.shipping_messages import Arranged, ArrangeRequest, ShippingChoice, ShippingDocument
from ecomhub.sentences import kept

PARAMETER = "/api/v2/logistics/get_shipping_parameter"
SHIP = "/api/v2/logistics/ship_order"
TRACKING = "/api/v2/logistics/get_tracking_number"
CREATE = "/api/v2/logistics/create_shipping_document"
RESULT = "/api/v2/logistics/get_shipping_document_result"
DOWNLOAD = "/api/v2/logistics/download_shipping_document"
_ALL_FAILED = "common.batch_api_all_failed"
_PRINT_FIRST = "logistics.shipping_document_should_print_first"
_ALREADY = ("logistics.package_already_shipped", "already been arranged")
_NAME_IT = "package_number_not_exist"
NOT_ARRANGED = {"LOGISTICS_NOT_START", "LOGISTICS_PENDING_ARRANGE", "LOGISTICS_READY"}
_ARRANGED = (WAITING - NOT_ARRANGED) | GONE
_MEDIA = ((b"%PDF", "application/pdf"), (b"PK\x03\x04", "application/zip"))


def _named(order_id: str, package: str) -> dict[str, str]:
    """Return how an order, and a package of it where one is named, stands in a call."""
    checked_order(order_id)
    return {"order_sn": order_id, "package_number": package} if package else {"order_sn": order_id}


def choices(line: Line, *, order_id: str, package: str) -> list[ShippingChoice]:
    """Return the ways Shopee offers to hand a parcel over now.

    All packages of an order travel by one channel: without ``package`` any that waits is asked for.
    """
    expected = Expected("shipping_choices", "response.info_needed", dict)
    try:
        data = line.get(PARAMETER, _named(order_id, package), expected)["response"]
    except Refused as error:
        package = "" if package or _NAME_IT not in error.reason else _waiting_package(line, order_id)
        if not package:
            raise
        data = line.get(PARAMETER, _named(order_id, package), expected)["response"]
    needed = data["info_needed"]
    found: list[ShippingChoice] = []
    try:
        if isinstance(needed.get("pickup"), list):
            found += _pickups(data, needed["pickup"])
        if isinstance(needed.get("dropoff"), list):
            found += _dropoffs(data, needed["dropoff"])
    except Unreadable as error:
        raise RetryLater(f"Shopee's shipping parameters cannot be read: {error}") from error
    if isinstance(needed.get("non_integrated"), list):
        found.append(ShippingChoice(kind="own_number", label=""))
    return found


def _waiting_package(line: Line, order_id: str) -> str:
    """Return the number of an order's first package that is not arranged yet, empty when there is none."""
    try:
        for entry in detail_entries(line, [order_id], operation="shipping_choices"):
            for part in children(an_object(entry, "order"), "package_list"):
                if text(part, "logistics_status", most=60) in NOT_ARRANGED:
                    return text(part, "package_number", most=120)
    except Unreadable as error:
        raise RetryLater(f"Shopee's order cannot be read: {error}") from error
    return ""


def _pickups(data: Json, needed: list[Any]) -> Iterator[ShippingChoice]:
    """Yield a way for every address and time a courier may come."""
    for address in children(child(data, "pickup"), "address_list"):
        place = _place(address)
        parameters = {"address_id": number(address, "address_id")}
        slots = children(address, "time_slot_list") if "pickup_time_id" in needed else []
        for slot in slots:
            when = instant(slot, "date")
            words = [cut_text(slot, "time_text", most=80), place]
            yield ShippingChoice(
                kind="pickup",
                label=" · ".join(word for word in words if word),
                parameters={**parameters, "pickup_time_id": text(slot, "pickup_time_id", most=120)},
                from_at=when,
            )
        if not slots:
            yield ShippingChoice(kind="pickup", label=place, parameters=parameters)


def _dropoffs(data: Json, needed: list[Any]) -> Iterator[ShippingChoice]:
    """Yield a way for every branch or partner the parcel may be brought to; one where none is to be named.

    ``asks`` names what a person has to bring besides.
    """
    offered = child(data, "dropoff")
    asks = {"asks": "tracking_number"} if {"tracking_no", "tracking_number"} & set(map(str, needed)) else {}
    if "sender_real_name" in needed:
        asks = {"asks": "sender_real_name"}
    if "branch_id" in needed:
        for branch in children(offered, "branch_list"):
            parameters = {"branch_id": number(branch, "branch_id") or "0", **asks}
            yield ShippingChoice(kind="dropoff", label=_place(branch), parameters=parameters)
    elif "slug" in needed:
        for partner in children(offered, "slug_list"):
            parameters = {"slug": text(partner, "slug", most=120), **asks}
            label = cut_text(partner, "slug_name", most=120)
            yield ShippingChoice(kind="dropoff", label=label, parameters=parameters)
    else:
        yield ShippingChoice(kind="dropoff", label="", parameters=asks)


def _place(found: Json) -> str:
    names = ("address", "district", "city", "state", "zipcode")
    parts = dict.fromkeys(cut_text(found, name, most=120).strip() for name in names)
    return ", ".join(part for part in parts if part)[:240]


def arrange(line: Line, request: ArrangeRequest) -> Arranged:
    """Arrange a parcel; one that is arranged already is answered like the first time."""
    body: Json = {**_named(request.order_id, request.package), **_way(request)}
    try:
        line.post(SHIP, body, Expected("arrange_shipment", writes=True))
    except Refused as error:
        if not any(sign in error.reason for sign in _ALREADY):
            raise
    return Arranged(package=request.package, arranged=True)


def _way(request: ArrangeRequest) -> Json:
    """Return the one way of a choice as ship_order takes it. Raises ``Refused`` before anything is sent."""
    kind, given = request.choice.kind, request.choice.parameters
    tracking = request.tracking_number.strip()
    if kind == "own_number":
        return {"non_integrated": {"tracking_number": tracking} if tracking else {}}
    way: Json = {}
    for name in ("address_id", "branch_id"):
        if name in given:
            if not given[name].isdecimal():
                raise Refused(
                    kept("%(name)s is not a number. Choose again how the parcel is handed over.", name=name)
                )
            way[name] = int(given[name])
    for name in ("pickup_time_id", "slug"):
        if given.get(name):
            way[name] = given[name]
    if given.get("asks") == "sender_real_name":
        raise Refused(
            kept("Shopee asks for the sender's real name. Arrange this parcel in the Seller Centre.")
        )
    if given.get("asks") == "tracking_number":
        if not tracking:
            raise Refused(kept("Shopee asks for the tracking number of this parcel."))
        way["tracking_number"] = tracking
    if kind not in ("pickup", "dropoff") or (kind == "pickup" and "address_id" not in way):
        raise Refused(kept("Choose again how the parcel is handed over."))
    return {kind: way}


def tracking(line: Line, *, order_id: str, package: str, operation: str = "fetch_tracking") -> Arranged:
    """Ask for the tracking number. Without one, the order's package says whether anything is arranged."""
    data = line.get(TRACKING, _named(order_id, package), Expected(operation, "response", dict))["response"]
    try:
        found = text(data, "tracking_number", most=120).strip()
    except Unreadable as error:
        raise RetryLater(f"Shopee's tracking number cannot be read: {error}") from error
    if found:
        return Arranged(package=package, tracking_number=found, arranged=True)
    return Arranged(package=package, arranged=_is_arranged(line, order_id, package, operation))


def _is_arranged(line: Line, order_id: str, package: str, operation: str) -> bool | None:
    """Return whether the order's packages (or the one named) are all arranged, or none is."""
    statuses: set[str] = set()
    try:
        for entry in detail_entries(line, [order_id], operation=operation):
            statuses |= {
                text(part, "logistics_status", most=60)
                for part in children(an_object(entry, "order"), "package_list")
                if package in ("", text(part, "package_number", most=120))
            }
    except Unreadable:
        return None
    if statuses and statuses <= NOT_ARRANGED:
        return False
    return True if statuses and statuses <= _ARRANGED else None


def document(line: Line, *, order_id: str, package: str) -> ShippingDocument | None:
    """Fetch the label; ask for it to be made where it is not, and return ``None`` until it is."""
    found = _outcome(line, RESULT, _named(order_id, package), writes=False)
    failed, status = found.get("fail_error"), found.get("status")
    if failed == _PRINT_FIRST:
        _create(line, order_id, package)
        return None
    if failed:
        raise Refused(_failure(found))
    if status == "READY":
        return _download(line, order_id, package)
    if status == "FAILED":
        _create(line, order_id, package)
        raise Refused(f"Shopee could not make the label; it was asked again. {_failure(found)}".strip())
    return None


def _create(line: Line, order_id: str, package: str) -> None:
    """Ask for the label to be made; without a tracking number there is nothing to print yet."""
    known = tracking(line, order_id=order_id, package=package, operation="fetch_document")
    if not known.tracking_number:
        return
    entry = {**_named(order_id, package), "tracking_number": known.tracking_number}
    found = _outcome(line, CREATE, entry, writes=True)
    if found.get("fail_error"):
        raise Refused(_failure(found))


def _outcome(line: Line, path: str, entry: dict[str, str], *, writes: bool) -> Json:
    """Return what a batch call of one parcel says of it; also when it says that all of them failed."""
    expected = Expected("fetch_document", "response.result_list", writes=writes)
    answer = line.ask(path, {}, {"order_list": [entry]}, expected)
    envelope = envelope_of(answer)
    if envelope is None or answer.status >= 500 or envelope["error"] != _ALL_FAILED:
        envelope = judge(answer, expected)
    response = envelope.get("response")
    results = response.get("result_list") if isinstance(response, dict) else None
    for found in results if isinstance(results, list) else []:
        if isinstance(found, dict) and found.get("order_sn") == entry["order_sn"]:
            return found
    raise RetryLater("Shopee's answer does not name the parcel", unknown=writes)


def _failure(found: Json) -> str:
    words = [found.get("fail_error"), found.get("fail_message")]
    return ": ".join(word for word in words if isinstance(word, str) and word)[:300]


def _download(line: Line, order_id: str, package: str) -> ShippingDocument | None:
    expected = Expected("fetch_document")
    answer = line.ask(DOWNLOAD, {}, {"order_list": [_named(order_id, package)]}, expected)
    envelope = envelope_of(answer)
    if envelope is not None and answer.status < 500:
        if envelope["error"] == "logistics.download_later":
            return None
        judge(answer, expected)
    if answer.status == 429:
        raise Throttled("Shopee says we call too often", after=wait_told(answer))
    for sign, media_type in _MEDIA:
        if answer.status == 200 and answer.body.startswith(sign):
            return ShippingDocument(data=answer.body, media_type=media_type)
    raise RetryLater(
        f"Shopee answered {answer.status} with something that is no label", after=wait_told(answer)
    )
