"""Feeds 2021-06-30 with the listings feed: document, upload, feed, processing report."""

import gzip
import hashlib
import json
import time
from typing import Any

from channels.platforms.amazon.sandbox.answers import answer, not_found, short_time_text
from channels.platforms.amazon.sandbox.listings import accept_quantity, read_quantity, refusal
from channels.sandbox import faults
from channels.sandbox.market_clock import seconds
from channels.sandbox.wire import BadRequest, Call, Response
from channels.sandbox.world import World

FEED_TYPE = "JSON_LISTINGS_FEED"
URL_SECONDS = 300
_DENIED = b'<?xml version="1.0"?><Error><Code>%s</Code><Message>%s</Message></Error>'


def _number(world: World, kind: str) -> str:
    count = world.db.execute("select (select count(*) from documents) + (select count(*) from feeds) as n")
    text = f"{world.secret}/{kind}/{count.fetchone()['n']}/{world.now.timestamp()}"
    return hashlib.sha256(text.encode()).hexdigest()


def _put(world: World, *, seller: str, content_type: str, body: bytes | None, operation: str) -> str:
    number = f"amzn1.tortuga.4.na.{_number(world, operation)[:36]}"
    world.db.execute(
        "insert into documents values (?, ?, ?, ?, ?, ?)",
        (number, seller, content_type, body, time.time() + URL_SECONDS, operation),
    )
    return number


def _url(call: Call, number: str) -> str:
    proof = hashlib.sha256(f"{call.world.secret}/{number}".encode()).hexdigest()
    query = f"X-Amz-Expires={URL_SECONDS}&X-Amz-Signature={proof}"
    return f"{call.request.base_url}/amazon-documents/{number}?{query}"


def create_document(call: Call) -> Response:
    """POST /feeds/2021-06-30/documents."""
    body = call.request.json()
    if not isinstance(body, dict) or not isinstance(body.get("contentType"), str) or not body["contentType"]:
        raise BadRequest("contentType is required.")
    number = _put(
        call.world, seller=call.caller.name, content_type=body["contentType"], body=None, operation="upload"
    )
    data = {"feedDocumentId": number, "url": _url(call, number)}
    return answer(call, data, rate=0.5, status=201)


def _denied(status: int, code: bytes, message: bytes) -> Response:
    return Response(status=status, body=_DENIED % (code, message), content_type="application/xml")


def _document(call: Call, operation: str) -> Any:
    row = call.world.db.execute(
        "select * from documents where id = ? and operation = ?", (call.arguments["number"], operation)
    ).fetchone()
    proof = hashlib.sha256(f"{call.world.secret}/{call.arguments['number']}".encode()).hexdigest()
    if row is None or call.request.one("X-Amz-Signature") != proof:
        return _denied(403, b"SignatureDoesNotMatch", b"The signature does not match.")
    if time.time() > row["expires"]:
        return _denied(403, b"AccessDenied", b"Request has expired")
    return row


def upload_document(call: Call) -> Response:
    """PUT the bytes to the presigned address, with exactly the declared content type and no token."""
    row = _document(call, "upload")
    if isinstance(row, Response):
        return row
    if call.request.headers.get("content-type") != row["content_type"]:
        return _denied(403, b"SignatureDoesNotMatch", b"The content type differs.")
    if "x-amz-access-token" in call.request.headers:
        return _denied(400, b"InvalidArgument", b"Unsupported header.")
    call.world.db.execute("update documents set body = ? where id = ?", (call.request.body, row["id"]))
    return Response(status=200, content_type="")


def download_document(call: Call) -> Response:
    """GET a processing report from its presigned address, gzipped."""
    row = _document(call, "report")
    if isinstance(row, Response):
        return row
    return Response(status=200, body=row["body"], content_type=row["content_type"])


