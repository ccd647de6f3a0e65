"""Lines in the ledger: mappings of a person, orders that come later, one import at a time."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection

from channels.models import ChannelAccount
from channels.settlement_messages import Binding, LineKind, TypeRule
from finance.accounting import plan
from finance.models import Journal, LineType, MoneyAccount, Posting, Settlement, SettlementLine
from finance.sources import registry
from finance.statements import classifying, importing, late_orders
from finance.statements.classifying import MappingRefused
from finance.statements.summaries import Summary
from orders.models import Order
from tests.finance.settling import balances, take
from tests.finance.v2 import V2, fee, other, price
from tests.orders import factory

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_persons_mapping_reverses_and_books_anew(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(
        account, V2([price("50.00"), other("-7.00", "Moon Tax"), other("-2.00", "Moon Tax")]).write(tmp_path)
    )
    unknown = LineType.objects.get(third="Moon Tax")
    mapping = classifying.map_type(
        line_type=unknown,
        account="5700",
        binding=Binding.ACCOUNT,
        kind=LineKind.FEE,
        reason="a fine",
        actor="A",
    )
    assert mapping.version == 1
    assert balances()["5700"] == Decimal("9.00")
    assert plan.SUSPENSE not in balances()
    legs = Posting.objects.filter(line__line_type=unknown, line__amount=-7).order_by("turn")
    assert [(leg.account_id, leg.amount, leg.turn) for leg in legs] == [
        (plan.SUSPENSE, Decimal("7.00"), 0),
        (plan.SUSPENSE, Decimal("-7.00"), 1),
        ("5700", Decimal("7.00"), 2),
    ]
    assert classifying.reclassify(line_types=[unknown.pk]) == 0
    again = classifying.map_type(
        line_type=unknown, account="5290", binding=Binding.ACCOUNT, kind=LineKind.FEE, reason="no", actor="A"
    )
    assert again.version == 2
    assert balances()["5290"] == Decimal("9.00")
    assert Journal.objects.filter(kind="reclass").count() == 2


def test_a_mapping_needs_an_account_that_takes_lines_and_a_reason(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2([other("-7.00", "Moon Tax"), price("9.00")]).write(tmp_path))
    unknown = LineType.objects.get(third="Moon Tax")
    for code, reason in (("1010", "why not"), ("5700", " ")):
        with pytest.raises(MappingRefused):
            classifying.map_type(
                line_type=unknown,
                account=code,
                binding=Binding.ACCOUNT,
                kind=LineKind.FEE,
                reason=reason,
                actor="A",
            )


def test_an_order_that_comes_after_its_money_gets_it(
    account: MoneyAccount, shop: ChannelAccount, tmp_path: Path
) -> None:
    take(account, V2([price("10.00"), fee("-1.00")]).write(tmp_path))
    assert late_orders.find_orders() == 0
    factory.make_goods({"mug": 10}, account=shop)
    order = factory.taken(shop, factory.incoming(1))
    assert late_orders.find_orders() == 2
    assert late_orders.find_orders() == 0
    mine = balances(order=order)
    assert mine == {plan.UNSETTLED: Decimal("-9.00")}
    assert set(SettlementLine.objects.values_list("order", flat=True)) == {order.pk}
    assert balances(order=None, account=plan.UNSETTLED) == {}


def test_an_order_under_a_new_number_is_found_by_its_former_one(
    account: MoneyAccount, shop: ChannelAccount, order: Order, tmp_path: Path
) -> None:
    renamed = factory.incoming("0000001-B", replaces=(order.external_id,))
    factory.take(shop, renamed)
    order.refresh_from_db()
    assert order.external_id == renamed.external_id
    take(account, V2([price("10.00"), price("5.00", order=renamed.external_id)]).write(tmp_path))
    assert set(SettlementLine.objects.values_list("order", flat=True)) == {order.pk}


def test_taxes_the_marketplace_keeps_are_zero_for_the_settlement(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    rows = [
        price("100.00"),
        price("8.00", what="Tax"),
        price("-8.00", amount_type="ItemWithheldTax", what="MarketplaceFacilitatorTax-Principal"),
    ]
    take(account, V2(rows).write(tmp_path))
    legs = Posting.objects.filter(account=plan.COLLECTED_TAX)
    assert legs.count() == 2
    assert {leg.settlement_id for leg in legs} == {Settlement.objects.get().pk}
    assert plan.COLLECTED_TAX not in balances()


def _race(tasks: list[Callable[[], list[Summary]]]) -> tuple[list[Summary], list[Exception]]:
    """Run tasks at the same time, each on its own connection."""
    start = threading.Barrier(len(tasks))
    done: list[Summary] = []
    failed: list[Exception] = []

    def run(task: Callable[[], list[Summary]]) -> None:
        try:
            start.wait(timeout=20)
            done.extend(task())
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[task]) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return done, failed


def _at_once(account: MoneyAccount, tmp_path: Path) -> tuple[list[Summary], list[Exception]]:
    rows = [price(f"{number}.00") for number in range(1, 30)]
    files = [
        V2(rows).write(tmp_path, "plain.txt"),
        V2(rows).write(tmp_path, "wide.txt", encoding="utf-16"),
        V2([*rows, fee("-3.00")]).write(tmp_path, "more.txt"),
    ]
    return _race([lambda path=path: take(account, path) for path in files])  # type: ignore[misc]


def test_imports_of_one_settlement_at_once_post_every_line_once(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    done, failed = _at_once(account, tmp_path)
    assert not failed
    assert sum(summary.posted for summary in done) == 30
    assert balances() == {plan.UNSETTLED: Decimal("-432.00"), plan.PAYOUTS: Decimal("432.00")}
    assert Posting.objects.filter(line__isnull=False).count() == 30


def test_without_waiting_for_each_other_imports_at_once_fail(
    account: MoneyAccount, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the database still lets nothing happen twice, but somebody gets an error."""
    together = threading.Barrier(3)

    @contextmanager
    def nobody_waits(*, account: MoneyAccount, wait: float = 0) -> Iterator[None]:
        yield

    decide = importing._decide

    def at_once(**given: object) -> object:
        decided = decide(**given)  # type: ignore[arg-type]
        together.wait(timeout=20)
        return decided

    monkeypatch.setattr(importing, "alone", nobody_waits)
    monkeypatch.setattr(importing, "_decide", at_once)
    _done, failed = _at_once(account, tmp_path)
    assert failed
    assert Posting.objects.filter(line__isnull=False).count() in (29, 30)


