"""SKUs and warehouses: what may stand in them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ecomhub import events
from inventory import catalog, warehouses
from inventory.models import Warehouse
from tests.inventory.making import AT

pytestmark = pytest.mark.django_db


def test_a_sku_is_created_once_and_remembers_its_changes() -> None:
    sku = catalog.create_sku(code=" CUP ", values={"name_en": " Cup "}, at=AT, actor="li")
    assert (sku.code, sku.name_en) == ("CUP", "Cup")
    with pytest.raises(catalog.SkuExists):
        catalog.create_sku(code="CUP", values={}, at=AT)
    catalog.update_sku(sku_id=sku.pk, values={"weight_g": 5, "name_en": "Cup"}, at=AT, actor="li")
    catalog.update_sku(sku_id=sku.pk, values={"weight_g": 5}, at=AT, actor="li")
    history = events.of(object_kind="sku", object_id=sku.pk)
    assert [(event.kind, event.data.get("fields")) for event in history] == [
        ("created", None),
        ("updated", ["weight_g"]),
    ]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"hs_code": "12A"}, "hs_code"),
        ({"origin_country": "XX"}, "origin_country"),
        ({"declared_currency": "ABC"}, "declared_currency"),
        ({"declared_value": Decimal("3")}, "declared_currency"),
        ({"declared_value": Decimal("-1"), "declared_currency": "USD"}, "declared_value"),
        ({"barcodes": ["a b"]}, "barcodes"),
        ({"picture_url": "javascript:alert(1)"}, "picture_url"),
        ({"weight_g": -1}, "weight_g"),
        ({"name_en": "x" * 201}, "name_en"),
        ({"status": "gone"}, "status"),
        ({"on_hand": 3}, "on_hand"),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(values: dict[str, object], field: str) -> None:
    with pytest.raises(catalog.SkuRefused) as refusal:
        catalog.create_sku(code="A", values=values, at=AT)
    assert refusal.value.field == field


@pytest.mark.parametrize("code", ["", "   ", "x" * 65, "A\u200bB", "A\nB"])
def test_codes_nobody_could_type_are_refused(code: str) -> None:
    with pytest.raises(catalog.SkuRefused):
        catalog.create_sku(code=code, values={}, at=AT)


def test_values_are_stored_in_one_form() -> None:
    sku = catalog.create_sku(
        code="A",
        values={"hs_code": "6911.10.00", "origin_country": "cn", "barcodes": ["123456", " 123456 ", ""]},
        at=AT,
    )
    assert (sku.hs_code, sku.origin_country, sku.barcodes) == ("69111000", "CN", ["123456"])


def test_a_warehouse_belongs_to_the_first_company_unless_said() -> None:
    made = warehouses.create(code="SZ-01", serves_countries=["fr", "de"])
    assert (made.name, made.country, made.legal_entity.code) == ("SZ-01", "CN", "main")
    assert made.serves_countries == ["DE", "FR"]
    changed = warehouses.update(warehouse_id=made.pk, name="Shenzhen", kind=Warehouse.Kind.THIRD_PARTY)
    assert (changed.name, changed.kind) == ("Shenzhen", "third_party")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"code": "no blanks"}, "code"),
        ({"code": "W", "country": "QQ"}, "country"),
        ({"code": "W", "kind": "moon"}, "kind"),
        ({"code": "W", "priority": -1}, "priority"),
        ({"code": "W", "serves_countries": ["Germany"]}, "serves_countries"),
    ],
)
def test_a_wrong_warehouse_is_refused_by_its_field(values: dict[str, object], field: str) -> None:
    with pytest.raises(warehouses.WarehouseRefused) as refusal:
        warehouses.create(**values)  # type: ignore[arg-type]
    assert refusal.value.field == field
