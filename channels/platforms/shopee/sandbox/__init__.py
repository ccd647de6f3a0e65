"""Shopee's dialect of the sandbox: its regions, its shops and its wire format."""

from collections.abc import Sequence
from random import Random

from channels.platforms.shopee.sandbox import (
    answers,
    escrow,
    identity,
    income,
    listings,
    orders,
    pushes,
    shipping,
    splitting,
)
from channels.platforms.shopee.sandbox.order_body import listing_name
from channels.sandbox.dialects import Dialect
from channels.sandbox.places import Marketplace
from channels.sandbox.sellers import SellerPlan
from channels.sandbox.wire import Daily, Handler, Rate, Route
from channels.sandbox.world import World

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"

MARKETPLACES = (
    Marketplace("SHOPEE_SG", "SG", "Shopee.sg", "SGD", 0, True, (("SG", 100),)),
    Marketplace("SHOPEE_VN", "VN", "Shopee.vn", "VND", 0, True, (("VN", 100),)),
)
PLANS = (
    SellerPlan(
        name="shopee",
        first_per_day=3.0,
        last_per_day=12.0,
        live_per_day=150.0,
        marketplaces={"SHOPEE_SG": 30},
        shelf=0.35,
    ),
    SellerPlan(
        name="shopee-vn",
        first_per_day=0.2,
        last_per_day=0.3,
        live_per_day=24.0,
        marketplaces={"SHOPEE_VN": 10},
        waits=True,
        shelf=0.15,
    ),
)
# An application may call so often a day; the day begins at midnight in Singapore.
RATE = Rate(10, 60)
DAY_CAP = Daily(group="application", most=100_000, starts=-8 * 3600)


def new_order_id(chance: Random) -> str:
    """Return an order number: six digits, and eight letters and digits."""
    day = f"26{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}"
    return day + "".join(chance.choices(_LETTERS, k=8))


def new_line_id(chance: Random) -> str:
    """Return a number of the market's own: Shopee numbers no lines."""
    return str(10**12 + int(chance.random() * 9 * 10**12))


def new_listing_code(chance: Random) -> str:
    """Return the number of an item or a model; beyond what a float holds exactly."""
    return str(10**16 + chance.getrandbits(55))


def new_network_code(chance: Random) -> str:
    """Return nothing: goods of these shops lie with the seller."""
    return ""


def new_tracking(chance: Random) -> str:
    """Return a tracking number of Shopee's own carrier."""
    return f"SPXSG{10**9 + int(chance.random() * 9 * 10**9)}"


def buyer_mail(chance: Random, place: Marketplace) -> str:
    """Return a name for the buyer; Shopee shows no mail address, only what stands before the @."""
    return f"{''.join(chance.choices('abcdefghjkmnprstuvwxyz', k=7))}{chance.randint(1, 99)}@buyer.invalid"


DIALECT = Dialect(
    platform="shopee",
    title="Shopee",
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
    due={"quantity": listings.apply_quantity},
    redact=identity.redact,
    carriers=(("SPX", "SPX Express", "Standard"), ("NJV", "Ninja Van", "Standard")),
    new_tracking=new_tracking,
    over_daily=answers.over_daily,
    offers_returns=True,
    push=pushes.push,
    listing_name=listing_name,
    money=income.MONEY,
)


def routes(world: World) -> Sequence[Route]:
    """Return every operation served in Shopee's wire format."""

    def get(path: str, handler: Handler, name: str, list_key: str = "", pages: bool = False) -> Route:
        return Route(
            "GET", f"/api/v2/{path}", handler, name, DIALECT, RATE, list_key, daily=DAY_CAP,
            page_parameter="cursor" if pages else "", page_key="response.next_cursor" if pages else "",
        )  # fmt: skip

    def post(path: str, handler: Handler, name: str) -> Route:
        return Route("POST", f"/api/v2/{path}", handler, name, DIALECT, RATE, daily=DAY_CAP)

    return (
        Route("POST", "/api/v2/auth/access_token/get", identity.refresh_token, "token", DIALECT,
              open_door=True),
        Route("POST", "/api/v2/auth/token/get", identity.exchange_code, "grant", DIALECT, open_door=True),
        Route("GET", identity.CONSENT, identity.ask_consent),
        Route("POST", identity.CONSENT, identity.answer_consent),
        Route("POST", "/api/v2/push/set_app_push_config", pushes.set_app_push_config, "setAppPushConfig",
              DIALECT, open_door=True),
        get("shop/get_shop_info", identity.shop_info, "getShopInfo"),
        get("order/get_order_list", orders.get_order_list, "getOrderList", "response.order_list", pages=True),
        get("order/get_order_detail", orders.get_order_detail, "getOrderDetail",
            "response.order_list"),
        post("order/cancel_order", orders.cancel_order, "cancelOrder"),
        post("order/split_order", splitting.split_order, "splitOrder"),
        post("order/handle_buyer_cancellation", orders.handle_buyer_cancellation, "handleBuyerCancellation"),
        get("returns/get_return_list", orders.get_return_list, "getReturnList", "response.return"),
        get("payment/get_escrow_list", escrow.get_escrow_list, "getEscrowList", "response.escrow_list"),
        get("payment/get_escrow_detail", escrow.get_escrow_detail, "getEscrowDetail"),
        Route("POST", "/api/v2/payment/get_escrow_detail_batch", escrow.get_escrow_detail_batch,
              "getEscrowDetailBatch", DIALECT, RATE, "response", daily=DAY_CAP),
        get("payment/get_wallet_transaction_list", escrow.get_wallet_transaction_list,
            "getWalletTransactionList", "response.transaction_list"),
        get("product/get_item_list", listings.get_item_list, "getItemList", "response.item"),
        get("product/get_item_base_info", listings.get_item_base_info, "getItemBaseInfo",
            "response.item_list"),
        get("product/get_model_list", listings.get_model_list, "getModelList", "response.model"),
        post("product/update_stock", listings.update_stock, "updateStock"),
        post("product/update_price", listings.update_price, "updatePrice"),
        get("logistics/get_shipping_parameter", shipping.get_shipping_parameter, "getShippingParameter"),
        post("logistics/ship_order", shipping.ship_order, "shipOrder"),
        get("logistics/get_tracking_number", shipping.get_tracking_number, "getTrackingNumber"),
        post("logistics/create_shipping_document", shipping.create_shipping_document,
             "createShippingDocument"),
        post("logistics/get_shipping_document_result", shipping.get_shipping_document_result,
             "getShippingDocumentResult"),
        post("logistics/download_shipping_document", shipping.download_shipping_document,
             "downloadShippingDocument"),
    )  # fmt: skip
