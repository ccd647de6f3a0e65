"""Taking settlement files in: what is posted, staged, kept beside or refused, and never twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from channels.models import ChannelAccount
from ecomhub import files, verifying
from finance.accounting import plan
from finance.models import (
    Journal,
    MoneyAccount,
    Posting,
    Settlement,
    SettlementFile,
    SettlementLine,
    SourceFile,
    TypeMapping,
)
from finance.statements import importing, posting
from finance.statements.settlement_laws import LAWS
from orders.models import Order
from tests.finance.making import OPENS, make_rate
from tests.finance.settling import AT, balances, take
from tests.finance.v2 import ORDER, V2, Row, fee, other, price
from tests.orders import factory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_settlement_is_posted_line_by_line_and_its_clearing_ends_at_zero(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    file = V2([price("129.99"), fee("-19.50"), other("-39.99", "Subscription Fee")])
    (summary,) = take(account, file.write(tmp_path))
    assert (summary.state, summary.reason) == (SettlementFile.State.POSTED, "")
    assert summary.header_total == summary.lines_total == Decimal("70.50")
    assert (summary.lines, summary.posted) == (3, 3)
    assert balances() == {
        plan.UNSETTLED: Decimal("-110.49"),
        plan.PAYOUTS: Decimal("70.50"),
        "5220": Decimal("39.99"),
    }
    settlement = Settlement.objects.get()
    assert settlement.closed_at == AT
    assert settlement.payout.amount == Decimal("70.50")
    by_order = Posting.objects.filter(account=plan.UNSETTLED, order=order)
    assert {(row.component, row.amount) for row in by_order} == {
        ("4000", Decimal("-129.99")),
        ("5200", Decimal("19.50")),
    }
    assert Posting.objects.filter(line__isnull=False).count() == 3


def test_a_total_that_is_not_the_sum_of_the_lines_keeps_everything_out_of_the_ledger(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    (summary,) = take(account, V2([price("129.99"), fee("-19.50")], total="120.49").write(tmp_path))
    assert (summary.state, summary.reason) == (SettlementFile.State.STAGED, "total_mismatch")
    assert (summary.header_total, summary.lines_total) == (Decimal("120.49"), Decimal("110.49"))
    assert not Journal.objects.exists()
    assert Settlement.objects.get().state == Settlement.State.STAGED


def test_an_unknown_type_stands_in_suspense_until_somebody_says_what_it_is(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2([price("50.00"), other("-7.00", "Moon Tax")]).write(tmp_path))
    (unclear,) = Posting.objects.filter(account=plan.SUSPENSE)
    assert unclear.amount == Decimal("7.00")
    assert unclear.line is not None
    assert not TypeMapping.objects.filter(line_type=unclear.line.line_type).exists()


def test_equal_lines_are_all_money(account: MoneyAccount, order: Order, tmp_path: Path) -> None:
    (summary,) = take(account, V2([price("10.00"), price("10.00"), price("10.00")]).write(tmp_path))
    assert summary.posted == 3
    assert balances()[plan.UNSETTLED] == Decimal("-30.00")
    assert sorted(SettlementLine.objects.values_list("occurrence", flat=True)) == [1, 2, 3]


def test_a_line_of_nothing_is_kept_and_not_posted(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    (summary,) = take(account, V2([price("10.00"), fee("0.00")]).write(tmp_path))
    assert (summary.state, summary.lines, summary.posted) == (SettlementFile.State.POSTED, 2, 1)
    assert SettlementLine.objects.count() == 2


def test_the_same_file_twice_changes_nothing(account: MoneyAccount, order: Order, tmp_path: Path) -> None:
    path = V2([price("10.00"), fee("-1.00")]).write(tmp_path)
    take(account, path)
    before = (Posting.objects.count(), SettlementLine.objects.count(), SourceFile.objects.count())
    (again,) = take(account, path)
    assert (again.state, again.posted, again.lines) == (SettlementFile.State.DUPLICATE, 0, 2)
    assert (Posting.objects.count(), SettlementLine.objects.count(), SourceFile.objects.count()) == before


def test_another_encoding_of_the_same_file_changes_nothing(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    file = V2([price("10.00", sku="Tasse ü"), fee("-1.00")])
    take(account, file.write(tmp_path))
    for encoding in ("utf-16", "utf-8-sig", "cp1252"):
        (again,) = take(account, file.write(tmp_path, f"{encoding}.txt", encoding=encoding))
        assert (again.state, again.posted) == (SettlementFile.State.DUPLICATE, 0)
    assert SettlementLine.objects.count() == 2
    assert SourceFile.objects.count() == 4


def test_lines_of_an_order_nobody_knows_are_posted_and_find_it_when_it_comes(
    account: MoneyAccount, shop: ChannelAccount, tmp_path: Path
) -> None:
    take(account, V2([price("10.00")]).write(tmp_path))
    assert Posting.objects.get(account=plan.UNSETTLED).order is None
    assert SettlementLine.objects.get().order_ref == ORDER


def test_money_of_orders_older_than_go_live_settles_the_opening_orders(
    account: MoneyAccount, shop: ChannelAccount, tmp_path: Path
) -> None:
    old = factory.incoming(1, placed_at=datetime(2026, 1, 15, tzinfo=UTC))
    factory.make_goods({"mug": 10}, account=shop)
    order = factory.taken(shop, old)
    assert order.is_before_go_live
    take(account, V2([price("10.00")]).write(tmp_path))
    early = V2([price("5.00", order="902-0000777", day=20)], number="8999", month=1, first=16)
    take(account, early.write(tmp_path))
    assert balances()[plan.OPENING_ORDERS] == Decimal("-15.00")
    assert plan.UNSETTLED not in balances()


def test_tax_of_an_older_order_stays_with_it(
    account: MoneyAccount, shop: ChannelAccount, tmp_path: Path
) -> None:
    factory.make_goods({"mug": 10}, account=shop)
    factory.taken(shop, factory.incoming(1, placed_at=datetime(2026, 1, 15, tzinfo=UTC)))
    tax = Row("1.25", what="Tax")
    (summary,) = take(account, V2([price("12.50"), tax]).write(tmp_path))
    assert summary.state == SettlementFile.State.POSTED
    found = balances(account__code__in=["1106", "2110"])
    assert found == {"1106": Decimal("-13.75")}
    assert verifying.verify(laws=LAWS).broken == []


def test_several_settlements_in_one_file_are_decided_each_for_itself(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    good = V2([price("10.00")], number="1")
    bad = V2([price("20.00")], number="2", total="21.00")
    path = tmp_path / "both.txt"
    path.write_text(good.text() + "\n".join(bad.text().splitlines()[1:]) + "\n")
    states = {summary.settlement_id: summary.state for summary in take(account, path)}
    assert states == {"1": SettlementFile.State.POSTED, "2": SettlementFile.State.STAGED}


def test_a_missing_rate_stages_everything_and_it_is_posted_when_the_rate_comes(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    book = account.book
    book.currency, book.rate_source = "CNY", "manual"
    book.save()
    path = V2([price("10.00"), fee("-1.00", day=6)]).write(tmp_path)
    (summary,) = take(account, path)
    assert (summary.state, summary.reason) == (SettlementFile.State.STAGED, "rate_missing")
    assert not Journal.objects.exists()
    assert importing.post_waiting(at=AT) == 0
    make_rate("USD", "CNY", "7.2", on=date(2026, 3, 5), source="manual", kind="typed", reason="bank")
    assert importing.post_waiting(at=AT) == 1
    assert not Journal.objects.exclude(effective_on__gte=OPENS).exists()
    assert Settlement.objects.get().state == Settlement.State.POSTED
    assert SettlementFile.objects.get().state == SettlementFile.State.POSTED
    based = Posting.objects.filter(account=plan.UNSETTLED).aggregate(sum=Sum("base_amount"))
    assert based["sum"] == Decimal("-64.80")
    assert balances()[plan.PAYOUTS] == Decimal("9.00")
    clearing = Posting.objects.filter(account=plan.CLEARING)
    assert clearing.aggregate(sum=Sum("base_amount"))["sum"] == 0


def test_a_late_line_is_effective_on_the_first_open_day_and_keeps_its_own(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    book = account.book
    book.opens_on = date(2026, 3, 10)
    book.save()
    take(account, V2([price("10.00", day=5)]).write(tmp_path))
    assert SettlementLine.objects.get().effective_on == date(2026, 3, 5)
    assert Journal.objects.get(kind="settlement").effective_on == date(2026, 3, 10)


def test_an_amount_finer_than_its_currency_refuses_the_settlement(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    (summary,) = take(account, V2([price("10.0055")]).write(tmp_path))
    assert (summary.state, summary.reason) == (SettlementFile.State.REFUSED, "too_fine")
    assert not SettlementLine.objects.exists()


def test_a_document_of_no_known_kind_is_refused_and_kept(account: MoneyAccount, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n")
    (summary,) = take(account, path)
    assert summary.state is SettlementFile.State.REFUSED
    assert SourceFile.objects.get().state == SourceFile.State.REFUSED
    assert files.read(file=SourceFile.objects.get().file) == b"buy milk\n"


def test_an_interrupted_import_goes_on_when_the_file_is_given_again(
    account: MoneyAccount, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finance.statements.keeping.CHUNK", 4)
    monkeypatch.setattr("finance.statements.line_writer.CHUNK", 4)
    monkeypatch.setattr("finance.statements.posting.CHUNK", 4)
    path = V2([price(f"{number}.00", day=1 + number) for number in range(1, 11)]).write(tmp_path)

    posts = iter([True, True, False])

    def some(**given: object) -> int:
        if not next(posts):
            raise RuntimeError("the power went")
        return int(whole(**given))

    whole: Callable[..., int] = posting.post
    with monkeypatch.context() as patch:
        patch.setattr("finance.statements.posting.post", some)
        with pytest.raises(RuntimeError):
            take(account, path)
    assert Settlement.objects.get().reason == "unfinished"
    assert 0 < SettlementLine.objects.count() < 10
    (summary,) = take(account, path)
    assert summary.state is SettlementFile.State.POSTED
    assert balances()[plan.PAYOUTS] == Decimal("55.00")
    assert Posting.objects.filter(line__isnull=False).count() == 10
    (again,) = take(account, path)
    assert again.state is SettlementFile.State.DUPLICATE


def test_a_large_settlement_is_posted_in_chunks(
    account: MoneyAccount, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finance.statements.keeping.CHUNK", 4)
    monkeypatch.setattr("finance.statements.line_writer.CHUNK", 4)
    rows = [price(f"{number}.00", day=1 + number % 3) for number in range(1, 11)]
    (summary,) = take(account, V2(rows).write(tmp_path))
    assert (summary.state, summary.posted) == (SettlementFile.State.POSTED, 10)
    assert Settlement.objects.get().closed_at is not None


def test_the_command_prints_a_summary_per_settlement(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    good = V2([price("10.00"), fee("-1.00")], number="1").write(tmp_path)
    bad = V2([price("20.00")], number="2", total="21.00").write(tmp_path)
    out = StringIO()
    call_command("import_settlement", str(good), str(bad), account="Busy seller", json=True, stdout=out)
    one, two = (json.loads(line) for line in out.getvalue().splitlines())
    assert one == {
        "settlement_id": "1",
        "currency": "USD",
        "header_total": "9.00",
        "lines_total": "9.00",
        "lines": 2,
        "lines_posted": 2,
        "totals_by_type": {"Order/ItemFees/Commission": "-1.00", "Order/ItemPrice/Principal": "10.00"},
        "state": "posted",
        "reason": "",
    }
    assert (two["state"], two["lines_posted"], two["header_total"]) == ("staged", 0, "21.00")
    assert two["reason"]


def test_the_command_fails_when_something_was_refused_and_for_a_name_nobody_has(
    account: MoneyAccount, tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy milk\n")
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("import_settlement", str(path), account="Busy seller", json=True, stdout=out)
    assert json.loads(out.getvalue())["state"] == "refused"
    with pytest.raises(CommandError, match="no account named"):
        call_command("import_settlement", str(path), account="Nobody")
