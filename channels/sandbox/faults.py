"""Faults by switch: per seller and operation, for the next so many calls or until switched off."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from channels.sandbox.wire import Request, Response, Route

if TYPE_CHECKING:
    from channels.sandbox.world import World

HTML = "text/html; charset=utf-8"

# kind: what it does, in English and 中文
KINDS: dict[str, tuple[str, str]] = {
    "html_503": ("Answers 503 with an HTML page", "返回 503 网页"),
    "html_429": ("Answers 429 with an HTML page", "返回 429 网页"),
    "empty_500": ("Answers 500 without a body", "返回 500 空内容"),
    "empty_200": ("Answers 200 without a body", "返回 200 空内容"),
    "truncated_json": ("Cuts the JSON in the middle", "JSON 被截断"),
    "wrong_content_type": ("Calls the right body text/html", "内容类型错误"),
    "message_without_errors": ("Answers {\"message\"} without an error list", "只有 message,没有 errors"),
    "missing_list_key": ("Leaves the list out of the answer", "缺少列表字段"),
    "repeated_page_token": ("Hands out the page token it was given", "翻页令牌重复"),
    "page_token_expired": ("Refuses the page token", "翻页令牌过期"),
    "expired_token_mid_pass": ("Expires the access token on the second page", "翻页途中令牌过期"),
    "drip": ("Sends the answer drop by drop", "逐字节慢速返回"),
    "body_25mb": ("Answers with 25 MB", "返回 25 MB 内容"),
    "timeout_after_write": ("Does the work, then hangs up without an answer", "已执行但断开连接"),
    "accepted_not_applied": ("Accepts a change and never applies it", "已接受但未生效"),
    "poison_order": ("Makes the next order on a page unreadable", "毒订单"),
    "revoked_grant": ("Refuses the refresh token", "授权被撤销"),
    "push_duplicate": ("Sends a push twice", "推送重复"),
    "push_late": ("Sends a push late", "推送延迟"),
    "push_early": ("Pushes an order before it can be read", "推送早于订单可读"),
    "push_wrong_signature": ("Sends a push whose signature does not fit", "推送签名错误"),
}  # fmt: skip

_NEEDS_PAGE = {"repeated_page_token", "page_token_expired", "expired_token_mid_pass"}
_BY_HANDLER = {
    "accepted_not_applied", "poison_order", "revoked_grant", "push_duplicate", "push_late", "push_early",
    "push_wrong_signature",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One switched-on fault."""

    id: int
    seller: str
    operation: str
    kind: str
    remaining: int | None
    settings: Mapping[str, Any]
    taken: int = 0


