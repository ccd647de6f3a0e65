"""What eBay pushes: the proof over the very bytes, what is read of it, and the challenge."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pytest_django import Settings

from channels.adapter import RetryLater
from channels.messages import Connection
from channels.platforms.ebay import PLATFORM, notifications
from channels.platforms.ebay.notifications import challenge_answer, greet, read, read_key, verify
from channels.pushes import About, BadSignature, PushRequest
from tests.answering import Answering, Reply, answering
from tests.channels.platforms.contract import connection, reply
from tests.channels.platforms.examples.ebay import EXAMPLES, VERIFICATION, problem, token

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NUMBER = "0b7c2a4e-1111-2222-3333-444455556666"
KEY = ec.derive_private_key(77, ec.SECP256R1())


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    notifications.KEYS.forget()
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


@pytest.fixture
def account(server: Answering) -> Connection:
    return connection(PLATFORM, EXAMPLES, server.url)


def public_key(digest: str = "SHA1") -> Reply:
    der = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = f"-----BEGIN PUBLIC KEY-----{base64.b64encode(der).decode()}-----END PUBLIC KEY-----"
    return reply({"key": text, "algorithm": "ECDSA", "digest": digest})


def message(topic: str, data: dict[str, Any], **changes: Any) -> bytes:
    notification = {
        "notificationId": "n-1", "eventDate": "2026-06-01T11:59:58.000Z",
        "publishDate": "2026-06-01T11:59:59.000Z", "publishAttemptCount": 1, "data": data,
    }  # fmt: skip
    whole = {
        "metadata": {"topic": topic, "schemaVersion": "1.0", "deprecated": False},
        "notification": {
            name: value for name, value in (notification | changes).items() if value is not None
        },
    }
    return json.dumps(whole, separators=(",", ":")).encode()


def signed(body: bytes, *, number: str = NUMBER, by: ec.EllipticCurvePrivateKey = KEY) -> PushRequest:
    signature = base64.b64encode(by.sign(body, ec.ECDSA(hashes.SHA1()))).decode()
    proof = {"alg": "ecdsa", "kid": number, "signature": signature, "digest": "SHA1"}
    header = base64.b64encode(json.dumps(proof).encode()).decode()
    return PushRequest("POST", "https://hub.example/push", {}, {"x-ebay-signature": header}, body)


DELETION = message(
    "MARKETPLACE_ACCOUNT_DELETION", {"username": "ada_ly_1", "userId": "ma8", "eiasToken": "nY+=="}
)


def test_proven_notification_is_believed_and_its_key_fetched_once(
    account: Connection, server: Answering
) -> None:
    server.says(reply(token()), public_key())
    for _ in range(3):
        verify(signed(DELETION), account, AT)
    assert [one.target.rpartition("/")[2] for one in server.received] == ["token", NUMBER]
    assert server.received[1].headers["authorization"] == "Bearer v^1.1#i^1"


@pytest.mark.parametrize(
    "request_",
    [
        replace(signed(DELETION), body=DELETION + b" "),
        replace(signed(DELETION), body=DELETION.replace(b"ada", b"eve")),
        signed(DELETION, by=ec.derive_private_key(78, ec.SECP256R1())),
    ],
)
def test_altered_notification_proves_nothing(
    account: Connection, server: Answering, request_: PushRequest
) -> None:
    server.says(reply(token()), public_key())
    with pytest.raises(BadSignature):
        verify(request_, account, AT)


@pytest.mark.parametrize(
    "header",
    [
        "", "x", "e30=", base64.b64encode(b"[1]").decode(), base64.b64encode(b'{"kid": 7}').decode(),
        base64.b64encode(b'{"kid": "../../etc", "signature": "AAAA"}').decode(),
        base64.b64encode(b"[" * 100_000).decode(), base64.b64encode(b"\xff").decode(), "ä",
    ],
)  # fmt: skip
def test_header_that_is_none_is_refused_without_a_call(
    account: Connection, server: Answering, header: str
) -> None:
    with pytest.raises(BadSignature):
        verify(replace(signed(DELETION), headers={"x-ebay-signature": header}), account, AT)
    with pytest.raises(BadSignature):
        verify(replace(signed(DELETION), headers={}), account, AT)
    assert server.received == []


def test_key_ebay_does_not_know_proves_nothing(account: Connection, server: Answering) -> None:
    server.says(reply(token()), problem(404, 195001, "The specified key id is invalid."))
    with pytest.raises(BadSignature):
        verify(signed(DELETION), account, AT)


@pytest.mark.parametrize(
    "answer",
    [
        Reply(503, b"away", "text/html"),
        problem(401, 1001, "Invalid access token"),
        problem(403, 1100, "Insufficient permissions"),
    ],
)
def test_key_that_cannot_be_fetched_now_asks_for_patience(
    account: Connection, server: Answering, answer: Reply
) -> None:
    server.says(reply(token()), answer)
    with pytest.raises(RetryLater):
        verify(signed(DELETION), account, AT)


@pytest.mark.parametrize("key", ["", "-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----", "ä"])
def test_key_that_is_none_proves_nothing(account: Connection, server: Answering, key: str) -> None:
    server.says(reply(token()), reply({"key": key, "digest": "SHA1"}))
    with pytest.raises(BadSignature):
        verify(signed(DELETION), account, AT)


def test_flood_of_unknown_keys_makes_few_calls(account: Connection, server: Answering) -> None:
    server.says(problem(404, 195001, "invalid"))
    for place in range(40):
        with pytest.raises((BadSignature, RetryLater)):
            verify(signed(DELETION, number=f"{NUMBER}{place}"), account, AT)
    assert len(server.received) <= 20


def test_unknown_digest_proves_nothing(account: Connection, server: Answering) -> None:
    server.says(reply(token()), public_key(digest="MD5"))
    with pytest.raises(BadSignature):
        verify(signed(DELETION), account, AT)


def test_deletion_names_the_person_by_every_name(account: Connection) -> None:
    (push,) = read(signed(DELETION))
    assert (push.about, push.event_id) == (About.ERASURE, "n-1")
    assert push.buyer_ids == ("ada_ly_1", "ma8", "nY+==")
    assert push.at == datetime(2026, 6, 1, 11, 59, 59, tzinfo=UTC)


def test_withdrawn_authorization_names_its_seller() -> None:
    (push,) = read(signed(message("AUTHORIZATION_REVOCATION", {"username": "SELLER1", "userId": "u"})))
    assert (push.about, push.seller_id) == (About.AUTHORIZATION, "SELLER1")


@pytest.mark.parametrize(
    "data", [{"orderId": "12-1"}, {"order": {"orderId": "12-1"}}, {"orders": [{"orderId": "12-1"}] * 2}]
)
def test_order_topics_name_their_orders_wherever_they_stand(data: dict[str, Any]) -> None:
    (push,) = read(signed(message("ORDER_CONFIRMATION", data)))
    assert (push.about, push.external_ids) == (About.ORDER, ("12-1",))


def test_topic_we_do_not_know_is_noted_and_nothing_more() -> None:
    (push,) = read(signed(message("FEEDBACK_LEFT", {"rating": 5})))
    assert (push.about, push.external_ids) == (About.OTHER, ())


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"null", b"\xff", b"[" * 100_000,
        message("", {}),
        message("ORDER_CONFIRMATION", {}, notificationId=None),
        message("ORDER_CONFIRMATION", {}, publishDate=None, eventDate=None),
        message("ORDER_CONFIRMATION", {}, publishDate="yesterday"),
        message("MARKETPLACE_ACCOUNT_DELETION", {"username": 7}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(body: bytes) -> None:
    with pytest.raises(ValueError):
        read(signed(body))


def test_challenge_is_answered_with_the_hash_over_code_token_and_address(account: Connection) -> None:
    asked = PushRequest(
        "GET", "https://hub.example/push?challenge_code=c1", {"challenge_code": "c1"}, {}, b""
    )
    answer = greet(asked, account)
    assert answer is not None
    assert (answer.status, answer.content_type) == (200, "application/json")
    wanted = hashlib.sha256(f"c1{VERIFICATION}https://hub.example/push".encode()).hexdigest()
    assert json.loads(answer.body) == {"challengeResponse": wanted}
    assert greet(replace(asked, query={}), account) is None
    assert greet(replace(asked, method="POST"), account) is None
    with pytest.raises(ValueError):
        greet(asked, replace(account, credentials={}))


def test_challenge_of_a_known_answer() -> None:
    """The value comes from another tool: ``printf 'code-1token-2https://hub.example/push' | sha256sum``."""
    found = challenge_answer(code="code-1", token="token-2", endpoint="https://hub.example/push")
    assert found == "bb64ea00314b3be82eec57f6bf3e1164b0234d097a80a24c4aac0bfff7c83e7b"


def vectors() -> dict[str, Any]:
    """Return eBay's own vectors, when the folder with them is at hand."""
    name = os.environ.get("ECOMHUB_CONTRACTS_DIR", "")
    place = Path(name) / "ebay" / "notification" / "signature-vectors.json"
    return dict(json.loads(place.read_text("utf-8"))) if name and place.is_file() else {}


def test_ebays_own_vectors_are_judged_as_ebay_does(account: Connection, server: Answering) -> None:
    found = vectors()
    for name, vector in found.items():
        notifications.KEYS.forget()
        body = json.dumps(vector["message"], ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"x-ebay-signature": vector["signature"]}
        request = PushRequest("POST", "https://hub.example/push", {}, headers, body)
        key = vector["response"]
        server.says(reply(token()), reply(key) if key else problem(404, 195001, "no such key"))
        if name == "VALID":
            verify(request, account, AT)
        else:
            with pytest.raises(BadSignature):
                verify(request, account, AT)
    assert not found or {"VALID", "SIGNATURE_MISMATCH"} <= set(found)


def test_key_is_read_as_ebay_writes_it() -> None:
    der = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = base64.b64encode(der).decode()
    one_line = f"-----BEGIN PUBLIC KEY-----{text}-----END PUBLIC KEY-----"
    lines = f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"
    numbers = KEY.public_key().public_numbers()
    assert read_key(one_line).public_numbers() == read_key(lines).public_numbers() == numbers
