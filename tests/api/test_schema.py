"""The API describes itself, completely."""

from __future__ import annotations

import re

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from ecomhub.access import Role
from tests.api.calling import Api, document, make_person
from tests.runtime.test_ground import CHECKOUT

LISTS = (
    *("orders", "shipments", "skus", "warehouses", "accounts", "shops", "listings"),
    *("stock/levels", "stock/movements", "stock/receipts"),
)
UNSAFE = ("post", "put", "patch", "delete")


def test_document_is_valid_and_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    GENERATOR_STATS.reset()
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")
    validate_schema(document())  # type: ignore[no-untyped-call]
    assert "arning" not in capsys.readouterr().err


def test_every_operation_names_itself_its_problems_and_its_key() -> None:
    seen = set()
    for path, methods in document()["paths"].items():
        if not path.startswith("/api/v1/"):
            continue
        for method, operation in methods.items():
            seen.add((path, method))
            assert operation["operationId"]
            assert operation["description"], (path, method)
            for status in ("401", "403", "406", "429"):
                assert "application/problem+json" in operation["responses"][status]["content"], (path, method)
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert ("Idempotency-Key" in names) == (method in UNSAFE), (path, method)
            if method in UNSAFE:
                assert {"400", "409", "415", "422", "503"} <= set(operation["responses"])
    assert seen >= {
        *((f"/api/v1/{path}/", "get") for path in LISTS),
        *(
            (f"/api/v1/{path}/{{id}}/", "get")
            for path in ("orders", "shipments", "skus", "shops", "listings")
        ),
        *((f"/api/v1/{path}/changes/", "get") for path in ("orders", "shipments", "stock/levels")),
        ("/api/v1/orders/{id}/actions/", "post"),
        ("/api/v1/shipments/", "post"),
        ("/api/v1/skus/{id}/", "patch"),
        ("/api/v1/stock/adjustments/", "post"),
        ("/api/v1/stock/receipts/", "post"),
    }


def test_the_guide_names_every_call_that_looks_at_if_match() -> None:
    guide = (CHECKOUT / "docs" / "api.md").read_text()
    (told,) = re.findall(r"^\* \*\*ETag and If-Match\*\*.*?(?=\n\n|\n\*)", guide, re.DOTALL | re.MULTILINE)
    looks = set()
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            for one in operation.get("parameters", []):
                if one["name"] == "If-Match":
                    looks.add(f"{method.upper()} {path.removeprefix('/api/v1/')}")
                    assert bool(one.get("required")) == (method == "patch"), path
    head, _mark, rest = told.partition("No other call looks at it")
    assert set(re.findall(r"`([A-Z]+ [^`]+)`", head)) == looks
    assert "`POST shipments/arrange/`" in rest
    assert "Three calls" in head
    assert len(looks) == 3


@pytest.mark.django_db
def test_document_is_served_to_tokens_and_people_and_nobody_else() -> None:
    api = Api(scopes=())
    answer = api.client.get("/api/schema/")
    assert answer.status_code == 200
    assert yaml.safe_load(answer.content)["openapi"].startswith("3.1")
    person = Client()
    person.force_login(make_person(Role.VIEWER))
    assert person.get("/api/schema/").status_code == 200
    assert Client().get("/api/schema/").status_code == 401
