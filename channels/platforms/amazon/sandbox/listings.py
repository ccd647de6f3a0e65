"""Listings Items 2021-08-01: search, get, and the patch of quantities and prices."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from channels.platforms.amazon.sandbox.answers import (
    answer,
    error,
    fingerprint,
    listed,
    not_found,
    number_between,
    page_token,
    read_page_token,
    read_time,
    short_time_text,
)
from channels.platforms.amazon.sandbox.listing_body import DATASETS, listing_body
from channels.platforms.amazon.sandbox.prices import PRICE_PATH, accept_prices, read_prices
from channels.sandbox import faults
from channels.sandbox.listings import Listing, set_quantity
from channels.sandbox.market_clock import seconds
from channels.sandbox.wire import BadRequest, Call, Response
from channels.sandbox.world import World, units_on_their_way

RATE = 5.0
QUANTITY_PATH = "/attributes/fulfillment_availability"
Group = list[Listing]


def _own(call: Call) -> Response | None:
    if call.arguments["sellerId"] != call.caller.seller_id:
        return error(403, "Unauthorized", "Access to requested resource is denied.")
    return None


def _places(call: Call) -> list[str]:
    places = listed(call.request, "marketplaceIds", call.world.marketplaces)
    if not places:
        raise BadRequest("marketplaceIds is required.")
    return places


def _groups(call: Call, places: list[str]) -> list[Group]:
    found: dict[str, Group] = {}
    for listing in call.world.listings.values():
        if listing.seller == call.caller.name and listing.marketplace in places:
            found.setdefault(listing.code, []).append(listing)
    return list(found.values())


def _updated(group: Group) -> int:
    return max(listing.updated for listing in group)


def _buyable(group: Group) -> bool:
    return any(not listing.is_parent and listing.quantity > 0 for listing in group)


def _filtered(call: Call, groups: list[Group]) -> list[Group]:
    request = call.request
    codes = listed(request, "identifiers", most=20)
    kind = request.one("identifiersType")
    if bool(codes) != bool(kind):
        raise BadRequest("identifiers and identifiersType must be provided together.")
    if codes and kind not in {"SKU", "ASIN", "FNSKU"}:
        raise BadRequest("identifiersType is not supported here.")
    field = {"SKU": "code", "ASIN": "external_code", "FNSKU": "network_code"}.get(kind or "", "code")
    parent = request.one("variationParentSku")
    if parent and codes:
        raise BadRequest("variationParentSku cannot be used with identifiers.")
    bounds: dict[str, float] = {}
    for name in ("createdAfter", "createdBefore", "lastUpdatedAfter", "lastUpdatedBefore"):
        text = request.one(name)
        if text is not None:
            bounds[name] = read_time(text, name)
    wanted = listed(request, "withStatus", ("BUYABLE", "DISCOVERABLE"))
    unwanted = listed(request, "withoutStatus", ("BUYABLE", "DISCOVERABLE"))

    def fits(group: Group) -> bool:
        if codes and not any(getattr(listing, field) in codes for listing in group):
            return False
        if parent and group[0].parent != parent:
            return False
        if "BUYABLE" in wanted and not _buyable(group):
            return False
        if "DISCOVERABLE" in unwanted or ("BUYABLE" in unwanted and _buyable(group)):
            return False
        created, updated = group[0].created, _updated(group)
        return bounds.get("createdAfter", created) <= created <= bounds.get(
            "createdBefore", created
        ) and bounds.get("lastUpdatedAfter", updated) <= updated <= bounds.get("lastUpdatedBefore", updated)

    return [group for group in groups if fits(group)]


def search_listings(call: Call) -> Response:
    """GET /listings/2021-08-01/items/{sellerId}."""
    refused = _own(call)
    if refused is not None:
        return refused
    request = call.request
    places = _places(call)
    included = listed(request, "includedData", DATASETS) or ["summaries"]
    size = number_between(request, "pageSize", low=1, high=20, default=10)
    sort = (listed(request, "sortBy", ("sku", "createdDate", "lastUpdatedDate")) or ["lastUpdatedDate"])[0]
    turned = (listed(request, "sortOrder", ("ASC", "DESC")) or ["DESC"])[0] == "DESC"

    def place(group: Group) -> list[Any]:
        keys = {"sku": 0, "createdDate": group[0].created, "lastUpdatedDate": _updated(group)}
        return [keys[sort], group[0].code]

    groups = sorted(_filtered(call, _groups(call, places)), key=place, reverse=turned)
    total = len(groups)
    same = fingerprint(request, "pageToken")
    token = request.one("pageToken")
    if token is not None:
        state = read_page_token(call.world, token, name="pageToken")
        if state.get("same") != same:
            raise BadRequest("The other parameters must be the same as in the request of the first page.")
        groups = [g for g in groups if (place(g) < state["place"] if turned else place(g) > state["place"])]
    page = groups[:size]
    body: dict[str, Any] = {
        "numberOfResults": total,
        "items": [listing_body(call, group, places, included) for group in page],
    }
    if len(groups) > size:
        state = {"place": place(page[-1]), "same": same}
        body["pagination"] = {"nextToken": page_token(call.world, state, lives=24 * 3600)}
    return answer(call, body, rate=RATE)


def get_listing(call: Call) -> Response:
    """GET /listings/2021-08-01/items/{sellerId}/{sku}."""
    refused = _own(call)
    if refused is not None:
        return refused
    places = _places(call)
    included = listed(call.request, "includedData", DATASETS) or ["summaries"]
    group = [g for g in _groups(call, places) if g[0].code == call.arguments["sku"]]
    if not group:
        return not_found(f"SKU '{call.arguments['sku']}' not found in marketplace {places[0]}")
    return answer(call, listing_body(call, group[0], places, included), rate=RATE)


def read_quantity(value: Any) -> int:
    """Read the value of fulfillment_availability. Raises ``BadRequest`` with the issue's words."""
    entries = value if isinstance(value, list) else []
    if len(entries) != 1 or not isinstance(entries[0], dict):
        raise BadRequest("The attribute 'fulfillment_availability' needs exactly one value.")
    if entries[0].get("fulfillment_channel_code") != "DEFAULT":
        raise BadRequest("The value for 'fulfillment_channel_code' must be DEFAULT.")
    quantity = entries[0].get("quantity")
    if type(quantity) is not int or not 0 <= quantity <= 99_999_999:
        raise BadRequest("The value for 'quantity' must be a whole number of at least 0.")
    return quantity


