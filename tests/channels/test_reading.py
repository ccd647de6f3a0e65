"""Reading strictly is one thing for all platforms; a platform's folder keeps only what is its own."""

from __future__ import annotations

import ast
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import channels.platforms
from channels import reading
from channels.platforms.shopee import reading as shopee
from channels.platforms.shopify import reading as shopify
from channels.reading import Json, Unreadable

FOLDER = Path(channels.platforms.__path__[0])
OWN = {
    "shopify": {"read_each", "bad_item"},  # names objects by the number in a global id
    "shopee": {"number", "instant", "needed_instant", "amount"},  # ids, epoch seconds, noisy amounts
}


def defined(tree: ast.Module) -> set[str]:
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def shared() -> set[str]:
    return {name for name in defined(ast.parse(Path(reading.__file__).read_text())) if name[0] != "_"}


@pytest.mark.parametrize("platform", sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))
def test_platform_writes_nothing_of_the_shared_reading_again(platform: str) -> None:
    files = [path for path in (FOLDER / platform).glob("*.py") if not path.name.startswith("_")]
    for path in files:
        again = defined(ast.parse(path.read_text())) & shared()
        allowed = OWN.get(platform, set()) if path.name == "reading.py" else set()
        assert again <= allowed, f"{path.name} defines {again - allowed} again"


def taken(value: Json) -> str:
    return reading.needed_text(value, "id", most=20)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"id": "A-1" * 20}, "A-1" * 20),
        ({"id": 7}, ""),
        ({"id": 0}, "unreadable-"),
        ({"id": -7}, "unreadable-"),
        ({"id": True}, "unreadable-"),
        ({"id": "a\x00b"}, "unreadable-"),
        ({"id": "x" * 121}, "unreadable-"),
        (["id"], "unreadable-"),
        (None, "unreadable-"),
    ],
)
def test_object_that_cannot_be_read_stops_only_itself_and_keeps_its_name(value: Any, name: str) -> None:
    items, [bad] = reading.read_each([value, {"id": "fine"}], read=taken, id_key="id")
    assert items == ("fine",)
    assert bad.external_id.startswith(name or "7")
    assert bad.reason


def test_object_nested_without_end_stops_only_itself() -> None:
    deep: Any = {"id": "deep"}
    for _level in range(100_000):
        deep = {"id": "deep", "more": [deep]}

    def walk(value: Json) -> str:
        return str(reading.plain(value)["id"])

    items, [bad] = reading.read_each([deep, {"id": "fine"}], read=walk, id_key="id")
    assert (items, bad.reason) == (("fine",), "nested too deeply")
    while deep.get("more"):
        deep = deep["more"].pop()


@pytest.mark.parametrize("value", ["1e3", 1000, Decimal(1000), "1000.0000"])
def test_amount_is_exact_however_it_is_written(value: Any) -> None:
    assert reading.amount(value, "total") == 1000


@pytest.mark.parametrize("value", ["1e14", "0.00001", "NaN", "1,5", "", 1.5, True, None, Decimal("Infinity")])
def test_amount_that_cannot_be_stored_or_added_up_is_unreadable(value: Any) -> None:
    with pytest.raises(Unreadable):
        reading.amount(value, "total")


def test_shopee_rounds_noise_and_nothing_more() -> None:
    assert shopee.amount({"total": Decimal("14.290000000000001")}, "total") == Decimal("14.29")
    with pytest.raises(Unreadable, match="four decimals"):
        shopee.amount({"total": Decimal("14.29005")}, "total")


def test_shopify_names_a_bad_object_by_the_number_in_its_global_id() -> None:
    bad = shopify.bad_item({"id": "gid://shopify/Order/17"}, id_key="id", reason="why")
    assert bad.external_id == "17"


def test_half_characters_are_replaced_before_anything_stores_them() -> None:
    [first, second] = reading.parse_sequence('{"name": "a\\ud800b"}\x1e\n{"sum": 1.10}')
    assert first == {"name": "a\ufffdb"}
    assert json.dumps(reading.plain(second)) == '{"sum": "1.10"}'
