"""eBay's dialect of the sandbox: its marketplaces, its seller and its wire formats."""

from collections.abc import Sequence
from random import Random

from channels.platforms.ebay.sandbox import (
    answers,
    finances,
    identity,
    inventory,
    notifications,
    orders,
    payments,
    signatures,
    trading,
)
from channels.sandbox.dialects import Dialect
from channels.sandbox.places import Marketplace
from channels.sandbox.sellers import SellerPlan
from channels.sandbox.wire import Daily, Route
from channels.sandbox.world import World

_EUROPE = (("AT", 6), ("CH", 4), ("BE", 3), ("PT", 2), ("DK", 2), ("FI", 2), ("IE", 2))


def _place(
    id: str, country: str, name: str, currency: str, tax: int, collects: bool, *abroad: tuple[str, int]
) -> Marketplace:
    home = ((country, 88),)
    return Marketplace(id, country, name, currency, tax, collects, home + abroad)


MARKETPLACES = (
    _place("EBAY_US", "US", "eBay.com", "USD", 725, True, ("BR", 2), ("CL", 1), ("IL", 2), ("KR", 2)),
    _place("EBAY_GB", "GB", "eBay.co.uk", "GBP", 2000, True, ("IE", 6), ("NO", 2)),
    _place("EBAY_DE", "DE", "eBay.de", "EUR", 1900, True, *_EUROPE),
    _place("EBAY_AU", "AU", "eBay.com.au", "AUD", 1000, True, ("NZ", 8)),
    _place("EBAY_CA", "CA", "eBay.ca", "CAD", 1300, False, ("US", 4)),
)

PLANS = (
    SellerPlan(
        name="ebay",
        first_per_day=3.0,
        last_per_day=12.0,
        live_per_day=150.0,
        marketplaces={"EBAY_US": 45, "EBAY_GB": 25, "EBAY_DE": 20, "EBAY_AU": 6, "EBAY_CA": 4},
        shelf=0.25,
    ),
)

CARRIERS = (
    ("USPS", "USPS", "Ground"),
    ("RoyalMail", "RoyalMail", "Tracked 48"),
    ("DHL", "DHL", "Paket"),
    ("YunExpress", "YunExpress", "Global Standard"),
    ("4PX", "4PX", "Priority Line"),
)


def new_order_id(chance: Random) -> str:
    """Return an order number in eBay's form: two, five and five digits."""
    return f"{chance.randint(10, 29)}-{int(chance.random() * 10**5):05d}-{int(chance.random() * 10**5):05d}"


def new_line_id(chance: Random) -> str:
    """Return a line item number: fourteen digits."""
    return str(10**13 + int(chance.random() * 9 * 10**12))


def new_listing_code(chance: Random) -> str:
    """Return an ItemID: twelve digits."""
    return str(110_000_000_000 + int(chance.random() * 290_000_000_000))


def new_network_code(chance: Random) -> str:
    """Return nothing: eBay keeps no goods here."""
    return ""


def buyer_mail(chance: Random, place: Marketplace) -> str:
    """Return the relay address eBay shows instead of the buyer's own."""
    return f"{chance.getrandbits(48):012x}@members.{place.name.lower()}"


DIALECT = Dialect(
    platform="ebay",
    title="eBay",
    marketplaces=MARKETPLACES,
    plans=PLANS,
    new_order_id=new_order_id,
    new_line_id=new_line_id,
    new_listing_code=new_listing_code,
    new_network_code=new_network_code,
    new_credentials=identity.new_credentials,
    buyer_mail=buyer_mail,
    credential_sheet=identity.credential_sheet,
    identify=identity.identify,
    too_many=answers.too_many,
    broken=answers.invalid,
    due={},
    redact=identity.redact,
    carriers=CARRIERS,
    offers_returns=True,
    push=notifications.push,
    money=payments.MONEY,
)

