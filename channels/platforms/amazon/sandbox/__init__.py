"""Amazon's dialect of the sandbox: its marketplaces, its sellers and its wire format."""

from collections.abc import Sequence
from random import Random

from channels.platforms.amazon.sandbox import (
    answers,
    feeds,
    finances,
    identity,
    listings,
    orders,
    orders_v0,
    prices,
    reports,
    sellers,
    settlements,
    shipping,
)
from channels.sandbox.dialects import Dialect
from channels.sandbox.places import Marketplace
from channels.sandbox.sellers import SellerPlan
from channels.sandbox.wire import Rate, Route
from channels.sandbox.world import World

_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_EUROPE = (("AT", 6), ("CH", 4), ("BE", 3), ("PT", 2), ("CZ", 2), ("DK", 2), ("FI", 2), ("GR", 2), ("IE", 2))


def _place(
    id: str, country: str, name: str, currency: str, tax: int, collects: bool, *abroad: tuple[str, int]
) -> Marketplace:
    home = ((country, 88),)
    return Marketplace(id, country, name, currency, tax, collects, home + abroad)


MARKETPLACES = (
    _place("ATVPDKIKX0DER", "US", "Amazon.com", "USD", 725, True, ("BR", 2), ("CL", 1), ("IL", 2), ("SA", 1),
           ("KR", 2), ("TW", 2), ("TH", 1), ("UA", 1)),
    _place("A2EUQ1WTGCTBG2", "CA", "Amazon.ca", "CAD", 1300, True, ("US", 4)),
    _place("A1AM78C64UM0Y8", "MX", "Amazon.com.mx", "MXN", 1600, False, ("CL", 3)),
    _place("A1F83G8C2ARO7P", "GB", "Amazon.co.uk", "GBP", 2000, True, ("IE", 8), ("NO", 2), ("AE", 1)),
    _place("A1PA6795UKMFR9", "DE", "Amazon.de", "EUR", 1900, True, *_EUROPE, ("RU", 1), ("TR", 2)),
    _place("A13V1IB3VIYZZH", "FR", "Amazon.fr", "EUR", 2000, True, ("BE", 6), ("CH", 3)),
    _place("APJ6JRA9NG5V4", "IT", "Amazon.it", "EUR", 2200, True, ("GR", 4), ("CH", 2)),
    _place("A1RKKUPIHCS9HS", "ES", "Amazon.es", "EUR", 2100, True, ("PT", 8)),
    _place("A1805IZSGTT6HS", "NL", "Amazon.nl", "EUR", 2100, True, ("BE", 8)),
    _place("A2NODRKZP88ZB9", "SE", "Amazon.se", "SEK", 2500, True, ("NO", 5), ("DK", 4), ("FI", 4)),
    _place("A1C3SOZRARQ6R3", "PL", "Amazon.pl", "PLN", 2300, True, ("CZ", 6), ("UA", 2)),
    _place("A1VC38T7YXB528", "JP", "Amazon.co.jp", "JPY", 1000, False, ("KR", 3), ("CN", 3), ("TW", 2)),
    _place("A39IBJ37TRP1C6", "AU", "Amazon.com.au", "AUD", 1000, True, ("NZ", 8)),
    _place("A21TJRUUN4KGV", "IN", "Amazon.in", "INR", 1800, False, ("AE", 3), ("VN", 1)),
)  # fmt: skip

_SHARES = (30, 6, 4, 12, 12, 6, 5, 4, 3, 2, 2, 8, 4, 2)

PLANS = (
    SellerPlan(
        name="busy",
        first_per_day=45.0,
        last_per_day=240.0,
        live_per_day=160.0,
        marketplaces={place.id: share for place, share in zip(MARKETPLACES, _SHARES, strict=True)},
    ),
    SellerPlan(
        name="empty",
        first_per_day=0.2,
        last_per_day=0.3,
        live_per_day=30.0,
        marketplaces={"ATVPDKIKX0DER": 6, "A1PA6795UKMFR9": 4},
        families=("BLOCKS", "WATRCL", "NOTEBK", "FNTPEN", "DESKMT", "CABLOG"),
        waits=True,
    ),
)


def new_order_id(chance: Random) -> str:
    """Return an order number in Amazon's form: three, seven and seven digits."""
    first = chance.choice((111, 112, 113, 114, 702, 203, 303, 249))
    return f"{first}-{int(chance.random() * 10**7):07d}-{int(chance.random() * 10**7):07d}"


def new_line_id(chance: Random) -> str:
    """Return an order item number: fourteen digits."""
    return str(10**13 + int(chance.random() * 9 * 10**13))


def new_listing_code(chance: Random) -> str:
    """Return an ASIN."""
    return "B0" + "".join(chance.choices(_CAPITALS, k=8))


def new_network_code(chance: Random) -> str:
    """Return an FNSKU."""
    return "X00" + "".join(chance.choices(_CAPITALS, k=7))