def switch_on(
    *, world: "World", kind: str, seller: str = "", operation: str = "", count: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Switch a fault on. Empty seller or operation means every one; ``count`` ``None`` until switched off."""
    if kind not in KINDS:
        raise ValueError(f"unknown fault {kind!r}; known are {', '.join(KINDS)}")
    world.db.execute(
        "insert into faults (seller, operation, kind, remaining, settings, taken) values (?, ?, ?, ?, ?, 0)",
        (seller, operation, kind, count, json.dumps(dict(settings or {}))),
    )


def switch_off(*, world: "World", fault_id: int | None = None) -> None:
    """Switch one fault off, or all of them."""
    if fault_id is None:
        world.db.execute("delete from faults")
    else:
        world.db.execute("delete from faults where id = ?", (fault_id,))


def active(*, world: "World") -> list[Fault]:
    """Return the faults that still strike."""
    rows = world.db.execute("select * from faults where remaining is null or remaining > 0 order by id")
    return [
        Fault(**{**dict(row), "settings": json.loads(row["settings"])})
        for row in rows
    ]  # fmt: skip


def _take(world: "World", fault: Fault) -> Fault:
    world.db.execute(
        "update faults set remaining = remaining - 1, taken = taken + 1 where id = ?", (fault.id,)
    )
    return fault


def _meant(fault: Fault, *, seller: str, operation: str) -> bool:
    if fault.operation and fault.operation != operation:
        return False
    return not fault.seller or fault.seller == seller or (not seller and bool(fault.operation))


def take(*, world: "World", route: Route, request: Request, seller: str) -> Fault | None:
    """Take the first fault that strikes this call, if one does."""
    for fault in active(world=world):
        if fault.kind in _BY_HANDLER or not _meant(fault, seller=seller, operation=route.operation):
            continue
        if fault.kind in _NEEDS_PAGE and page_token(route, request) in ("", "0"):
            continue
        if fault.kind == "missing_list_key" and not route.list_key:
            continue
        return _take(world, fault)
    return None


def page_token(route: Route, request: Request) -> str:
    """Return the page a request asks for: from its query, a dotted place in its JSON, or its XML."""
    if not route.page_parameter:
        return ""
    if not request.body or request.one(route.page_parameter):
        return request.one(route.page_parameter) or ""
    try:
        found: Any = json.loads(request.body)
    except ValueError:
        name = re.escape(route.page_parameter.encode())
        element = re.search(rb"<" + name + rb">([^<]*)</" + name + rb">", request.body)
        return (
            "" if element is None or element.group(1) == b"1" else element.group(1).decode("utf-8", "replace")
        )
    for part in route.page_parameter.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return "" if found is None else str(found)


def take_kind(*, world: "World", kind: str, seller: str, operation: str) -> Fault | None:
    """Take a fault that a handler itself has to act out."""
    for fault in active(world=world):
        if fault.kind == kind and _meant(fault, seller=seller, operation=operation):
            return _take(world, fault)
    return None


def instead(fault: Fault) -> Response | None:
    """Return the answer that comes instead of the real one, for faults that never reach the handler."""
    status = int(fault.settings.get("status", 0))
    match fault.kind:
        case "html_503":
            page = b"<html><head><title>503</title></head><body><h1>Service Unavailable</h1></body></html>"
            return Response(status=503, body=page, content_type=HTML)
        case "html_429":
            page = b"<html><body><h1>Too many requests</h1><p>Slow down.</p></body></html>"
            return Response(status=429, body=page, content_type=HTML)
        case "empty_500":
            return Response(status=500, content_type="")
        case "empty_200":
            return Response(status=200, content_type="application/json")
        case "message_without_errors":
            return Response(status=status or 504, body=b'{"message":"Endpoint request timed out"}')
        case "body_25mb":
            filler = b"x" * (25 * 1024 * 1024)
            return Response(status=200, body=b'{"orders":[],"items":[],"filler":"' + filler + b'"}')
    return None


def _without(data: Any, dotted: str) -> Any:
    head, _, rest = dotted.partition(".")
    if isinstance(data, dict) and head in data:
        if rest:
            _without(data[head], rest)
        else:
            del data[head]
    return data


def _with(data: Any, dotted: str, value: str) -> Any:
    head, _, rest = dotted.partition(".")
    if isinstance(data, dict):
        if rest:
            data[head] = _with(data.get(head) or {}, rest, value)
        else:
            data[head] = value
    return data


def _list_left_out(body: bytes, key: str) -> bytes:
    if body.lstrip().startswith(b"<"):
        name = re.escape(key.encode())
        return re.sub(rb"<" + name + rb"\b[^>]*>.*</" + name + rb">", b"", body, flags=re.DOTALL)
    return json.dumps(_without(json.loads(body), key)).encode()


def spoiled(*, fault: Fault, route: Route, request: Request, response: Response) -> Response:
    """Return the real answer, spoiled the way the fault says."""
    match fault.kind:
        case "truncated_json":
            response.body = response.body[: max(1, len(response.body) * 2 // 3)]
        case "wrong_content_type":
            response.content_type = HTML
        case "missing_list_key":
            response.body = _list_left_out(response.body, route.list_key)
        case "repeated_page_token":
            token = page_token(route, request)
            response.body = json.dumps(_with(json.loads(response.body), route.page_key, token)).encode()
        case "drip":
            response.drip_seconds = float(fault.settings.get("seconds", 60))
        case "timeout_after_write":
            response.hang_seconds = float(fault.settings.get("seconds", 30))
    return response
