"""The sellers' bank: every payout arrives once, some working days later, in statements that never change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import pairwise

import pytest
import requests

from channels.sandbox import bank, bank_files, money_statements
from channels.sandbox.bank import CHANGED, CHARGE, Account
from channels.sandbox.market_clock import instant
from channels.sandbox.world import World
from channels.settlement_messages import MoneyLine, Reading, Statement
from finance.sources import camt053
from tests.sandbox.test_money import BEGIN, DAYS, SELLERS, drive, newest
from tests.sandbox_fixture import Sandbox

EVER = {"first": date(2020, 1, 1), "last": date(2030, 1, 1)}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = drive(days=DAYS // 2)
    yield made
    made.db.close()


def accounts(world: World, seller: str = "busy") -> list[Account]:
    return bank.accounts(world, world.sellers[seller])


def test_every_payout_arrives_once_within_three_working_days(world: World) -> None:
    booked = {
        entry.trace: (account.currency, entry)
        for account in accounts(world)
        for statement in account.statements
        for entry in statement.entries
        if entry.kind != CHARGE
    }
    found = 0
    for seller in SELLERS:
        rules = world.dialect(world.sellers[seller]).money
        assert rules is not None
        assert rules.payment is not None
        for statement in newest(world, seller).values():
            paid = rules.payment(statement)
            sent = instant(paid.sent).date()
            currency, entry = booked.get(paid.trace) or booked.get(paid.number) or ("", None)
            if statement.total <= 0 or bank.working_days_after(sent, 3) >= world.now.date():
                assert statement.total > 0 or entry is None
                continue
            assert entry is not None
            found += 1
            assert sent < entry.day <= bank.working_days_after(sent, 3)
            assert entry.day.weekday() < 5
            if statement.currency in bank.CURRENCIES:
                assert currency == statement.currency
                assert statement.total - entry.amount in (0, 1)
            else:
                assert (currency, entry.kind) == (bank.HOME, CHANGED)
                assert entry.original is not None
    assert found > 60


def test_balances_follow_and_only_days_that_are_over_have_a_statement(world: World) -> None:
    for account in accounts(world):
        assert account.statements[0].opening == 0
        assert [each.number for each in account.statements] == list(range(1, len(account.statements) + 1))
        for one, next_ in pairwise(account.statements):
            assert (one.closing, one.day < next_.day) == (next_.opening, True)
        assert account.statements[-1].day < world.now.date()
    kinds = Counter(
        entry.kind for account in accounts(world) for each in account.statements for entry in each.entries
    )
    assert kinds[CHANGED]
    assert kinds[CHARGE] >= 2 * len(accounts(world))


def test_a_newcomer_banks_alone(world: World) -> None:
    ours = {each.number for each in accounts(world)}
    assert ours == {each.number for each in accounts(world, "shopee")}
    assert not ours & {each.number for each in accounts(world, "empty")}


def test_the_file_says_what_the_bank_holds(world: World) -> None:
    for account in accounts(world):
        content = BytesIO(bank_files.camt053(account, **EVER))
        values = list(camt053.read(content, Reading("bank.xml", "bank", "UTC", "")))
        statements = [each for each in values if isinstance(each, Statement)]
        lines = [each for each in values if isinstance(each, MoneyLine)]
        assert len(statements) == len(account.statements)
        for read, held in zip(statements, account.statements, strict=True):
            assert read.total == sum(
                line.amount for line in lines if line.settlement_id == read.settlement_id
            )
            assert read.opening is not None
            assert int(read.opening.scaleb(2 if account.currency != "JPY" else 0)) == held.opening
        assert all(one.closing == two.opening for one, two in pairwise(statements))


def test_a_closed_statement_never_changes() -> None:
    world = drive(days=40)
    before = {each.number: each.statements for each in accounts(world)}
    world.clock.set(at=BEGIN + timedelta(days=75), speed=0.0)
    money_statements.switch(world, seller="busy", oddity="reissue")
    after = {each.number: each.statements for each in accounts(world)}
    for number, statements in before.items():
        assert after[number][: len(statements)] == statements
    assert sum(map(len, after.values())) > sum(map(len, before.values()))
    world.db.close()


def test_a_person_downloads_it_in_the_seller_center(sandbox: Sandbox) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    sandbox.reset(at=start, history_days=40, orders_per_day={"busy": 30.0})
    page = requests.get(f"{sandbox.url}/seller-center/busy/bank", timeout=60).text
    listed = requests.get(f"{sandbox.url}/seller-center/bank.json", timeout=60).json()
    assert listed["bank"] == "Harbor Bank"
    currencies = [each["currency"] for each in listed["accounts"]]
    assert "USD" in currencies
    url = "/seller-center/busy/bank/USD.xml?from=2026-02-01&amp;to=2026-02-28"
    assert url in page
    answer = requests.get(f"{sandbox.url}{url.replace('&amp;', '&')}", timeout=60)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    assert b"camt.053.001.02" in answer.content
    assert requests.get(f"{sandbox.url}/seller-center/busy/bank/XXX.xml", timeout=60).status_code == 404
