"""What each role and each scope may do in the API: the table decides, whatever the view."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

import pytest

from ecomhub.access import ACTIONS, ANY_TOKEN, PUBLIC, SCOPES, Role
from tests.api.calling import ALL, Api, make_person
from tests.api.routes import Route, routes

pytestmark = pytest.mark.django_db

API = [route for route in routes() if route.is_api and route.pattern.startswith("api/v1/")]
CELLS = [(route, method) for route in API for method in route.actions]


_numbers = itertools.count(1)


def address(route: Route) -> str:
    """A route's address with keys of things that do not exist."""
    plain = re.sub(r"\(\?P<[^>]+>(?:\[[^\]]*\](?:\{[^}]*\}|\+)?|[^)]*)\)", "987654321", route.pattern)
    return "/" + plain.replace("^", "").replace("$", "").replace("\\Z", "")


def call(api: Api, route: Route, method: str) -> int:
    """The status a call gets; a body that does nothing."""
    if method == "GET":
        return int(api.client.get(address(route)).status_code)
    headers = {"Idempotency-Key": f"nothing-{next(_numbers)}"}
    send = getattr(api.client, method.lower())
    return int(send(address(route), "{}", content_type="application/json", headers=headers).status_code)


def may(role: Role, scopes: Iterable[str], action: str) -> bool:
    """What the table says."""
    given = ANY_TOKEN.union(*(SCOPES[scope] for scope in scopes))
    return action == PUBLIC or (role in ACTIONS[action] and action in given)


def test_api_has_routes() -> None:
    assert len(CELLS) >= 9


@pytest.mark.parametrize("role", Role)
def test_role_decides_for_a_token_with_every_scope(role: Role) -> None:
    api = Api(make_person(role))
    for route, method in CELLS:
        allowed = may(role, ALL, route.actions[method])
        assert (call(api, route, method) != 403) == allowed, (route.label, method, role)


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_scope_decides_for_the_owner(scope: str) -> None:
    api = Api(make_person(Role.OWNER), scopes=(scope,))
    for route, method in CELLS:
        allowed = may(Role.OWNER, [scope], route.actions[method])
        assert (call(api, route, method) != 403) == allowed, (route.label, method, scope)


def test_token_without_scopes_may_do_nothing() -> None:
    api = Api(make_person(Role.OWNER), scopes=())
    assert {call(api, route, method) for route, method in CELLS} == {403}


def test_only_reading_scopes_reach_no_writing_route() -> None:
    reading = tuple(scope for scope in SCOPES if scope.endswith(":read"))
    api = Api(make_person(Role.OWNER), scopes=reading)
    writes = [(route, method) for route, method in CELLS if method != "GET"]
    assert {call(api, route, method) for route, method in writes} == {403}


def test_methods_without_an_action_do_not_exist() -> None:
    api = Api(make_person(Role.OWNER))
    for route, method in itertools.product(API, ("put", "patch", "delete", "options")):
        if method.upper() not in route.actions:
            answer = getattr(api.client, method)(address(route))
            assert answer.status_code == 405, (route.label, method)
            assert answer.headers["Content-Type"] == "application/problem+json"
