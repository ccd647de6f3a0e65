"""The page on which a seller allows an application to speak for them; every platform's dialect uses it.

The dialect serves it at its own authorize path (GET), reads the answer at the same path (POST,
``read_choice``) and sends the browser back with its own parameters (``send_back``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from channels.sandbox.markup import Html, esc, join, page
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import Call, Response


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person on the page chose: ``seller`` is whom they speak for, as the form named them."""

    allowed: bool
    seller: Seller | None
    fields: Mapping[str, str]


def consent_page(
    *, title: str, application: str, sellers: Iterable[Seller], hidden: Mapping[str, str]
) -> Response:
    """Return the page that asks: may ``application`` act for this seller? It posts to its own address.

    ``hidden`` travels along unchanged. The form carries ``seller`` (the name) and ``decision`` (``allow`` or
    ``deny``) beside it; every text is escaped and the page runs no scripts.
    """
    chosen = tuple(sellers)
    kept = join(
        Html(f'<input type="hidden" name="{esc(name)}" value="{esc(value)}">')
        for name, value in hidden.items()
    )
    people = join(
        Html(
            f'<label><span><input type="radio" name="seller" value="{esc(seller.name)}"'
            f"{' checked' if place == 0 else ''}> {esc(seller.name)} · {esc(seller.seller_id)}</span></label>"
        )
        for place, seller in enumerate(chosen)
    )
    body = Html(
        f'<form class="card" method="post">{kept}'
        f"<p><b>{esc(application)}</b> asks to read your orders and listings, to change quantities "
        "and prices, and to ship for you. 该应用请求读取订单和商品、修改库存和价格并代您发货。</p>"
        f"<fieldset><legend>Seller 卖家</legend>{people}</fieldset>"
        '<p><button name="decision" value="allow">Allow 同意</button> '
        '<button class="plain" name="decision" value="deny">Deny 拒绝</button></p></form>'
    )
    return page(
        title=title, heading=title, nav="", body=body, clock="", forms_to=_origins(hidden.values())
    )  # fmt: skip


def _origins(values: Iterable[str]) -> tuple[str, ...]:
    """Return the origins the answer may lead back to: a browser checks them when a form is redirected."""
    found: list[str] = []
    for value in values:
        parts = urlsplit(value) if value.startswith(("http://", "https://")) else None
        if parts is not None and parts.hostname and not set(parts.netloc) & set(" ;,'\"@"):
            found.append(f"{parts.scheme}://{parts.netloc}")
    return tuple(dict.fromkeys(found))


def read_choice(call: Call) -> Choice:
    """Return what was chosen on the page. A missing or unknown decision is a no."""
    form = call.request.form()
    seller = call.world.sellers.get(form.get("seller", ""))
    allowed = form.get("decision") == "allow" and seller is not None
    fields = {name: value for name, value in form.items() if name not in ("decision", "seller")}
    return Choice(allowed=allowed, seller=seller, fields=fields)


def send_back(*, redirect_uri: str, parameters: Mapping[str, str]) -> Response:
    """Send the browser back to the application with the platform's own parameters added to its address."""
    parts = urlsplit(redirect_uri)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()])
    target = urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
    return Response(
        status=302,
        headers={"Location": target, "Cache-Control": "no-store"},
        content_type="text/plain",
    )
