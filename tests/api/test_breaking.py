"""Schemathesis tries to break the whole API: as nobody, as a viewer, and with each scope alone.

Every operation of the document gets calls that fit it and calls that do not; each is sent by every caller.
No answer may be a mistake of ours (5xx) or one the document does not promise.
"""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings, strategies
from pytest_django.fixtures import Settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ecomhub.access import SCOPES, Role
from ecomhub.tokens import issue
from tests.api.calling import ALL, make_person
from tests.logistics.making import line, make_goods, planned_one, ready, send, telling

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = 6
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def callers() -> dict[str, dict[str, str]]:
    """The headers of everybody who calls."""
    owner, viewer = make_person(Role.OWNER), make_person(Role.VIEWER)
    found = {"nobody": {}, "viewer": bearer(issue(user=viewer, name="viewer", scopes=ALL))}
    for scope in sorted(SCOPES):
        found[scope] = bearer(issue(user=owner, name=scope, scopes=[scope]))
    return found


def bearer(token: str) -> dict[str, str]:
    """The header of a token."""
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def company(settings: Settings) -> list[int]:
    """A company with something of everything; the ids of its things."""
    settings.ECOMHUB_API_PER_MINUTE = 1_000_000
    goods = make_goods({"mug": 50, "plate": 5}, account=telling())
    order, shipment = planned_one(goods, line("mug", 2))
    send(shipment)
    return [order.pk, ready(goods, line("plate", 2)).pk, shipment.pk, goods.shop.pk]


def attacked(operation: Any, everybody: dict[str, dict[str, str]], known: list[int]) -> tuple[int, list[str]]:
    """How many calls an operation got, and what broke. Who is denied once is not asked again."""
    calls, broken = [0], []
    let_in = dict(everybody)
    cases = strategies.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @QUIET
    @given(case=cases, there=strategies.sampled_from([None, *known]))
    def attack(case: Any, there: int | None) -> None:
        if there is not None and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = there
        for who, headers in list(let_in.items()):
            calls[0] += 1
            answer = case.call(headers=headers)
            if answer.status_code in (401, 403):
                let_in.pop(who)
            try:
                case.validate_response(answer, checks=CHECKS)
            except (AssertionError, FailureGroup) as error:
                broken.append(f"{operation.label} as {who}: {answer.status_code} {error}\n{error!r}")

    attack()
    return calls[0], broken


def test_no_call_breaks_it(company: list[int]) -> None:
    everybody = callers()
    schema = schemathesis.openapi.from_wsgi(
        "/api/schema/?format=json", get_wsgi_application(), headers=everybody["viewer"]
    )
    broken: list[str] = []
    tried: dict[str, int] = {}
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        if operation.path.startswith("/api/v1/"):
            tried[operation.label], found = attacked(operation, everybody, company)
            broken += found
    assert not broken, "\n\n".join(broken[:12])
    assert len(tried) >= 25
    assert min(tried.values()) >= len(everybody), "every operation was called by everybody"
