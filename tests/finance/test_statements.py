"""Wallets, banks and documents that repeat money: what they post, and what they never post."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from channels.models import ChannelAccount
from channels.settlement_messages import Holder
from ecomhub.entities import default_entity
from finance.accounting import plan
from finance.models import MoneyAccount, Posting, Settlement, SettlementFile
from finance.statements import importing, money_accounts
from finance.statements.money_accounts import AccountRefused
from orders.models import Order
from tests.finance.settling import AT, balances, take
from tests.finance.v2 import V2, fee, price

pytestmark = pytest.mark.django_db(transaction=True)
MT940 = """:20:STARTUMSE
:25:37040044/0532013000
:28C:00001/001
:60F:C260301USD1000,00
:61:2603040304CR70,50N051NONREF//AMZN9001
:86:AMAZON PAYMENTS
:61:2603050305DR12,00N020NONREF
:86:BANK FEE
:62F:C260305USD1058,50
-
"""


@pytest.fixture
def bank(account: MoneyAccount) -> MoneyAccount:
    """The company's bank account in dollars."""
    return money_accounts.create(
        name="Bank of Somewhere",
        holder=Holder.BANK,
        provider="bank",
        at=AT,
        legal_entity=account.book.legal_entity,
        currency="USD",
    )


def test_a_bank_statement_moves_the_bank_and_adds_up_to_its_closing(
    bank: MoneyAccount, tmp_path: Path
) -> None:
    path = tmp_path / "march.sta"
    path.write_text(MT940)
    (summary,) = take(bank, path)
    assert (summary.state, summary.header_total) == (SettlementFile.State.POSTED, Decimal("58.50"))
    assert balances(account=plan.BANK) == {plan.BANK: Decimal("58.50")}
    assert set(Posting.objects.values_list("money_account", flat=True)) == {bank.pk}
    assert sum(balances().values()) == 0
    (again,) = take(bank, path)
    assert again.posted == 0


def test_a_wide_report_of_a_posted_settlement_is_evidence_in_either_order(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    """Two posting kinds of document about one settlement: the first posts, the second is kept beside."""
    take(account, V2([price("10.00"), fee("-1.00")]).write(tmp_path))
    settlement = Settlement.objects.get()
    Settlement.objects.filter(pk=settlement.pk).update(source="amazon_settlement_wide")
    (summary,) = take(account, V2([price("10.00"), fee("-1.00")]).write(tmp_path, "b.txt", encoding="utf-16"))
    assert (summary.state, summary.reason, summary.posted) == (
        SettlementFile.State.EVIDENCE,
        "other_source",
        0,
    )
    assert balances()[plan.PAYOUTS] == Decimal("9.00")


def test_a_platforms_document_is_refused_for_another_account(bank: MoneyAccount, tmp_path: Path) -> None:
    (summary,) = take(bank, V2([price("10.00")]).write(tmp_path))
    assert summary.state is SettlementFile.State.REFUSED
    assert "Bank of Somewhere" in summary.reason
    assert not Settlement.objects.exists()


def test_memory_stays_bounded_while_a_document_is_staged(
    account: MoneyAccount, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never more lines are held than a chunk has, however long the document is."""
    monkeypatch.setattr("finance.statements.staging.CHUNK", 7)
    most = 0
    copy = importing.staging._copy  # type: ignore[attr-defined]

    def watched(lines: list[object], **given: object) -> None:
        nonlocal most
        most = max(most, len(lines))
        copy(lines, **given)

    monkeypatch.setattr("finance.statements.staging._copy", watched)
    rows = [price(f"{number}.00") for number in range(1, 101)]
    (summary,) = take(account, V2(rows).write(tmp_path))
    assert (summary.posted, most) == (100, 7)


def test_accounts_are_found_by_the_names_people_use(shop: ChannelAccount, account: MoneyAccount) -> None:
    assert money_accounts.find(name="Busy seller", at=AT) == account
    assert money_accounts.find(name=shop.shops.get().name, at=AT) == account
    with pytest.raises(AccountRefused, match="Busy seller"):
        money_accounts.find(name="Idle seller", at=AT)


def test_a_shop_without_an_adapter_is_file_only(shop: ChannelAccount, tmp_path: Path) -> None:
    made = money_accounts.create(
        name="Lazada MY",
        holder=Holder.CHANNEL,
        provider="lazada",
        at=datetime(2026, 3, 1, tzinfo=UTC),
        shop=shop.shops.get(),
        currency="USD",
    )
    assert made.channel is None
    assert money_accounts.orders_of(account=made) == shop.pk
    assert money_accounts.shop_of(account=made, currency="USD") == shop.shops.get().pk
    for wrong in ({"name": " "}, {"currency": "XXY"}, {"zone": "Mars/Base"}, {"name": "Lazada MY"}):
        given = {"name": "Another", "holder": Holder.WALLET, "provider": "payoneer", "at": AT}
        with pytest.raises(AccountRefused):
            money_accounts.create(legal_entity=default_entity(), **{**given, **wrong})  # type: ignore[arg-type]
