"""Warehouses: opening and changing them."""

import re
from collections.abc import Sequence
from typing import Any

from babel import Locale
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from ecomhub.entities import default_entity
from ecomhub.models import LegalEntity
from inventory.models import Warehouse

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}")
_COUNTRIES = frozenset(
    code for code in map(str, Locale("en").territories) if re.fullmatch(r"[A-Z]{2}", code)
) - {
    "EU",
    "EZ",
    "QO",
    "UN",
    "XA",
    "XB",
    "ZZ",
}


class WarehouseRefused(ValueError):
    """A warehouse cannot be opened or changed like that; ``field`` says which value, the text why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def is_country(code: str) -> bool:
    """Say whether a text is an ISO 3166-1 alpha-2 code."""
    return code in _COUNTRIES


def check(
    *,
    code: str,
    name: str = "",
    kind: str = Warehouse.Kind.OWN,
    country: str = "",
    serves_countries: Sequence[str] = (),
) -> None:
    """Say whether a warehouse could be opened like that. Raises ``WarehouseRefused``."""
    if not _CODE.fullmatch(code):
        raise WarehouseRefused(
            "code", _("A warehouse code has up to 20 letters, digits, dots or dashes: %s") % code
        )
    values: dict[str, Any] = {"name": name or code, "kind": kind, "serves_countries": serves_countries}
    _clean(values | ({"country": country} if country else {}))


def create(
    *,
    code: str,
    name: str = "",
    kind: str = Warehouse.Kind.OWN,
    country: str = "",
    legal_entity: LegalEntity | None = None,
    is_sellable: bool = True,
    priority: int = 100,
    serves_countries: Sequence[str] = (),
    channel_reference: str = "",
) -> Warehouse:
    """Open a warehouse. Its code is for ever; without a company it belongs to the first one.

    Raises ``WarehouseRefused``.
    """
    code = code.strip()
    check(code=code)
    entity = legal_entity or default_entity()
    values = _clean(
        {
            "name": name.strip() or code,
            "kind": kind,
            "country": country or entity.country,
            "is_sellable": is_sellable,
            "priority": priority,
            "serves_countries": serves_countries,
            "channel_reference": channel_reference,
        }
    )
    try:
        with transaction.atomic():
            return Warehouse.objects.create(code=code, legal_entity=entity, **values)
    except IntegrityError as error:
        raise WarehouseRefused("code", _("There is a warehouse %s already") % code) from error


def update(*, warehouse_id: int, **changes: Any) -> Warehouse:
    """Change a warehouse's name, kind, country, priority or what it serves; not its code nor its company.

    Raises ``WarehouseRefused``.
    """
    values = _clean(changes)
    with transaction.atomic():
        warehouse = Warehouse.objects.select_for_update().get(pk=warehouse_id)
        for field, value in values.items():
            setattr(warehouse, field, value)
        warehouse.save(update_fields=list(values))
    return warehouse


_FIELDS = frozenset(
    {"name", "kind", "country", "is_sellable", "priority", "serves_countries", "channel_reference"}
)


def _clean(values: dict[str, Any]) -> dict[str, Any]:
    unknown = values.keys() - _FIELDS
    if unknown:
        raise WarehouseRefused(min(unknown), _("This cannot be changed: %s") % min(unknown))
    clean = dict(values)
    if "kind" in clean and clean["kind"] not in Warehouse.Kind.values:
        raise WarehouseRefused(
            "kind", _("A warehouse is one of: %s") % ", ".join(map(str, Warehouse.Kind.values))
        )
    if "country" in clean:
        clean["country"] = _country("country", clean["country"])
    if "serves_countries" in clean:
        served = {_country("serves_countries", code) for code in clean["serves_countries"]}
        clean["serves_countries"] = sorted(served)
    if "name" in clean and not 0 < len(clean["name"]) <= 120:
        raise WarehouseRefused("name", _("A warehouse's name has 1 to 120 characters"))
    if "priority" in clean and not 0 <= clean["priority"] <= 32767:
        raise WarehouseRefused("priority", _("A priority lies between 0 and 32767; lower ships first"))
    return clean


def _country(field: str, code: str) -> str:
    code = code.strip().upper()
    if not is_country(code):
        raise WarehouseRefused(field, _("Write a country as two letters, such as DE: %s") % code)
    return code
