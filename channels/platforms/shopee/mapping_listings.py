"""Items and their models as the hub's listings: one listing per model, the item itself as their parent."""

from decimal import Decimal

from channels.messages import FulfillmentMethod, IncomingListing
from channels.platforms.shopee.mapping_lines import listing_id
from channels.platforms.shopee.reading import amount, needed_number
from channels.reading import Json, Unreadable, child, children, currency, cut_text, plain, text, whole

SEVERAL_LOCATIONS = "several"


def read_item(raw: Json, marketplace: str) -> IncomingListing:
    """Read an item as a listing: one that is sold itself, or the parent of its models."""
    has_models = raw.get("has_model") is True
    item_id = needed_number(raw, "item_id")
    price, code = (None, "") if has_models else _price(raw)
    quantity, handle = (None, "") if has_models else _stock(raw)
    return IncomingListing(
        listing_id=item_id,
        marketplace=marketplace,
        title=cut_text(raw, "item_name", most=500),
        status=cut_text(raw, "item_status", most=40),
        product_id=cut_text(raw, "item_sku", most=60),
        is_parent=has_models,
        price=price,
        currency=code,
        picture_url=_picture(raw),
        quantity=None if _method(raw) is FulfillmentMethod.BY_CHANNEL else quantity,
        fulfillment_method=_method(raw),
        barcodes=_barcodes(raw),
        raw=plain(raw),
        handle=handle,
    )


def read_model(raw: Json, *, item: Json, tiers: list[Json], marketplace: str) -> IncomingListing:
    """Read one model of an item as a listing below it; ``tiers`` are the variations it is a choice of."""
    item_id, model_id = needed_number(item, "item_id"), needed_number(raw, "model_id")
    price, code = _price(raw)
    quantity, handle = _stock(raw)
    title, name = cut_text(item, "item_name", most=500), _model_name(raw, tiers)
    unavailable = text(raw, "model_status", most=60) == "MODEL_UNAVAILABLE"
    return IncomingListing(
        listing_id=listing_id(item_id, model_id),
        marketplace=marketplace,
        title=f"{title} [{name}]"[:500] if name else title,
        status="MODEL_UNAVAILABLE" if unavailable else cut_text(item, "item_status", most=40),
        product_id=cut_text(raw, "model_sku", most=60),
        parent_id=item_id,
        price=price,
        currency=code,
        picture_url=_picture(item),
        quantity=None if _method(raw) is FulfillmentMethod.BY_CHANNEL else quantity,
        fulfillment_method=_method(raw),
        barcodes=_barcodes(raw),
        raw=plain(raw),
        handle=handle,
    )


def _model_name(raw: Json, tiers: list[Json]) -> str:
    """Return what the model is called: the option it takes of each variation."""
    own = cut_text(raw, "model_name", most=200)
    places = raw.get("tier_index")
    if own or not isinstance(places, list):
        return own
    options: list[str] = []
    for tier, place in zip(tiers, places, strict=False):
        choices = children(tier, "option_list")
        if type(place) is int and 0 <= place < len(choices):
            options.append(cut_text(choices[place], "option", most=80))
    return ", ".join(option for option in options if option)[:200]


def _method(raw: Json) -> FulfillmentMethod:
    by_channel = raw.get("is_fulfillment_by_shopee") is True
    return FulfillmentMethod.BY_CHANNEL if by_channel else FulfillmentMethod.BY_SELLER


def _price(raw: Json) -> tuple[Decimal | None, str]:
    """Return the price as the seller sets it; a promotion's passing price is kept in ``raw`` alone."""
    for entry in children(raw, "price_info"):
        value = amount(entry, "original_price")
        if value is not None:
            return value, currency(entry.get("currency"), "currency")
    return None, ""


def _stock(raw: Json) -> tuple[int | None, str]:
    """Return what the seller offers, and the place of the stock: "" for shops with one warehouse."""
    stock = child(raw, "stock_info_v2")
    if not stock:
        return None, ""
    entries = children(stock, "seller_stock")
    if not entries:
        return whole(child(stock, "summary_info"), "total_available_stock", 0), ""
    total = sum(whole(entry, "stock", 0) for entry in entries if entry.get("if_saleable") is not False)
    if total > 1_000_000:
        raise Unreadable("the stock is larger than 1000000")
    places = [cut_text(entry, "location_id", most=60) for entry in entries]
    return total, places[0] if len(places) == 1 else SEVERAL_LOCATIONS


def _picture(raw: Json) -> str:
    links = child(raw, "image").get("image_url_list")
    first = links[0] if isinstance(links, list) and links else None
    link = cut_text({"image": first}, "image", most=501) if isinstance(first, str) else ""
    return link if len(link) <= 500 else ""


def _barcodes(raw: Json) -> tuple[str, ...]:
    code = cut_text(raw, "gtin_code", most=60).strip()
    return (code,) if code and code.strip("0") else ()
