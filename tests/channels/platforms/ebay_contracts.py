"""Checks against eBay's own models, when a folder with them is at hand (``ECOMHUB_CONTRACTS_DIR``)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import jsonschema

BASES = {
    "/sell/fulfillment/v1": "sell_fulfillment_v1_oas3.json",
    "/sell/inventory/v1": "sell_inventory_v1_oas3.json",
    "/commerce/notification/v1": "commerce_notification_v1_oas3.json",
}
_FIELD = re.compile(r"\{[^}]*\}")
_KEPT = {"type", "enum", "required"}


@cache
def folder() -> Path | None:
    """Return the folder of the contracts, or ``None`` (said once)."""
    name = os.environ.get("ECOMHUB_CONTRACTS_DIR", "")
    if name and (Path(name) / "ebay" / "rest").is_dir():
        return Path(name) / "ebay"
    print("contracts: not checked")
    return None


@cache
def model(name: str) -> dict[str, Any]:
    base = folder()
    assert base is not None
    return dict(json.loads((base / "rest" / name).read_text("utf-8")))


def as_schema(part: Any) -> Any:
    """Turn an OpenAPI schema into JSON Schema; fields it does not name are refused."""
    if "$ref" in part:
        return {"$ref": part["$ref"].replace("#/components/schemas/", "#/definitions/")}
    found: dict[str, Any] = {key: value for key, value in part.items() if key in _KEPT}
    if "properties" in part:
        found["properties"] = {key: as_schema(value) for key, value in part["properties"].items()}
        found["additionalProperties"] = False
    if "items" in part:
        found["items"] = as_schema(part["items"])
    return found


@cache
def validator(name: str, schema: str) -> jsonschema.Draft7Validator:
    definitions = {key: as_schema(value) for key, value in model(name)["components"]["schemas"].items()}
    return jsonschema.Draft7Validator({"$ref": f"#/definitions/{schema}", "definitions": definitions})


def check(name: str, schema: str, data: Any) -> None:
    """Check data against a named schema of a model; nothing without the folder."""
    if folder() is None:
        return
    errors = [f"{error.json_path}: {error.message}" for error in validator(name, schema).iter_errors(data)]
    assert errors == [], errors[:5]


def _operation(call: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    for base, name in BASES.items():
        if not call["path"].startswith(base):
            continue
        for template, methods in model(name)["paths"].items():
            pattern = "[^/]+".join(re.escape(part) for part in _FIELD.split(base + template))
            if re.fullmatch(pattern, call["path"]) and call["method"].lower() in methods:
                return name, methods[call["method"].lower()]
    raise AssertionError(f"{call['method']} {call['path']} is no operation of eBay's models")


def check_request(call: dict[str, Any]) -> None:
    """Check one recorded request: its parameters are known, its body fits, Trading's elements exist."""
    if folder() is None:
        return
    if call["path"] == "/ws/api.dll":
        check_trading(call["body"])
        return
    name, operation = _operation(call)
    known = {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"}
    assert set(parse_qs(call["query"])) <= known, call["query"]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None:
        check(name, content["schema"]["$ref"].rpartition("/")[2], json.loads(call["body"]))


@cache
def trading_types() -> dict[str, Any]:
    base = folder()
    assert base is not None
    found: dict[str, Any] = json.loads((base / "trading" / "trading-fields-1379.json").read_text("utf-8"))
    return dict(found["types"])


def fields_of(name: str) -> dict[str, str]:
    """Return a type's fields with those it inherits."""
    found = trading_types().get(name)
    if found is None:
        return {}
    inherited = fields_of(found["extends"]) if found["extends"] else {}
    return {**inherited, **found["fields"]}


def check_trading(text: str | bytes) -> None:
    """Check a Trading document: every element is one of its type's, and repeats only where it may."""
    if folder() is None:
        return
    root = ElementTree.fromstring(text)
    wrong = list(_strays(root, f"{_local(root)}Type"))
    assert wrong == [], wrong


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _strays(element: ElementTree.Element, kind: str) -> Iterator[str]:
    fields = fields_of(kind)
    if not fields:
        return
    names = [_local(part) for part in element]
    for part in element:
        name = _local(part)
        if name not in fields:
            yield f"{kind} has no {name}"
            continue
        if names.count(name) > 1 and not fields[name].endswith("[]"):
            yield f"{kind}.{name} may come once"
        yield from _strays(part, fields[name].removesuffix("[]"))
