"""The seller's SKUs: what may stand in one, creating and changing them singly or many at once."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from ecomhub import events
from ecomhub.events import Happening
from ecomhub.money import known_currencies
from inventory.models import Sku
from inventory.warehouses import is_country

_SIZES = ("weight_g", "length_mm", "width_mm", "height_mm")
_TEXTS = {
    "name_en": 200,
    "name_zh": 200,
    "category": 120,
    "declared_name_en": 200,
    "declared_name_zh": 200,
}
_FLAGS = ("has_battery", "is_liquid")
_BARCODE = re.compile(r"[\x21-\x7e]{4,32}")
_HS_CODE = re.compile(r"\d{4,14}")
_LARGEST_SIZE = 10_000_000


class SkuRefused(ValueError):
    """A SKU cannot be like that; ``field`` says which value, the text what to change."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class SkuExists(SkuRefused):
    """The code is taken."""


@dataclass(frozen=True, slots=True)
class Written:
    """What happened to one SKU: created, or which fields changed (none: it was like that already)."""

    sku_id: int | None
    created: bool
    changed: tuple[str, ...] = ()


def clean_code(code: str) -> str:
    """Return a SKU code as it is stored. Raises ``SkuRefused``."""
    clean = unicodedata.normalize("NFC", code).strip()
    if not clean or len(clean) > 64:
        raise SkuRefused("code", _("A SKU code has 1 to 64 characters"))
    if any(unicodedata.category(sign).startswith(("C", "Z")) and sign != " " for sign in clean):
        raise SkuRefused("code", _("A SKU code has no invisible characters: %s") % clean)
    return clean


