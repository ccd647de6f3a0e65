"""Sellers v1: where the caller sells. This is what a connection is tested with."""

from typing import Any

from channels.platforms.amazon.sandbox.answers import answer
from channels.sandbox.wire import Call, Response

RATE = 0.016


def get_participations(call: Call) -> Response:
    """GET /sellers/v1/marketplaceParticipations."""
    found: list[dict[str, Any]] = []
    for place in call.world.dialect(call.caller).marketplaces:
        found.append(
            {
                "marketplace": {
                    "id": place.id,
                    "name": place.name,
                    "countryCode": place.country,
                    "defaultCurrencyCode": place.currency,
                    "defaultLanguageCode": "en_US",
                    "domainName": f"www.{place.name.lower()}",
                },
                "participation": {
                    "isParticipating": place.id in call.caller.plan.marketplaces,
                    "hasSuspendedListings": False,
                },
                "storeName": call.caller.name,
            }
        )
    return answer(call, {"payload": found}, rate=RATE)
