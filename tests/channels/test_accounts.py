"""Connecting accounts, switching them, the commands around it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from channels import accounts, tokens
from channels.accounts import AccountRefused
from channels.adapter import CredentialsRejected
from channels.models import ChannelAccount, Pull, Shop, ThrottleBucket
from channels.registry import platform
from ecomhub import clock, sealed
from ecomhub.clock import Anchor
from ecomhub.models import Event
from ecomhub.work import WorkState
from tests.channels.making import US, connect, pull_of, run_stream
from tests.inventory.making import make_entity, make_sku
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hurried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that runs sixty times as fast as the world."""
    now = clock.real_now()
    clock.write_anchor(
        path=tmp_path / "clock.json", anchor=Anchor(real=now, app=now - timedelta(days=90), speed=60.0)
    )
    monkeypatch.setenv("ECOMHUB_CLOCK_FILE", str(tmp_path / "clock.json"))


def run(name: str, *words: str) -> str:
    out = io.StringIO()
    call_command(name, *words, stdout=out)
    return out.getvalue()


def sheet_of(market: Sandbox, folder: Path, seller: str = "empty") -> str:
    path = folder / "credentials.json"
    path.write_text(json.dumps(market.credentials(seller)))
    return str(path)


STREAMS = set(Pull.Stream.values) - {"returns"}
"""Amazon's returns are no stream of their own."""


def test_new_account_is_import_only_with_shops_streams_and_budgets(small: ChannelAccount) -> None:
    assert not small.pushes_stock
    assert not small.confirms_shipments
    assert small.switched_on_at is None
    assert set(small.shops.values_list("country", flat=True)) == {"US", "DE"}
    assert set(small.pulls.values_list("stream", flat=True)) == STREAMS
    assert ThrottleBucket.objects.get(account=small, operation="fetch_orders").burst == 20
    assert pull_of(small, "orders").cursor == START - timedelta(days=1)
    assert pull_of(small, "orders_history").reaches_back_to == START - timedelta(days=90)
    assert Event.objects.get(object_kind="account", object_id=small.pk).kind == "connected"


def test_account_without_history_begins_now(market: Sandbox) -> None:
    account = connect(market, history_days=0)
    assert pull_of(account, "orders").cursor == START
    assert not account.pulls.filter(stream="orders_history").exists()


def test_same_seller_is_connected_once(small: ChannelAccount, market: Sandbox) -> None:
    with pytest.raises(AccountRefused, match="connected already"):
        connect(market, seller="empty", name="another name")
    assert Shop.objects.count() == 2


def test_missing_credential_is_named_before_anything_is_sent(market: Sandbox) -> None:
    sent = len(market.calls(operation="token"))
    with pytest.raises(AccountRefused, match="Client secret"):
        accounts.check_connection(
            platform="amazon",
            endpoint=market.url,
            token_endpoint=f"{market.url}/auth/o2/token",
            credentials={"client_id": "x", "refresh_token": "y"},
            seller_id="A1",
        )
    assert len(market.calls(operation="token")) == sent


def test_wrong_credentials_are_refused_by_the_connection_test(market: Sandbox) -> None:
    with pytest.raises(CredentialsRejected):
        accounts.check_connection(
            platform="amazon",
            endpoint=market.url,
            token_endpoint=f"{market.url}/auth/o2/token",
            credentials={"client_id": "x", "client_secret": "z", "refresh_token": "y"},
            seller_id="A1",
        )


def test_hurried_clock_connects_only_its_own_sandbox(market: Sandbox, hurried: None) -> None:
    with pytest.raises(AccountRefused, match="SPEED=1"):
        accounts.check_connection(
            platform="amazon",
            endpoint="https://sellingpartnerapi-na.amazon.com",
            token_endpoint="https://api.amazon.com/auth/o2/token",
            credentials={"client_id": "x", "client_secret": "z", "refresh_token": "y"},
            seller_id="A1",
        )
    assert connect(market, seller="empty").pk


def test_production_and_both_sandboxes_differ_by_their_address_only() -> None:
    endpoint, token = accounts.addresses(
        platform_key="amazon", environment="eu-sandbox", endpoint="", token_endpoint=""
    )
    assert endpoint == "https://sandbox.sellingpartnerapi-eu.amazon.com"
    assert token == "https://api.amazon.com/auth/o2/token"
    ours = accounts.addresses(
        platform_key="amazon", environment="", endpoint="http://127.0.0.1:1/", token_endpoint="http://t"
    )
    assert ours == ("http://127.0.0.1:1", "http://t")
    with pytest.raises(AccountRefused, match="no environment"):
        accounts.addresses(platform_key="amazon", environment="mars", endpoint="", token_endpoint="")
    with pytest.raises(AccountRefused, match="no platform"):
        accounts.offered_platform(key="nowhere")


def test_paused_account_is_not_pulled_and_catches_up_when_resumed(small: ChannelAccount) -> None:
    accounts.pause(account=small, at=START, actor="ann", reason="holiday")
    small.refresh_from_db()
    assert small.state == ChannelAccount.State.PAUSED
    run_stream(small, "listings")
    assert pull_of(small, "listings").last_success_at is None
    accounts.resume(account=small, at=START, actor="ann")
    run_stream(small, "listings")
    assert pull_of(small, "listings").last_success_at == START