# eBay counts per application and day, beginning at midnight in California.
_FULFILLMENT = Daily("ebay fulfillment", 100_000, 8 * 3600)
_INVENTORY = Daily("ebay inventory", 2_000_000, 8 * 3600)
_TRADING = Daily("ebay trading", 5_000, 8 * 3600)
_NOTIFICATION = Daily("ebay notification", 10_000, 8 * 3600)
_FINANCES = Daily("ebay finances", 20_000, 8 * 3600)
_ORDER = "/sell/fulfillment/v1/order"
_MONEY = "/sell/finances/v1"
_PUSHES = "/commerce/notification/v1"


def routes(world: World) -> Sequence[Route]:
    """Return every operation served in eBay's wire formats, with its daily cap."""
    return (
        Route("GET", "/oauth2/authorize", identity.ask_consent, "", DIALECT, open_door=True),
        Route("POST", "/oauth2/authorize", identity.give_consent, "", DIALECT, open_door=True),
        Route("POST", "/identity/v1/oauth2/token", identity.grant_token, "token", DIALECT, open_door=True),
        Route("GET", _ORDER, orders.get_orders, "getOrders", DIALECT, None, "orders", "offset", "next",
              daily=_FULFILLMENT),
        Route("GET", _ORDER + "/{orderId}", orders.get_order, "getOrder", DIALECT, daily=_FULFILLMENT),
        Route("GET", _ORDER + "/{orderId}/shipping_fulfillment", orders.get_fulfillments,
              "getShippingFulfillments", DIALECT, daily=_FULFILLMENT),
        Route("POST", _ORDER + "/{orderId}/shipping_fulfillment", orders.create_fulfillment,
              "createShippingFulfillment", DIALECT, daily=_FULFILLMENT),
        Route("POST", "/sell/inventory/v1/bulk_get_inventory_item", inventory.bulk_get_items,
              "bulkGetInventoryItem", DIALECT, None, "responses", daily=_INVENTORY),
        Route("GET", "/sell/inventory/v1/offer", inventory.get_offers, "getOffers", DIALECT, None, "offers",
              daily=_INVENTORY),
        Route("POST", "/sell/inventory/v1/bulk_update_price_quantity", inventory.bulk_update,
              "bulkUpdatePriceQuantity", DIALECT, daily=_INVENTORY),
        Route("POST", answers.TRADING_PATH, trading.answer, "tradingOrders", DIALECT, None, "OrderArray",
              "PageNumber", daily=_TRADING, only_for=trading.asks_for_orders),
        Route("POST", answers.TRADING_PATH, trading.answer, "trading", DIALECT, None, "ItemArray",
              "PageNumber", daily=_TRADING),
        Route("GET", _MONEY + "/payout", finances.get_payouts, "getPayouts", DIALECT, None, "payouts",
              "offset", "next", daily=_FINANCES),
        Route("GET", _MONEY + "/payout/{payoutId}", finances.get_payout, "getPayout", DIALECT,
              daily=_FINANCES),
        Route("GET", _MONEY + "/transaction", finances.get_transactions, "getTransactions", DIALECT, None,
              "transactions", "offset", "next", daily=_FINANCES),
        Route("GET", _MONEY + "/seller_funds_summary", finances.get_funds, "getSellerFundsSummary", DIALECT,
              daily=_FINANCES),
        Route("POST", "/developer/key_management/v1/signing_key", signatures.create_key,
              "createSigningKey", DIALECT, daily=_FINANCES),
        Route("GET", _PUSHES + "/public_key/{id}", notifications.public_key, "getPublicKey", DIALECT,
              daily=_NOTIFICATION),
        Route("GET", _PUSHES + "/destination", notifications.list_destinations, "getDestinations", DIALECT,
              None, "destinations", daily=_NOTIFICATION),
        Route("POST", _PUSHES + "/destination", notifications.create_destination, "createDestination",
              DIALECT, daily=_NOTIFICATION),
        Route("GET", _PUSHES + "/subscription", notifications.list_subscriptions, "getSubscriptions",
              DIALECT, None, "subscriptions", daily=_NOTIFICATION),
        Route("POST", _PUSHES + "/subscription", notifications.create_subscription, "createSubscription",
              DIALECT, daily=_NOTIFICATION),
    )  # fmt: skip
