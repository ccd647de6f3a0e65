# ruff: noqa: E501
"""HTML of the seller center: escaped by default, one page frame, tables and small parts."""

from collections.abc import Iterable, Sequence
from html import escape

from channels.sandbox.wire import Response


class Html(str):
    """Text that is markup already; everything else is escaped."""

    __slots__ = ()


STYLE = """
:root { color-scheme: light dark; --ground: #f4f6f8; --card: #fff; --ink: #17212b; --soft: #5b6b7a;
  --line: #dde3e9; --mark: #0b6e4f; --warn: #b3541e; --bad: #b3261e; --tint: #e8f3ee; }
@media (prefers-color-scheme: dark) { :root { --ground: #11171d; --card: #1a222b; --ink: #e6edf3;
  --soft: #9aa8b5; --line: #2d3844; --mark: #5fd3a8; --warn: #f0a36b; --bad: #ff8a80; --tint: #16302a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, -apple-system,
  "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
header { background: var(--card); border-bottom: 1px solid var(--line); }
header .in, main { max-width: 1180px; margin: 0 auto; padding: 12px 16px; }
header .in { display: flex; flex-wrap: wrap; gap: 6px 20px; align-items: baseline; }
header b { font-size: 17px; } header .clock { margin-inline-start: auto; color: var(--soft); font-variant-numeric: tabular-nums; }
nav { display: flex; flex-wrap: wrap; gap: 4px; margin: 8px 0 16px; }
nav a { padding: 6px 12px; border-radius: 8px; color: var(--ink); text-decoration: none; }
nav a[aria-current] { background: var(--tint); color: var(--mark); font-weight: 600; }
a { color: var(--mark); } a:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible
  { outline: 2px solid var(--mark); outline-offset: 2px; }
h1 { font-size: 22px; margin: 4px 0 12px; } h2 { font-size: 16px; margin: 20px 0 8px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 16px; margin-bottom: 16px; }
.wide { overflow-x: auto; padding: 0; }
table { border-collapse: collapse; width: 100%; } th, td { padding: 8px 12px; text-align: start;
  border-bottom: 1px solid var(--line); vertical-align: top; } tr:last-child td { border-bottom: 0; }
th { color: var(--soft); font-weight: 600; font-size: 13px; white-space: nowrap; }
time, td:first-child a { white-space: nowrap; }
td.n, th.n { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide table { min-width: 860px; } td code { display: inline-block; min-width: 8rem; }
code { font: 13px/1.4 ui-monospace, "Cascadia Mono", Menlo, monospace; overflow-wrap: anywhere; }
.pill { display: inline-block; padding: 1px 9px; border-radius: 99px; background: var(--tint); color: var(--mark);
  font-size: 13px; white-space: nowrap; } .pill.warn { color: var(--warn); } .pill.bad { color: var(--bad); }
.soft { color: var(--soft); } .grid { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); }
form.row { display: flex; flex-wrap: wrap; gap: 8px; align-items: end; margin-bottom: 12px; }
label { display: grid; grid-template-columns: minmax(0, 1fr); gap: 2px; min-width: 0; max-width: 100%; font-size: 13px; color: var(--soft); }
input, select { font: inherit; padding: 6px 10px; border: 1px solid var(--line); border-radius: 8px;
  background: var(--card); color: var(--ink); max-width: 100%; }
button { font: inherit; padding: 6px 14px; border: 1px solid var(--mark); border-radius: 8px; background: var(--mark);
  color: var(--card); cursor: pointer; } button.plain { background: transparent; color: var(--mark); }
.copy { display: grid; grid-template-columns: minmax(120px, auto) 1fr; gap: 6px 16px; }
@media (max-width: 560px) { .copy { grid-template-columns: 1fr; } header .clock { margin-inline-start: 0; } }
"""


def esc(value: object) -> Html:
    """Return a value as markup."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def join(parts: Iterable[object], by: str = "") -> Html:
    """Return parts as one piece of markup."""
    return Html(by.join(esc(part) for part in parts))


def link(url: str, text: object) -> Html:
    """Return a link."""
    return Html(f'<a href="{escape(url)}">{esc(text)}</a>')


def pill(text: object, kind: str = "") -> Html:
    """Return a small label; kind ``warn`` or ``bad`` colors it."""
    return Html(f'<span class="pill {kind}">{esc(text)}</span>')


def code(text: object) -> Html:
    """Return text to copy."""
    return Html(f"<code>{esc(text)}</code>")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str, numbers: set[int]) -> Html:
    """Return a table in a card; ``numbers`` are the columns set to the right."""

    def cell(tag: str, place: int, value: object) -> str:
        kind = ' class="n"' if place in numbers else ""
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{scope}{kind}>{esc(value)}</{tag}>"

    body = "".join(
        "<tr>" + "".join(cell("td", place, value) for place, value in enumerate(row)) + "</tr>"
        for row in rows
    )
    if not body:
        return Html(f'<div class="card soft">{esc(empty)}</div>')
    head = "".join(cell("th", place, name) for place, name in enumerate(columns))
    return Html(
        f'<div class="card wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def page(
    *, title: str, heading: object, nav: object, body: object, clock: str, status: int = 200,
    forms_to: Sequence[str] = (),
) -> Response:  # fmt: skip
    """Return a whole page. ``forms_to`` are other origins a form of it may lead to."""
    targets = " ".join(("'self'", *forms_to))
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{esc(title)} · Seller center 卖家中心</title><style>{STYLE}</style></head><body>"
        '<header><div class="in"><b><a href="/seller-center/">Seller center 卖家中心</a></b>'
        '<span class="soft">an invented market · 虚拟市场</span>'
        f'<span class="clock">{esc(clock)}</span></div></header>'
        f"<main>{esc(nav)}<h1>{esc(heading)}</h1>{esc(body)}</main></body></html>"
    )
    headers = {
        "Cache-Control": "no-store",
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; "
        f"form-action {targets}",
    }
    return Response(
        status=status, body=text.encode("utf-8"), content_type="text/html; charset=utf-8", headers=headers
    )
