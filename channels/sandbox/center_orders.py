"""The seller center's orders: list, one order, and what a person may do to it there."""

import json
from urllib.parse import quote, urlencode

from channels.sandbox import life, parcels, pushing
from channels.sandbox.center_frame import back, missing, show, when
from channels.sandbox.market_clock import seconds
from channels.sandbox.markup import Html, code, esc, join, link, pill, table
from channels.sandbox.orders import Order, find_order, read_doc, save_orders
from channels.sandbox.places import amount_text
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import Call, Response
from channels.sandbox.world import happen

PER_PAGE = 50
STATUSES = {
    "pending": ("Pending 待付款", "warn"),
    "unshipped": ("Unshipped 待发货", "warn"),
    "partially_shipped": ("Partially shipped 部分发货", "warn"),
    "shipped": ("Shipped 已发货", ""),
    "canceled": ("Canceled 已取消", "bad"),
}


def _status(order: Order) -> Html:
    text, kind = STATUSES[order.status]
    marks = [pill(text, kind)]
    if order.by_platform:
        marks.append(pill("by platform 平台配送"))
    if any(line.cancel_request for line in order.lines) and order.status != "canceled":
        marks.append(pill("cancel asked 申请取消", "bad"))
    if order.poison:
        marks.append(pill(f"poison: {order.poison}", "bad"))
    return join(marks, " ")


def _tracking(order: Order) -> Html:
    return join((code(package.tracking) for package in order.packages), "<br>")


def list_orders(call: Call, seller: Seller) -> Response:
    """Show a seller's orders, newest first."""
    request = call.request
    status, words = request.one("status") or "", request.one("q") or ""
    number = int(request.one("page") or 1) if (request.one("page") or "1").isdecimal() else 1
    rows = call.world.db.execute(
        "select doc from orders where seller = ? and (? = '' or status = ?) and visible <= ?"
        " and (? = '' or id like ? or doc like ?) order by placed desc, id limit ? offset ?",
        (seller.name, status, status, call.world.now.timestamp(), words, f"%{words}%", f"%{words}%",
         PER_PAGE + 1, (number - 1) * PER_PAGE),
    ).fetchall()  # fmt: skip
    lines = []
    for row in rows[:PER_PAGE]:
        order = read_doc(row["doc"])
        goods = join((f"{line.quantity} × {line.code}" for line in order.lines), "<br>")
        total = f"{amount_text(order.total, order.currency)} {order.currency}"
        place = call.world.marketplaces[order.marketplace]
        lines.append(
            (
                link(_path(seller, order), order.id), when(order.placed),
                place.country, f"{order.buyer['name']} · {order.address['country']}", goods, total,
                _status(order), _tracking(order),
            )
        )  # fmt: skip
    columns = (
        "Order 订单号", "Placed 下单", "Site 站点", "Buyer 买家", "Lines 商品", "Total 金额",
        "Status 状态", "Tracking 运单号",
    )  # fmt: skip
    options = "".join(
        f'<option value="{key}"{" selected" if key == status else ""}>{text}</option>'
        for key, (text, _) in STATUSES.items()
    )
    form = Html(
        '<form class="row" method="get"><label>Status 状态<select name="status">'
        '<option value="">All 全部</option>'
        f'{options}</select></label><label>Search 搜索<input name="q" value="{esc(words)}"></label>'
        "<button>Show 查询</button></form>"
    )
    pages = []
    for step, text in ((-1, "← Newer 上一页"), (1, "Older 下一页 →")):
        if (step < 0 and number > 1) or (step > 0 and len(rows) > PER_PAGE):
            query = urlencode({"status": status, "q": words, "page": number + step})
            pages.append(link(f"/seller-center/{seller.name}/orders?{query}", text))
    body = join(
        [form, table(columns, lines, empty="No orders here. 没有订单。", numbers={5}), join(pages, " · ")]
    )
    return show(call, title="Orders 订单", body=body, tab="orders")


def _path(seller: Seller, order: Order) -> str:
    return f"/seller-center/{quote(seller.name)}/orders/{quote(order.id, safe='')}"


def _button(seller: Seller, order: Order, action: str, text: str) -> Html:
    url = f"{_path(seller, order)}/{action}"
    return Html(f'<form method="post" action="{url}"><button class="plain">{esc(text)}</button></form>')


