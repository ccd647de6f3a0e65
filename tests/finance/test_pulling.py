"""Statements come from the platforms by themselves, each once, and a bad answer is never an empty success."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from channels import accounts, proving
from channels.models import ChannelAccount, Pull, SyncRun
from ecomhub import clock, work
from finance.models import Settlement, SettlementFile, SettlementLine, SourceFile
from finance.statements import pulling
from tests.channels.making import open_wide, pull_of
from tests.inventory.making import make_entity
from tests.sandbox.money_calling import lived, statements, switch
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)
_NOT_SECRETS = {"platform", "name", "seller_id", "endpoint", "token_endpoint", "marketplaces"}


@pytest.fixture
def market(sandbox: Sandbox, settings: Settings, tmp_path: object) -> Sandbox:
    """A market with five weeks behind it, whose statements are plain."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    settings.ECOMHUB_FILES_DIR = str(tmp_path)
    lived(sandbox, "ebay", "shopify", days=34, plain=True)
    return sandbox


def connect(market: Sandbox, seller: str) -> ChannelAccount:
    sheet = market.credentials(seller)
    where = {
        "platform": sheet["platform"],
        "endpoint": sheet["endpoint"],
        "token_endpoint": sheet["token_endpoint"],
        "seller_id": sheet["seller_id"],
        "credentials": {name: str(value) for name, value in sheet.items() if name not in _NOT_SECRETS},
    }
    proof = proving.prove(**where)
    account = accounts.add(
        **{**where, "credentials": proof.credentials}, name=f"Harbor {seller}", environment="sandbox",
        marketplaces=proof.marketplaces,
        legal_entity=make_entity(), go_live_at=START - timedelta(days=60), at=START, history_days=60,
    )  # fmt: skip
    open_wide(account)
    return account


def pull(account: ChannelAccount, moment: datetime = START) -> Pull:
    """Pull the account's statements until nothing is left to do now."""
    for _ in range(100):
        row = pull_of(account, "statements")
        work.ring(model=Pull, pks=[row.pk])
        wait = pulling.pull_statements(pull_id=row.pk, now=lambda: moment, turn=600)
        if wait is None or wait.total_seconds() > 1:
            break
    return pull_of(account, "statements")


def _total(row: Settlement) -> int:
    return int((row.total or Decimal(0)).scaleb(0 if row.currency == "JPY" else 2))


def test_every_payout_of_the_market_becomes_a_settlement_once(market: Sandbox) -> None:
    account = connect(market, "ebay")
    row = pull(account)
    assert row.last_error == ""
    assert row.cursor is not None
    assert row.cursor > START - timedelta(days=1)
    issued = {
        str(one["number"]): one["total"]
        for one in statements(market, "ebay", rows=False)
        if int(str(one["created"])) <= (START - timedelta(days=2)).timestamp()
    }
    found = {one.external_id: _total(one) for one in Settlement.objects.all()}
    assert len(found) > 4
    assert found == issued
    assert not SourceFile.objects.exclude(state=SourceFile.State.READ).exists()
    lines, files = SettlementLine.objects.count(), SourceFile.objects.count()
    assert lines
    later = pull(account, START + timedelta(hours=7))
    assert later.last_error == ""
    assert (SettlementLine.objects.count(), SourceFile.objects.count()) == (lines, files)


def test_settlement_reports_and_their_reissue_come_as_they_are_made(market: Sandbox) -> None:
    account = connect(market, "empty")
    pull(account)
    switch(market, "empty", "reissue")
    moment = START + timedelta(days=44)
    market.set_clock(moment)
    pull(account, moment)
    issued: dict[str, int] = {}
    for one in statements(market, "empty", rows=False):
        issued.setdefault(str(one["number"]), int(str(one["total"])))
    reports = Settlement.objects.filter(source="amazon_settlement_v2")
    assert {one.external_id: _total(one) for one in reports} == issued
    assert reports.exclude(state=Settlement.State.EVIDENCE).count() == reports.count() > 1
    again = [one for one in statements(market, "empty", rows=False) if one["revision"] == 2]
    assert len(again) == 1
    both = SettlementFile.objects.filter(settlement__external_id=again[0]["number"])
    assert both.count() == 2
    settled = Settlement.objects.get(external_id=again[0]["number"])
    assert settled.lines.count() == again[0]["lines"]


@pytest.mark.parametrize("kind", ["html_503", "missing_list_key", "truncated_json", "empty_200"])
def test_bad_answer_is_no_empty_success(market: Sandbox, kind: str) -> None:
    account = connect(market, "ebay")
    before = pull_of(account, "statements").cursor
    market.fault(kind, seller="ebay", operation="getPayouts")
    row = pull_of(account, "statements")
    work.ring(model=Pull, pks=[row.pk])
    pulling.pull_statements(pull_id=row.pk, now=lambda: START)
    row = pull_of(account, "statements")
    assert row.last_error
    assert row.cursor == before
    assert not SourceFile.objects.exists()
    assert SyncRun.objects.filter(pull=row, ok=False).count() == 1
    pull(account)
    assert SourceFile.objects.exists()


def test_account_connected_earlier_gets_the_stream(market: Sandbox) -> None:
    account = connect(market, "shopify")
    Pull.objects.filter(account=account, stream="statements").delete()
    assert pulling.open_lanes(at=START) == 1
    assert pulling.open_lanes(at=START) == 0
    assert list(pulling.due_pulls(limit=5)) == [pull_of(account, "statements").pk]


def test_shopees_documents_are_read_in_the_shops_currency(market: Sandbox) -> None:
    lived(market, "shopee", days=20, plain=True)
    account = connect(market, "shopee")
    moment = START + timedelta(days=24)
    market.set_clock(moment)
    row = pull(account, moment)
    assert row.last_error == ""
    assert set(SourceFile.objects.values_list("source", flat=True)) == {"shopee_escrow", "shopee_wallet"}
    assert not SourceFile.objects.exclude(state=SourceFile.State.READ).exists()
    assert set(Settlement.objects.values_list("currency", flat=True)) == {"SGD"}
    assert not SettlementFile.objects.filter(state=SettlementFile.State.REFUSED).exists()
    assert not Settlement.objects.filter(reason="total").exists()


def test_command_fetches_everything_and_says_what_failed(
    market: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anchor = clock.Anchor(real=clock.real_now(), app=START, speed=1.0)
    clock.write_anchor(path=tmp_path / "clock.json", anchor=anchor)
    monkeypatch.setenv("ECOMHUB_CLOCK_FILE", str(tmp_path / "clock.json"))
    connect(market, "ebay")
    out = StringIO()
    call_command("pull_statements", "--wait", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["state"] == "done"
    assert told["documents"] == SourceFile.objects.count() > 0
    with pytest.raises(CommandError):
        call_command("pull_statements", "--account", "nobody", stdout=out)
