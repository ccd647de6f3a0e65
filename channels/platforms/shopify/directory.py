"""What is fixed about Shopify: addresses, the points budget, carrier names, scopes, reasons, credentials."""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.adapter import Capability, Rate, Refused
from channels.messages import CredentialField, Marketplace
from ecomhub.sentences import kept

VERSION = "2026-01"
GRAPHQL_PATH = f"/admin/api/{VERSION}/graphql.json"
TOKEN_PATH = "/admin/oauth/access_token"  # noqa: S105
AUTHORIZE_PATH = "/admin/oauth/authorize"

# Each shop has a host of its own; ``{shop}`` is filled from the account's seller number.
ENDPOINTS: Mapping[str, str] = {"production": "https://{shop}"}
TOKEN_ENDPOINT = "https://{shop}" + TOKEN_PATH

_SHOP = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\.myshopify\.com", re.ASCII)
_SUFFIX = ".myshopify.com"

# A Shopify account is one shop, so there is one marketplace; the account's seller number says which shop.
MARKETPLACE = "shopify"
MARKETPLACES = (Marketplace(MARKETPLACE, "US", "USD", "UTC", "Shopify"),)

# One leaky bucket for everything: points per second and what it holds, standard plan. More is learned.
POINTS = "points"
RATES: Mapping[str, Rate] = {POINTS: Rate(100.0, 2000)}
MOST_POINTS = 1000
OPERATIONS: Mapping[Capability, str] = {
    Capability.ORDERS: "fetch_orders",
    Capability.LISTINGS: "fetch_listings",
    Capability.PUSH_STOCK: "push_stock",
    Capability.CONFIRM_SHIPMENT: "confirm_shipment",
    Capability.PUSH_PRICE: "push_price",
    Capability.CANCEL_ORDER: "cancel_order",
    Capability.SUBSCRIBE: "subscribe",
    Capability.STATEMENTS: "fetch_statements",
}
# What an operation's questions are planned at, in points; large orders and first writes ask more.
COSTS: Mapping[str, float] = {
    "check": 5.0,
    "fetch_orders": 700.0,
    "fetch_order": 90.0,
    "fetch_listings": 640.0,
    "fetch_listing": 130.0,
    "push_stock": 12.0,
    "confirm_shipment": 690.0,
    "push_price": 12.0,
    "cancel_order": 12.0,
    "subscribe": 210.0,
    "fetch_statements": 610.0,
}
BUCKETS: Mapping[str, str] = dict.fromkeys(COSTS, POINTS)

SCOPES = (
    "read_orders", "write_orders", "read_products", "write_products", "read_inventory", "write_inventory",
    "read_locations", "read_merchant_managed_fulfillment_orders", "write_merchant_managed_fulfillment_orders",
    "read_returns",
)  # fmt: skip
ASKED_SCOPES = (
    *SCOPES, "read_customers", "read_all_orders", "read_shopify_payments_accounts",
    "read_shopify_payments_payouts",
)  # fmt: skip
READING_SCOPES = ("read_orders", "read_products", "read_inventory", "read_locations")

TOPICS = (
    "ORDERS_CREATE", "ORDERS_UPDATED", "ORDERS_CANCELLED", "ORDERS_EDITED", "REFUNDS_CREATE",
    "RETURNS_APPROVE", "RETURNS_CLOSE", "PRODUCTS_UPDATE", "APP_UNINSTALLED",
)  # fmt: skip

CANCEL_REASONS: Mapping[str, str | Promise] = {
    "CUSTOMER": _("The customer changed their mind"),
    "INVENTORY": _("Out of stock"),
    "FRAUD": _("The order is fraudulent"),
    "DECLINED": _("The payment was declined"),
    "STAFF": _("A mistake of our own"),
    "OTHER": _("Another reason"),
}