def create_feed(call: Call) -> Response:
    """POST /feeds/2021-06-30/feeds."""
    body = call.request.json()
    if not isinstance(body, dict) or body.get("feedType") != FEED_TYPE:
        raise BadRequest(f"feedType must be {FEED_TYPE} here.")
    places = body.get("marketplaceIds")
    if not isinstance(places, list) or not places or any(p not in call.world.marketplaces for p in places):
        raise BadRequest("marketplaceIds is required and must name known marketplaces.")
    row = call.world.db.execute(
        "select body from documents where id = ? and seller = ? and operation = 'upload'",
        (str(body.get("inputFeedDocumentId")), call.caller.name),
    ).fetchone()
    if row is None or row["body"] is None:
        raise BadRequest("inputFeedDocumentId names no uploaded document.")
    world = call.world
    now = seconds(world.now)
    number = str(int(_number(world, "feed")[:12], 16) % 10**12 + 10**11)
    world.db.execute(
        "insert into feeds values (?, ?, ?, ?, ?, 'IN_QUEUE', ?, null, null, '')",
        (number, call.caller.name, FEED_TYPE, json.dumps(places), body["inputFeedDocumentId"], now),
    )
    ignored = faults.take_kind(
        world=world, kind="accepted_not_applied", seller=call.caller.name, operation="createFeed"
    )
    data = json.dumps({"ignored": ignored is not None})
    if world.apply_seconds == 0:
        finish_feed(world, number, data, now)
    else:
        world.schedule(at=now + world.apply_seconds, kind="amazon.feed_start", subject=number)
        world.schedule(
            at=now + 3 * world.apply_seconds, kind="amazon.feed_done", subject=number, data=json.loads(data)
        )
    return answer(call, {"feedId": number}, rate=0.0083, status=202)


def start_feed(world: World, subject: str, data: str, at: int) -> None:
    """Take a feed out of the queue."""
    world.db.execute("update feeds set status = 'IN_PROGRESS', started = ? where id = ?", (at, subject))


def finish_feed(world: World, subject: str, data: str, at: int) -> None:
    """Process a feed's messages and write its report."""
    feed = world.db.execute("select * from feeds where id = ?", (subject,)).fetchone()
    document = world.db.execute("select body from documents where id = ?", (feed["document"],)).fetchone()
    status, report = process(
        world, seller=feed["seller"], places=json.loads(feed["marketplaces"]), number=subject,
        text=document["body"], ignored=bool(json.loads(data)["ignored"]),
    )  # fmt: skip
    packed = gzip.compress(json.dumps(report, ensure_ascii=False).encode(), mtime=0)
    result = _put(
        world, seller=feed["seller"], content_type="application/json; charset=UTF-8", body=packed,
        operation="report",
    )  # fmt: skip
    world.db.execute(
        "update feeds set status = ?, started = coalesce(started, ?), ended = ?, result = ? where id = ?",
        (status, at, at, result, subject),
    )


def process(
    world: World, *, seller: str, places: list[str], number: str, text: bytes, ignored: bool
) -> tuple[str, dict[str, Any]]:
    """Return the feed's end and its report: one issue per refused message."""
    issues: list[dict[str, Any]] = []
    messages: list[Any] = []
    status = "DONE"
    try:
        messages = _read_feed(text, world.sellers[seller].seller_id)
    except BadRequest as failure:
        status = "FATAL"
        issues.append({"code": "4000001", "severity": "ERROR", "message": str(failure)})
    seen: set[int] = set()
    for message in messages:
        try:
            group, quantity = _read_message(world, seller, places, message, seen)
        except BadRequest as failure:
            issues.append(_issue(message, str(failure)))
            continue
        if not ignored:
            accept_quantity(world=world, group=group, quantity=quantity, by=FEED_TYPE)
    refused = len(issues) if messages else 0
    return status, {
        "header": {"sellerId": world.sellers[seller].seller_id, "version": "2.0", "feedId": number},
        "issues": issues,
        "summary": {
            "errors": len(issues),
            "warnings": 0,
            "messagesProcessed": len(messages),
            "messagesAccepted": len(messages) - refused,
            "messagesInvalid": refused,
        },
    }


