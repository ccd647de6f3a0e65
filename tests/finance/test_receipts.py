"""Receipts of wallets and banks nobody named: found by rules, or left in suspense where none is sure."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from channels.settlement_messages import Binding, LineKind
from finance.models import LineType, Match, MatchRule, MoneyAccount, MoneyException, Payout
from finance.reconciliation import explaining, matching_by_hand, reconciling
from finance.statements import classifying
from orders.models import Order
from tests.finance.receiving import SOON, Bank, bank, held, pay, stands_on
from tests.finance.settling import AT, balances

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def icbc(account: MoneyAccount, order: Order, tmp_path: Path) -> Bank:
    """The company's bank."""
    return bank(account, tmp_path)


def rule() -> str:
    """The rule of the only match that holds."""
    match = Match.objects.get(undoing=None, part=0)
    return "" if match.rule is None else match.rule.key


def open_kinds() -> list[str]:
    """Kinds of the open exceptions."""
    rows = MoneyException.objects.filter(state="open").order_by("kind").values_list("kind", flat=True)
    return list(rows)


def test_a_bank_line_of_an_unknown_type_is_found_to_be_a_payout(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    line = icbc.gets("100.00", note="AMAZON PAYMENTS")
    assert stands_on(line) == "1900"
    assert reconciling.match_payouts(at=AT) == 1
    payout.refresh_from_db()
    assert (payout.state, rule(), stands_on(line)) == ("arrived", "payout_by_amount", "1120")
    assert {"1900", "1120"} & set(balances()) == set()
    held()


def test_a_bank_that_keeps_a_fee_is_found_and_the_fee_is_seen(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    pay(account, tmp_path, number="7700123")
    icbc.gets("97.50", note="AMZN 7700123")
    assert reconciling.match_payouts(at=AT) == 1
    assert (rule(), str(balances()["5510"])) == ("payout_by_reference_less_fee", "2.5000")
    held()


def test_what_no_rule_explains_stays_in_suspense_and_is_raised(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    pay(account, tmp_path)
    line = icbc.gets("55.00", note="somebody")
    explaining.take_turn(at=SOON, sweeps=True)
    assert (stands_on(line), open_kinds()) == ("1900", ["unknown_receipt"])
    row = MoneyException.objects.get()
    assert (row.line_id, row.amount, row.money_account) == (line.pk, line.amount, icbc.account)
    explaining.take_turn(at=SOON + timedelta(days=7), sweeps=True)
    assert open_kinds() == ["unknown_receipt", "unmatched_payout"]


def test_two_payouts_a_receipt_fits_equally_well_are_named_and_left_to_a_person(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    first = pay(account, tmp_path, number="7700001")
    pay(account, tmp_path, number="7700002")
    pay(account, tmp_path, "101.00", number="7700003")
    line = icbc.gets("100.00", note="AMAZON")
    # Less a fee, the third payout alone would fit: a weaker rule decides nothing a stronger one leaves open.
    assert reconciling.match_payouts(at=AT) == 0
    row = MoneyException.objects.get(kind="ambiguous")
    assert "7700001" in row.reference
    assert "7700002" in row.reference
    assert reconciling.match_payouts(at=AT) == 0
    assert MoneyException.objects.filter(kind="ambiguous").count() == 1
    matching_by_hand.match(payout_id=first.pk, lines=[line.pk], reason="told by phone", at=AT, actor="Ann")
    reconciling.match_payouts(at=AT)
    row.refresh_from_db()
    first.refresh_from_db()
    assert (row.state, first.state) == ("solved", "arrived")
    held()


def test_one_payout_and_two_equal_receipts_are_left_to_a_person(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    pay(account, tmp_path)
    icbc.says("100.00", note="one")
    icbc.says("100.00", note="other", day=17)
    icbc.send()
    assert reconciling.match_payouts(at=AT) == 0
    row = MoneyException.objects.get(kind="ambiguous")
    assert row.reference == "one / other"
    assert row.payout == Payout.objects.get()


def test_a_transfer_between_own_banks_is_known_by_both_sides(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    boc = bank(account, tmp_path, name="BOC")
    out = icbc.gets("-250.00", what="Debit", note="own account")
    assert reconciling.match_payouts(at=AT) == 0
    assert stands_on(out) == "1900"
    came = boc.gets("250.00", day=17, note="from us")
    assert reconciling.match_payouts(at=AT) == 1
    assert (rule(), stands_on(out), stands_on(came)) == ("transfer_by_amount", "1130", "1120")
    payout = Payout.objects.get()
    assert (payout.line, payout.state) == (out, "arrived")
    assert {"1900", "1120", "1130"} & set(balances()) == set()
    held()


def test_money_that_may_be_a_payout_or_a_transfer_is_neither(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    boc = bank(account, tmp_path, name="BOC")
    pay(account, tmp_path)
    icbc.gets("-100.00", what="Debit", note="own account")
    came = boc.gets("100.00", note="in")
    assert reconciling.match_payouts(at=AT) == 0
    assert stands_on(came) == "1900"
    assert "ambiguous" in open_kinds()


def test_a_rule_that_is_switched_off_finds_nothing(account: MoneyAccount, icbc: Bank, tmp_path: Path) -> None:
    pay(account, tmp_path)
    icbc.gets("100.00")
    MatchRule.objects.filter(condition="amount").update(is_active=False)
    assert reconciling.match_payouts(at=AT) == 0


def test_a_matched_line_stays_where_it_is_when_its_type_is_classified_later(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    pay(account, tmp_path)
    line = icbc.gets("100.00", what="Incoming")
    reconciling.match_payouts(at=AT)
    other = icbc.gets("7.00", what="Incoming", day=18)
    classifying.map_type(
        line_type=LineType.objects.get(pk=line.line_type_id), account="4900", binding=Binding.ACCOUNT,
        kind=LineKind.ADJUSTMENT, reason="interest", actor="Ann",
    )  # fmt: skip
    assert (stands_on(line), stands_on(other)) == ("1120", "4900")
    held()


def test_a_type_classified_later_as_a_withdrawal_sends_its_lines_on_their_way(
    account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    line = icbc.gets("-80.00", what="Standing order")
    classifying.map_type(
        line_type=LineType.objects.get(pk=line.line_type_id), account="1130", binding=Binding.PAYOUT,
        kind=LineKind.TRANSFER, reason="to the other bank", actor="Ann",
    )  # fmt: skip
    payout = Payout.objects.get()
    assert (payout.line, payout.amount, payout.state, stands_on(line)) == (line, 80, "sent", "1130")
    held()
