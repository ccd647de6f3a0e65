"""What is fixed about Shopee: its sites, addresses, our share of its rates, cancel reasons, credentials."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.adapter import Capability, Rate
from channels.messages import CredentialField, Marketplace

ENDPOINTS: Mapping[str, str] = {
    "global": "https://partner.shopeemobile.com",
    "china": "https://openplatform.shopee.cn",
    "brazil": "https://openplatform.shopee.com.br",
    "test": "https://openplatform.sandbox.test-stable.shopee.sg",
    "test-china": "https://openplatform.sandbox.test-stable.shopee.cn",
}
HOSTS = tuple(address.removeprefix("https://") for address in ENDPOINTS.values())

CONSENT_PATH = "/api/v2/shop/auth_partner"
GRANT_PATH = "/api/v2/auth/token/get"
REFRESH_PATH = "/api/v2/auth/access_token/get"
TOKEN_ENDPOINT = f"{ENDPOINTS['global']}{REFRESH_PATH}"

MARKETPLACES = (
    Marketplace("SHOPEE_SG", "SG", "SGD", "Asia/Singapore", "Shopee Singapore"),
    Marketplace("SHOPEE_MY", "MY", "MYR", "Asia/Kuala_Lumpur", "Shopee Malaysia"),
    Marketplace("SHOPEE_TH", "TH", "THB", "Asia/Bangkok", "Shopee Thailand"),
    Marketplace("SHOPEE_PH", "PH", "PHP", "Asia/Manila", "Shopee Philippines"),
    Marketplace("SHOPEE_VN", "VN", "VND", "Asia/Ho_Chi_Minh", "Shopee Vietnam"),
    Marketplace("SHOPEE_ID", "ID", "IDR", "Asia/Jakarta", "Shopee Indonesia"),
    Marketplace("SHOPEE_TW", "TW", "TWD", "Asia/Taipei", "Shopee Taiwan"),
    Marketplace("SHOPEE_BR", "BR", "BRL", "America/Sao_Paulo", "Shopee Brazil"),
    Marketplace("SHOPEE_MX", "MX", "MXN", "America/Mexico_City", "Shopee Mexico"),
    Marketplace("SHOPEE_CO", "CO", "COP", "America/Bogota", "Shopee Colombia"),
    Marketplace("SHOPEE_CL", "CL", "CLP", "America/Santiago", "Shopee Chile"),
)
MARKETPLACE_BY_REGION: Mapping[str, Marketplace] = {place.country: place for place in MARKETPLACES}
MARKETPLACE_BY_ID: Mapping[str, Marketplace] = {place.id: place for place in MARKETPLACES}

# Prices of these are whole numbers on Shopee, whatever ISO 4217 says of the currency.
WHOLE_CURRENCIES = frozenset({"VND", "IDR", "TWD", "CLP", "COP"})

# Shopee publishes no numbers: there is a limit per second and a daily one for the whole application.
RATES: Mapping[str, Rate] = {
    "check": Rate(1.0, 5),
    "fetch_orders": Rate(4.0, 12),
    "fetch_order": Rate(5.0, 10),
    "fetch_listings": Rate(6.0, 30),
    "fetch_listing": Rate(5.0, 10),
    "push_stock": Rate(8.0, 16),
    "push_price": Rate(5.0, 10),
    "shipping_choices": Rate(5.0, 10),
    "arrange_shipment": Rate(5.0, 10),
    "split_order": Rate(2.0, 6),
    "fetch_tracking": Rate(5.0, 10),
    "fetch_document": Rate(5.0, 12),
    "cancel_order": Rate(2.0, 5),
    "answer_cancel": Rate(2.0, 5),
    "fetch_returns": Rate(2.0, 10),
    "subscribe": Rate(0.2, 2),
    "fetch_statements": Rate(2.0, 12),
}
# Tokens stand for calls: a page of orders is a list and the orders, a page of listings one call per item.
COSTS: Mapping[str, float] = {
    "fetch_orders": 2.0,
    "fetch_listings": 12.0,
    "fetch_document": 3.0,
    "split_order": 2.0,
    "fetch_statements": 4.0,
}
OPERATIONS: Mapping[Capability, str] = {
    Capability.ORDERS: "fetch_orders",
    Capability.LISTINGS: "fetch_listings",
    Capability.PUSH_STOCK: "push_stock",
    Capability.PUSH_PRICE: "push_price",
    Capability.ARRANGE_SHIPMENT: "arrange_shipment",
    Capability.SPLIT_ORDER: "split_order",
    Capability.CANCEL_ORDER: "cancel_order",
    Capability.ANSWER_CANCEL: "answer_cancel",
    Capability.RETURNS: "fetch_returns",
    Capability.SUBSCRIBE: "subscribe",
    Capability.STATEMENTS: "fetch_statements",
}

CANCEL_REASONS: Mapping[str, str | Promise] = {
    "OUT_OF_STOCK": _("Out of stock"),
    "CUSTOMER_REQUEST": _("The buyer asked for it"),
    "UNDELIVERABLE_AREA": _("The area cannot be delivered to (Taiwan and Malaysia)"),
    "COD_NOT_SUPPORTED": _("Cash on delivery is not possible"),
}

APPLICATION_FIELDS = (
    CredentialField(
        key="partner_id",
        label=_("Partner ID"),
        help=_("In the Shopee Open Platform console: App List, your application, Live Partner_id."),
    ),
    CredentialField(
        key="partner_key",
        label=_("Partner key"),
        secret=True,
        help=_("Shown beside the partner ID. Shopee lets it expire: renew it there in time."),
    ),
)
CREDENTIAL_FIELDS = (
    *APPLICATION_FIELDS,
    CredentialField(
        key="refresh_token",
        label=_("Refresh token"),
        secret=True,
        help=_("Comes back when the shop authorizes your application. It is good for one use and 30 days."),
    ),
)