def refusal(group: Group) -> str:
    """Return why a listing takes no quantity from the seller, empty when it does."""
    if any(listing.is_parent for listing in group):
        return "A variation parent has no quantity."
    if any(listing.by_platform for listing in group):
        return "The quantity of a listing fulfilled by Amazon cannot be changed by the seller."
    return ""


def accept_quantity(*, world: World, group: Group, quantity: int, by: str) -> None:
    """Queue a quantity for the listings of one SKU; it shows a little later."""
    at = seconds(world.now)
    for listing in group:
        if world.apply_seconds == 0:
            set_quantity(world=world, listing=listing, quantity=quantity, at=at, by=by)
        else:
            world.schedule(
                at=at + world.apply_seconds,
                kind="amazon.quantity",
                subject=str(listing.id),
                data={"quantity": quantity, "by": by},
            )


def apply_quantity(world: World, subject: str, data: str, at: int) -> None:
    """Put an accepted quantity on the shelf."""
    values = json.loads(data)
    listing = world.listings.get(int(subject))
    if listing is not None:
        set_quantity(world=world, listing=listing, quantity=values["quantity"], at=at, by=values["by"])


@dataclass(frozen=True, slots=True)
class Changes:
    """What a patch request asks for: a quantity for all of a SKU's listings, prices by listing."""

    quantity: int | None
    prices: dict[int, int]


def read_patches(body: Any, group: Group) -> Changes:
    """Return what a patch request changes. Raises ``BadRequest`` when it asks for something else."""
    if not isinstance(body, dict) or not isinstance(body.get("productType"), str) or not body["productType"]:
        raise BadRequest("productType is required.")
    patches = body.get("patches")
    if not isinstance(patches, list) or not patches:
        raise BadRequest("patches is required.")
    quantity: int | None = None
    prices: dict[int, int] = {}
    for patch in patches:
        if not isinstance(patch, dict) or patch.get("op") not in {"add", "replace", "merge", "delete"}:
            raise BadRequest("op must be one of add, replace, merge, delete.")
        if patch.get("path") not in (QUANTITY_PATH, PRICE_PATH):
            raise BadRequest(f"The path '{patch.get('path')}' cannot be patched here.")
        if patch["op"] == "delete":
            name = patch["path"].rpartition("/")[2]
            raise BadRequest(f"The attribute '{name}' cannot be deleted.")
        if patch["path"] == PRICE_PATH:
            prices |= read_prices(patch.get("value"), group)
        else:
            quantity = read_quantity(patch.get("value"))
            if wrong := refusal(group):
                raise BadRequest(wrong)
    return Changes(quantity, prices)


def _attributes_of(body: dict[str, Any]) -> list[str]:
    patches = body["patches"] if isinstance(body["patches"], list) else []
    return [str(one.get("path")).rpartition("/")[2] for one in patches if isinstance(one, dict)]


