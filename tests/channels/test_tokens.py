"""Speaking for an account."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from channels import accounts, tokens
from channels.adapter import Adapter, CredentialsRejected
from channels.messages import IncomingListing, Page
from channels.models import ChannelAccount, Credential
from channels.registry import platform
from tests.channels.making import US, connect, later
from tests.sandbox_fixture import START, Sandbox


def look(adapter: Adapter) -> Page[IncomingListing]:
    return adapter.fetch_listings(marketplace=US, page_token="")


def token_calls(market: Sandbox) -> int:
    return len(market.calls(operation="token", limit=1000))


def call(account: ChannelAccount, at: datetime = START) -> Page[IncomingListing]:
    """A call of an operation without a published rate, so that only tokens matter."""
    return tokens.call(account=account, operation="look", verb=look, at=at)


def test_second_call_uses_the_token_of_the_first(account: ChannelAccount, market: Sandbox) -> None:
    before = token_calls(market)
    assert call(account).items
    assert call(account).items
    assert token_calls(market) == before + 1


def test_token_is_refreshed_before_it_runs_out(account: ChannelAccount, market: Sandbox) -> None:
    call(account)
    before = token_calls(market)
    call(account, at=later(minutes=44))
    assert token_calls(market) == before
    call(account, at=later(minutes=49))
    assert token_calls(market) == before + 1


def test_expired_token_is_refreshed_once_and_the_call_repeated(
    account: ChannelAccount, market: Sandbox
) -> None:
    call(account)
    market.set_clock(later(hours=2))
    before = token_calls(market)
    assert call(account, at=START).items
    assert token_calls(market) == before + 1


def test_eight_refreshers_make_one_call(account: ChannelAccount, market: Sandbox) -> None:
    before = token_calls(market)

    def one(_number: int) -> int:
        try:
            return len(call(account).items)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(8)))
    assert token_calls(market) == before + 1
    assert Credential.objects.get(account=account).generation == 2


def test_without_the_lease_each_refresher_would_call(account: ChannelAccount, market: Sandbox) -> None:
    """The control: eight that ask for themselves make eight calls, so the test above can fail."""
    before = token_calls(market)

    def one(_number: int) -> bool:
        try:
            held = tokens.connection_of(account=account, credential=Credential.objects.get(account=account))
            return bool(platform("amazon").build(held, None).refresh_token().token)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(8)))
    assert token_calls(market) == before + 8


def test_revoked_grant_stops_only_its_account(account: ChannelAccount, market: Sandbox) -> None:
    other = connect(market, seller="empty")
    market.fault("revoked_grant", seller="busy", operation="token", count=None)
    with pytest.raises(CredentialsRejected):
        call(account)
    account.refresh_from_db()
    assert account.state == ChannelAccount.State.NEEDS_RECONNECT
    assert account.state_reason
    with pytest.raises(tokens.AccountStopped):
        call(account)
    assert call(other).items


def test_reconnected_account_speaks_again(account: ChannelAccount, market: Sandbox) -> None:
    market.fault("revoked_grant", seller="busy", operation="token", count=1)
    with pytest.raises(CredentialsRejected):
        call(account)
    sheet = market.credentials("busy")
    credentials = {key: sheet[key] for key in ("client_id", "client_secret", "refresh_token")}
    accounts.reconnect(account=account, credentials=credentials, at=START)
    assert call(account).items


def test_dump_of_the_credential_row_holds_no_secret(account: ChannelAccount, market: Sandbox) -> None:
    call(account)
    row = Credential.objects.get(account=account)
    text = " ".join(str(value) for value in vars(row).values())
    sheet = market.credentials("busy")
    for key in ("client_id", "client_secret", "refresh_token"):
        assert sheet[key] not in text
    assert "Atza|" not in text


def test_refresh_takes_over_from_a_dead_refresher(account: ChannelAccount) -> None:
    Credential.objects.filter(account=account).update(lease_until=START - timedelta(days=900), lease_epoch=5)
    assert call(account).items
