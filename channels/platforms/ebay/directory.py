"""What is fixed about eBay: its sites, addresses, published limits, carrier codes and credentials."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from channels.adapter import Capability, Rate
from channels.messages import CredentialField, Marketplace

TOKEN_ENDPOINT = "https://api.ebay.com/identity/v1/oauth2/token"  # noqa: S105 - an address
ENDPOINTS: Mapping[str, str] = {
    "production": "https://api.ebay.com",
    "sandbox": "https://api.sandbox.ebay.com",
}
CONSENT_PAGES: Mapping[str, str] = {
    "https://api.ebay.com": "https://auth.ebay.com/oauth2/authorize",
    "https://api.sandbox.ebay.com": "https://auth.sandbox.ebay.com/oauth2/authorize",
}
HOSTS = ("api.ebay.com", "api.sandbox.ebay.com", "apiz.ebay.com", "apiz.sandbox.ebay.com")

_SCOPE = "https://api.ebay.com/oauth/api_scope"
APPLICATION_SCOPE = _SCOPE
SCOPES = (
    _SCOPE,
    f"{_SCOPE}/sell.fulfillment",
    f"{_SCOPE}/sell.inventory",
    f"{_SCOPE}/sell.finances",
    f"{_SCOPE}/commerce.notification.subscription",
)

MARKETPLACES = (
    Marketplace("EBAY_US", "US", "USD", "America/Los_Angeles", "eBay.com"),
    Marketplace("EBAY_CA", "CA", "CAD", "America/Toronto", "eBay.ca"),
    Marketplace("EBAY_GB", "GB", "GBP", "Europe/London", "eBay.co.uk"),
    Marketplace("EBAY_DE", "DE", "EUR", "Europe/Berlin", "eBay.de"),
    Marketplace("EBAY_FR", "FR", "EUR", "Europe/Paris", "eBay.fr"),
    Marketplace("EBAY_IT", "IT", "EUR", "Europe/Rome", "eBay.it"),
    Marketplace("EBAY_ES", "ES", "EUR", "Europe/Madrid", "eBay.es"),
    Marketplace("EBAY_NL", "NL", "EUR", "Europe/Amsterdam", "eBay.nl"),
    Marketplace("EBAY_BE", "BE", "EUR", "Europe/Brussels", "eBay.be"),
    Marketplace("EBAY_AT", "AT", "EUR", "Europe/Vienna", "eBay.at"),
    Marketplace("EBAY_IE", "IE", "EUR", "Europe/Dublin", "eBay.ie"),
    Marketplace("EBAY_CH", "CH", "CHF", "Europe/Zurich", "eBay.ch"),
    Marketplace("EBAY_PL", "PL", "PLN", "Europe/Warsaw", "eBay.pl"),
    Marketplace("EBAY_AU", "AU", "AUD", "Australia/Sydney", "eBay.com.au"),
    Marketplace("EBAY_HK", "HK", "HKD", "Asia/Hong_Kong", "eBay.com.hk"),
    Marketplace("EBAY_MY", "MY", "MYR", "Asia/Kuala_Lumpur", "eBay.com.my"),
    Marketplace("EBAY_PH", "PH", "PHP", "Asia/Manila", "eBay.ph"),
    Marketplace("EBAY_SG", "SG", "SGD", "Asia/Singapore", "eBay.com.sg"),
    Marketplace("EBAY_TW", "TW", "TWD", "Asia/Taipei", "eBay.com.tw"),
)
MARKETPLACE_BY_ID: Mapping[str, Marketplace] = {place.id: place for place in MARKETPLACES}

# Marketplace ids of REST answers that belong to another one's shop.
ALIASES: Mapping[str, str] = {"EBAY_MOTORS_US": "EBAY_US", "EBAY_MOTORS": "EBAY_US"}

# What the Trading API calls a site: its name in answers, its number in the request's header.
SITE_NAMES: Mapping[str, str] = {
    "US": "EBAY_US", "eBayMotors": "EBAY_US", "Canada": "EBAY_CA", "CanadaFrench": "EBAY_CA",
    "UK": "EBAY_GB", "Germany": "EBAY_DE", "France": "EBAY_FR", "Italy": "EBAY_IT", "Spain": "EBAY_ES",
    "Netherlands": "EBAY_NL", "Belgium_French": "EBAY_BE", "Belgium_Dutch": "EBAY_BE",
    "Austria": "EBAY_AT", "Ireland": "EBAY_IE", "Switzerland": "EBAY_CH", "Poland": "EBAY_PL",
    "Australia": "EBAY_AU", "HongKong": "EBAY_HK", "Malaysia": "EBAY_MY", "Philippines": "EBAY_PH",
    "Singapore": "EBAY_SG", "Taiwan": "EBAY_TW",
}  # fmt: skip
# A seller's consent lasts 18 months; the answer to the consent itself names the exact end.
CONSENT = timedelta(days=540)
SITE_NUMBERS: Mapping[str, str] = {
    "EBAY_US": "0", "EBAY_CA": "2", "EBAY_GB": "3", "EBAY_AU": "15", "EBAY_AT": "16", "EBAY_FR": "71",
    "EBAY_DE": "77", "EBAY_IT": "101", "EBAY_BE": "123", "EBAY_NL": "146", "EBAY_ES": "186",
    "EBAY_CH": "193", "EBAY_HK": "201", "EBAY_IE": "205", "EBAY_MY": "207", "EBAY_PH": "211",
    "EBAY_PL": "212", "EBAY_SG": "216", "EBAY_TW": "0",
}  # fmt: skip
SITE_HOSTS: Mapping[str, str] = {place.name.lower(): place.id for place in MARKETPLACES}

# eBay counts calls per application, API and day, not per second. A bucket of ``burst`` filled again over a
# day keeps within a cap: burst + per_second × 86,400. An application that has not passed eBay's growth check
# may make 5,000 Trading calls a day, for all verbs that go by Trading together.
RATES: Mapping[str, Rate] = {
    "trading": Rate(0.035, 1900),
    "fulfillment": Rate(0.9, 500),
    "notification": Rate(0.01, 20),
    "finances": Rate(0.1, 200),
}
DAILY: Mapping[str, int] = {"trading": 5000}
BUCKETS: Mapping[str, str] = {
    "check": "trading",
    "fetch_listings": "trading",
    "fetch_listing": "trading",
    "push_stock": "trading",
    "push_price": "trading",
    "fetch_returns": "trading",
    "fetch_orders": "fulfillment",
    "fetch_order": "fulfillment",
    "confirm_shipment": "fulfillment",
    "subscribe": "notification",
    "fetch_statements": "finances",
}
OPERATIONS: Mapping[Capability, str] = {
    Capability.ORDERS: "fetch_orders",
    Capability.LISTINGS: "fetch_listings",
    Capability.PUSH_STOCK: "push_stock",
    Capability.PUSH_PRICE: "push_price",
    Capability.CONFIRM_SHIPMENT: "confirm_shipment",
    Capability.RETURNS: "fetch_returns",
    Capability.SUBSCRIBE: "subscribe",
    Capability.STATEMENTS: "fetch_statements",
}

# Our carrier key → eBay's carrier code; any other carrier is sent by its name.
CARRIERS: Mapping[str, str] = {
    "4px": "4PX",
    "aramex": "ARAMEX",
    "australia-post": "AustraliaPost",
    "bpost": "bpost",
    "canada-post": "CanadaPost",
    "china-post": "ChinaPost",
    "correos": "Correos",
    "deutsche-post": "DeutschePost",
    "dhl": "DHL",
    "dhl-ecommerce": "DHLGlobalMail",
    "dpd": "DPD",
    "evri": "Hermes",
    "fedex": "FedEx",
    "gls": "GLS",
    "hermes": "Hermes",
    "inpost": "InPost",
    "japan-post": "JapanPost",
    "la-poste": "LaPoste",
    "mondial-relay": "MondialRelay",
    "ontrac": "OnTrac",
    "parcelforce": "Parcelforce",
    "postnl": "PostNL",
    "royal-mail": "RoyalMail",
    "sagawa": "Sagawa",
    "seur": "SEUR",
    "sf-express": "SFExpress",
    "ups": "UPS",
    "usps": "USPS",
    "yamato": "Yamato",
    "yanwen": "Yanwen",
    "yodel": "Yodel",
    "yunexpress": "YunExpress",
}

CLIENT_ID = CredentialField(
    key="client_id",
    label=_("App ID (client ID)"),
    help=_("On developer.ebay.com: Application Keys, your production keyset."),
)
CLIENT_SECRET = CredentialField(
    key="client_secret",
    label=_("Cert ID (client secret)"),
    secret=True,
    help=_("Shown beside the App ID."),
)
RU_NAME = CredentialField(
    key="ru_name",
    label=_("RuName"),
    help=_("On developer.ebay.com: User Tokens, your redirect URL's own name; set this hub's address there."),
)
VERIFICATION_TOKEN = CredentialField(
    key="verification_token",
    label=_("Verification token"),
    secret=True,
    required=False,
    help=_(
        "32 to 80 letters, digits, _ or - of your choice; type the same on developer.ebay.com under"
        " Alerts & Notifications. Without it eBay cannot tell this hub whose data must be deleted."
    ),
)
SIGNING_KEY = CredentialField(
    key="signing_key_jwe",
    label=_("Signing key (JWE)"),
    secret=True,
    required=False,
    help=_("For sellers in the European Union and the United Kingdom: from eBay's Key Management API."),
)
SIGNING_PRIVATE_KEY = CredentialField(
    key="signing_private_key",
    label=_("Signing key (private key)"),
    secret=True,
    required=False,
    help=_("Shown once beside the JWE. Without both, eBay shows these sellers' payouts to nobody."),
)
CREDENTIAL_FIELDS = (
    CLIENT_ID,
    CLIENT_SECRET,
    CredentialField(
        key="refresh_token",
        label=_("Refresh token"),
        secret=True,
        help=_("From the seller's consent; it lasts 18 months. Connecting in the browser fills it in."),
    ),
    VERIFICATION_TOKEN,
    SIGNING_KEY,
    SIGNING_PRIVATE_KEY,
)
APPLICATION_FIELDS = (
    CLIENT_ID, CLIENT_SECRET, RU_NAME, VERIFICATION_TOKEN, SIGNING_KEY, SIGNING_PRIVATE_KEY,
)  # fmt: skip