def patch_listing(call: Call) -> Response:
    """PATCH /listings/2021-08-01/items/{sellerId}/{sku}: ACCEPTED means queued."""
    refused = _own(call)
    if refused is not None:
        return refused
    places = _places(call)
    body = call.request.json()
    preview = call.request.one("mode") is not None
    if preview and call.request.one("mode") != "VALIDATION_PREVIEW":
        raise BadRequest("mode must be VALIDATION_PREVIEW.")
    if not isinstance(body, dict) or "productType" not in body or "patches" not in body:
        raise BadRequest("productType and patches are required.")
    group = next((g for g in _groups(call, places) if g[0].code == call.arguments["sku"]), None)
    if group is None:
        raise BadRequest(f"SKU '{call.arguments['sku']}' not found.")
    number = hashlib.sha256(f"{call.world.now}{call.arguments['sku']}".encode()).hexdigest()[:32]
    result: dict[str, Any] = {
        "sku": group[0].code,
        "status": "ACCEPTED",
        "submissionId": number,
        "issues": [],
    }
    try:
        changes = read_patches(body, group)
    except BadRequest as failure:
        result["status"] = "INVALID"
        result["issues"] = [
            {"code": "90244", "message": str(failure), "severity": "ERROR",
             "categories": ["INVALID_ATTRIBUTE"], "attributeNames": _attributes_of(body),
             "marketplaceIds": places}
        ]  # fmt: skip
        return answer(call, result, rate=RATE)
    if preview:
        result["status"] = "VALID"
    elif not faults.take_kind(
        world=call.world, kind="accepted_not_applied", seller=call.caller.name, operation="patchListingsItem"
    ):
        if changes.quantity is not None:
            accept_quantity(world=call.world, group=group, quantity=changes.quantity, by="patchListingsItem")
        accept_prices(world=call.world, prices=changes.prices)
    return answer(call, result, rate=RATE)


def inventory_summaries(call: Call) -> Response:
    """GET /fba/inventory/v1/summaries: what Amazon's own warehouses hold."""
    request, world = call.request, call.world
    if request.one("granularityType") != "Marketplace":
        raise BadRequest("granularityType must be Marketplace.")
    places = listed(request, "marketplaceIds", world.marketplaces, most=1)
    if not places or request.one("granularityId") != places[0]:
        raise BadRequest("granularityId and marketplaceIds must name the same marketplace.")
    codes = listed(request, "sellerSkus", most=50)
    since = request.one("startDateTime")
    after = read_time(since, "startDateTime") if since else 0.0
    rows = sorted(
        (
            listing
            for listing in world.listings.values()
            if listing.by_platform and listing.seller == call.caller.name
            and listing.marketplace == places[0] and listing.updated >= after
            and (not codes or listing.code in codes)
        ),
        key=lambda listing: listing.code,
    )  # fmt: skip
    token = request.one("nextToken")
    if token is not None:
        code = read_page_token(world, token, name="nextToken")["code"]
        rows = [listing for listing in rows if listing.code > code]
    details = request.one("details") == "true"
    body: dict[str, Any] = {
        "payload": {
            "granularity": {"granularityType": "Marketplace", "granularityId": places[0]},
            "inventorySummaries": [_summary(world, listing, details) for listing in rows[:50]],
        }
    }
    if len(rows) > 50:
        lives = int(30 * max(1.0, world.clock.speed()))
        body["pagination"] = {"nextToken": page_token(world, {"code": rows[49].code}, lives=lives)}
    return answer(call, body, rate=2.0)


def _summary(world: World, listing: Listing, details: bool) -> dict[str, Any]:
    coming = units_on_their_way(world, listing)
    found: dict[str, Any] = {
        "asin": listing.external_code,
        "fnSku": listing.network_code,
        "sellerSku": listing.code,
        "condition": "NewItem",
        "lastUpdatedTime": short_time_text(listing.updated),
        "productName": listing.title,
        "totalQuantity": listing.quantity + coming + 2,
    }
    if details:
        found["inventoryDetails"] = {
            "fulfillableQuantity": listing.quantity,
            "inboundWorkingQuantity": 0,
            "inboundShippedQuantity": coming,
            "inboundReceivingQuantity": 0,
            "reservedQuantity": {
                "totalReservedQuantity": 1, "pendingCustomerOrderQuantity": 1,
                "pendingTransshipmentQuantity": 0, "fcProcessingQuantity": 0,
            },
            "unfulfillableQuantity": {"totalUnfulfillableQuantity": 1, "customerDamagedQuantity": 1},
        }  # fmt: skip
    return found
