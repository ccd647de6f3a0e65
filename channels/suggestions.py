"""Suggestions for pairing: which SKU an unpaired listing probably sells, and why we think so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from channels.models import Listing

PER_LISTING = 3
_LEAST_CODE = 0.45
_LEAST_TITLE = 0.3

_SUGGEST = """
WITH asked AS (
    SELECT l.id, upper(l.external_id) AS code, upper(l.product_id) AS product, upper(l.title) AS title,
           ARRAY(SELECT jsonb_array_elements_text(l.barcodes)) AS barcodes
      FROM channels_listing l
     WHERE l.id = ANY(%(listings)s)
), judged AS (
    SELECT asked.id AS listing_id, s.id AS sku_id, s.code, s.name_en, s.name_zh,
           upper(s.code) IN (asked.code, asked.product) AS same_code,
           asked.barcodes && s.barcodes::text[] AS same_barcode,
           similarity(upper(s.code), asked.code) AS code_likeness,
           greatest(similarity(upper(s.name_en), asked.title), similarity(s.name_zh, asked.title))
               AS title_likeness
      FROM asked
      JOIN inventory_sku s ON s.status <> 'retired' AND (
           upper(s.code) IN (asked.code, asked.product)
        OR s.barcodes::text[] && asked.barcodes
        OR similarity(upper(s.code), asked.code) >= %(code)s
        OR similarity(upper(s.name_en), asked.title) >= %(title)s
        OR similarity(s.name_zh, asked.title) >= %(title)s)
), ranked AS (
    SELECT *, CASE WHEN same_code THEN 'code' WHEN same_barcode THEN 'barcode'
                   WHEN code_likeness >= %(code)s AND code_likeness >= title_likeness THEN 'like_code'
                   ELSE 'title' END AS reason,
           CASE WHEN same_code THEN 1.0 WHEN same_barcode THEN 0.98
                ELSE 0.9 * greatest(code_likeness, title_likeness) END AS score
      FROM judged
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY listing_id ORDER BY score DESC, code) AS place FROM ranked
)
SELECT listing_id, sku_id, code, name_en, name_zh, reason, score
  FROM numbered WHERE place <= %(each)s ORDER BY listing_id, place
"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A SKU a listing may sell. ``reason``: code, barcode, like_code or title; ``score`` up to 1."""

    sku_id: int
    code: str
    name_en: str
    name_zh: str
    reason: str
    score: float


def suggest(*, listings: Sequence[Listing]) -> dict[int, list[Suggestion]]:
    """Return up to three likely SKUs per listing id, the likeliest first: one statement for a whole page."""
    given: dict[str, Any] = {
        "listings": [listing.pk for listing in listings],
        "code": _LEAST_CODE,
        "title": _LEAST_TITLE,
        "each": PER_LISTING,
    }
    found: dict[int, list[Suggestion]] = {listing.pk: [] for listing in listings}
    with connection.cursor() as cursor:
        cursor.execute(_SUGGEST, given)
        for listing_id, *rest in cursor.fetchall():
            sku_id, code, name_en, name_zh, reason, score = rest
            found[listing_id].append(
                Suggestion(
                    sku_id=sku_id,
                    code=code,
                    name_en=name_en,
                    name_zh=name_zh,
                    reason=reason,
                    score=float(score),
                )
            )
    return found
