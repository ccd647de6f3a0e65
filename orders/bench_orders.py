"""Orders for the bench of the intake: two lines each, and a raw form as long as Amazon's own."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from channels.messages import (
    FulfillmentMethod,
    IncomingAddress,
    IncomingBuyer,
    IncomingLine,
    IncomingOrder,
    OrderState,
)

LISTINGS = 200
MARKETPLACE = "ATVPDKIKX0DER"


def order_number(number: int, *, chance: random.Random, at: datetime) -> IncomingOrder:
    """Return one order with two lines, its raw form as long as Amazon's own."""
    external_id = f"902-{number:07}-{chance.randrange(10**7):07}"
    placed = at - timedelta(seconds=chance.randrange(10**6))
    picked = chance.sample(range(LISTINGS), 2)
    lines = tuple(
        IncomingLine(
            external_id=f"{number:010}{place}",
            listing_id=f"BENCH-{item}",
            title=f"Ceramic mug number {item}, dishwasher safe, 350 ml",
            quantity=chance.randint(1, 3),
            product_id=f"B0{item:08}",
            charge=Decimal("24.50"),
            shipping=Decimal("4.99"),
            tax=Decimal("2.11"),
        )
        for place, item in enumerate(picked)
    )
    place = IncomingAddress(
        name=f"Buyer Number{number}",
        lines=(f"{number} Main Street", "Apartment 5"),
        city="Springfield",
        region="IL",
        postal_code="62701",
        country="US",
        phone="+1 217 555 0100",
    )
    buyer = IncomingBuyer(name=f"Buyer Number{number}", email=f"b{number}@example.org", address=place)
    return IncomingOrder(
        external_id=external_id,
        marketplace=MARKETPLACE,
        state=OrderState.OPEN,
        platform_status="UNSHIPPED",
        fulfillment_method=FulfillmentMethod.BY_SELLER,
        placed_at=placed,
        updated_at=placed + timedelta(minutes=5),
        currency="USD",
        lines=lines,
        raw=_raw(external_id, lines, place, placed),
        total=Decimal("63.20"),
        ship_by_at=placed + timedelta(days=2),
        country="US",
        shipping_service="STANDARD",
        buyer=buyer,
    )


def _raw(
    external_id: str, lines: Sequence[IncomingLine], place: IncomingAddress, placed: datetime
) -> dict[str, Any]:
    def money(amount: Decimal | None) -> dict[str, str]:
        return {"amount": str(amount), "currencyCode": "USD"}

    return {
        "orderId": external_id,
        "createdTime": placed.isoformat(),
        "lastUpdatedTime": (placed + timedelta(minutes=5)).isoformat(),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": MARKETPLACE},
        "buyer": {"buyerName": place.name, "buyerEmail": "someone@marketplace.example.org"},
        "recipient": {
            "deliveryAddress": {
                "name": place.name,
                "addressLine1": place.lines[0],
                "addressLine2": place.lines[1],
                "city": place.city,
                "stateOrRegion": place.region,
                "postalCode": place.postal_code,
                "countryCode": place.country,
                "phone": place.phone,
                "addressType": "RESIDENTIAL",
            }
        },
        "fulfillment": {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT"},
        "proceeds": {"grandTotal": money(Decimal("63.20"))},
        "orderItems": [
            {
                "orderItemId": line.external_id,
                "quantityOrdered": line.quantity,
                "product": {
                    "asin": line.product_id,
                    "sellerSku": line.listing_id,
                    "title": line.title,
                    "condition": {"conditionType": "NEW"},
                    "price": {"unitPrice": money(line.charge)},
                },
                "proceeds": {
                    "proceedsTotal": money(line.charge),
                    "breakdowns": [
                        {"type": "ITEM", "subtotal": money(line.charge)},
                        {"type": "SHIPPING", "subtotal": money(line.shipping)},
                        {"type": "TAX", "subtotal": money(line.tax)},
                    ],
                },
                "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": line.quantity},
            }
            for line in lines
        ],
    }
