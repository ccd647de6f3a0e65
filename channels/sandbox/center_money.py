"""The market's money for people and tests: statements, what comes next, and the switches for odd ones."""

from typing import Any
from urllib.parse import quote

from channels.sandbox import money_statements
from channels.sandbox.center_frame import back, for_seller, show, when
from channels.sandbox.markup import Html, code, esc, join, link, table
from channels.sandbox.money_statements import ODDITIES, Statement
from channels.sandbox.places import amount_text
from channels.sandbox.sellers import Seller
from channels.sandbox.store import write_note
from channels.sandbox.wire import BadRequest, Call, Response, Route, json_response

_SHOWN = 100


def _list(call: Call, seller: Seller) -> Response:
    rules = call.world.dialect(seller).money
    found = money_statements.issued(call.world, seller, limit=_SHOWN)
    known = tuple(rules.shares) if rules is not None else ()
    waiting = money_statements.waiting_oddities(call.world, seller.name)
    body = join(
        [
            Html(
                '<div class="card">'
                + link(f"/seller-center/sheets/tariff.csv?seller={quote(seller.name)}", "Tariff 收费标准")
                + "</div>"
            ),
            _switch_form(seller, known, waiting),
            table(
                ("Statement 账单", "Marketplace 站点", "From 起", "Until 止", "Issued 出具", "Total 合计",
                 "Kept back 预留"),
                [_row(seller, each) for each in found],
                empty="Nothing was settled yet. 尚无账单。", numbers={5, 6},
            ),
        ]
    )  # fmt: skip
    return show(call, title="Money 资金", body=body, tab="money")


def _row(seller: Seller, each: Statement) -> tuple[object, ...]:
    name = each.number if each.revision == 1 else f"{each.number} ({each.revision})"
    url = f"/seller-center/{quote(seller.name)}/money/{each.number}"
    return (
        link(url, name), each.place, when(each.starts), when(each.ends), when(each.created),
        f"{amount_text(each.total, each.currency)} {each.currency}",
        amount_text(each.reserve, each.currency),
    )  # fmt: skip


def _switch_form(seller: Seller, known: tuple[str, ...], waiting: list[str]) -> Html:
    options = "".join(
        f'<option value="{name}">{esc(f"{ODDITIES[name][0]} {ODDITIES[name][1]}")}</option>' for name in known
    )
    next_ones = ", ".join(waiting) or "–"
    return Html(
        f'<form class="row card" method="post" action="/seller-center/{quote(seller.name)}/money">'
        f'<label>In the next statement 下一期账单<select name="oddity">{options}</select></label>'
        f"<button>Switch on 打开</button><span>{esc(next_ones)}</span></form>"
    )


def _switch(call: Call, seller: Seller) -> Response:
    oddity = call.request.form().get("oddity", "")
    if oddity in ODDITIES:
        money_statements.switch(call.world, seller=seller.name, oddity=oddity)
    return back(f"/seller-center/{quote(seller.name)}/money")


def _one(call: Call, seller: Seller) -> Response:
    found = money_statements.find_statement(call.world, seller, call.arguments["number"])
    if found is None:
        return json_response({"error": "no such statement"}, status=404)
    lines = table(
        ("When 时间", "Type 类型", "Order 订单", "SKU", "Amount 金额"),
        [
            (when(row["at"]), " / ".join(filter(None, row["t"])), code(row.get("o", "")),
             code(row.get("s", "")), amount_text(row["a"], found.currency))
            for row in found.rows[:2000]
        ],
        empty="No lines. 无明细。", numbers={4},
    )  # fmt: skip
    total = f"{amount_text(found.total, found.currency)} {found.currency}"
    rules = call.world.dialect(seller).money
    body = lines
    if rules is not None and rules.file is not None:
        url = f"/seller-center/{quote(seller.name)}/money/{found.number}/file"
        body = join([Html(f"<p>{link(url, 'Download 下载')}</p>"), lines])
    return show(call, title=f"{found.number} · {total}", body=body, tab="money")


def _file(call: Call, seller: Seller) -> Response:
    found = money_statements.find_statement(call.world, seller, call.arguments["number"])
    rules = call.world.dialect(seller).money
    if found is None or rules is None or rules.file is None:
        return json_response({"error": "no such file"}, status=404)
    name, content = rules.file(call.world, found)
    return Response(
        status=200, body=content, content_type="text/plain",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


def _state(call: Call) -> Response:
    """Return every statement of a seller with its lines, and what was odd: what a test compares with."""
    seller = call.world.sellers[call.request.one("seller") or "busy"]
    found = money_statements.issued(call.world, seller)
    with_rows = call.request.one("rows") == "1"
    return json_response(
        {
            "statements": [_body(each, with_rows) for each in found],
            "injected": money_statements.injected(call.world, seller),
        }
    )


def _body(each: Statement, with_rows: bool) -> dict[str, Any]:
    rows = {"rows": each.rows} if with_rows else {}
    return {**money_statements.summary(each), **rows}


def _control(call: Call) -> Response:
    data = call.request.json()
    try:
        if "by_themselves" in data:
            money_statements.by_themselves(call.world, on=bool(data["by_themselves"]))
        for oddity in data.get("oddities", []):
            money_statements.switch(call.world, seller=str(data["seller"]), oddity=str(oddity))
        if data.get("domicile"):
            seller = call.world.sellers[str(data["seller"])]
            write_note(call.world.db, seller.platform, f"domicile/{seller.name}", str(data["domicile"]))
    except (KeyError, ValueError) as error:
        raise BadRequest(f"{type(error).__name__}: {error}") from error
    return _state(call) if call.request.one("seller") else json_response({"ok": True})


_SELLER = "/seller-center/{seller}/money"
ROUTES = (
    Route("GET", _SELLER, for_seller(_list)),
    Route("POST", _SELLER, for_seller(_switch)),
    Route("GET", _SELLER + "/{number}", for_seller(_one)),
    Route("GET", _SELLER + "/{number}/file", for_seller(_file)),
    Route("GET", "/_control/money", _state),
    Route("POST", "/_control/money", _control),
)
