"""Connecting in the browser: a state that works once, for who began it, and what the platform answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from channels import accounts, connecting, doors, tiles, tokens
from channels.door_models import PendingConnection
from channels.models import ChannelAccount, Credential
from channels.proving import AccountRefused
from ecomhub import clock, sealed
from ecomhub.access import Role
from ecomhub.clock import Anchor
from ecomhub.models import User
from ecomhub.work import ClockTimestamp
from tests.api.calling import make_person
from tests.browser.looking import logged_in
from tests.channels.bazaar import bazaar
from tests.inventory.making import make_entity
from tests.platforms_fake.sandbox import Market

pytestmark = pytest.mark.django_db(transaction=True)

START_PAGE = "/channels/connect/fake/"
BACK = "/channels/connect/fake/back"


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    make_entity()
    with bazaar(settings) as opened:
        opened.refresh = "refresh-1"
        opened.codes["code-1"] = {"seller": "bazaar-1"}
        yield opened


@pytest.fixture
def owner_person(market: Market) -> User:
    return make_person(Role.OWNER)


@pytest.fixture
def client(owner_person: User) -> Client:
    return logged_in(owner_person)


def begin(client: Client, path: str = START_PAGE, **changes: str) -> str:
    """Fill the start page in; returns the state that goes to the platform."""
    given = {
        "name": "Bazaar", "environment": "our_sandbox", "go_live_at": "2026-06-01T12:00",
        "application_key": "let-me-in", "proxy": "",
    }  # fmt: skip
    answer = client.post(path, {**given, **changes})
    assert answer.status_code == 200
    address = answer.headers["Refresh"].removeprefix("0; url=")
    asked = parse_qs(urlsplit(address).query)
    back = BACK if path == START_PAGE else urlsplit(asked["to"][0]).path
    assert asked["to"] == [f"{django_settings.ECOMHUB_ORIGIN}{back}"]
    return asked["state"][0]


def come_back(client: Client, state: str, code: str = "code-1", **more: str) -> Any:
    return client.get(BACK, {"state": state, "code": code, **more})


def reason(answer: Any) -> str:
    assert answer.status_code == 200, "not sent on to the list of accounts"
    return str(answer.context["reason"])


def test_seller_who_allows_it_is_connected_import_only(client: Client, market: Market) -> None:
    answer = come_back(client, begin(client))
    assert answer.status_code == 302, answer.content
    account = ChannelAccount.objects.get()
    assert (account.name, account.seller_id, account.environment) == ("Bazaar", "bazaar-1", "sandbox")
    assert account.switched_on_at is None
    assert account.authorized_until is not None
    assert account.authorized_until - clock.now() > timedelta(days=364)
    held = sealed.unseal(
        context=tokens.secret_context(account), blob=Credential.objects.get(account=account).sealed
    )
    assert held == {"key": "let-me-in", "refresh_token": market.refresh}
    assert market.refresh != "refresh-1", "the token used to prove it was replaced by the newest"


def test_state_works_once(client: Client, market: Market) -> None:
    state = begin(client)
    come_back(client, state)
    market.codes["code-1"] = {"seller": "bazaar-2"}
    assert "used already" in reason(come_back(client, state))
    assert ChannelAccount.objects.count() == 1


@pytest.mark.parametrize("state", ["", "nonsense", "a.b", "ä", "x" * 3000])
def test_unknown_state_is_refused(client: Client, state: str) -> None:
    assert "no connection begun here" in reason(come_back(client, state))


def test_altered_or_unsigned_state_is_refused(client: Client) -> None:
    state = begin(client)
    for changed in (state[1:], state[:-1], state.partition(".")[0], f"x{state}"):
        assert "no connection begun here" in reason(come_back(client, changed))
    assert come_back(client, state).status_code == 302, "the control: as it was given, it counts"


def test_expired_state_is_refused(client: Client) -> None:
    state = begin(client)
    PendingConnection.objects.update(expires_at=ClockTimestamp())
    assert "ten minutes" in reason(come_back(client, state))
    assert not ChannelAccount.objects.exists()


def test_state_lives_ten_minutes_of_real_time(client: Client) -> None:
    begin(client)
    row = PendingConnection.objects.get()
    assert abs(row.expires_at - row.created_at - timedelta(minutes=10)) < timedelta(seconds=5)


def test_state_of_another_person_or_session_is_refused_and_stays_good(
    client: Client, owner_person: User
) -> None:
    state = begin(client)
    for stranger in (logged_in(make_person(Role.OWNER)), logged_in(owner_person)):
        assert "another browser" in reason(come_back(stranger, state))
    assert come_back(client, state).status_code == 302


def test_state_of_one_platform_is_none_of_anothers(
    client: Client, owner_person: User, market: Market
) -> None:
    state = begin(client)
    with pytest.raises(AccountRefused, match="no connection begun here"):
        connecting.take_back(
            platform_key="amazon", query={"state": state}, user_id=owner_person.pk, binding="x"
        )


def test_secrets_wait_sealed_and_go_when_they_are_used(client: Client) -> None:
    state = begin(client)
    row = PendingConnection.objects.values().get()
    assert "let-me-in" not in str(row)
    assert state not in str(row)
    come_back(client, state)
    assert PendingConnection.objects.get().sealed == ""


def test_what_nobody_came_back_for_is_forgotten(client: Client) -> None:
    begin(client)
    PendingConnection.objects.update(expires_at=ClockTimestamp())
    connecting.forget_old()
    assert PendingConnection.objects.get().sealed == ""
    PendingConnection.objects.update(expires_at=ClockTimestamp() - timedelta(days=2))
    connecting.forget_old()
    assert not PendingConnection.objects.exists()


def test_denied_consent_is_said(client: Client) -> None:
    answer = come_back(client, begin(client), code="", error="access_denied")
    assert "consent was not given (access_denied)" in reason(answer)
    assert not ChannelAccount.objects.exists()


def test_code_the_platform_does_not_know_is_said(client: Client) -> None:
    assert "does not know this code" in reason(come_back(client, begin(client), code="stolen"))


def test_missing_scopes_are_named(client: Client, market: Market) -> None:
    market.codes["code-1"] = {"seller": "bazaar-1", "scopes": ["orders"]}
    assert "offers" in reason(come_back(client, begin(client)))
    assert not ChannelAccount.objects.exists()


def test_permissions_it_works_without_are_named_at_every_door(client: Client, market: Market) -> None:
    market.lacks = ["read_old_offers"]
    page = client.get(come_back(client, begin(client)).headers["Location"]).content.decode()
    assert "Not allowed: read_old_offers." in page
    assert ChannelAccount.objects.get().state == ChannelAccount.State.CONNECTED


def test_platform_that_is_away_is_said(client: Client, market: Market) -> None:
    state = begin(client)
    market.spoiled.append((503, "text/html", b"<html>"))
    assert reason(come_back(client, state))
    assert not ChannelAccount.objects.exists()


def connected(client: Client) -> ChannelAccount:
    come_back(client, begin(client))
    return ChannelAccount.objects.get()


def test_stopped_account_is_connected_again_by_the_same_seller(client: Client, market: Market) -> None:
    account = connected(client)
    accounts.withdraw(account_id=account.pk, at=clock.now())
    path = f"/channels/{account.pk}/authorize/"
    market.codes["code-2"] = {"seller": "bazaar-1", "days": 20}
    assert come_back(client, begin(client, path, application_key=""), "code-2").status_code == 302
    account.refresh_from_db()
    assert account.state == ChannelAccount.State.CONNECTED
    assert account.authorized_until is not None
    assert account.authorized_until - clock.now() < timedelta(days=21)


def test_account_is_not_connected_again_by_another_seller(client: Client, market: Market) -> None:
    account = connected(client)
    generation = Credential.objects.get(account=account).generation
    market.codes["code-2"] = {"seller": "somebody else"}
    answer = come_back(client, begin(client, f"/channels/{account.pk}/authorize/"), "code-2")
    assert "somebody else" in reason(answer)
    assert Credential.objects.get(account=account).generation == generation


def test_seller_connected_already_is_not_connected_twice(client: Client, market: Market) -> None:
    connected(client)
    market.codes["code-2"] = {"seller": "bazaar-1"}
    answer = come_back(client, begin(client, name="Again"), "code-2")
    assert "connected already" in reason(answer)


def test_only_our_sandbox_is_connected_while_the_clock_runs_fast(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.real_now()
    anchor = Anchor(real=now, app=now - timedelta(days=90), speed=60.0)
    clock.write_anchor(path=tmp_path / "clock.json", anchor=anchor)
    monkeypatch.setenv("ECOMHUB_CLOCK_FILE", str(tmp_path / "clock.json"))
    given = {"name": "Real", "environment": "world", "go_live_at": "2026-06-01T12:00", "application_key": "k"}
    answer = client.post(START_PAGE, given)
    assert "SPEED=1" in answer.content.decode()
    assert not PendingConnection.objects.exists()
    assert begin(client)


def test_every_platform_is_offered_and_the_address_to_come_back_to_is_exact(client: Client) -> None:
    page = client.get("/channels/connect/").content.decode()
    assert "Fake Bazaar" in page
    assert "/channels/connect/fake/" in page
    assert "/channels/add/amazon/" in page
    start = client.get(START_PAGE, headers={"host": "127.0.0.1:9"}).content.decode()
    assert f"{django_settings.ECOMHUB_ORIGIN}{BACK}" in start


def test_platform_without_a_consent_flow_has_no_start_page(client: Client) -> None:
    assert client.get("/channels/connect/nowhere/").status_code == 404
    assert client.get("/channels/connect/nowhere/back").status_code == 404


@pytest.mark.parametrize(
    ("left", "urgency", "tone"),
    [
        (timedelta(days=31), 0, "ok"),
        (timedelta(days=29), 1, "warning"),
        (timedelta(days=6), 2, "danger"),
        (timedelta(hours=23), 3, "danger"),
        (timedelta(days=-2), 3, "danger"),
    ],
)
def test_end_of_a_consent_is_shown_and_reminded(
    client: Client, owner_person: User, left: timedelta, urgency: int, tone: str
) -> None:
    account = connected(client)
    ChannelAccount.objects.update(authorized_until=clock.now() + left)
    account.refresh_from_db()
    door = doors.door_of(account=account, actor=owner_person.actor(), at=clock.now())
    assert door.deadline is not None
    assert door.deadline.urgency == urgency
    [tile] = [one for one in tiles.TILES if one.key == "channels.consents"]
    assert tile.load(owner_person.actor()).tone == tone
    page = client.get("/channels/").content.decode()
    assert ("has ended" if left < timedelta() else "The consent of the seller ends in") in page
    assert (f"/channels/{account.pk}/authorize/" in page) is True


def test_viewer_sees_no_push_address_and_may_not_connect(client: Client, market: Market) -> None:
    account = connected(client)
    viewer = make_person(Role.VIEWER)
    door = doors.door_of(account=account, actor=viewer.actor(), at=clock.now())
    assert (door.push_address, door.authorize_url) == ("", "")
    for path in ("/channels/connect/", START_PAGE, BACK, f"/channels/{account.pk}/proxy/"):
        assert logged_in(viewer).get(path).status_code == 403
