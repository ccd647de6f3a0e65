"""Checks answers and requests against Amazon's own models, when a folder with them is at hand.

``ECOMHUB_CONTRACTS_DIR`` names the folder that holds ``amazon/models`` and ``amazon/schemas``. Without it
"contracts: not checked" is said once and every check passes.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jsonschema

MODELS = (
    "orders_2026-01-01",
    "ordersV0",
    "listingsItems_2021-08-01",
    "feeds_2021-06-30",
    "fbaInventory",
    "sellers",
    "reports_2021-06-30",
    "finances_2024-06-19",
)
# The SDK sends these beside the parameter the model knows.
SDK_EXTRAS = frozenset({"MarketplaceId", "MarketplaceIds", "marketplace_ids"})
_KEPT = {
    "type",
    "enum",
    "format",
    "minimum",
    "maximum",
    "pattern",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "required",
    "additionalProperties",
}


class ContractBroken(AssertionError):
    """A request or an answer does not conform to the platform's model."""


@cache
def folder() -> Path | None:
    """Return the folder of the contracts, or ``None`` (said once)."""
    name = os.environ.get("ECOMHUB_CONTRACTS_DIR", "")
    if name and (Path(name) / "amazon" / "models").is_dir():
        return Path(name)
    print("contracts: not checked")
    return None


@cache
def model(name: str) -> dict[str, Any]:
    """Return one official model."""
    base = folder()
    assert base is not None
    return dict(json.loads((base / "amazon" / "models" / f"{name}.json").read_text("utf-8")))


def as_schema(part: Any) -> Any:
    """Turn a Swagger 2.0 definition into JSON Schema; fields the definition does not name are refused."""
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return {"$ref": part["$ref"]}
    found: dict[str, Any] = {key: value for key, value in part.items() if key in _KEPT}
    if "properties" in part:
        found["properties"] = {key: as_schema(value) for key, value in part["properties"].items()}
        found.setdefault("additionalProperties", False)
    if isinstance(part.get("additionalProperties"), dict):
        found["additionalProperties"] = as_schema(part["additionalProperties"])
    if "items" in part:
        found["items"] = as_schema(part["items"])
    if "allOf" in part:
        found["allOf"] = [as_schema(piece) for piece in part["allOf"]]
    return found


@cache
def validator(name: str, reference: str) -> jsonschema.Draft7Validator:
    """Return the validator of one definition of a model."""
    definitions = {key: as_schema(value) for key, value in model(name)["definitions"].items()}
    schema = {"$ref": reference, "definitions": definitions}
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())


def check(*, checker: jsonschema.Draft7Validator, data: Any, what: str) -> None:
    """Raise ``ContractBroken`` with every place that does not conform."""
    errors = [f"{error.json_path}: {error.message}" for error in checker.iter_errors(data)]
    if errors:
        raise ContractBroken(f"{what}: " + "; ".join(errors[:8]))


def _operations() -> Iterator[tuple[str, str, str, dict[str, Any], list[dict[str, Any]]]]:
    for name in MODELS:
        for path, methods in model(name)["paths"].items():
            shared = methods.get("parameters", [])
            for method, operation in methods.items():
                if method in {"get", "post", "put", "patch", "delete"}:
                    yield name, path, method.upper(), operation, [*shared, *operation.get("parameters", [])]


def find_operation(*, method: str, path: str) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """Return (model, operation, parameters) of a request. A SKU in a decoded path may hold slashes."""
    best: tuple[int, tuple[str, dict[str, Any], list[dict[str, Any]]]] | None = None
    for name, template, verb, operation, parameters in _operations():
        pattern = re.sub(r"\\{sku\\}", ".+", re.escape(template))
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", pattern)
        if verb == method and re.fullmatch(pattern, path, re.DOTALL):
            literal = len(re.sub(r"\{\w+\}", "", template))
            if best is None or literal > best[0]:
                best = literal, (name, operation, parameters)
    if best is None:
        raise ContractBroken(f"{method} {path} is no operation of the official models")
    return best[1]


def check_answer(*, method: str, path: str, status: int, body: Any) -> None:
    """Check an answer's body against the model of its operation and status."""
    if folder() is None:
        return
    name, operation, _ = find_operation(method=method, path=path)
    answer = operation["responses"].get(str(status))
    if answer is None:
        raise ContractBroken(f"{operation['operationId']} has no answer {status}")
    if "schema" in answer:
        reference = answer["schema"]["$ref"]
        check(checker=validator(name, reference), data=body, what=f"{operation['operationId']} {status}")


def check_request(*, method: str, path: str, query: str = "", body: str | bytes = "") -> None:
    """Check a recorded request: every parameter known, of its type, and the required ones there."""
    if folder() is None:
        return
    name, operation, parameters = find_operation(method=method, path=path)
    what = f"{operation['operationId']} request"
    given = parse_qs(query, keep_blank_values=True)
    known = {each["name"]: each for each in parameters if each["in"] == "query"}
    unknown = set(given) - set(known) - SDK_EXTRAS
    if unknown:
        raise ContractBroken(f"{what}: unknown parameters {sorted(unknown)}")
    for key, parameter in known.items():
        if key not in given:
            if parameter.get("required"):
                raise ContractBroken(f"{what}: {key} is missing")
            continue
        check(
            checker=jsonschema.Draft7Validator(as_schema(parameter | {"required": []})),
            data=_value(parameter, given[key]),
            what=f"{what} parameter {key}",
        )
    for parameter in parameters:
        if parameter["in"] == "body":
            data = json.loads(body)
            check(checker=validator(name, parameter["schema"]["$ref"]), data=data, what=what)


def _value(parameter: Mapping[str, Any], values: list[str]) -> Any:
    parts = [part for value in values for part in value.split(",")]
    match parameter["type"]:
        case "array":
            return parts
        case "integer":
            return int(values[0]) if re.fullmatch(r"-?\d+", values[0]) else values[0]
        case "boolean":
            return {"true": True, "false": False}.get(values[0], values[0])
    return values[0]


def check_feed(body: str | bytes) -> None:
    """Check an uploaded listings feed against its schema."""
    _check_feed_schema("listings-feed-schema-v2.json", json.loads(body))


def check_report(body: str | bytes) -> None:
    """Check a processing report against its schema."""
    _check_feed_schema("listings-feed-processing-report-schema-v2.json", json.loads(body))


def _check_feed_schema(name: str, data: Any) -> None:
    base = folder()
    if base is None:
        return
    schema = json.loads((base / "amazon" / "schemas" / "feeds" / name).read_text("utf-8"))
    check(checker=jsonschema.Draft7Validator(schema), data=data, what=name)


def check_calls(calls: list[dict[str, Any]]) -> int:
    """Check every recorded call of the model's operations; return how many there were."""
    checked = 0
    for call in calls:
        if call["operation"] in {"token", "downloadDocument", "downloadReport"}:
            continue
        if call["operation"] == "uploadDocument":
            check_feed(call["body"])
        else:
            check_request(method=call["method"], path=call["path"], query=call["query"], body=call["body"])
        checked += 1
    return checked
