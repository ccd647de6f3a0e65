"""Money from Amazon: settlement reports one by one, then what the Finances API says of the same time.

Amazon makes settlement reports by itself and keeps them for 90 days; which marketplace one belongs to only
its file says. Transactions are evidence: they tell what is still deferred. Amazon may show one only two days
after it was posted, so each window is asked for at once and again two days later.
"""

import hashlib
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from django.conf import settings

from channels.adapter import Observer, PageTokenExpired, RetryLater
from channels.messages import Connection, IncomingDocument, Page
from channels.money_documents import document_file, json_document
from channels.platforms.amazon.client import FinancesApi, ReportsApi, open_api
from channels.platforms.amazon.directory import DOCUMENT_HOSTS
from channels.platforms.amazon.transport import Expected, send_into
from channels.reading import Json, Unreadable, needed_instant, needed_text

REPORT_TYPE = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
SOURCE, TRANSACTIONS_SOURCE = "amazon_settlement_v2", "amazon_transactions"
LONGEST_REPORT = 500 * 1024 * 1024
_PIECE = 1 << 16
_REPORTS, _TRANSACTIONS, _LATE = "r:", "t:", "l:"
LATEST = timedelta(hours=48)
"""How late a transaction may appear under the time it was posted."""
_PATIENCE = 4
"""How many times the usual a report's bytes may take to arrive."""


def fetch_page(
    *, connection: Connection, observer: Observer | None, created_from: datetime, created_to: datetime,
    page_token: str,
) -> Page[IncomingDocument]:  # fmt: skip
    """Fetch the next report or the next page of transactions of a window."""
    bounds = wire_time(created_from), wire_time(created_to)
    if page_token.startswith(_TRANSACTIONS):
        return _transactions(connection, observer, bounds, created_to, page_token, then=_LATE)
    if page_token.startswith(_LATE):
        bounds = wire_time(created_from - LATEST), wire_time(created_to - LATEST)
        return _transactions(connection, observer, bounds, created_to, page_token, then="")
    return _report(connection, observer, bounds, page_token.removeprefix(_REPORTS))


def wire_time(at: datetime) -> str:
    """Return an instant as Amazon takes it: UTC, whole seconds, ending in Z."""
    if at.tzinfo is None:
        raise ValueError("an instant has an offset")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _report(
    connection: Connection, observer: Observer | None, bounds: tuple[str, str], token: str
) -> Page[IncomingDocument]:
    expected = Expected(operation="fetch_statements", key="reports", pages=bool(token), is_main=False)
    api = open_api(ReportsApi, connection=connection, expected=expected, observer=observer)
    data = api.list(report_type=REPORT_TYPE, created_since=bounds[0], created_until=bounds[1], token=token)
    following = data.get("nextToken")
    if following is not None and not isinstance(following, str):
        raise (PageTokenExpired if token else RetryLater)("Amazon's page token is not text")
    documents = tuple(
        _document(connection, observer, report)
        for report in data["reports"]
        if not isinstance(report, dict) or report.get("processingStatus", "DONE") == "DONE"
    )
    return Page(items=documents, next_token=f"{_REPORTS}{following}" if following else _TRANSACTIONS)


def _document(connection: Connection, observer: Observer | None, report: Any) -> IncomingDocument:
    try:
        if not isinstance(report, dict):
            raise Unreadable("a report is not an object")
        number = needed_text(report, "reportDocumentId", most=300)
        name = needed_text(report, "reportId", most=100)
        created_at = needed_instant(report, "createdTime")
    except Unreadable as error:
        raise RetryLater(f"Amazon's list of reports is broken: {error}") from error
    expected = Expected(operation="fetch_statements", key="url", kind=str)
    api = open_api(ReportsApi, connection=connection, expected=expected, observer=observer)
    place = api.document(number=number)
    return IncomingDocument(
        external_id=name,
        name=f"settlement-{name}.txt",
        created_at=created_at,
        source=SOURCE,
        content=download(place, proxy=connection.proxy),
    )


def download(place: Json, *, proxy: str) -> BinaryIO:
    """Fetch a report's bytes from their presigned address, unpacked. Raises ``RetryLater``."""
    kept = document_file()
    answer = send_into(
        url=str(place["url"]), hosts=DOCUMENT_HOSTS, proxy=proxy, into=kept, max_bytes=LONGEST_REPORT,
        deadline=settings.ECOMHUB_CALL_SECONDS * _PATIENCE,
    )  # fmt: skip
    if answer.status != 200:
        kept.close()
        raise RetryLater(f"the report could not be fetched ({answer.status})")
    kept.seek(0)
    if place.get("compressionAlgorithm") != "GZIP" or kept.read(2) != b"\x1f\x8b":
        kept.seek(0)
        return kept
    kept.seek(0)
    try:
        with kept:
            return _unpacked(kept)
    except (ValueError, zlib.error) as error:
        raise RetryLater("the report cannot be unpacked") from error


def _unpacked(packed: BinaryIO) -> BinaryIO:
    """Unpack piece by piece; a report that is cut off or too long is none."""
    opener, size = zlib.decompressobj(wbits=31), 0
    found = document_file()
    while piece := packed.read(_PIECE):
        while piece and not opener.eof:
            plain_text = opener.decompress(piece, 1 << 20)
            size += len(plain_text)
            if size > LONGEST_REPORT:
                raise ValueError("the report is too long")
            found.write(plain_text)
            piece = opener.unconsumed_tail
    if not opener.eof:
        raise ValueError("the report is cut off")
    found.seek(0)
    return found


def _transactions(
    connection: Connection,
    observer: Observer | None,
    bounds: tuple[str, str],
    at: datetime,
    page_token: str,
    *,
    then: str,
) -> Page[IncomingDocument]:
    """Fetch a page of transactions; behind the last one ``then`` is the token to go on with."""
    kind, token = page_token[: len(_TRANSACTIONS)], page_token[len(_TRANSACTIONS) :]
    expected = Expected(
        operation="fetch_statements", key="payload.transactions", pages=bool(token), is_main=False
    )
    api = open_api(FinancesApi, connection=connection, expected=expected, observer=observer)
    data = api.transactions(posted_after=bounds[0], posted_before=bounds[1], token=token)
    payload = data["payload"]
    following = payload.get("nextToken")
    if following is not None and not isinstance(following, str):
        raise (PageTokenExpired if token else RetryLater)("Amazon's page token is not text")
    documents: tuple[IncomingDocument, ...] = ()
    if payload["transactions"]:
        first, last = (text[:16].replace(":", "") for text in bounds)
        page = hashlib.sha256(token.encode()).hexdigest()[:12]
        documents = (
            IncomingDocument(
                external_id=f"transactions-{first}-{last}-{page}",
                name=f"transactions-{first}-{last}.json",
                created_at=at,
                source=TRANSACTIONS_SOURCE,
                content=json_document({"payload": {"transactions": payload["transactions"]}}),
            ),
        )
    return Page(items=documents, next_token=f"{kind}{following}" if following else then)
