"""The seller center: pages on which a person sees the other side of the market, and may act there."""

from typing import Any
from urllib.parse import quote

from channels.sandbox import calls, center_listings, center_orders, center_pushes, faults, pushing
from channels.sandbox.center_frame import back, for_seller, show, when
from channels.sandbox.markup import Html, code, esc, join, link, pill, table
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import Call, Response, Route


def _home(call: Call) -> Response:
    rows = []
    for seller in sorted(call.world.sellers.values(), key=lambda each: (each.platform, each.name)):
        counts = dict(
            call.world.db.execute(
                "select status, count(*) from orders where seller = ? group by status", (seller.name,)
            ).fetchall()
        )
        open_orders = counts.get("unshipped", 0) + counts.get("partially_shipped", 0)
        connected = when(seller.started_at) if seller.started_at else pill("not connected 未授权", "warn")
        rows.append(
            (
                link(f"/seller-center/{seller.name}/orders", seller.name),
                call.world.dialect(seller).title, code(seller.seller_id), sum(counts.values()), open_orders,
                connected,
                code(", ".join(sorted(set(call.world.subscriptions.get(seller.name, {}).values())))),
            )
        )  # fmt: skip
    columns = (
        "Seller 卖家",
        "Platform 平台",
        "Seller ID",
        "Orders 订单",
        "Open 待发货",
        "First call 首次调用",
        "Pushes go to 推送地址",
    )
    return show(call, title="Sellers 卖家", body=table(columns, rows, empty="No sellers.", numbers={3, 4}))


def _calls(call: Call, seller: Seller) -> Response:
    counted = table(
        ("Operation 接口", "Calls 次数", "429", "Refused 失败", "Last 最近"),
        [
            (row["operation"], row["calls"], row["throttled"], row["failed"], when(row["last"]))
            for row in calls.counts(world=call.world, seller=seller.name)
        ],
        empty="Nobody has called yet. 尚无调用。", numbers={1, 2, 3},
    )  # fmt: skip

    def status(row: dict[str, Any]) -> Html:
        return pill(row["status"], "bad" if row["status"] >= 400 else "")

    last = table(
        ("When 时间", "Operation 接口", "Request 请求", "Answer 结果", "Fault 故障"),
        [
            (
                when(row["at"]), row["operation"], code(f"{row['method']} {row['path']}"), status(row),
                row["fault"],
            )
            for row in calls.recent(world=call.world, seller=seller.name, limit=100)
        ],
        empty="Nobody has called yet. 尚无调用。", numbers=set(),
    )  # fmt: skip
    body = join([counted, Html("<h2>Last calls 最近调用</h2>"), last])
    return show(call, title="Calls received 接口调用", body=body, tab="calls")


def _faults(call: Call, seller: Seller) -> Response:
    url = f"/seller-center/{quote(seller.name)}/faults"
    rows = [
        (fault.kind, fault.operation or "all 全部", fault.seller or "all 全部",
         "until off 直到关闭" if fault.remaining is None else fault.remaining, fault.taken,
         Html(f'<form method="post" action="{url}"><input type="hidden" name="off" value="{fault.id}">'
              '<button class="plain">Switch off 关闭</button></form>'))
        for fault in faults.active(world=call.world)
    ]  # fmt: skip
    columns = ("Fault 故障", "Operation 接口", "Seller 卖家", "Left 剩余", "Struck 已触发", "")
    kinds = "".join(
        f'<option value="{kind}">{esc(f"{kind} — {english} {chinese}")}</option>'
        for kind, (english, chinese) in faults.KINDS.items()
    )
    operations = "".join(f"<option>{esc(name)}</option>" for name in call.world.operations)
    form = Html(
        f'<form class="row card" method="post" action="{url}"><label>Fault 故障'
        f'<select name="kind">{kinds}</select></label>'
        '<label>Operation 接口<select name="operation"><option value="">All 全部</option>'
        f"{operations}</select></label>"
        '<label>Next calls 次数 (empty: until off)<input name="count" inputmode="numeric" value="1"></label>'
        "<button>Switch on 打开</button></form>"
    )
    body = join([form, table(columns, rows, empty="No fault is on. 没有打开的故障。", numbers={3, 4})])
    return show(call, title="Faults 故障开关", body=body, tab="faults")


def _switch(call: Call, seller: Seller) -> Response:
    form = call.request.form()
    if form.get("off", "").isdecimal():
        faults.switch_off(world=call.world, fault_id=int(form["off"]))
    elif form.get("kind") in faults.KINDS:
        count = form.get("count", "")
        faults.switch_on(
            world=call.world, kind=form["kind"], seller=seller.name,
            operation=form.get("operation", "").strip(),
            count=int(count) if count.isdecimal() else None,
        )  # fmt: skip
    return back(f"/seller-center/{seller.name}/faults")


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _withdraw(call: Call, seller: Seller) -> Response:
    pushing.withdraw(world=call.world, seller=seller)
    return back(f"/seller-center/{quote(seller.name)}/faults")


def _connect(call: Call, seller: Seller) -> Response:
    sheet = call.world.dialect(seller).credential_sheet(call.world, seller, call.request.base_url)
    texts = {name: _text(value) for name, value in sheet.items()}
    facts = join(Html(f'<span class="soft">{esc(name)}</span>{code(text)}') for name, text in texts.items())
    base = "/seller-center/sheets"
    sheets = join(
        (
            link(f"{base}/{name}.csv?seller={quote(seller.name)}", text)
            for name, text in (
                ("skus", "Products 商品资料 (skus.csv)"),
                ("opening-stock", "Opening stock 期初库存 (opening-stock.csv)"),
                ("pairings", "Pairings 商品配对 (pairings.csv)"),
            )
        ),
        "<br>",
    )
    json_link = link(f"/seller-center/credentials.json?seller={quote(seller.name)}", "credentials.json")
    body = Html(
        f"<p>Copy these into the hub to connect this account. 将以下信息填入系统完成授权。</p>"
        f'<div class="card copy">{facts}</div><p>{json_link}</p>'
        f'<h2>Sheets 表格</h2><div class="card">{sheets}</div>'
        f'<form method="post" action="/seller-center/{quote(seller.name)}/withdraw">'
        '<button class="plain">Withdraw the authorization 撤销授权</button></form>'
    )
    return show(call, title="Connect 授权信息", body=body, tab="connect")


_SELLER = "/seller-center/{seller}"
ROUTES = (
    Route("GET", "/seller-center/", _home),
    Route("GET", "/seller-center", _home),
    Route("GET", _SELLER + "/orders", for_seller(center_orders.list_orders)),
    Route("GET", _SELLER + "/orders/{order}", for_seller(center_orders.one_order)),
    Route("POST", _SELLER + "/orders/{order}/{action}", for_seller(center_orders.act)),
    Route("GET", _SELLER + "/listings", for_seller(center_listings.list_listings)),
    Route("GET", _SELLER + "/listings/{listing}", for_seller(center_listings.one_listing)),
    Route("GET", _SELLER + "/calls", for_seller(_calls)),
    Route("GET", _SELLER + "/faults", for_seller(_faults)),
    Route("POST", _SELLER + "/faults", for_seller(_switch)),
    Route("GET", _SELLER + "/connect", for_seller(_connect)),
    Route("POST", _SELLER + "/withdraw", for_seller(_withdraw)),
    Route("GET", _SELLER + "/pushes", for_seller(center_pushes.list_pushes)),
    Route("POST", _SELLER + "/pushes", for_seller(center_pushes.change)),
    Route("GET", _SELLER, for_seller(center_orders.list_orders)),
)