def one_order(call: Call, seller: Seller) -> Response:
    """Show one order with its lines, address and packages."""
    order = find_order(call.world.db, call.arguments["order"])
    if order is None or order.seller != seller.name:
        return missing(call, "There is no such order. 没有该订单。")

    def money(minor: int) -> str:
        return f"{amount_text(minor, order.currency)} {order.currency}"

    lines = table(
        ("Listing 商品", "Title 标题", "Quantity 数量", "Shipped 已发", "Total 金额", "Note 备注"),
        [
            (code(line.code), line.title, line.quantity, line.shipped, money(line.total),
             join((t for t in (line.gift_message, line.cancel_request, line.cancel_reason) if t), "<br>"))
            for line in order.lines
        ],
        empty="", numbers={2, 3, 4},
    )  # fmt: skip
    packages = table(
        (
            "Package 包裹", "Carrier 承运商", "Tracking 运单号", "Shipped 发货", "Status 状态",
            "Contents 内容", "By 来源",
        ),
        [
            (package.reference, f"{package.carrier} · {package.service}", code(package.tracking),
             when(package.shipped_at), pill(package.status),
             join((f"{quantity} × {item}" for item, quantity in package.items), "<br>"), package.by)
            for package in order.packages
        ],
        empty="No package yet. 还没有包裹。", numbers=set(),
    )  # fmt: skip
    address = order.address
    place = join((address[k] for k in ("name", "company", "line1", "line2", "line3") if k in address), "<br>")
    city = f"{address['postal_code']} {address['city']}, {address['region']}, {address['country']}"
    refunds = join((Html(f"{when(r['at'])}: −{money(r['amount'])}") for r in order.refunds), "<br>")
    facts = Html(
        f'<div class="grid"><div class="card">{_status(order)}<br>Placed 下单 {when(order.placed)}<br>'
        f"Readable 可见 {when(order.visible)}<br>Updated 更新 {when(order.updated)}<br>"
        f"Ship by 最迟发货 {when(order.ship_by[1])}<br>{esc(order.service)} · {money(order.total)}"
        f"{'<br>Refunds 退款<br>' + refunds if refunds else ''}</div>"
        f'<div class="card">{place}<br>{esc(city)}<br>{esc(address["phone"])}<br>'
        f'<span class="soft">{esc(order.buyer["mail"])}</span></div></div>'
    )
    buttons = join(
        [
            _button(seller, order, "cancel", "Cancel order 取消订单"),
            _button(seller, order, "ask_cancel", "Buyer asks to cancel 买家申请取消"),
            _button(seller, order, "buyer_cancel", "Buyer cancels 买家取消"),
            _button(seller, order, "ship", "Ship it here 在此发货"),
        ]
        if order.status in life.OPEN | {"pending"}
        else [_button(seller, order, "erase_buyer", "Buyer's data is erased 买家要求删除数据")]
    )
    if parcels.arranged(order):
        buttons = join([buttons, _button(seller, order, "collect", "Carrier collects 承运商揽收")])
    if any(line.shipped for line in order.lines) and call.world.dialect(seller).offers_returns:
        buttons = join([buttons, _button(seller, order, "ask_return", "Buyer returns 买家退货")])
    body = join([facts, Html(f'<div class="row" style="display:flex;flex-wrap:wrap;gap:8px">{buttons}</div>'),
                 Html("<h2>Lines 商品</h2>"), lines, Html("<h2>Packages 包裹</h2>"), packages,
                 _returns(order)])  # fmt: skip
    return show(call, title=order.id, body=body, tab="orders")


def _returns(order: Order) -> Html:
    if not order.returns:
        return Html("")
    listed = table(
        ("Return 退货单", "Line 商品行", "Quantity 数量", "Reason 原因", "Status 状态", "Changed 变更"),
        [
            (code(each["id"]), each["line"], each["quantity"], each["reason"], pill(each["status"]),
             when(each["updated"]))
            for each in order.returns
        ],
        empty="", numbers={2},
    )  # fmt: skip
    return join([Html("<h2>Returns 退货</h2>"), listed])


def act(call: Call, seller: Seller) -> Response:
    """Do to an order what the seller or the buyer may do on the platform's own pages."""
    order_id, action = call.arguments["order"], call.arguments["action"]
    order = find_order(call.world.db, order_id)
    if order is None or order.seller != seller.name:
        return missing(call, "There is no such order. 没有该订单。")
    now = seconds(call.world.now)
    if action == "cancel":
        if order.status in life.OPEN | {"pending"}:
            life.cancel(world=call.world, order=order, at=now, by="seller", reason="CUSTOMER_CANCEL")
            save_orders(call.world.db, [order])
    elif action == "erase_buyer":
        pushing.erase_buyer(world=call.world, order=order)
        save_orders(call.world.db, [order])
    elif action == "collect":
        for package in parcels.arranged(order):
            data = json.dumps({"package": package.reference})
            happen(world=call.world, kind="collect", subject=order.id, data=data, at=now)
    elif action in {"ask_cancel", "buyer_cancel", "ship", "ask_return"}:
        data = json.dumps({"by": "seller center"})
        happen(world=call.world, kind=action, subject=order.id, data=data, at=now)
    return back(_path(seller, order))
