"""Refresh tokens that work once: one caller, one commit, and a person told when an answer was lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from channels import accounts, proving, tokens
from channels.adapter import Adapter, CredentialsRejected, RetryLater
from channels.messages import IncomingOrder
from channels.models import ChannelAccount, Credential
from channels.registry import platform
from ecomhub import sealed
from tests.channels.bazaar import bazaar
from tests.inventory.making import make_entity
from tests.platforms_fake.adapter import FakeAdapter
from tests.platforms_fake.sandbox import Market
from tests.sandbox_fixture import START

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    with bazaar(settings) as opened:
        opened.refresh = "refresh-1"
        opened.place("o1", at=int(START.timestamp()))
        yield opened


@pytest.fixture
def account(market: Market) -> ChannelAccount:
    where: dict[str, Any] = {
        "platform": "fake",
        "endpoint": market.url,
        "token_endpoint": f"{market.url}/token",
        "seller_id": "bazaar-1",
    }
    proof = proving.prove(**where, credentials={"key": market.key, "refresh_token": "refresh-1"})
    return accounts.add(
        **where,
        name="Bazaar",
        environment="sandbox",
        credentials=proof.credentials,
        marketplaces=proof.marketplaces,
        legal_entity=make_entity(),
        go_live_at=START,
        at=START,
    )


def look(adapter: Adapter) -> IncomingOrder:
    return adapter.fetch_order(order_id="o1")


def call(account: ChannelAccount) -> IncomingOrder:
    return tokens.call(account=account, operation="look", verb=look, at=START)


def refreshes(market: Market) -> int:
    return market.calls.count(("POST", "/token"))


def held(account: ChannelAccount) -> str:
    row = Credential.objects.get(account=account)
    return str(sealed.unseal(context=tokens.secret_context(account), blob=row.sealed)["refresh_token"])


def test_proving_hands_the_new_token_on(account: ChannelAccount, market: Market) -> None:
    assert held(account) == market.refresh == "refresh-2"


def test_each_refresh_keeps_the_newest_token(account: ChannelAccount, market: Market) -> None:
    for number in (3, 4):
        market.token = f"token-{number}"
        assert call(account).external_id == "o1"
        assert held(account) == market.refresh == f"refresh-{number}"


def test_eight_refreshers_use_a_single_use_token_once(account: ChannelAccount, market: Market) -> None:
    before, start = refreshes(market), Barrier(8)

    def one(_number: int) -> str:
        start.wait()
        try:
            return call(account).external_id
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(8))) == {"o1"}
    assert refreshes(market) == before + 1
    account.refresh_from_db()
    assert account.state == ChannelAccount.State.CONNECTED
    assert held(account) == market.refresh


def test_without_the_lease_seven_of_eight_are_refused(account: ChannelAccount, market: Market) -> None:
    """The control: eight that ask for themselves use the token up, so the test above can fail."""
    start = Barrier(8)

    def one(_number: int) -> bool:
        start.wait()
        try:
            mine = tokens.connection_of(account=account, credential=Credential.objects.get(account=account))
            return bool(platform("fake").build(mine, None).refresh_token().token)
        except CredentialsRejected:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(8))) == [False] * 7 + [True]


class Killed(BaseException):
    """The end of a worker."""


def test_worker_killed_between_answer_and_commit_ends_in_a_clear_reason(
    account: ChannelAccount, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def dies(**given):  # type: ignore[no-untyped-def]
            raise Killed

        patch.setattr(tokens, "_sealed", dies)
        with pytest.raises(Killed):
            call(account)
    Credential.objects.update(lease_until=None)
    assert held(account) != market.refresh, "the answer was lost"
    with pytest.raises(CredentialsRejected):
        call(account)
    account.refresh_from_db()
    assert account.state == ChannelAccount.State.NEEDS_RECONNECT
    assert "answer to an earlier token refresh was lost" in account.state_words


def test_refused_refresh_without_a_lost_answer_says_what_the_platform_said(
    account: ChannelAccount, market: Market
) -> None:
    market.key = "changed there"
    with pytest.raises(CredentialsRejected):
        call(account)
    account.refresh_from_db()
    assert account.state_words.endswith("It said: key")


def test_refused_refresh_is_not_repeated_by_those_who_waited(account: ChannelAccount, market: Market) -> None:
    market.key, market.hangs = "changed there", 0.5
    before, start = refreshes(market), Barrier(4)

    def one(_number: int) -> type[Exception]:
        start.wait()
        try:
            call(account)
        except (CredentialsRejected, tokens.AccountStopped) as error:
            return type(error)
        finally:
            connection.close()
        raise AssertionError("nobody can speak")

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(one, range(4)))
    assert CredentialsRejected in ends
    assert refreshes(market) == before + ends.count(CredentialsRejected)
    assert ChannelAccount.objects.get().state == ChannelAccount.State.NEEDS_RECONNECT


def test_reconnected_account_forgets_the_lost_answer(account: ChannelAccount, market: Market) -> None:
    Credential.objects.update(is_unsettled=True)
    accounts.reconnect(
        account=account, credentials={"key": market.key, "refresh_token": market.refresh}, at=START
    )
    assert not Credential.objects.get(account=account).is_unsettled
    assert call(account).external_id == "o1"


def test_lost_connection_during_a_refresh_is_remembered(
    account: ChannelAccount, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_refresh = FakeAdapter.refresh_token

    def cut_off(adapter: FakeAdapter):  # type: ignore[no-untyped-def]
        real_refresh(adapter)
        raise RetryLater("the connection broke")

    with monkeypatch.context() as patch:
        patch.setattr(FakeAdapter, "refresh_token", cut_off)
        with pytest.raises(RetryLater):
            call(account)
    assert Credential.objects.get(account=account).is_unsettled
    with pytest.raises(CredentialsRejected, match="lost"):
        call(account)
