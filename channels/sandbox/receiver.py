"""Somebody else's program, for trying out the hub's webhooks: keeps what arrives and proves its signature.

Point a webhook of the hub at ``/webhook-receiver/<any name>`` and open the same address in a browser.
"""

import base64
import hmac
import json
from typing import Any
from urllib.parse import quote

from channels.sandbox.markup import Html, code, esc, join, page, pill, table
from channels.sandbox.store import read_note, read_notes, write_note
from channels.sandbox.wire import Call, Request, Response, Route

_OWNER = "receiver"
_KEPT = 100
_SET = "A secret is set. 已设置密钥。"
_NOT_SET = "Without the secret nothing is proven. 未设置密钥。"


def take(call: Call) -> Response:
    """Keep a message and answer as the page's switch says; a form of the page sets secret and switch."""
    if call.request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return _set(call)
    name, db = call.arguments["name"], call.world.db
    status = int(read_note(db, _OWNER, f"{name}/answer") or 200)
    secret = read_note(db, _OWNER, f"{name}/secret") or ""
    number = int(read_note(db, _OWNER, f"{name}/count") or 0) + 1
    kept = {
        "at": f"{call.world.now:%Y-%m-%d %H:%M:%S}",
        "id": call.request.headers.get("webhook-id", ""),
        "body": call.request.body.decode("utf-8", "replace")[:2000],
        "proven": proven(call.request, secret) if secret else None,
        "status": status,
    }
    write_note(db, _OWNER, f"{name}/count", str(number))
    write_note(db, _OWNER, f"{name}/message/{number:09d}", json.dumps(kept))
    write_note(db, _OWNER, f"{name}/message/{number - _KEPT:09d}", None)
    return Response(status=status, body=b"", content_type="text/plain")


def proven(request: Request, secret: str) -> bool:
    """Whether one of the request's signatures is made with a secret, after Standard Webhooks."""
    given = request.headers
    signed = f"{given.get('webhook-id', '')}.{given.get('webhook-timestamp', '')}.".encode() + request.body
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    wanted = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return any(hmac.compare_digest(wanted, one) for one in given.get("webhook-signature", "").split(" "))


def show(call: Call) -> Response:
    """Show what arrived, the newest first."""
    name, db = call.arguments["name"], call.world.db
    secret, answer = read_note(db, _OWNER, f"{name}/secret"), read_note(db, _OWNER, f"{name}/answer") or "200"
    form = Html(
        f'<form class="row card" method="post" action="/webhook-receiver/{quote(name)}">'
        '<label>Secret 密钥<input name="secret" size="50" placeholder="whsec_…"></label>'
        f'<label>Answer 应答状态<input name="answer" size="4" value="{esc(answer)}"></label>'
        f'<button>Save 保存</button></form><p class="soft">'
        f"{_SET if secret else _NOT_SET}</p>"
    )
    messages = read_notes(db, _OWNER, f"{name}/message/")
    rows = table(
        ("When 时间", "Id", "Message 消息", "Signature 签名", "Answered 应答"),
        [_row(json.loads(messages[key])) for key in sorted(messages, reverse=True)],
        empty="Nothing arrived yet. 尚未收到消息。",
        numbers={4},
    )
    clock = f"{call.world.now:%Y-%m-%d %H:%M:%S} UTC"
    return page(
        title="Webhook receiver",
        heading=f"Webhook receiver · {name}",
        nav="",
        body=join([form, rows]),
        clock=clock,
    )


def _row(kept: dict[str, Any]) -> tuple[object, ...]:
    words = {True: pill("proven 已验证"), False: pill("not proven 不匹配", "bad"), None: "–"}
    return kept["at"], code(kept["id"]), code(kept["body"]), words[kept["proven"]], kept["status"]


def _set(call: Call) -> Response:
    name, form = call.arguments["name"], call.request.form()
    answer = form.get("answer", "")
    if answer.isdecimal() and 200 <= int(answer) <= 599:
        write_note(call.world.db, _OWNER, f"{name}/answer", answer)
    if form.get("secret", "").strip():
        write_note(call.world.db, _OWNER, f"{name}/secret", form["secret"].strip())
    where = f"/webhook-receiver/{quote(name)}"
    return Response(status=303, headers={"Location": where}, content_type="text/plain")


ROUTES = (
    Route("GET", "/webhook-receiver/{name}", show),
    Route("POST", "/webhook-receiver/{name}", take),
)
