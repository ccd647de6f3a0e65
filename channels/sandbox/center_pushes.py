"""The seller center's pushes: where a seller's application listens, what was sent to it, what it answered."""

from typing import Any
from urllib.parse import quote

from channels.sandbox import pushing
from channels.sandbox.center_frame import back, show, when
from channels.sandbox.markup import Html, code, esc, join, pill, table
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import BadRequest, Call, Response


def list_pushes(call: Call, seller: Seller) -> Response:
    """Show the subscribed addresses and the last messages."""
    return _page(call, seller, "")


def _page(call: Call, seller: Seller, refusal: str) -> Response:
    world, url = call.world, f"/seller-center/{quote(seller.name)}/pushes"
    if world.dialect(seller).push is None:
        words = "This platform sends no pushes over HTTP. 该平台不通过 HTTP 推送。"
        return show(
            call, title="Pushes 推送", body=Html(f'<div class="card soft">{words}</div>'), tab="pushes"
        )
    topics = world.subscriptions.get(seller.name, {})
    addresses = table(
        ("Topic 主题", "Address 地址", ""),
        [
            (topic or "all 全部", code(address),
             Html(f'<form method="post" action="{url}"><input type="hidden" name="off" value="{esc(topic)}">'
                  '<button class="plain">Stop 停止</button></form>'))
            for topic, address in topics.items()
        ],
        empty="Nobody listens yet. 尚无订阅地址。", numbers=set(),
    )  # fmt: skip
    form = Html(
        f'<form class="row card" method="post" action="{url}"><label>Address 推送地址'
        '<input name="address" size="60" placeholder="http://127.0.0.1:8000/…" required></label>'
        f'<button>Send pushes there 订阅</button></form><p class="soft">{esc(refusal)}</p>'
    )
    last = table(
        ("When 时间", "Event 事件", "Address 地址", "Tries 次数", "Answer 结果", "Fault 故障"),
        [_row(row) for row in pushing.sent(world=world, seller=seller.name, limit=100)],
        empty="Nothing was sent yet. 尚未推送。", numbers={3},
    )  # fmt: skip
    body = join([form, addresses, Html("<h2>Last pushes 最近推送</h2>"), last])
    return show(call, title="Pushes 推送", body=body, tab="pushes")


def _row(row: dict[str, Any]) -> tuple[object, ...]:
    status = row["status"]
    good = 200 <= status < 300
    answer = pill(status or ("waiting 等待" if not row["tries"] else "none 无应答"), "" if good else "warn")
    return when(row["at"]), row["event"], code(row["url"]), row["tries"], answer, row["fault"]


def change(call: Call, seller: Seller) -> Response:
    """Subscribe an address, or stop sending to one."""
    form = call.request.form()
    try:
        if "off" in form:
            pushing.unsubscribe(world=call.world, seller=seller, topic=form["off"])
        else:
            address = form.get("address", "").strip()
            pushing.subscribe(world=call.world, seller=seller, address=address)
    except BadRequest as refusal:
        return _page(call, seller, str(refusal))
    return back(f"/seller-center/{quote(seller.name)}/pushes")