def test_a_type_the_source_learns_later_leaves_suspense_by_itself(
    account: MoneyAccount, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(account, V2([price("50.00"), other("-7.00", "Moon Tax")]).write(tmp_path))
    assert balances()[plan.SUSPENSE] == Decimal("7.00")
    known = registry.source("amazon_settlement_v2")
    rule = TypeRule(("other-transaction", "other-transaction", "Moon Tax"), LineKind.TAX, "5600")
    newer = dataclasses.replace(known, rules=(rule, *known.rules))
    monkeypatch.setattr(registry, "detect", lambda sample: newer)
    take(account, V2([price("1.00")], number="9002").write(tmp_path))
    assert plan.SUSPENSE not in balances()
    assert balances()["5600"] == Decimal("7.00")


def test_the_first_rule_that_fits_books_a_type() -> None:
    general = TypeRule(("*", "ItemFees", "*"), LineKind.FEE, "5290")
    special = TypeRule(("Order", "ItemFees", "Commission"), LineKind.FEE, "5200")
    types = ("Order", "ItemFees", "Commission")
    assert classifying.rule_for(types=types, rules=(special, general)) is special
    assert classifying.rule_for(types=types, rules=(general, special)) is general
    assert classifying.rule_for(types=("Order", "Tax", "x"), rules=(special, general)) is None
