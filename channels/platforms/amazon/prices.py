"""Setting a price: the offer everybody sees, sent whole: Amazon drops what a replaced offer leaves out."""

from decimal import Decimal
from typing import Any

from channels.adapter import Refused
from channels.messages import PriceUpdate
from channels.platforms.amazon.directory import MARKETPLACE_BY_ID
from channels.platforms.amazon.feeds import ANY_PRODUCT
from channels.reading import Json, child, children
from ecomhub.money import exponent
from ecomhub.sentences import kept

PRICE_PATH = "/attributes/purchasable_offer"
_EVERYBODY = "ALL"
_MOST_DIGITS = 15  # more would not come out of a JSON number as they went in


def check_price(update: PriceUpdate) -> None:
    """Raise ``Refused`` for a price that the marketplace does not take."""
    place = MARKETPLACE_BY_ID.get(update.marketplace)
    if place is None or update.currency != place.currency:
        known = place.currency if place else "another currency"
        raise Refused(
            kept(
                "Prices there are in %(known)s, not in %(currency)s. "
                "Set the price in the currency of the marketplace.",
                known=known,
                currency=update.currency,
            )
        )
    step = Decimal(1).scaleb(-exponent(update.currency))
    if update.price <= 0 or update.price != update.price.quantize(step):
        raise Refused(
            kept(
                "A price is above zero and has at most %(decimals)d decimals.",
                decimals=exponent(update.currency),
            )
        )
    if len(update.price.as_tuple().digits) > _MOST_DIGITS:
        raise Refused(kept("The price is larger than any true one."))


def price_patch(update: PriceUpdate, *, held: Json) -> Json:
    """Return the body that sets the price and keeps the rest of the offer as it stands in ``held``.

    ``held`` is the listing with its attributes: a sale price, price limits and dates stay. Business offers
    are other offers and are not touched. Raises ``Unreadable``.
    """
    offer = next(
        (one for one in children(child(held, "attributes"), "purchasable_offer") if _is_for(one, update)), {}
    )
    price: Json = {"schedule": [{"value_with_tax": update.price}]}
    changed = {
        "audience": _EVERYBODY,
        **offer,
        "marketplace_id": update.marketplace,
        "currency": update.currency,
        "our_price": [price],
    }
    return {
        "productType": update.product_type or ANY_PRODUCT,
        "patches": [{"op": "replace", "path": PRICE_PATH, "value": [_written(changed)]}],
    }


def _is_for(offer: Json, update: PriceUpdate) -> bool:
    return (
        offer.get("marketplace_id") == update.marketplace
        and offer.get("audience", _EVERYBODY) == _EVERYBODY
        and offer.get("currency", update.currency) == update.currency
    )


def _written(value: Any) -> Any:
    """Write amounts as JSON numbers; up to fifteen digits a float's text is the amount itself."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _written(part) for name, part in value.items()}
    return [_written(part) for part in value] if isinstance(value, list) else value
