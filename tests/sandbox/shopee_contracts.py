"""Checks what is sent to Shopee, and what our sandbox answers, against the platform's own documents.

``ECOMHUB_CONTRACTS_DIR`` names the folder that holds ``shopee/v2.*.json`` and ``signature-vectors.json``.
Without it "contracts: not checked" is said once and every check passes.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.pushes import PushRequest
from tests.sandbox.contracts import ContractBroken

COMMON = {"partner_id", "timestamp", "access_token", "shop_id", "sign"}
ENVELOPE = {"error", "message", "request_id"}
_WHOLE = {"int", "int32", "int64", "uint64", "timestamp"}


@cache
def folder() -> Path | None:
    """Return the folder of the contracts, or ``None`` (said once)."""
    name = os.environ.get("ECOMHUB_CONTRACTS_DIR", "")
    if name and (Path(name) / "shopee").is_dir():
        return Path(name)
    print("contracts: not checked")
    return None


def vectors() -> dict[str, Any] | None:
    """Return Shopee's signature vectors, ``None`` without the folder."""
    base = folder()
    if base is None:
        return None
    found: dict[str, Any] = json.loads((base / "signature-vectors.json").read_text("utf-8"))["shopee"]
    return found


def sample() -> bytes | None:
    """Return the platform's own get_order_detail sample, ``None`` without the folder."""
    base = folder()
    return None if base is None else (base / "shopee" / "sample.get_order_detail.json").read_bytes()


@cache
def document(path: str) -> dict[str, Any] | None:
    """Return the platform's document of a path, ``None`` without the folder."""
    base = folder()
    if base is None:
        return None
    for file in sorted((base / "shopee").glob("v2.*.json")):
        data: dict[str, Any] = json.loads(file.read_text("utf-8"))
        if data.get("path") == path:
            return data
    raise ContractBroken(f"{path} is no call of Shopee's")


def check_request(call: dict[str, Any]) -> None:
    """Check one recorded request: method, parameters, their types and which of them are needed."""
    data = document(call["path"])
    if data is None:
        return
    method = "POST" if data["method"] == 1 else "GET"
    if method != call["method"]:
        raise ContractBroken(f"{call['path']} is called with {method}")
    query = parse_qs(call["query"], keep_blank_values=True)
    missing = COMMON - set(query)
    if missing:
        raise ContractBroken(f"{call['path']}: {sorted(missing)} are not in the address")
    params = data["params"]["request_params"]
    if method == "POST":
        _check_object(json.loads(call["body"]), params, call["path"])
    else:
        given = {name: values[0] for name, values in query.items() if name not in COMMON}
        _check_names(given, params, call["path"])
        for param in params:
            value = given.get(param["name"])
            if value is not None and param["type"] in _WHOLE and not value.isdecimal():
                raise ContractBroken(f"{call['path']}: {param['name']} is no number")


def _check_names(given: dict[str, Any], params: list[dict[str, Any]], where: str) -> None:
    known = {param["name"] for param in params}
    if set(given) - known:
        raise ContractBroken(f"{where}: {sorted(set(given) - known)} are unknown")
    needed = {param["name"] for param in params if str(param.get("required")) == "True"}
    if needed - set(given):
        raise ContractBroken(f"{where}: {sorted(needed - set(given))} are missing")


def _check_object(given: dict[str, Any], params: list[dict[str, Any]], where: str) -> None:
    _check_names(given, params, where)
    for param in params:
        if param["name"] in given:
            _check_value(given[param["name"]], param, f"{where} {param['name']}")


def _check_value(value: Any, param: dict[str, Any], where: str) -> None:
    kind = param["type"]
    if kind.endswith("[]"):
        if not isinstance(value, list):
            raise ContractBroken(f"{where} is no list")
        for part in value:
            _check_value(part, {**param, "type": kind[:-2]}, where)
        return
    fits = {
        "object": isinstance(value, dict),
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "float": isinstance(value, int | float) and not isinstance(value, bool),
    }.get(kind, type(value) is int if kind in _WHOLE else True)
    if not fits:
        raise ContractBroken(f"{where} is {value!r}, not a {kind}")
    if kind == "object":
        _check_object(value, param.get("children") or [], where)


def check_answer(path: str, data: dict[str, Any]) -> None:
    """Check that an answer has only fields of the platform's document, of their types."""
    known = document(path)
    if known is not None:
        given = {name: value for name, value in data.items() if name not in ENVELOPE}
        _check_fields(given, known["params"]["response_params"], path)


def _check_fields(given: Any, params: list[dict[str, Any]], where: str) -> None:
    if isinstance(given, list):
        for part in given:
            _check_fields(part, params, where)
        return
    if not isinstance(given, dict) or not params:
        return
    by_name = {param["name"]: param for param in params}
    for name, value in given.items():
        if name not in by_name:
            raise ContractBroken(f"{where}: {name} is in no document")
        param = by_name[name]
        if value is not None and param["type"] in _WHOLE and type(value) is not int:
            raise ContractBroken(f"{where}: {name} is {value!r}, not a {param['type']}")
        _check_fields(value, param.get("children") or [], f"{where}.{name}")


def push_request(sent: dict[str, Any]) -> PushRequest:
    """Return a recorded push as the hub sees it come in."""
    return PushRequest(
        method=sent["method"],
        url=sent["url"],
        query={name: values[0] for name, values in parse_qs(urlsplit(sent["url"]).query).items()},
        headers={name.lower(): value for name, value in sent["headers"].items()},
        body=sent["body"].encode(),
    )
