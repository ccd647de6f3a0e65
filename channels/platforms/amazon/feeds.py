"""Quantities in bulk: the JSON listings feed, its bytes on their way, and Amazon's report on it."""

import zlib
from collections.abc import Sequence
from typing import Any

from channels.adapter import RetryLater
from channels.messages import Outcome, PriceUpdate, StockResult, StockUpdate
from channels.platforms.amazon.directory import DOCUMENT_HOSTS
from channels.platforms.amazon.transport import send
from channels.reading import Json, parse_json
from ecomhub.http import PAGE_BYTES

FEED_TYPE = "JSON_LISTINGS_FEED"
CONTENT_TYPE = "application/json; charset=UTF-8"
QUANTITY_PATH = "/attributes/fulfillment_availability"
ANY_PRODUCT = "PRODUCT"


def quantity_patch(update: StockUpdate) -> Json:
    """Return the body that sets one listing's quantity, the same for a patch and for a feed's message."""
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": update.quantity}]
    return {
        "productType": update.product_type or ANY_PRODUCT,
        "patches": [{"op": "replace", "path": QUANTITY_PATH, "value": value}],
    }


def build_feed(*, seller_id: str, updates: Sequence[StockUpdate]) -> Json:
    """Return a listings feed (version 2.0) with one patch per listing."""
    messages = [
        {"messageId": number, "sku": update.listing_id, "operationType": "PATCH", **quantity_patch(update)}
        for number, update in enumerate(updates, start=1)
    ]
    return {
        "header": {"sellerId": seller_id, "version": "2.0", "issueLocale": "en_US"},
        "messages": messages,
    }


def upload(*, url: str, content: bytes, proxy: str) -> None:
    """Put a feed's bytes at their presigned address: with the declared content type and no token.

    Raises ``RetryLater``: nothing happened on Amazon's side until the feed itself is created.
    """
    answer = send(
        method="PUT",
        url=url,
        headers={"content-type": CONTENT_TYPE},
        data=content,
        proxy=proxy,
        writes=False,
        hosts=DOCUMENT_HOSTS,
    )
    if not 200 <= answer.status < 300:
        raise RetryLater(f"the feed's bytes were not taken ({answer.status})")


def download_report(*, document: Json, proxy: str) -> Json:
    """Fetch and open the processing report of a feed. Raises ``RetryLater`` when it is none."""
    answer = send(
        method="GET", url=str(document["url"]), headers={}, data=None, proxy=proxy, writes=False,
        hosts=DOCUMENT_HOSTS,
    )  # fmt: skip
    if answer.status != 200:
        raise RetryLater(f"the feed's report could not be fetched ({answer.status})")
    packed = document.get("compressionAlgorithm") == "GZIP" and answer.body[:2] == b"\x1f\x8b"
    try:
        report = parse_json(_unpacked(answer.body) if packed else answer.body)
    except (ValueError, RecursionError, zlib.error) as error:
        raise RetryLater("the feed's report is not JSON") from error
    if not isinstance(report, dict) or not isinstance(report.get("summary"), dict):
        raise RetryLater("the feed's report has no summary")
    return report


def _unpacked(body: bytes) -> bytes:
    opener = zlib.decompressobj(wbits=31)
    content = opener.decompress(body, PAGE_BYTES)
    if opener.unconsumed_tail or not opener.eof:
        raise ValueError("the report is cut off or too long")
    return content


def read_report(report: Json, *, marketplace: str) -> list[StockResult]:
    """Return the refused listings of a report; a listing without an error was taken."""
    issues = report.get("issues")
    refused: dict[str, list[str]] = {}
    for issue in issues if isinstance(issues, list) else []:
        if isinstance(issue, dict) and issue.get("severity") == "ERROR" and isinstance(issue.get("sku"), str):
            refused.setdefault(issue["sku"], []).append(_said(issue))
    return [
        StockResult(
            marketplace=marketplace,
            listing_id=sku,
            outcome=Outcome.REFUSED,
            reason="; ".join(reasons)[:500],
        )
        for sku, reasons in refused.items()
    ]


def read_submission(data: Json, *, update: StockUpdate | PriceUpdate) -> StockResult:
    """Return how one patch ended: ``ACCEPTED`` is queued, ``INVALID`` is refused with its issues."""
    status = data.get("status")
    if status == "INVALID":
        issues = [issue for issue in data.get("issues") or [] if isinstance(issue, dict)]
        return _result(update, Outcome.REFUSED, "; ".join(_said(issue) for issue in issues)[:500])
    if status in ("ACCEPTED", "VALID"):
        return _result(update, Outcome.ACCEPTED, "")
    raise RetryLater(f"Amazon answered with the unknown status {str(status)[:60]}", unknown=True)


def _result(update: StockUpdate | PriceUpdate, outcome: Outcome, reason: str) -> StockResult:
    return StockResult(
        marketplace=update.marketplace, listing_id=update.listing_id, outcome=outcome, reason=reason
    )


def _said(issue: dict[str, Any]) -> str:
    return f"{issue.get('code', '')} {issue.get('message', '')}".strip()[:300]
