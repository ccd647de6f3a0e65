"""The seller center's listings: quantities, and who changed them when."""

from channels.sandbox.center_frame import missing, show, when
from channels.sandbox.markup import Html, code, esc, join, link, pill, table
from channels.sandbox.places import amount_text
from channels.sandbox.sellers import Seller
from channels.sandbox.wire import Call, Response


def list_listings(call: Call, seller: Seller) -> Response:
    """Show a seller's listings with their quantities, last changed first."""
    words, place = (call.request.one("q") or "").lower(), call.request.one("marketplace") or ""
    found = [
        listing
        for listing in call.world.listings.values()
        if listing.seller == seller.name and place in ("", listing.marketplace)
        and (words in listing.code.lower() or words in listing.title.lower())
    ]  # fmt: skip
    found.sort(key=lambda listing: (-listing.updated, listing.code, listing.marketplace))
    rows = [
        (link(f"/seller-center/{seller.name}/listings/{listing.id}", listing.code),
         call.world.marketplaces[listing.marketplace].country, listing.title,
         f"{amount_text(listing.price, listing.currency)} {listing.currency}",
         "–" if listing.is_parent else listing.quantity, when(listing.updated), listing.changed_by,
         join((pill(t) for t in (("parent 父体",) if listing.is_parent else ())
               + (("by platform 平台",) if listing.by_platform else ())), " "))
        for listing in found[:300]
    ]  # fmt: skip
    options = "".join(
        f'<option value="{key}"{" selected" if key == place else ""}>'
        f"{call.world.marketplaces[key].name}</option>"
        for key in seller.plan.marketplaces
    )
    form = Html(
        '<form class="row" method="get"><label>Site 站点<select name="marketplace">'
        f'<option value="">All 全部</option>{options}</select></label>'
        f'<label>Search 搜索<input name="q" value="{esc(words)}"></label><button>Show 查询</button></form>'
        f'<p class="soft">{len(found)} listings, last changed first · 最近变更在前</p>'
    )
    columns = (
        "Listing 商品",
        "Site 站点",
        "Title 标题",
        "Price 价格",
        "Quantity 数量",
        "Changed 变更",
        "By 来源",
        "",
    )
    body = join([form, table(columns, rows, empty="No listings here. 没有商品。", numbers={3, 4})])
    return show(call, title="Listings 商品", body=body, tab="listings")


def one_listing(call: Call, seller: Seller) -> Response:
    """Show one listing and how its quantity changed."""
    number = call.arguments["listing"]
    listing = call.world.listings.get(int(number)) if number.isdecimal() else None
    if listing is None or listing.seller != seller.name:
        return missing(call, "There is no such listing. 没有该商品。")
    rows = call.world.db.execute(
        "select at, before, after, by from listing_changes where listing = ? order by id desc limit 200",
        (listing.id,),
    )
    sells = ", ".join(f"{units} × {sku}" for sku, units in listing.components) or "variants 变体"
    facts = Html(
        f'<div class="card">{code(listing.code)} · {esc(listing.external_code)} · '
        f"{esc(call.world.marketplaces[listing.marketplace].name)}<br>Sells 包含 {esc(sells)}<br>"
        f"Quantity 数量 <b>{listing.quantity}</b></div><h2>Changes of quantity 数量变更</h2>"
    )
    changes = table(
        ("When 时间", "Before 之前", "After 之后", "By 来源"),
        [(when(row["at"]), row["before"], row["after"], row["by"]) for row in rows],
        empty="Not changed yet. 尚无变更。", numbers={1, 2},
    )  # fmt: skip
    return show(call, title=listing.title, body=join([facts, changes]), tab="listings", heading=listing.title)