def clean(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a SKU's fields as they are stored. Raises ``SkuRefused``."""
    done: dict[str, Any] = {}
    for field, value in values.items():
        if field in _TEXTS:
            done[field] = _text(field, value, _TEXTS[field])
        elif field in _SIZES or field == "safety_stock":
            done[field] = _size(field, value)
        elif field in _FLAGS:
            done[field] = bool(value)
        elif field in _CLEANERS:
            done[field] = _CLEANERS[field](value)
        else:
            raise SkuRefused(field, _("A SKU has no %s") % field)
    return done


def _text(field: str, value: str, longest: int) -> str:
    text = unicodedata.normalize("NFC", value).strip()
    if len(text) > longest:
        raise SkuRefused(field, _("This is longer than %d characters") % longest)
    return text


def _size(field: str, value: int | None) -> int | None:
    if value is None:
        if field == "safety_stock":
            raise SkuRefused(field, _("Write 0 for no safety stock"))
        return None
    if not 0 <= value <= _LARGEST_SIZE:
        raise SkuRefused(field, _("This lies between 0 and %d") % _LARGEST_SIZE)
    return value


def _barcodes(values: Sequence[str]) -> list[str]:
    codes = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    for code in codes:
        if not _BARCODE.fullmatch(code):
            raise SkuRefused(
                "barcodes", _("A barcode has 4 to 32 letters, digits or signs without blanks: %s") % code
            )
    return codes


def _hs_code(value: str) -> str:
    digits = re.sub(r"[\s.]", "", value)
    if digits and not _HS_CODE.fullmatch(digits):
        raise SkuRefused("hs_code", _("An HS code has 4 to 14 digits: %s") % value)
    return digits


def _origin(value: str) -> str:
    code = value.strip().upper()
    if code and not is_country(code):
        raise SkuRefused("origin_country", _("Write a country as two letters, such as CN: %s") % value)
    return code


def _currency(value: str) -> str:
    code = value.strip().upper()
    if code and code not in known_currencies():
        raise SkuRefused("declared_currency", _("Write a currency as three letters, such as USD: %s") % value)
    return code


def _declared(value: Decimal | None) -> Decimal | None:
    if value is not None and not (value.is_finite() and 0 <= value < Decimal("1e15")):
        raise SkuRefused("declared_value", _("A declared value is zero or more"))
    return value


def _picture(value: str) -> str:
    url = value.strip()
    if url and (urlsplit(url).scheme not in ("http", "https") or len(url) > 500 or not url.isprintable()):
        raise SkuRefused("picture_url", _("A picture's address begins with https:// and has no blanks"))
    return url


def _status(value: str) -> str:
    if value not in Sku.Status.values:
        raise SkuRefused("status", _("A status is one of: %s") % ", ".join(map(str, Sku.Status.values)))
    return value


_CLEANERS: dict[str, Any] = {
    "barcodes": _barcodes,
    "hs_code": _hs_code,
    "origin_country": _origin,
    "declared_currency": _currency,
    "declared_value": _declared,
    "picture_url": _picture,
    "status": _status,
}


def _whole(sku: Sku) -> None:
    """Check what only several fields together can break."""
    if sku.declared_value is not None and not sku.declared_currency:
        raise SkuRefused("declared_currency", _("A declared value needs its currency"))


def create_sku(*, code: str, values: Mapping[str, Any], at: datetime, actor: str = "system") -> Sku:
    """Create a SKU. Raises ``SkuExists`` when the code is taken, ``SkuRefused`` for a wrong value."""
    sku = Sku(code=clean_code(code), created_at=at, updated_at=at, **clean(values))
    _whole(sku)
    try:
        with transaction.atomic():
            sku.save(force_insert=True)
            events.record_many(happenings=[_happening(sku, "created", (), at, actor)], first=True)
    except IntegrityError as error:
        raise SkuExists("code", _("There is a SKU %s already") % sku.code) from error
    return sku


def update_sku(*, sku_id: int, values: Mapping[str, Any], at: datetime, actor: str = "system") -> Sku:
    """Change a SKU's fields (its code is for ever); nothing is written when all are like that already.

    Raises ``SkuRefused``.
    """
    wanted = clean(values)
    with transaction.atomic():
        sku = Sku.objects.select_for_update().get(pk=sku_id)
        changed = _change(sku, wanted)
        if changed:
            sku.updated_at = at
            sku.save(update_fields=[*changed, "updated_at"])
            events.record_many(happenings=[_happening(sku, "updated", changed, at, actor)])
    return sku


def _change(sku: Sku, wanted: Mapping[str, Any]) -> tuple[str, ...]:
    changed = tuple(field for field, value in wanted.items() if getattr(sku, field) != value)
    for field in changed:
        setattr(sku, field, wanted[field])
    _whole(sku)
    return changed


def _happening(sku: Sku, kind: str, changed: tuple[str, ...], at: datetime, actor: str) -> Happening:
    data = {"code": sku.code} | ({"fields": list(changed)} if changed else {})
    return Happening(object_kind="sku", object_id=sku.pk, kind=kind, at=at, data=data, actor=actor)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A SKU as a sheet wants it; fields not named stay as they are."""

    code: str
    values: Mapping[str, Any]


def preview_many(*, wanted: Sequence[Wanted]) -> list[Written | SkuRefused]:
    """Say what ``write_many`` would do with each, without writing."""
    known = {sku.code: sku for sku in Sku.objects.filter(code__in=[one.code for one in wanted])}
    return [_preview(known.get(one.code), one)[1] for one in wanted]


def write_many(
    *, wanted: Sequence[Wanted], at: datetime, actor: str = "system"
) -> list[Written | SkuRefused]:
    """Create or change SKUs with different codes in few statements; a wrong one stops only itself."""
    with transaction.atomic():
        codes = [one.code for one in wanted]
        held = Sku.objects.filter(code__in=codes).order_by("pk").select_for_update()
        known = {sku.code: sku for sku in held}
        planned = [_preview(known.get(one.code), one) for one in wanted]
        new = [sku for sku, result in planned if isinstance(result, Written) and result.created]
        changed = {
            sku.code: (sku, result.changed)
            for sku, result in planned
            if isinstance(result, Written) and result.changed
        }
        for sku in (*new, *(sku for sku, _fields in changed.values())):
            sku.updated_at = at
        for sku in new:
            sku.created_at = at
        Sku.objects.bulk_create(new)
        fields = sorted({field for _sku, names in changed.values() for field in names})
        if fields:
            Sku.objects.bulk_update([sku for sku, _names in changed.values()], [*fields, "updated_at"])
        events.record_many(happenings=[_happening(sku, "created", (), at, actor) for sku in new], first=True)
        events.record_many(
            happenings=[_happening(sku, "updated", names, at, actor) for sku, names in changed.values()]
        )
    return [
        Written(sku.pk, result.created, result.changed) if isinstance(result, Written) else result
        for sku, result in planned
    ]


def _preview(sku: Sku | None, wanted: Wanted) -> tuple[Sku, Written | SkuRefused]:
    """Change a SKU in memory, or make a new one, as wanted."""
    created = sku is None
    sku = sku or Sku(code=wanted.code)
    try:
        changed = _change(sku, clean(wanted.values))
    except SkuRefused as refusal:
        return sku, refusal
    return sku, Written(sku.pk, created, () if created else changed)
