"""Telling eBay that goods left: by the Fulfillment API, by CompleteSale for orders it does not know."""

import re

from channels.adapter import Observer, Refused
from channels.messages import Connection, ShipmentNotice
from channels.platforms.ebay.client import RestApi, segment
from channels.platforms.ebay.directory import CARRIERS
from channels.platforms.ebay.trading import call_trading, words_of
from channels.platforms.ebay.transport import Expected, RefusedWithCodes
from channels.platforms.ebay.wire_times import time_text
from channels.reading import Json
from ecomhub.sentences import kept

_SEPARATORS = re.compile(r"[\s\-./_]+")
_NUMBER = re.compile(r"[A-Za-z0-9]{1,100}", re.ASCII)
_CARRIER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 \-]{0,49}", re.ASCII)
_UNKNOWN_ORDER = frozenset({"32100"})
_OWN_CODES = {code.lower(): code for code in CARRIERS.values()}


def confirm(*, connection: Connection, observer: Observer | None, notice: ShipmentNotice) -> None:
    """Tell eBay of one parcel. Returns only when eBay took it; a lost answer is ``unknown``.

    Orders that the Fulfillment API does not know (older ones, those of some older checkouts) are told by
    Trading's CompleteSale, which cannot say how many units of a line left.
    """
    order = segment(notice.order_id, "order number")
    body = parcel(notice)
    try:
        RestApi(connection, observer).post(
            f"/sell/fulfillment/v1/order/{order}/shipping_fulfillment",
            body,
            expected=Expected(operation="confirm_shipment", key="", writes=True),
        )
    except RefusedWithCodes as error:
        if not error.codes & _UNKNOWN_ORDER:
            raise
        _complete_sale(connection, observer, notice, body)


def parcel(notice: ShipmentNotice) -> Json:
    """Return a parcel as the Fulfillment API takes it. Raises ``Refused`` for what eBay would not take."""
    if not notice.lines or any(quantity < 1 for _line, quantity in notice.lines):
        raise Refused(kept("A parcel holds at least one unit of each of its lines."))
    return {
        "lineItems": [{"lineItemId": line, "quantity": quantity} for line, quantity in notice.lines],
        "shippedDate": time_text(notice.shipped_at),
        "shippingCarrierCode": carrier(notice),
        "trackingNumber": tracking_number(notice.tracking_number),
    }


def tracking_number(given: str) -> str:
    """Return a tracking number of letters and digits alone, which is all eBay takes."""
    found = _SEPARATORS.sub("", given)
    if not _NUMBER.fullmatch(found):
        raise Refused(kept("eBay needs a tracking number of letters and digits."))
    return found


def carrier(notice: ShipmentNotice) -> str:
    """Return eBay's code of the carrier, else its name as far as eBay can take it."""
    key = notice.carrier.strip().lower()
    code = CARRIERS.get(key) or CARRIERS.get(key.replace(" ", "-")) or _OWN_CODES.get(key)
    if code:
        return code
    name = notice.carrier_name.strip() or notice.carrier.strip()
    if not name:
        raise Refused(kept("eBay needs the carrier's name."))
    return name if _CARRIER_NAME.fullmatch(name) else "Other"


def _complete_sale(
    connection: Connection, observer: Observer | None, notice: ShipmentNotice, body: Json
) -> None:
    said = call_trading(
        connection=connection,
        observer=observer,
        expected=Expected(operation="confirm_shipment", key="", writes=True),
        verb="CompleteSale",
        request={
            "OrderID": notice.order_id,
            "Shipped": "true",
            "Shipment": {
                "ShippedTime": body["shippedDate"],
                "ShipmentTrackingDetails": {
                    "ShipmentTrackingNumber": body["trackingNumber"],
                    "ShippingCarrierUsed": body["shippingCarrierCode"],
                },
            },
        },
        site=notice.marketplace,
    )
    if said.is_partial:
        raise Refused(words_of(said.problems) or "eBay took the shipment in part")
