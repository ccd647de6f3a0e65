"""Every error of the API looks the same and says what to do."""

from __future__ import annotations

import json
import time

import psycopg2
import pytest
import redis
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from ecomhub.access import Role
from ecomhub.models import AuthToken
from ecomhub.rest import throttling
from ecomhub.rest.problems import of_database
from tests.api.calling import Api, make_person
from tests.inventory.making import make_sku, make_warehouse

pytestmark = pytest.mark.django_db(transaction=True)

PROBLEM = "application/problem+json"
BODY = {"sku": "mug", "warehouse": "HERE", "delta": 1, "reason": "count"}


def problem(answer: object, status: int, code: str) -> dict[str, object]:
    """The body of a problem, checked for its looks."""
    assert answer.headers["Content-Type"] == PROBLEM  # type: ignore[attr-defined]
    body: dict[str, object] = json.loads(answer.content)  # type: ignore[attr-defined]
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)  # type: ignore[attr-defined]
    assert body["type"] == f"urn:ecomhub:problem:{code}"
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize("held", ["", "Token", "Token x", "Token a b", "Token \xff\xfe", "Bearer x"])
def test_without_a_good_token_nobody_is_let_in(held: str) -> None:
    answer = Client().get("/api/v1/orders/", headers={"Authorization": held} if held else {})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.headers["WWW-Authenticate"] == "Token"


def test_session_of_a_browser_does_not_open_the_api() -> None:
    person = Client()
    person.force_login(make_person(Role.OWNER))
    assert person.get("/api/v1/orders/").status_code == 401


def test_token_of_somebody_who_left_or_that_ended_is_not_good() -> None:
    api = Api()
    api.user.is_active = False
    api.user.save()
    assert api.client.get("/api/v1/orders/").status_code == 401
    other = Api()
    AuthToken.objects.filter(user=other.user).update(expiry="2020-01-01T00:00:00Z")
    assert other.client.get("/api/v1/orders/").status_code == 401


def test_missing_scope_missing_thing_and_wrong_method() -> None:
    api = Api(scopes=("stock:read",))
    problem(api.client.get("/api/v1/orders/"), 403, "permission_denied")
    problem(api.raw_post("stock/adjustments/", BODY, key="1"), 403, "permission_denied")
    full = Api()
    problem(full.client.get("/api/v1/orders/123/"), 404, "not_found")
    problem(full.client.get("/api/v1/nothing/here/"), 404, "not_found")
    problem(full.client.get("/api/nothing"), 404, "not_found")
    for answer in (full.client.put("/api/v1/orders/"), full.client.options("/api/v1/orders/")):
        problem(answer, 405, "method_not_allowed")
        assert "GET" in answer.headers["Allow"]
    problem(full.client.get("/api/v1/orders/", headers={"Accept": "text/html"}), 406, "not_acceptable")


def test_token_is_taken_under_both_words() -> None:
    api = Api(scopes=("stock:read",))
    for word in ("Token", "Bearer", "bearer"):
        answer = Client().get("/api/v1/stock/levels/", headers={"Authorization": f"{word} {api.token}"})
        assert answer.status_code == 200
    assert AuthToken.objects.get(user=api.user).last_used_at is not None


def test_unreadable_bodies() -> None:
    api = Api()
    keyed = {"Idempotency-Key": "1"}
    answer = api.client.post(
        "/api/v1/stock/adjustments/", "{", content_type="application/json", headers=keyed
    )
    problem(answer, 400, "parse_error")
    answer = api.client.post("/api/v1/stock/adjustments/", "a=1", content_type="text/plain", headers=keyed)
    problem(answer, 415, "unsupported_media_type")
    errors = problem(api.raw_post("stock/adjustments/", {**BODY, "delta": "x"}, key="2"), 400, "invalid")[
        "errors"
    ]
    assert isinstance(errors, dict)
    assert list(errors) == ["delta"]
    answer = api.raw_post("stock/adjustments/", [1, 2], key="3")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, PROBLEM)


def refused(statement: str) -> DatabaseError:
    """What Postgres says to a statement."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return caught.value


def test_what_the_database_refuses_is_a_problem_too() -> None:
    make_sku("mug")
    make_warehouse("HERE")
    again = "INSERT INTO inventory_stocklevel (sku_id, warehouse_id, on_hand, reserved, inbound, version) "
    connection.cursor().execute(
        f"{again} SELECT s.id, w.id, 1, 0, 0, 0 FROM inventory_sku s, inventory_warehouse w"
    )
    cases = {
        f"{again} SELECT s.id, w.id, 1, 0, 0, 0 FROM inventory_sku s, inventory_warehouse w": (
            409,
            "already_there",
        ),
        "UPDATE inventory_stocklevel SET on_hand = -1": (422, "rule_broken"),
        "SELECT 99999999999::int": (422, "out_of_range"),
    }
    for statement, wanted in cases.items():
        found = of_database(refused(statement))
        assert found is not None
        assert (found.status_code, found.get_codes()) == wanted
    assert of_database(refused("SELECT nonsense")) is None


def test_lost_race_asks_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    make_sku("mug")
    make_warehouse("HERE")

    class Deadlock(psycopg2.OperationalError):
        pgcode = "40P01"

    def lose(**_given: object) -> None:
        raise DatabaseError("deadlock detected") from Deadlock()

    api = Api()
    with monkeypatch.context() as patch:
        patch.setattr("inventory.ledger.adjust", lose)
        answer = api.raw_post("stock/adjustments/", BODY, key="1")
    problem(answer, 503, "busy")
    assert answer.headers["Retry-After"] == "1"
    assert api.raw_post("stock/adjustments/", BODY, key="1").status_code == 201


def test_mistake_of_ours_is_a_problem_without_details(monkeypatch: pytest.MonkeyPatch) -> None:
    make_sku("mug")
    make_warehouse("HERE")

    def stumble(**_given: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr("inventory.ledger.adjust", stumble)
    api = Api()
    api.client.raise_request_exception = False
    answer = api.raw_post("stock/adjustments/", BODY, key="1")
    problem(answer, 500, "internal_error")
    assert b"secret" not in answer.content


@pytest.fixture
def slow(settings: Settings) -> None:
    """Three calls a minute, and a minute that has just begun."""
    settings.ECOMHUB_API_PER_MINUTE = 3
    cache.clear()
    if time.time() % 60 > 50:
        time.sleep(60 - time.time() % 60 + 0.1)


def test_every_answer_shows_the_rate_and_the_fourth_is_refused(slow: None) -> None:
    api, other = Api(), Api()
    left = []
    for _ in range(3):
        answer = api.client.get("/api/v1/stock/levels/")
        assert answer.status_code == 200
        left.append(answer.headers["RateLimit-Remaining"])
    assert left == ["2", "1", "0"]
    refused = api.client.get("/api/v1/stock/levels/")
    problem(refused, 429, "throttled")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Limit"] == "3"
    assert other.client.get("/api/v1/stock/levels/").status_code == 200


def test_without_redis_nobody_is_refused(slow: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_given: object, **_named: object) -> None:
        raise redis.ConnectionError("away")

    monkeypatch.setattr(cache, "add", away)
    monkeypatch.setattr(throttling, "_away_until", 0.0)
    api = Api()
    for _ in range(5):
        assert api.client.get("/api/v1/stock/levels/").status_code == 200
