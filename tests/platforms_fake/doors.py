"""How Fake Bazaar pushes and how a seller allows an application to speak for them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from channels.adapter import RetryLater
from channels.authorization import Application, Authorization, Grant, NotAuthorized
from channels.messages import Connection, CredentialField
from channels.pushes import About, BadSignature, Push, Pushes, PushReply, PushRequest
from ecomhub.http import HttpFailure, send_to_platform

HOSTS = ("api.bazaar.example",)
SCOPES = ("orders", "offers")


def sign(key: str, content: bytes) -> str:
    return hmac.new(key.encode(), content, "sha256").hexdigest()


def verify(request: PushRequest, connection: Connection, at: datetime) -> None:
    given = request.headers.get("x-bazaar-signature", "")
    if not hmac.compare_digest(given.encode(), sign(connection.credentials["key"], request.body).encode()):
        raise BadSignature


def read(request: PushRequest) -> tuple[Push, ...]:
    said = json.loads(request.body)
    try:
        return (
            Push(
                event_id=said["id"],
                topic=said["topic"],
                about=About(said["about"]),
                external_ids=tuple(said.get("ids", ())),
                buyer_ids=tuple(said.get("buyers", ())),
                at=datetime.fromtimestamp(said["at"], tz=UTC) if said.get("at") else None,
                seller_id=said.get("seller", ""),
            ),
        )
    except (KeyError, TypeError) as error:
        raise ValueError("not a push") from error


def greet(request: PushRequest, connection: Connection) -> PushReply | None:
    challenge = request.query.get("challenge")
    if request.method != "GET" or challenge is None:
        return None
    answer = hashlib.sha256(f"{challenge}{connection.credentials['key']}{request.url}".encode())
    return PushReply(body=json.dumps({"answer": answer.hexdigest()}).encode())


PUSHES = Pushes(verify=verify, read=read, greet=greet)


def push(
    key: str, *, event: str, at: datetime | None, ids: Iterable[str] = (), about: str = "order", **more: Any
) -> tuple[bytes, dict[str, str]]:
    """A signed push as the market sends it: body and headers."""
    said = {"id": event, "topic": f"{about}/changed", "about": about, "ids": list(ids), **more}
    body = json.dumps({**said, "at": int(at.timestamp()) if at else 0}).encode()
    return body, {"x-bazaar-signature": sign(key, body)}


def address(application: Application, redirect: str, state: str) -> str:
    asked = urlencode({"app": application.fields["key"][:3], "to": redirect, "state": state})
    return f"{application.endpoint}/consent?{asked}"


def exchange(application: Application, query: Mapping[str, str], redirect: str) -> Grant:
    code = query.get("code", "")
    if not code:
        raise NotAuthorized("Fake Bazaar sent no code.")
    body = {"code": code, "key": application.fields["key"], "to": redirect}
    try:
        answer = send_to_platform(
            method="POST",
            url=f"{application.endpoint}/exchange",
            hosts=HOSTS,
            data=json.dumps(body).encode(),
            proxy=application.proxy,
        )
    except HttpFailure as error:
        raise RetryLater(error.reason) from error
    if answer.status != 200:
        raise NotAuthorized("Fake Bazaar does not know this code.")
    said = answer.json()
    return Grant(
        credentials={"key": application.fields["key"], "refresh_token": said["refresh"]},
        seller_id=said["seller"],
        name=said["seller"],
        authorized_for=timedelta(days=said["days"]),
        missing_scopes=tuple(scope for scope in SCOPES if scope not in said["scopes"]),
    )


AUTHORIZATION = Authorization(
    fields=(CredentialField(key="key", label="Application key", secret=True),),
    address=address,
    exchange=exchange,
)
