"""Tokens that expire, wrong credentials, rates and their answers, secrets that are not recorded."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from tests.sandbox.calling import ORDERS, Caller
from tests.sandbox_fixture import START, Sandbox

SINCE = "2026-05-29T00:00:00Z"


def _grant(sandbox: Sandbox, **change: str) -> requests.Response:
    given = sandbox.credentials()
    form = {"grant_type": "refresh_token"}
    form |= {name: given[name] for name in ("refresh_token", "client_id", "client_secret")}
    return requests.post(f"{sandbox.url}/auth/o2/token", data=form | change, timeout=10)


def test_a_refresh_token_buys_an_hour(sandbox: Sandbox) -> None:
    body = _grant(sandbox).json()
    assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)
    caller = Caller(sandbox, token=body["access_token"])
    sandbox.set_clock(START + timedelta(minutes=59))
    caller.search(createdAfter=SINCE)
    sandbox.set_clock(START + timedelta(minutes=61))
    answer = caller.send("GET", ORDERS, createdAfter=SINCE)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "Unauthorized"
    assert "expired" in answer.json()["errors"][0]["details"]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"refresh_token": "Atzr|wrong"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials_get_amazons_error(
    sandbox: Sandbox, change: dict[str, str], status: int, code: str
) -> None:
    answer = _grant(sandbox, **change)
    assert (answer.status_code, answer.json()["error"]) == (status, code)


@pytest.mark.parametrize("headers", [{}, {"x-amz-access-token": "Atza|nobody"}])
def test_without_a_good_token_nothing_is_readable(sandbox: Sandbox, headers: dict[str, str]) -> None:
    answer = requests.get(
        f"{sandbox.url}{ORDERS}", params={"createdAfter": SINCE}, headers=headers, timeout=10
    )
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "Unauthorized"


def test_secrets_are_not_recorded(sandbox: Sandbox) -> None:
    caller = Caller(sandbox)
    caller.search(createdAfter=SINCE)
    given = sandbox.credentials()
    text = str(sandbox.calls())
    assert "grant_type" in text
    assert given["client_secret"] not in text
    assert given["refresh_token"] not in text
    assert caller.token not in text


def test_calls_over_the_rate_are_refused_until_the_bucket_fills(sandbox: Sandbox) -> None:
    sandbox.limits(on=True)
    caller = Caller(sandbox)
    answers = [caller.send("GET", ORDERS, createdAfter=SINCE, maxResultsPerPage=1) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[0].headers["x-amzn-RateLimit-Limit"] == "0.0056"
    assert answers[-1].json()["errors"][0]["code"] == "QuotaExceeded"
    assert "x-amzn-RateLimit-Limit" not in answers[-1].headers
    sandbox.set_clock(START + timedelta(minutes=3))
    assert caller.send("GET", ORDERS, createdAfter=SINCE, maxResultsPerPage=1).status_code == 200
    assert caller.send("GET", ORDERS, createdAfter=SINCE, maxResultsPerPage=1).status_code == 429
    counted: list[dict[str, Any]] = sandbox.state("busy", limit=0)["calls"]["busy"]
    assert next(row["throttled"] for row in counted if row["operation"] == "searchOrders") == 2


def test_each_seller_and_operation_has_its_own_bucket(sandbox: Sandbox) -> None:
    sandbox.limits(on=True)
    busy, empty = Caller(sandbox), Caller(sandbox, "empty")
    for _ in range(20):
        busy.send("GET", ORDERS, createdAfter=SINCE, maxResultsPerPage=1)
    assert busy.send("GET", ORDERS, createdAfter=SINCE).status_code == 429
    assert empty.send("GET", ORDERS, createdAfter=SINCE).status_code == 200
    order = sandbox.place_order()
    assert busy.send("GET", f"{ORDERS}/{order['id']}").status_code == 200


def test_rates_follow_the_speed_of_the_clock(sandbox: Sandbox) -> None:
    sandbox.limits(on=True)
    caller = Caller(sandbox)
    sandbox.set_clock(START, speed=100_000)
    answers = [caller.send("GET", ORDERS, createdAfter=SINCE, maxResultsPerPage=1) for _ in range(3)]
    assert 429 not in [answer.status_code for answer in answers]
