"""The frame of the seller center's pages: tabs, clock, sellers by their name."""

from collections.abc import Callable
from urllib.parse import quote

from channels.sandbox.market_clock import instant
from channels.sandbox.markup import Html, link, page
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import Call, Response

TABS = (
    ("orders", "Orders 订单"),
    ("listings", "Listings 商品"),
    ("money", "Money 资金"),
    ("bank", "Bank 银行"),
    ("calls", "Calls received 接口调用"),
    ("pushes", "Pushes 推送"),
    ("faults", "Faults 故障开关"),
    ("connect", "Connect 授权信息"),
)


def when(second: int | None) -> Html:
    """Return an instant for people; nothing yet is a dash."""
    return Html("–") if not second else Html(f"<time>{instant(second):%Y-%m-%d %H:%M:%S}</time>")


def show(call: Call, *, title: str, body: object, tab: str = "", heading: object | None = None) -> Response:
    """Return a page with the seller's tabs."""
    name = call.arguments.get("seller", "")
    links = "".join(
        f'<a href="/seller-center/{quote(name)}/{key}"{" aria-current=page" if key == tab else ""}>{text}</a>'
        for key, text in TABS
    )
    nav = Html(f'<nav aria-label="Seller">{links}</nav>') if name else Html("")
    clock = f"{call.world.now:%Y-%m-%d %H:%M:%S} UTC · {call.world.clock.speed():g}×"
    heading = heading if heading is not None else (f"{name} · {title}" if name else title)
    return page(title=title, heading=heading, nav=nav, body=body, clock=clock)


def missing(call: Call, text: str) -> Response:
    """Return the page for something that is not there."""
    return page(title="Not found", heading=text, nav="", body=link("/seller-center/", "Back 返回"), clock="",
                status=404)  # fmt: skip


def for_seller(handler: Callable[[Call, Seller], Response]) -> Callable[[Call], Response]:
    """Let a page find its seller in the path."""

    def found(call: Call) -> Response:
        seller = call.world.sellers.get(call.arguments["seller"])
        return (
            missing(call, "There is no such seller. 没有该卖家。")
            if seller is None
            else handler(call, seller)
        )

    return found


def back(url: str) -> Response:
    """Return to a page after a form."""
    return Response(status=303, headers={"Location": url}, content_type="text/plain")
