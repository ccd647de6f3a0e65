"""The sellers' bank for people: accounts with their balance, and statements to download."""

from datetime import date
from urllib.parse import quote

from channels.sandbox import bank, bank_files
from channels.sandbox.bank import Account
from channels.sandbox.center_frame import for_seller, show
from channels.sandbox.markup import Html, code, esc, join, link, table
from channels.sandbox.places import amount_text
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import BadRequest, Call, Response, Route, json_response


def _url(seller: Seller, account: Account) -> str:
    return f"/seller-center/{quote(seller.name)}/bank/{account.currency}.xml"


def _page(call: Call, seller: Seller) -> Response:
    found = bank.accounts(call.world, seller)
    body = join(
        [
            Html(
                '<p class="soft">Payouts of all platforms arrive here one to three working days after they '
                "were sent. A day's statement is there the day after, and never changes. "
                "各平台的打款在发出后一至三个工作日到账;每日对账单次日出具,不再变更。</p>"
            ),
            table(
                ("Account 账户", "Currency 币种", "Balance 余额", "Last statement 最近对账单",
                 "CAMT.053 by month 按月下载", "From – to 按日期下载"),
                [_row(seller, each) for each in found],
                empty="Nothing arrived yet. 尚无到账。", numbers={2},
            ),
        ]
    )  # fmt: skip
    return show(call, title=f"{bank.NAME} 银行", body=body, tab="bank")


def _row(seller: Seller, account: Account) -> tuple[object, ...]:
    url = _url(seller, account)
    newest = account.statements[-1]
    links = join(
        (
            link(f"{url}?from={first}&to={last}", f"{first:%Y-%m}")
            for first, last in bank_files.months(account)
        ),
        " · ",
    )
    first = newest.day.replace(day=1)
    form = Html(
        f'<form class="row" method="get" action="{esc(url)}">'
        f'<label>From 起<input type="date" name="from" value="{first}"></label>'
        f'<label>To 止<input type="date" name="to" value="{newest.day}"></label>'
        "<button>Download 下载</button></form>"
    )
    return (
        code(account.number), account.currency, amount_text(account.balance, account.currency),
        newest.day.isoformat(), links, form,
    )  # fmt: skip


def _file(call: Call, seller: Seller) -> Response:
    wanted = call.arguments["currency"]
    account = next(
        (each for each in bank.accounts(call.world, seller) if each.currency == wanted), None
    )  # fmt: skip
    if account is None:
        return json_response({"error": "no such account"}, status=404)
    first = _day(call, "from", account.statements[0].day)
    last = _day(call, "to", account.statements[-1].day)
    name = f"harbor-bank-{account.number}-{first}-{last}.xml"
    return Response(
        status=200, body=bank_files.camt053(account, first=first, last=last),
        content_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


def _day(call: Call, name: str, usual: date) -> date:
    text = call.request.one(name)
    try:
        return date.fromisoformat(text) if text else usual
    except ValueError as error:
        raise BadRequest(f"{name} is a day such as 2026-03-31") from error


def _list(call: Call) -> Response:
    """Return a seller's bank accounts for programs that download as a person does."""
    seller = call.world.sellers.get(call.request.one("seller") or "busy")
    if seller is None:
        return json_response({"error": "no such seller"}, status=404)
    return json_response(
        {
            "bank": bank.NAME,
            "accounts": [
                {
                    "number": each.number, "currency": each.currency,
                    "balance": amount_text(each.balance, each.currency),
                    "first": each.statements[0].day.isoformat(),
                    "last": each.statements[-1].day.isoformat(),
                    "statements": len(each.statements),
                }
                for each in bank.accounts(call.world, seller)
            ],
        }
    )  # fmt: skip


ROUTES = (
    Route("GET", "/seller-center/bank.json", _list),
    Route("GET", "/seller-center/{seller}/bank", for_seller(_page)),
    Route("GET", "/seller-center/{seller}/bank/{currency}.xml", for_seller(_file)),
)