def test_switching_off_leaves_an_import_only_account(small: ChannelAccount) -> None:
    on = accounts.switch_on(account=small, pushes_stock=True, confirms_shipments=False, at=START)
    assert (on.pushes_stock, on.confirms_shipments) == (True, False)
    off = accounts.switch_off(account=small, at=START)
    assert (off.pushes_stock, off.switched_on_at) == (False, None)


def test_consent_given_by_hand_ends_when_the_platform_says(
    small: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pasted credentials are a consent of the documented length; a new password alone changes nothing."""
    year = replace(platform("amazon"), consent=timedelta(days=365))
    monkeypatch.setattr(accounts, "offered_platform", lambda key: year)
    assert accounts.consent_end(offered=year, at=START) == START + timedelta(days=365)
    held = sealed.unseal(context=tokens.secret_context(small), blob=small.credential.sealed)
    fresh = {**held, "refresh_token": "another-one"}
    accounts.reconnect(account=small, credentials=fresh, at=START)
    small.refresh_from_db()
    assert small.authorized_until == START + timedelta(days=365)
    later = START + timedelta(days=300)
    accounts.reconnect(account=small, credentials={**fresh, "client_secret": "renewed"}, at=later)
    small.refresh_from_db()
    assert small.authorized_until == START + timedelta(days=365)
    told = later + timedelta(days=90)
    accounts.reconnect(account=small, credentials=fresh, at=later, authorized_until=told)
    small.refresh_from_db()
    assert small.authorized_until == told


def test_engaged_brake_keeps_its_first_reason(small: ChannelAccount) -> None:
    accounts.engage_brake(account=small, reason="first", at=START)
    accounts.engage_brake(account=small, reason="second", at=START)
    small.refresh_from_db()
    assert small.brake_reason == "first"


def test_newcomer_connects_previews_and_switches_on_by_commands(market: Sandbox, tmp_path: Path) -> None:
    make_entity()
    told = json.loads(
        run("channel_add", "--platform", "amazon", "--name", "Mine", "--credentials",
            sheet_of(market, tmp_path), "--live-since", "2026-05-01T00:00:00Z", "--json")
    )  # fmt: skip
    assert told["import_only"]
    assert US in told["marketplaces"]
    account = ChannelAccount.objects.get(name="Mine")
    assert account.environment == "sandbox"
    assert account.go_live_at.isoformat() == "2026-05-01T00:00:00+00:00"
    run_stream(account, "listings")
    preview = json.loads(run("channel_preview", "Mine", "--json"))
    assert preview["listings"] == preview["unpaired"] + preview["by_channel"] > 0
    assert "Switched on" in run("channel_preview", "Mine")
    with pytest.raises(CommandError, match="--yes"):
        run("channel_switch_on", "Mine", "--json")
    on = json.loads(run("channel_switch_on", "Mine", "--yes", "--json", "--no-shipments"))
    assert on["pushes_stock"]
    assert not on["confirms_shipments"]
    status = json.loads(run("channel_status", "--json"))["accounts"][0]
    assert status["account"] == "Mine"
    assert {stream["stream"] for stream in status["streams"]} == STREAMS
    assert "calls in hand" in status["quota"]["fetch_orders"]
    assert "Mine" in run("channel_status")
    assert json.loads(run("channel_switch_off", "Mine", "--pause", "--json"))["state"] == "paused"
    assert json.loads(run("channel_switch_off", "Mine", "--resume", "--json"))["state"] == "connected"
    assert not json.loads(run("channel_switch_off", "Mine", "--json"))["pushes_stock"]


def test_unknown_account_is_answered_with_the_known_ones(small: ChannelAccount) -> None:
    with pytest.raises(CommandError, match="Amazon empty"):
        run("channel_preview", "Nobody")


def test_broken_credential_file_says_so(market: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(CommandError, match="JSON"):
        run("channel_add", "--platform", "amazon", "--name", "X", "--credentials", str(tmp_path / "x.json"))


def test_reconnect_command_brings_a_stopped_account_back(
    small: ChannelAccount, market: Sandbox, tmp_path: Path
) -> None:
    ChannelAccount.objects.update(state="needs_reconnect", state_reason="revoked")
    run("channel_reconnect", small.name, "--credentials", sheet_of(market, tmp_path), "--json")
    small.refresh_from_db()
    assert small.state == ChannelAccount.State.CONNECTED
    assert pull_of(small, "orders").state == WorkState.WAITING


def test_brake_command_shows_and_releases(small: ChannelAccount) -> None:
    accounts.engage_brake(account=small, reason="too much", at=START)
    assert json.loads(run("channel_brake", small.name, "--json"))["engaged"]
    told = json.loads(run("channel_brake", small.name, "--release", "--json"))
    assert not told["engaged"]


def test_pair_command_shows_suggestions_and_pairs(small: ChannelAccount) -> None:
    run_stream(small, "listings")
    shown = json.loads(run("channel_pair", small.name, "--json"))
    first = next(row for row in shown["listings"] if row["marketplace"] == US)
    sku = make_sku(first["listing"])
    again = json.loads(run("channel_pair", small.name, "--json", "--limit", "500"))
    row = next(row for row in again["listings"] if row["listing"] == first["listing"])
    assert row["skus"][0] == f"{sku.code} (code)"
    run("channel_pair", small.name, "US", first["listing"], f"{sku.code}:2")
    left = json.loads(run("channel_pair", small.name, "--json"))
    assert left["unpaired"] == shown["unpaired"] - 1
    with pytest.raises(CommandError, match="no SKU"):
        run("channel_pair", small.name, "US", first["listing"], "NOPE")
