"""The hub in that world: accounts connected, orders and statements pulled as the workers pull them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from channels import accounts, proving
from channels.models import ChannelAccount, Pull, ThrottleBucket
from ecomhub import work
from finance.reconciliation import explaining
from finance.statements import pulling
from orders import pulling as order_pulling
from tests.channels.making import pull_of
from tests.finance.world.market import BIRTH, SELLERS
from tests.inventory.making import make_entity
from tests.sandbox_fixture import Sandbox

_NOT_SECRETS = {"platform", "name", "seller_id", "endpoint", "token_endpoint", "marketplaces"}
_TURNS = 200
_LAG = timedelta(minutes=5)
Pulling = Callable[..., timedelta | None]


def connect(market: Sandbox, seller: str) -> ChannelAccount:
    """Connect a seller on the market's first day."""
    sheet = market.credentials(seller)
    where = {
        "platform": sheet["platform"],
        "endpoint": sheet["endpoint"],
        "token_endpoint": sheet["token_endpoint"],
        "seller_id": sheet["seller_id"],
        "credentials": {name: str(value) for name, value in sheet.items() if name not in _NOT_SECRETS},
    }
    proof = proving.prove(**where)
    return accounts.add(
        **{**where, "credentials": proof.credentials},
        name=f"Harbor {seller}",
        environment="sandbox",
        marketplaces=proof.marketplaces,
        legal_entity=make_entity(),
        go_live_at=BIRTH - timedelta(days=30),
        at=BIRTH,
        history_days=30,
    )


def connect_all(market: Sandbox) -> list[ChannelAccount]:
    """Connect every seller."""
    return [connect(market, seller) for seller in SELLERS]


def catch_up(account: ChannelAccount, moment: datetime) -> None:
    """Pull the account's orders and then its statements up to a moment, and explain what came."""
    _pull(account, "orders", order_pulling.pull_orders, moment)
    _pull(account, "statements", pulling.pull_statements, moment)


def explain(moment: datetime) -> None:
    """Take turns of explaining until nothing is left."""
    for _ in range(_TURNS):
        if explaining.take_turn(at=moment, sweeps=True).is_through:
            return
    raise AssertionError("explaining does not end")


def _pull(account: ChannelAccount, stream: str, pull: Pulling, moment: datetime) -> None:
    """Pull a stream until it has come to the moment; our share of a platform's rate is never used up."""
    for _ in range(_TURNS):
        ThrottleBucket.objects.filter(account=account).update(burst=1e6, tokens=1e6)
        row = pull_of(account, stream)
        work.ring(model=Pull, pks=[row.pk])
        pull(pull_id=row.pk, now=lambda: moment, turn=600)
        row = pull_of(account, stream)
        assert not row.last_error, (account, stream, row.last_error)
        if row.cursor is not None and row.cursor > moment - _LAG:
            return
    raise AssertionError(f"{account} {stream} does not end")
