"""Reports 2021-06-30, as far as settlements need it: Amazon makes them, nobody can ask for them."""

import gzip
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import urlencode

from channels.platforms.amazon.sandbox.answers import (
    answer,
    listed,
    not_found,
    number_between,
    page_token,
    read_page_token,
    read_time,
    short_time_text,
)
from channels.platforms.amazon.sandbox.settlements import flat_file
from channels.sandbox import money_statements
from channels.sandbox.money import DAY
from channels.sandbox.money_statements import Statement
from channels.sandbox.wire import BadRequest, Call, Response
from channels.sandbox.world import World

V2 = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
KEPT = 90 * DAY
URL_SECONDS = 300
_OTHER_TYPES = ("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE", "GET_V2_SETTLEMENT_REPORT_DATA_XML")
_FIRST_ID = 50_000_000_000
_DENIED = b'<?xml version="1.0"?><Error><Code>%s</Code><Message>%s</Message></Error>'


def _body(call: Call, statement: Statement) -> dict[str, Any]:
    return {
        "reportId": str(_FIRST_ID + statement.id),
        "reportType": V2,
        # Amazon lists a settlement with every marketplace of the region; only the file knows its own.
        "marketplaceIds": list(call.caller.plan.marketplaces),
        "dataStartTime": short_time_text(statement.starts),
        "dataEndTime": short_time_text(statement.ends),
        "createdTime": short_time_text(statement.created),
        "processingStartTime": short_time_text(statement.created),
        "processingEndTime": short_time_text(statement.created),
        "processingStatus": "DONE",
        "reportDocumentId": f"amzn1.spdoc.1.4.na.{statement.number}.{statement.id}",
    }


def get_reports(call: Call) -> Response:
    """GET /reports/2021-06-30/reports: settlements of the last 90 days, the newest first."""
    request, world = call.request, call.world
    token = request.one("nextToken")
    if token is not None:
        state = read_page_token(world, token, name="nextToken")
        kinds, since, until = list(state["kinds"]), float(state["since"]), float(state["until"])
        start, size = int(state["start"]), int(state["size"])
    else:
        kinds = listed(request, "reportTypes", (V2, *_OTHER_TYPES), most=10)
        if not kinds:
            raise BadRequest("reportTypes is required.")
        now = world.now.timestamp()
        since = read_time(request.one("createdSince") or short_time_text(int(now - KEPT)), "createdSince")
        until = read_time(request.one("createdUntil") or short_time_text(int(now)), "createdUntil")
        since, start = max(since, now - KEPT), 0
        size = number_between(request, "pageSize", low=1, high=100, default=10)
    found: list[Statement] = []
    if V2 in kinds:
        found = money_statements.issued(
            world, call.caller, since=since, until=until, start=start, limit=size + 1
        )
    data: dict[str, Any] = {"reports": [_body(call, each) for each in found[:size]]}
    if len(found) > size:
        state = {"kinds": kinds, "since": since, "until": until, "start": start + size, "size": size}
        data["nextToken"] = page_token(world, state, lives=24 * 3600)
    return answer(call, data, rate=0.0222)


def _find(call: Call, number: str) -> Statement | None:
    row = (
        call.world.db.execute(
            "select * from statements where id = ? and seller = ?", (int(number), call.caller.name)
        ).fetchone()
        if number.isdecimal()
        else None
    )
    now = call.world.now.timestamp()
    return None if row is None or not now - KEPT <= row["created"] <= now else (
        money_statements.read_statement(row)
    )  # fmt: skip


def get_report(call: Call) -> Response:
    """GET /reports/2021-06-30/reports/{reportId}."""
    text = call.arguments["reportId"]
    found = _find(call, str(int(text) - _FIRST_ID) if text.isdecimal() else "")
    if found is None:
        return not_found("The report was not found.")
    return answer(call, _body(call, found), rate=2.0)


def _proof(world: World, number: str, until: int) -> str:
    text = f"report/{number}/{until}"
    return hmac.new(world.secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def get_document(call: Call) -> Response:
    """GET /reports/2021-06-30/documents/{reportDocumentId}: where the file lies for the next five minutes."""
    name = call.arguments["reportDocumentId"]
    found = _find(call, name.rpartition(".")[2])
    if found is None or not name.startswith("amzn1.spdoc."):
        return not_found("The report document was not found.")
    until, number = int(time.time()) + URL_SECONDS, str(found.id)
    query = urlencode(
        {"X-Amz-Expires": URL_SECONDS, "until": until, "X-Amz-Signature": _proof(call.world, number, until)}
    )
    data = {
        "reportDocumentId": name,
        "url": f"{call.request.base_url}/amazon-reports/{number}?{query}",
        "compressionAlgorithm": "GZIP",
    }
    return answer(call, data, rate=0.0167)


def download(call: Call) -> Response:
    """GET the file from its presigned address: no token, only the signature in the address."""
    number, until = call.arguments["number"], call.request.one("until") or ""
    proof = call.request.one("X-Amz-Signature") or ""
    if not until.isdecimal() or not hmac.compare_digest(proof, _proof(call.world, number, int(until))):
        return _denied(b"SignatureDoesNotMatch", b"The signature does not match.")
    if time.time() > int(until):
        return _denied(b"AccessDenied", b"Request has expired")
    row = call.world.db.execute("select * from statements where id = ?", (number,)).fetchone()
    packed = gzip.compress(flat_file(call.world, money_statements.read_statement(row)), mtime=0)
    return Response(status=200, body=packed, content_type="binary/octet-stream")


def _denied(code: bytes, message: bytes) -> Response:
    return Response(status=403, body=_DENIED % (code, message), content_type="application/xml")