def buyer_mail(chance: Random, place: Marketplace) -> str:
    """Return the relay address Amazon shows instead of the buyer's own."""
    return f"{chance.getrandbits(60):015x}@marketplace.{place.name.lower()}"


DIALECT = Dialect(
    platform="amazon",
    title="Amazon",
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
    due={
        "quantity": listings.apply_quantity,
        "price": prices.apply_price,
        "feed_start": feeds.start_feed,
        "feed_done": feeds.finish_feed,
    },
    redact=identity.redact,
    keeps_goods=True,
    money=settlements.MONEY,
)

_LISTING = "/listings/2021-08-01/items/{sellerId}"
_FEEDS = "/feeds/2021-06-30"
_REPORTS = "/reports/2021-06-30"


def routes(world: World) -> Sequence[Route]:
    """Return every operation served in Amazon's wire format, with its published rate."""
    return (
        Route("POST", "/auth/o2/token", identity.grant_token, "token", DIALECT, open_door=True),
        Route("GET", "/sellers/v1/marketplaceParticipations", sellers.get_participations,
              "getMarketplaceParticipations", DIALECT, Rate(sellers.RATE, 15), "payload"),
        Route("GET", "/orders/2026-01-01/orders", orders.search_orders, "searchOrders", DIALECT,
              Rate(orders.SEARCH_RATE, 20), "orders", "paginationToken", "pagination.nextToken"),
        Route("GET", "/orders/2026-01-01/orders/{orderId}", orders.get_order, "getOrder", DIALECT,
              Rate(orders.GET_RATE, 30), "order"),
        Route("POST", "/orders/v0/orders/{orderId}/shipmentConfirmation", shipping.confirm_shipment,
              "confirmShipment", DIALECT, Rate(shipping.RATE, 10)),
        Route("GET", "/orders/v0/orders", orders_v0.get_orders, "getOrders", DIALECT, Rate(0.0167, 20),
              "payload.Orders", "NextToken", "payload.NextToken"),
        Route("GET", "/orders/v0/orders/{orderId}", orders_v0.get_order, "getOrderV0", DIALECT, Rate(0.5, 30),
              "payload"),
        Route("GET", "/orders/v0/orders/{orderId}/orderItems", orders_v0.get_order_items, "getOrderItems",
              DIALECT, Rate(0.5, 30), "payload.OrderItems", "NextToken", "payload.NextToken"),
        Route("GET", _LISTING, listings.search_listings, "searchListingsItems", DIALECT, Rate(5, 5), "items",
              "pageToken", "pagination.nextToken"),
        Route("GET", _LISTING + "/{sku...}", listings.get_listing, "getListingsItem", DIALECT, Rate(5, 10),
              "summaries"),
        Route("PATCH", _LISTING + "/{sku...}", listings.patch_listing, "patchListingsItem", DIALECT,
              Rate(5, 5)),
        Route("POST", _FEEDS + "/documents", feeds.create_document, "createFeedDocument", DIALECT,
              Rate(0.5, 15)),
        Route("GET", _FEEDS + "/documents/{feedDocumentId}", feeds.get_document, "getFeedDocument", DIALECT,
              Rate(0.0222, 10)),
        Route("POST", _FEEDS + "/feeds", feeds.create_feed, "createFeed", DIALECT, Rate(0.0083, 15)),
        Route("GET", _FEEDS + "/feeds/{feedId}", feeds.get_feed, "getFeed", DIALECT, Rate(2, 15)),
        Route("PUT", "/amazon-documents/{number}", feeds.upload_document, "uploadDocument", DIALECT,
              open_door=True),
        Route("GET", "/amazon-documents/{number}", feeds.download_document, "downloadDocument", DIALECT,
              open_door=True),
        Route("GET", _REPORTS + "/reports", reports.get_reports, "getReports", DIALECT, Rate(0.0222, 10),
              "reports", "nextToken", "nextToken"),
        Route("GET", _REPORTS + "/reports/{reportId}", reports.get_report, "getReport", DIALECT,
              Rate(2, 15)),
        Route("GET", _REPORTS + "/documents/{reportDocumentId}", reports.get_document, "getReportDocument",
              DIALECT, Rate(0.0167, 15)),
        Route("GET", "/amazon-reports/{number}", reports.download, "downloadReport", DIALECT,
              open_door=True),
        Route("GET", "/finances/2024-06-19/transactions", finances.list_transactions, "listTransactions",
              DIALECT, Rate(0.5, 10), "payload.transactions", "nextToken", "payload.nextToken"),
        Route("GET", "/fba/inventory/v1/summaries", listings.inventory_summaries, "getInventorySummaries",
              DIALECT, Rate(2, 2), "payload.inventorySummaries", "nextToken", "pagination.nextToken"),
    )  # fmt: skip
