"""What is fixed about Amazon: its sites, addresses, published rates, carrier codes and credentials."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from channels.adapter import Capability, Rate
from channels.messages import CredentialField, Marketplace

LOGIN_HOST = "api.amazon.com"
TOKEN_ENDPOINT = f"https://{LOGIN_HOST}/auth/o2/token"
ENDPOINTS: Mapping[str, str] = {
    "na": "https://sellingpartnerapi-na.amazon.com",
    "eu": "https://sellingpartnerapi-eu.amazon.com",
    "fe": "https://sellingpartnerapi-fe.amazon.com",
    "na-sandbox": "https://sandbox.sellingpartnerapi-na.amazon.com",
    "eu-sandbox": "https://sandbox.sellingpartnerapi-eu.amazon.com",
    "fe-sandbox": "https://sandbox.sellingpartnerapi-fe.amazon.com",
}
HOSTS = (*(address.removeprefix("https://") for address in ENDPOINTS.values()), LOGIN_HOST)

# Documents of feeds and reports lie in Amazon's own buckets, one per region.
DOCUMENT_HOSTS = (
    "tortuga-prod-na.s3-external-1.amazonaws.com",
    "tortuga-prod-na.s3.amazonaws.com",
    "tortuga-prod-eu.s3-eu-west-1.amazonaws.com",
    "tortuga-prod-eu.s3.eu-west-1.amazonaws.com",
    "tortuga-prod-fe.s3-us-west-2.amazonaws.com",
    "tortuga-prod-fe.s3.us-west-2.amazonaws.com",
)

MARKETPLACES = (
    Marketplace("ATVPDKIKX0DER", "US", "USD", "America/Los_Angeles", "Amazon.com"),
    Marketplace("A2EUQ1WTGCTBG2", "CA", "CAD", "America/Los_Angeles", "Amazon.ca"),
    Marketplace("A1AM78C64UM0Y8", "MX", "MXN", "America/Mexico_City", "Amazon.com.mx"),
    Marketplace("A2Q3Y263D00KWC", "BR", "BRL", "America/Sao_Paulo", "Amazon.com.br"),
    Marketplace("A1F83G8C2ARO7P", "GB", "GBP", "Europe/London", "Amazon.co.uk"),
    Marketplace("A1PA6795UKMFR9", "DE", "EUR", "Europe/Berlin", "Amazon.de"),
    Marketplace("A13V1IB3VIYZZH", "FR", "EUR", "Europe/Paris", "Amazon.fr"),
    Marketplace("APJ6JRA9NG5V4", "IT", "EUR", "Europe/Rome", "Amazon.it"),
    Marketplace("A1RKKUPIHCS9HS", "ES", "EUR", "Europe/Madrid", "Amazon.es"),
    Marketplace("A1805IZSGTT6HS", "NL", "EUR", "Europe/Amsterdam", "Amazon.nl"),
    Marketplace("A2NODRKZP88ZB9", "SE", "SEK", "Europe/Stockholm", "Amazon.se"),
    Marketplace("A1C3SOZRARQ6R3", "PL", "PLN", "Europe/Warsaw", "Amazon.pl"),
    Marketplace("AMEN7PMS3EDWL", "BE", "EUR", "Europe/Brussels", "Amazon.com.be"),
    Marketplace("A28R8C7NBKEWEA", "IE", "EUR", "Europe/Dublin", "Amazon.ie"),
    Marketplace("A33AVAJ2PDY3EV", "TR", "TRY", "Europe/Istanbul", "Amazon.com.tr"),
    Marketplace("A2VIGQ35RCS4UG", "AE", "AED", "Asia/Dubai", "Amazon.ae"),
    Marketplace("A17E79C6D8DWNP", "SA", "SAR", "Asia/Riyadh", "Amazon.sa"),
    Marketplace("ARBP9OOSHTCHU", "EG", "EGP", "Africa/Cairo", "Amazon.eg"),
    Marketplace("AE08WJ6YKNBMC", "ZA", "ZAR", "Africa/Johannesburg", "Amazon.co.za"),
    Marketplace("A21TJRUUN4KGV", "IN", "INR", "Asia/Kolkata", "Amazon.in"),
    Marketplace("A1VC38T7YXB528", "JP", "JPY", "Asia/Tokyo", "Amazon.co.jp"),
    Marketplace("A39IBJ37TRP1C6", "AU", "AUD", "Australia/Sydney", "Amazon.com.au"),
    Marketplace("A19VAU5U5O7RUS", "SG", "SGD", "Asia/Singapore", "Amazon.sg"),
)
MARKETPLACE_BY_ID: Mapping[str, Marketplace] = {place.id: place for place in MARKETPLACES}
MARKETPLACE_ID_BY_NAME: Mapping[str, str] = {place.name.lower(): place.id for place in MARKETPLACES}

# One bucket per verb. A verb that makes several calls has the rate of its slowest one. Published rates:
# Orders 2026-01-01, Orders v0, Listings Items 2021-08-01, Feeds and Reports 2021-06-30, FBA Inventory v1,
# Sellers v1.
RATES: Mapping[str, Rate] = {
    "check": Rate(0.016, 15),
    "fetch_orders": Rate(0.0056, 20),
    "fetch_order": Rate(0.5, 30),
    "fetch_listings": Rate(5.0, 5),
    "fetch_listing": Rate(5.0, 10),
    "push_stock": Rate(5.0, 5),
    "push_stock_batch": Rate(0.0083, 15),
    "batch_results": Rate(0.0222, 10),
    "fetch_channel_stock": Rate(2.0, 2),
    "confirm_shipment": Rate(2.0, 10),
    "fetch_statements": Rate(0.0167, 15),
}
# Quantities and prices are patches of the same call, which has one rate.
BUCKETS: Mapping[str, str] = {"push_price": "push_stock"}
OPERATIONS: Mapping[Capability, str] = {
    Capability.ORDERS: "fetch_orders",
    Capability.LISTINGS: "fetch_listings",
    Capability.PUSH_STOCK: "push_stock",
    Capability.PUSH_STOCK_BATCH: "push_stock_batch",
    Capability.PUSH_PRICE: "push_price",
    Capability.CHANNEL_STOCK: "fetch_channel_stock",
    Capability.CONFIRM_SHIPMENT: "confirm_shipment",
    Capability.STATEMENTS: "fetch_statements",
}

# Our carrier key → Amazon's carrier code; any other carrier is sent as "Other" with its name.
CARRIERS: Mapping[str, str] = {
    "4px": "4PX",
    "amazon": "Amazon Shipping",
    "anpost": "An Post",
    "aramex": "Aramex",
    "australia-post": "Australia Post",
    "bpost": "BPOST",
    "canada-post": "Canada Post",
    "china-post": "China Post",
    "correos": "Correos",
    "dhl": "DHL",
    "dhl-ecommerce": "DHL eCommerce",
    "dpd": "DPD",
    "evri": "Evri",
    "fedex": "FedEx",
    "gls": "GLS",
    "hermes": "Hermes",
    "inpost": "InPost",
    "japan-post": "Japan Post",
    "la-poste": "La Poste",
    "mondial-relay": "Mondial Relay",
    "ontrac": "OnTrac",
    "postnl": "PostNL",
    "postnord": "PostNord",
    "royal-mail": "Royal Mail",
    "sagawa": "SAGAWA EXPRESS",
    "seur": "SEUR",
    "sf-express": "SF Express",
    "ups": "UPS",
    "usps": "USPS",
    "yamato": "YAMATO TRANSPORT",
    "yanwen": "Yanwen",
    "yunexpress": "Yun Express",
}

CREDENTIAL_FIELDS = (
    CredentialField(
        key="client_id",
        label=_("Client ID"),
        help=_("In Seller Central: Apps and Services, Develop Apps, LWA credentials of your application."),
    ),
    CredentialField(
        key="client_secret",
        label=_("Client secret"),
        secret=True,
        help=_("Shown beside the client ID. Amazon makes you renew it every 180 days."),
    ),
    CredentialField(
        key="refresh_token",
        label=_("Refresh token"),
        secret=True,
        help=_("In Seller Central: authorize your application, then copy the token that begins with Atzr|."),
    ),
)
