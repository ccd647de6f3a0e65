"""Each law of settlements, broken by raw SQL, is named; money in the rows of a file cannot change unseen."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg2.extensions import cursor as Cursor

from ecomhub.verifying import verify
from finance.models import MoneyAccount, Settlement, SettlementFile
from finance.statements.settlement_laws import LAWS
from orders.models import Order
from tests.finance.settling import take
from tests.finance.test_restating import chain
from tests.finance.v2 import V2, Row, fee, other, price

pytestmark = pytest.mark.django_db(transaction=True)
_LINE = "(SELECT id FROM finance_settlementline WHERE amount = -80)"
BREAKS = {
    "I5.lines": f"DELETE FROM finance_posting WHERE line_id = {_LINE}",
    "I6": f"UPDATE finance_settlementline SET amount = -81 WHERE id = {_LINE}",
    "I6.decided": "UPDATE finance_settlementfile SET state = 'staged', reason = 'differs'",
    "I7": "UPDATE finance_settlement SET closed_at = NULL WHERE external_id = '1'",
    "I8": "UPDATE finance_payout SET amount = amount + 1",
    "I9": "UPDATE finance_settlementline SET amount = 29 WHERE amount = 30",
    "I10": "UPDATE finance_carriedline SET older_id = NULL",
    "I12": "UPDATE finance_posting SET account_id = '2110' WHERE account_id = '5400'",
    "I13": "UPDATE finance_posting SET account_id = '5700' WHERE account_id = '5400'",
    "I24": "INSERT INTO finance_settlement (account_id, external_id, currency, source, state, reason, "
    "platform_status, lines_total, line_count, posted_count, payout_ref, payout_currency, accepted_reason, "
    "version) SELECT account_id, external_id, currency, 'else', 'posted', '', '', 0, 0, 0, '', '', '', 1 "
    "FROM finance_settlement WHERE external_id = '1'",
}


def broken() -> list[str]:
    """The laws that do not hold."""
    return verify(laws=LAWS).broken


def test_every_law_has_a_break() -> None:
    assert {law.id for law in LAWS} == set(BREAKS)


@pytest.mark.parametrize("law", BREAKS)
def test_broken_law_is_named(
    law: str, account: MoneyAccount, order: Order, tmp_path: Path, owner: Cursor
) -> None:
    for file in chain():
        take(account, file.write(tmp_path))
    assert broken() == []
    owner.execute(BREAKS[law])
    verdict = verify(laws=LAWS)
    assert law in verdict.broken
    assert next(each for each in verdict.laws if each.id == law).examples


def test_a_settlement_that_waits_for_its_missing_line_breaks_the_law_of_totals(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    take(account, V2([price("10.00")], total="11.00").write(tmp_path))
    assert broken() == ["I6.decided"]


def test_collected_tax_that_is_not_remitted_is_named_until_it_is_accepted(
    account: MoneyAccount, order: Order, tmp_path: Path, owner: Cursor
) -> None:
    collected = Row("1.00", what="Tax", order="")
    remitted = Row(
        "-1.00", amount_type="ItemWithheldTax", what="MarketplaceFacilitatorTax-Principal", order=""
    )
    take(account, V2([price("10.00"), collected, remitted], number="1").write(tmp_path))
    assert broken() == []
    take(
        account, V2([price("9.00", day=16), replace(collected, day=16)], number="2", first=15).write(tmp_path)
    )
    verdict = verify(laws=LAWS)
    assert verdict.broken == ["I12"]
    assert [law.examples for law in verdict.laws if law.violations] == [["2, USD, -1.0000"]]
    owner.execute(
        "UPDATE finance_settlement SET accepted_reason = 'the state is told' WHERE external_id = '2'"
    )
    assert "I12" not in broken()


def test_tax_of_one_settlement_does_not_make_up_for_anothers(
    account: MoneyAccount, order: Order, tmp_path: Path, owner: Cursor
) -> None:
    rows = [price("10.00"), Row("1.00", what="Tax", order=""), Row("-1.00", what="Tax", order="", day=6)]
    take(account, V2(rows, number="1").write(tmp_path))
    take(account, V2([price("9.00", day=16)], number="2", first=15).write(tmp_path))
    assert broken() == []
    owner.execute(
        "UPDATE finance_posting SET settlement_id = "
        "(SELECT id FROM finance_settlement WHERE external_id = '2') "
        "WHERE account_id = '2110' AND amount > 0"
    )
    assert "I12" in broken()


def test_a_reserve_that_is_not_given_back_is_named(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    one, two, _three = chain()
    take(account, one.write(tmp_path))
    take(account, V2(two.rows[1:], number="2", first=15).write(tmp_path))
    assert "I9" in broken()


def test_no_row_with_money_can_vanish_double_or_change_without_being_noticed(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    """The file's own total stays; every change of a row of it keeps the settlement out of the ledger."""
    chance = random.Random(11)
    rows = [price(f"{number}.{number % 90 + 10}") for number in range(1, 20)] + [
        fee("-3.21"),
        other("-9", "X"),
    ]
    whole = V2(rows).text().splitlines()
    seen = set()
    for number in range(40):
        place = chance.randrange(2, len(whole))
        cells = whole[place].split("\t")
        way = chance.choice(["gone", "twice", "amount", "currency"])
        changed = list(whole)
        if way == "gone":
            del changed[place]
        elif way == "twice":
            changed.insert(place, whole[place])
        else:
            cells[14 if way == "amount" else 5] = "17.77" if way == "amount" else "EUR"
            changed[place] = "\t".join(cells)
        path = tmp_path / f"{number}.txt"
        path.write_text("\n".join(changed) + "\n")
        states = {summary.state for summary in take(account, path)}
        assert SettlementFile.State.POSTED not in states, way
        assert "I6.decided" in broken()
        seen.add(way)
    assert seen == {"gone", "twice", "amount", "currency"}
    assert not Settlement.objects.filter(state=Settlement.State.POSTED).exists()
    path = tmp_path / "whole.txt"
    path.write_text("\n".join(whole) + "\n")
    (summary,) = take(account, path)
    assert summary.state is SettlementFile.State.POSTED
