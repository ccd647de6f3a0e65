"""Every route names who may use it; without that it is a failure, not an open door."""

from __future__ import annotations

import re

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, path, reverse
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.views import APIView

from ecomhub.access import ACTIONS, PUBLIC, READ_ACTIONS, Actor, Role, allow
from ecomhub.models import User
from ecomhub.rest.permission import ActionPermission
from tests.api.calling import make_person
from tests.api.routes import THIRD_PARTY, Route, routes

ROUTES = routes()
PAGES = [route for route in ROUTES if not route.is_api and route.name not in THIRD_PARTY]


def test_every_route_names_an_action_of_the_table() -> None:
    unnamed = [
        (route.label, method, action)
        for route in ROUTES
        for method, action in (route.actions.items() or [("*", "")])
        if action != PUBLIC and action not in ACTIONS
    ]
    assert unnamed == []


def test_public_routes_are_few_and_known() -> None:
    public = {route.name for route in PAGES if PUBLIC in route.actions.values()}
    assert public <= {"healthz", "readyz", "metrics", "ecomhub:language", "hooks:receive"}


def test_table_of_third_party_routes_holds_nothing_that_is_gone() -> None:
    assert set(THIRD_PARTY) == {route.name for route in ROUTES if route.name in THIRD_PARTY}


def test_route_without_an_action_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: a view that names nothing, and an API view that names nothing."""

    def forgotten(request: HttpRequest) -> HttpResponse:
        return HttpResponse("secret")

    class Forgotten(APIView):
        pass

    class Resolver:
        url_patterns = [path("a", forgotten, name="a"), path("b", Forgotten.as_view(), name="b")]

    monkeypatch.setattr("tests.api.routes.get_resolver", Resolver)
    assert [route.actions for route in routes()] == [{}, {}]


def test_api_view_that_names_nothing_is_closed() -> None:
    class Forgotten(APIView):
        pass

    plain = HttpRequest()
    plain.method = "GET"
    assert not ActionPermission().has_permission(Request(plain), Forgotten())
    known = Request(plain)
    known.user, known.auth = User(username="owner", role=Role.OWNER.value), None
    with pytest.raises(MethodNotAllowed):
        ActionPermission().has_permission(known, Forgotten())


def test_view_cannot_name_an_action_that_does_not_exist() -> None:
    with pytest.raises(KeyError):
        allow("orders.explode")


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_owner_may_do_everything_and_nobody_nothing(action: str) -> None:
    assert Role.OWNER in ACTIONS[action]
    assert not Actor(name="nobody").may(action)


def test_viewer_reads_and_changes_nothing_but_their_own_preferences() -> None:
    mine = {action for action, roles in ACTIONS.items() if Role.VIEWER in roles}
    assert mine - READ_ACTIONS <= {"shell.home", "shell.preferences", "api.schema"}


def address(route: Route) -> str | None:
    """A route's address: without keys, or with keys of things that do not exist."""
    keys = re.findall(r"<(?:(\w+):)?(\w+)>", route.pattern)
    values = {name: "987654321" if kind == "int" else "nothing" for kind, name in keys}
    try:
        return reverse(route.name, kwargs=values)
    except NoReverseMatch:
        return None


@pytest.mark.django_db
@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role.value if role else "nobody")
def test_role_opens_the_pages_of_the_table_and_no_others(role: Role | None) -> None:
    client = Client()
    if role is not None:
        client.force_login(make_person(role))
    for route in PAGES:
        action = route.actions["*"]
        where = address(route)
        assert where is not None, route.label
        answer = client.get(where)
        assert answer.status_code < 500, route.label
        if action == PUBLIC:
            continue
        if role is None:
            assert answer.status_code == 302, route.label
            assert "/accounts/login" in answer.headers["Location"], route.label
        elif role in ACTIONS[action]:
            assert answer.status_code in (200, 204, 302, 400, 404, 405), (route.label, answer.status_code)
        else:
            assert answer.status_code == 403, (route.label, role)


OPEN_DOORS = frozenset(
    {
        "account_login",
        "account_logout",
        "account_signup",
        "account_inactive",
        "account_email_verification_sent",
        "account_confirm_email",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
        "account_confirm_login_code",
        "mfa_authenticate",
    }
)
"""What somebody who is not logged in may reach of allauth: doors only."""


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(set(THIRD_PARTY) - OPEN_DOORS))
def test_other_peoples_account_pages_ask_for_a_login(name: str) -> None:
    [route] = [route for route in ROUTES if route.name == name]
    where = address(route)
    assert where is not None
    answer = Client().get(where)
    assert answer.status_code == 302
    assert "/accounts/login" in answer.headers["Location"]
