"""The rules of reconciliation as people change them: in their order, on record, at once for what waits."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError

from channels.models import ChannelAccount
from channels.settlement_messages import Holder
from ecomhub.access import Actor, Role
from ecomhub.models import Event
from finance.models import Match, MatchRule, MoneyAccount, OrderMoney
from finance.reconciliation import reconciling, rules
from finance.reconciliation.rules import CONDITIONS, RuleRefused
from finance.statements import money_accounts
from orders.models import Order
from tests.browser.looking import logged_in, person
from tests.finance.selling import SHIPPED_AT, publish, sell, state, turn
from tests.finance.settling import AT, balances, take
from tests.finance.test_reconciling import arrive, pay
from tests.finance.v2 import V2, fee, price
from tests.orders import factory
from tests.orders.factory import line

pytestmark = pytest.mark.django_db(transaction=True)

FINANCE = Actor(name="accountant", role=Role.FINANCE)
PAGE = "/finance/reconcile/rules/"


@pytest.fixture
def wallet(account: MoneyAccount) -> MoneyAccount:
    """A collection wallet of the same company."""
    return money_accounts.create(
        name="PingPong", holder=Holder.WALLET, provider="pingpong", at=AT, zone="UTC",
        legal_entity=account.book.legal_entity,
    )  # fmt: skip


def rule(key: str) -> MatchRule:
    """A rule by its key."""
    return MatchRule.objects.get(key=key)


def change(key: str, reason: str = "The auditor asks", actor: Actor = FINANCE, **wanted: Any) -> MatchRule:
    """Change a rule as the accountant does."""
    return rules.change(rule_id=rule(key).pk, wanted=wanted, reason=reason, actor=actor, at=AT)


def add(key: str, platform: str, **wanted: Any) -> MatchRule:
    """Give a platform its own rule as the accountant does."""
    return rules.add(
        like=rule(key).pk, platform=platform, wanted=wanted, reason="Theirs differ", actor=FINANCE, at=AT
    )


def test_every_rule_and_every_test_of_payouts_is_worded() -> None:
    seeded = {(row.scope, row.condition) for row in MatchRule.objects.all()}
    assert seeded == {(str(scope), condition) for scope, condition in CONDITIONS}
    assert set(reconciling.TESTS) <= {condition for _scope, condition in CONDITIONS}


def test_fees_nobody_looked_at_have_a_cap_a_month() -> None:
    capped = set(MatchRule.objects.filter(cap_month__gt=0).values_list("condition", flat=True))
    assert capped == {"reference_fee", "stated", "amount_fee"}


def test_a_fee_above_the_cap_of_its_rule_waits_for_a_person(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    change("payout_by_amount_less_fee", cap_month=Decimal("1.50"))
    pay(account, tmp_path)
    arrive(wallet, tmp_path, "99.00")
    assert reconciling.match_payouts(at=AT) == 1
    pay(account, tmp_path, number="9002")
    arrive(wallet, tmp_path, "99.00", name="second.csv", day=17, balance="198.00", reference="PP2")
    assert reconciling.match_payouts(at=AT) == 0
    month = Match.objects.get().journal.effective_on
    assert rules.posted_in(month=month) == {rule("payout_by_amount_less_fee").pk: [("USD", Decimal("1.00"))]}
    change("payout_by_amount_less_fee", cap_month=None)
    assert reconciling.match_payouts(at=AT) == 1
    assert balances()["5510"] == Decimal("2.00")


def test_a_platform_has_its_own_rule_before_the_one_for_all(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    mine = add("payout_by_amount_less_fee", "amazon", tolerance_percent=Decimal(5))
    assert (mine.platform, mine.account_id, mine.days) == ("amazon", "5510", 10)
    pay(account, tmp_path)
    arrive(wallet, tmp_path, "96.00")
    assert reconciling.match_payouts(at=AT) == 1
    assert Match.objects.get().rule == mine
    change(mine.key, is_active=False)
    pay(account, tmp_path, number="9002")
    arrive(wallet, tmp_path, "96.00", name="second.csv", day=17, balance="192.00", reference="PP2")
    assert reconciling.match_payouts(at=AT) == 0


def test_the_first_place_decides(
    account: MoneyAccount, wallet: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    assert change("payout_by_amount_less_fee", place=65).place == 65
    pay(account, tmp_path)
    arrive(wallet, tmp_path, "99.95")
    assert reconciling.match_payouts(at=AT) == 1
    assert Match.objects.get().rule == rule("payout_by_amount_less_fee")


def test_a_wider_tolerance_explains_what_waits_at_the_next_turn(
    account: MoneyAccount, shop: ChannelAccount, tmp_path: Path
) -> None:
    factory.make_goods({"mug": 50}, account=shop)
    publish()
    sold = sell(shop, 1, line(tax=Decimal(0)))
    take(account, V2([price("12.50"), fee("-4.00")]).write(tmp_path))
    turn()
    assert state(sold) == "waiting"
    turn()
    assert not OrderMoney.objects.get().is_due
    change("variance_of_fees", tolerance=Decimal(3))
    turn()
    assert state(sold) == "settled"


def test_a_platform_that_pays_late_is_due_late(
    account: MoneyAccount, shop: ChannelAccount, tmp_path: Path
) -> None:
    factory.make_goods({"mug": 50}, account=shop)
    add("never_paid", "amazon", days=60)
    sell(shop, 1, line(tax=Decimal(0)))
    turn(SHIPPED_AT)
    row = OrderMoney.objects.get()
    assert row.due_on is not None
    assert row.shipped_on is not None
    assert (row.due_on - row.shipped_on).days == 60


def test_a_change_is_on_record_with_what_it_replaced_who_and_why() -> None:
    changed = change("payout_by_amount_less_fee", reason=" The wallet charges more ", days=12)
    event = Event.objects.get(object_kind="match_rule", object_id=changed.pk)
    assert (event.kind, event.actor, event.data["reason"]) == (
        "changed", "accountant", "The wallet charges more",
    )  # fmt: skip
    assert (event.data["instead_of"]["days"], event.data["now"]["days"]) == (10, 12)
    assert rules.changes_of(rule=changed) == [event]


@pytest.mark.parametrize(
    ("key", "wanted", "words"),
    [
        ("payout_by_amount", {"tolerance": Decimal(1)}, "does not look at tolerance"),
        ("variance_without_expectation", {"is_active": False}, "does not look at is_active"),
        ("payout_by_amount", {"days": 400}, "0 to 366"),
        ("payout_by_amount", {"place": 0}, "1 to 999"),
        ("payout_by_amount", {"days": 15}, "already"),
        ("variance_of_fees", {"tolerance_percent": Decimal(101)}, "0 to 100 percent"),
        ("variance_of_fees", {"tolerance": Decimal(-1)}, "0 or more"),
        ("payout_by_amount_less_fee", {"cap_month": Decimal(-1)}, "0 or more"),
        ("payout_by_amount", {"days": 3, "reason": " "}, "Say why"),
        ("payout_by_amount", {"days": 3, "actor": Actor(name="pia", role=Role.PICKER)}, "role"),
        (
            "payout_by_amount",
            {"days": 3, "actor": Actor(name="half", role=Role.FINANCE, shop_ids=frozenset({1}))},
            "role",
        ),
    ],
)
def test_what_no_rule_can_be_is_refused_with_words_and_changes_nothing(
    key: str, wanted: dict[str, Any], words: str
) -> None:
    before = MatchRule.objects.values().get(key=key)
    with pytest.raises(RuleRefused, match=words):
        change(key, **wanted)
    assert MatchRule.objects.values().get(key=key) == before
    assert not Event.objects.filter(object_kind="match_rule").exists()


def test_a_platform_has_one_rule_of_a_condition_and_only_where_it_has_money(account: MoneyAccount) -> None:
    add("payout_by_amount", "amazon", days=3)
    with pytest.raises(RuleRefused, match="already"):
        add("payout_by_amount", "amazon", days=4)
    with pytest.raises(RuleRefused, match="no account on moon"):
        add("payout_by_amount", "moon", days=4)
    with pytest.raises(RuleRefused, match="all platforms"):
        add("by_hand_less_fee", "amazon")
    with pytest.raises(IntegrityError, match="match_rule_once"):
        MatchRule.objects.create(
            key="twice", place=1, scope="payout", condition="amount", platform="amazon", days=1
        )


def test_the_page_lists_the_rules_in_their_order_and_changes_them(account: MoneyAccount) -> None:
    client = logged_in(person(username="fang", role=Role.FINANCE))
    assert PAGE in client.get("/finance/reconcile/").content.decode()
    page = client.get(PAGE)
    rows = page.context["rows"]
    assert [row.rule.pk for row in rows] == [one.pk for one in rules.in_order()]
    assert rows[0].rule.key == "payout_came_back"
    one = rule("payout_by_amount_less_fee")
    where = f"{PAGE}{one.pk}/"
    assert "Cap per month" in client.get(where).content.decode()
    sent = {"tolerance": "0.5", "tolerance_percent": "2", "days": "10", "place": "80", "is_active": "on"}
    assert client.post(where, sent).status_code == 200
    assert client.post(where, sent | {"reason": "x", "days": "400"}).status_code == 200
    done = client.post(where, sent | {"reason": "The wallet charges cents"})
    assert done.status_code == 204, done.content.decode()
    one.refresh_from_db()
    assert (one.tolerance, one.cap_month, one.is_active) == (Decimal("0.5"), None, True)
    shown = client.get(where).content.decode()
    assert "The wallet charges cents" in shown
    assert "Tolerance: 0 → 0.5, Cap per month: 20,000 → –" in shown
    assert client.get(f"{PAGE}{rule('variance_of_fees').pk}/platform/").status_code == 200
    own = f"{PAGE}{one.pk}/platform/"
    sent = {"platform": "amazon", "tolerance": "1", "tolerance_percent": "0", "days": "5", "reason": "cents"}
    assert client.post(own, sent).status_code == 204
    assert MatchRule.objects.get(platform="amazon").tolerance == Decimal(1)
    assert "already" in client.post(own, sent).content.decode()
    assert client.get(f"{PAGE}{rule('variance_without_expectation').pk}/").status_code == 404


def test_people_limited_to_shops_and_people_without_the_right_see_no_rules(
    account: MoneyAccount, order: Order
) -> None:
    limited = person(username="half", role=Role.FINANCE, shop_ids=[order.shop_id])
    for user in (limited, person(username="pia", role=Role.PICKER)):
        client = logged_in(user)
        assert client.get(PAGE).status_code == 403
        assert client.get(f"{PAGE}{rule('payout_by_amount').pk}/").status_code == 403
    assert PAGE not in logged_in(limited).get("/finance/reconcile/").content.decode()