def _issue(message: Any, text: str) -> dict[str, Any]:
    found: dict[str, Any] = {"code": "90244", "severity": "ERROR", "message": text}
    if isinstance(message, dict):
        number, sku = message.get("messageId"), message.get("sku")
        if type(number) is int and number >= 1:
            found["messageId"] = number
        if isinstance(sku, str) and sku:
            found["sku"] = sku
    return found


def _read_feed(text: bytes, seller_id: str) -> list[Any]:
    try:
        feed = json.loads(text)
    except ValueError as failure:
        raise BadRequest("The feed is not valid JSON.") from failure
    header = feed.get("header") if isinstance(feed, dict) else None
    if not isinstance(header, dict) or header.get("version") != "2.0":
        raise BadRequest("The feed's header must name version 2.0.")
    if header.get("sellerId") != seller_id:
        raise BadRequest("The feed's header names another seller.")
    messages = feed.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequest("The feed holds no messages.")
    return messages


def _read_message(
    world: World, seller: str, places: list[str], message: Any, seen: set[int]
) -> tuple[list[Any], int]:
    if not isinstance(message, dict) or type(message.get("messageId")) is not int or message["messageId"] < 1:
        raise BadRequest("messageId is required and must be at least 1.")
    if message["messageId"] in seen:
        raise BadRequest("messageId is used twice.")
    seen.add(message["messageId"])
    if not isinstance(message.get("productType"), str) or not message["productType"]:
        raise BadRequest("productType is required.")
    group = [
        listing
        for listing in world.listings.values()
        if listing.seller == seller and listing.marketplace in places and listing.code == message.get("sku")
    ]
    if not group:
        raise BadRequest("The SKU does not match any listing.")
    match message.get("operationType"):
        case "PATCH":
            quantity = _patched(message)
        case "PARTIAL_UPDATE":
            attributes = message.get("attributes")
            wanted = attributes.get("fulfillment_availability") if isinstance(attributes, dict) else None
            quantity = read_quantity(wanted)
        case other:
            raise BadRequest(f"The operationType {other} is not possible here.")
    wrong = refusal(group)
    if wrong:
        raise BadRequest(wrong)
    return group, quantity


def _patched(message: dict[str, Any]) -> int:
    patches = message.get("patches")
    patch = patches[0] if isinstance(patches, list) and len(patches) == 1 else None
    if not isinstance(patch, dict) or patch.get("path") != "/attributes/fulfillment_availability":
        raise BadRequest("Exactly one patch of /attributes/fulfillment_availability is possible here.")
    if patch.get("op") not in {"add", "replace", "merge"}:
        raise BadRequest("op must be one of add, replace, merge.")
    return read_quantity(patch.get("value"))


def get_feed(call: Call) -> Response:
    """GET /feeds/2021-06-30/feeds/{feedId}."""
    row = call.world.db.execute(
        "select * from feeds where id = ? and seller = ?", (call.arguments["feedId"], call.caller.name)
    ).fetchone()
    if row is None:
        return not_found("The feed was not found.")
    data: dict[str, Any] = {
        "feedId": row["id"],
        "feedType": row["type"],
        "marketplaceIds": json.loads(row["marketplaces"]),
        "createdTime": short_time_text(row["created"]),
        "processingStatus": row["status"],
    }
    for name, key in (("processingStartTime", "started"), ("processingEndTime", "ended")):
        if row[key] is not None:
            data[name] = short_time_text(row[key])
    if row["result"]:
        data["resultFeedDocumentId"] = row["result"]
    return answer(call, data, rate=2.0)


def get_document(call: Call) -> Response:
    """GET /feeds/2021-06-30/documents/{feedDocumentId}: where the processing report can be fetched."""
    row = call.world.db.execute(
        "select id from documents where id = ? and seller = ? and operation = 'report'",
        (call.arguments["feedDocumentId"], call.caller.name),
    ).fetchone()
    if row is None:
        return not_found("The feed document was not found.")
    call.world.db.execute(
        "update documents set expires = ? where id = ?", (time.time() + URL_SECONDS, row["id"])
    )
    data = {"feedDocumentId": row["id"], "url": _url(call, row["id"]), "compressionAlgorithm": "GZIP"}
    return answer(call, data, rate=0.0222)