# Our carrier key → the name Shopify knows, spelled exactly so: only then it makes a tracking link.
CARRIERS: Mapping[str, str] = {
    "4px": "4PX",
    "amazon": "Amazon Logistics US",
    "anpost": "An Post",
    "aramex": "Aramex",
    "australia-post": "Australia Post",
    "bpost": "bpost",
    "canada-post": "Canada Post",
    "china-post": "China Post",
    "correos": "Correos",
    "dhl": "DHL Express",
    "dhl-ecommerce": "DHL eCommerce",
    "dpd": "DPD",
    "evri": "Evri",
    "fedex": "FedEx",
    "gls": "GLS",
    "inpost": "InPost",
    "japan-post": "Japan Post (EN)",
    "la-poste": "La Poste",
    "mondial-relay": "Mondial Relay",
    "ontrac": "OnTrac",
    "postnl": "PostNL",
    "postnord": "PostNord",
    "royal-mail": "Royal Mail",
    "sagawa": "Sagawa (EN)",
    "seur": "Seur",
    "sf-express": "SF Express",
    "ups": "UPS",
    "usps": "USPS",
    "yamato": "Yamato (EN)",
    "yanwen": "Yanwen",
    "yunexpress": "YunExpress",
}

APPLICATION_FIELDS = (
    CredentialField(
        key="shop",
        label=_("Shop"),
        help=_("The name before .myshopify.com in the address of the shop's admin pages."),
    ),
    CredentialField(
        key="client_id",
        label=_("Client ID"),
        help=_("In the Shopify dev dashboard: your app, Settings, Credentials."),
    ),
    CredentialField(
        key="client_secret",
        label=_("Client secret"),
        secret=True,
        help=_("Shown beside the client ID. It also proves the webhooks."),
    ),
)
CREDENTIAL_FIELDS = (
    *(field for field in APPLICATION_FIELDS if field.key != "shop"),
    CredentialField(
        key="refresh_token",
        label=_("Refresh token"),
        secret=True,
        required=False,
        help=_("Of an app whose tokens expire. Connecting in the browser fills it in."),
    ),
    CredentialField(
        key="access_token",
        label=_("Permanent access token"),
        secret=True,
        required=False,
        help=_("Only for an app made in the shop itself, whose token begins with shpat_ and never expires."),
    ),
    CredentialField(
        key="location_id",
        label=_("Location"),
        required=False,
        help=_(
            "The number of the location whose stock the hub keeps: the last part of its address under"
            " Settings, Locations. Needed when goods lie at several locations."
        ),
    ),
)


def shop_domain(name: str) -> str:
    """Return the myshopify.com domain of a shop however it was typed. Raises ``Refused`` when it is none."""
    found = name.strip().lower().removeprefix("https://").rstrip("/")
    found = found if "." in found else f"{found}{_SUFFIX}"
    if not _SHOP.fullmatch(found):
        raise Refused(
            kept(
                "%(name)s is not the name of a Shopify shop; it looks like my-shop.myshopify.com.",
                name=name[:80],
            )
        )
    return found


def is_shop_domain(host: str) -> bool:
    """Say whether a host is that of a Shopify shop."""
    return bool(_SHOP.fullmatch(host))


def address(template: str, *, seller_id: str) -> str:
    """Return an address with its shop filled in. Raises ``Refused`` when the seller number is no shop."""
    if "{shop}" not in template:
        return template.rstrip("/")
    return template.replace("{shop}", shop_domain(seller_id)).rstrip("/")


def missing_scopes(granted: tuple[str, ...], *, of: tuple[str, ...] = SCOPES) -> tuple[str, ...]:
    """Return what was not granted of some scopes, by default those the hub needs.

    A writing scope holds its reading one. Without ``read_all_orders`` orders older than 60 days stay hidden,
    without ``read_customers`` who bought; both are asked for, and the hub works without them.
    """
    held = set(granted) | {scope.replace("write_", "read_", 1) for scope in granted}
    return tuple(scope for scope in of if scope not in held)
