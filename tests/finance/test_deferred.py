"""What a platform tells of single transactions: held back until when, released, compared, never posted."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from pytest_django import Settings

from channels.models import ChannelAccount
from ecomhub.access import SYSTEM, Role
from finance.closing import period_checks, told_checks
from finance.models import AnnouncedMoney, MoneyAccount, Posting, Settlement
from finance.statements import deferred_queries, late_orders
from finance.statements.deferred_queries import DeferredFilter
from orders.models import Order
from tests.api.calling import Api, make_person
from tests.browser.looking import logged_in, person, statements
from tests.finance.announcing import held_back, moment, release, tell, transaction
from tests.finance.selling import sell, turn
from tests.finance.settling import take
from tests.finance.test_pulling import connect, pull
from tests.finance.v2 import V2, fee, price
from tests.orders import factory
from tests.sandbox.money_calling import lived
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

AT = moment("2026-03-10T12:00:00+00:00")
NEXT = "2026-03-20T10:00:00Z"


def _row(number: str = "T1") -> AnnouncedMoney:
    return AnnouncedMoney.objects.get(reference=number)


def test_held_money_is_told_with_its_day_and_never_posted(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    tell(account, tmp_path, held_back("T1", "8.50", order=order.external_id))
    row = _row()
    assert (row.amount, row.currency, row.state, row.kind) == (Decimal("8.50"), "USD", "deferred", "Shipment")
    assert row.matures_at == moment("2026-03-14T08:00:00+00:00")
    assert (row.order, row.shop, row.order_ref) == (order, order.shop, order.external_id)
    assert not Posting.objects.exists()
    assert Settlement.objects.get().state == "evidence"


def test_a_release_frees_the_money_it_names_in_whichever_order_the_answers_come(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    told = {
        "first": [held_back("T{}", "8.50")],
        "again": [transaction("T{}", "8.50", status="DEFERRED_RELEASED", released_by="T{}R",
                              until="2026-03-14T08:00:00Z")],
        "last": [release("T{}", "8.50")],
    }  # fmt: skip
    seen = set()
    for place, names in enumerate(permutations(told)):
        for name in [*names, *names]:
            found = [
                {**one, "transactionId": one["transactionId"].format(place),
                 "relatedIdentifiers": [
                     {**each, "relatedIdentifierValue": each["relatedIdentifierValue"].format(place)}
                     for each in one["relatedIdentifiers"]]}
                for one in told[name]
            ]  # fmt: skip
            tell(account, tmp_path, *found, name=f"{place}-{name}.json")
        row = _row(f"T{place}")
        seen.add((row.amount, row.state, row.was_deferred, row.posted_at, row.matures_at, row.released_at))
    assert AnnouncedMoney.objects.count() == len(list(permutations(told)))
    assert seen == {
        (
            Decimal("8.50"),
            "released",
            True,
            moment("2026-03-05T08:14:22+00:00"),
            moment("2026-03-14T08:00:00+00:00"),
            moment("2026-03-14T08:00:00+00:00"),
        )
    }


def test_two_transactions_of_one_shipment_are_two_amounts(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    tell(account, tmp_path, transaction("T1", "8.50"), transaction("T2", "3.00"))
    assert AnnouncedMoney.objects.count() == 2


def test_what_is_held_back_is_summed_by_account_and_currency_with_its_age(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    tell(
        account,
        tmp_path,
        held_back("T1", "8.00", at="2026-03-09T08:00:00Z"),
        held_back("T2", "4.00", at="2026-02-20T08:00:00Z"),
        transaction("T3", "2.00", status="DEFERRED", until="2026-03-01T00:00:00Z", at="2026-01-20T00:00:00Z"),
        transaction("T4", "1.00", status="DEFERRED", at="2026-03-01T00:00:00Z"),
        held_back("T5", "9.00", currency="CAD"),
        transaction("T6", "100.00"),
    )
    found = {one.currency: one for one in deferred_queries.held(actor=SYSTEM, at=AT)}
    assert set(found) == {"CAD", "USD"}
    dollars = found["USD"]
    assert (dollars.amount, dollars.count, dollars.account) == (Decimal("15.00"), 4, account)
    assert dollars.ages == (Decimal(8), Decimal(1), Decimal(4), Decimal(2))
    assert (dollars.overdue, dollars.soon, dollars.undated) == (Decimal(2), Decimal(12), Decimal(1))
    assert dollars.next_at == moment("2026-03-14T08:00:00+00:00")
    views = deferred_queries.counts(actor=SYSTEM, wanted=DeferredFilter(currency="USD"))
    assert views == {"": 5, "deferred": 4, "released": 0}


def test_an_order_that_arrives_later_gets_what_was_told_of_it(
    account: MoneyAccount, shop: ChannelAccount, tmp_path: Path
) -> None:
    incoming = factory.incoming(1)
    tell(account, tmp_path, held_back("T1", "8.50", order=incoming.external_id))
    assert _row().order is None
    factory.make_goods({"mug": 10}, account=shop)
    order = factory.taken(shop, incoming)
    while late_orders.find_orders():
        pass
    assert (_row().order, _row().shop) == (order, order.shop)
    assert deferred_queries.told_of(orders=[order.pk])[order.pk][0].held == Decimal("8.50")


def _settled(account: MoneyAccount, folder: Path, order: str, goods: str = "10.00") -> Settlement:
    take(account, V2([price(goods, order=order), fee("-1.50", order=order)]).write(folder))
    return Settlement.objects.get(external_id="9001")


def test_a_settlement_that_brings_what_was_released_differs_in_nothing(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    name = order.external_id
    settlement = _settled(account, tmp_path, name)
    tell(account, tmp_path, held_back("T1", "8.50", order=name), release("T1", "8.50", order=name))
    assert told_checks.compared(settlements=[settlement.pk]) == []  # nothing was told behind its end
    tell(account, tmp_path, transaction("T9", "1.00", order="", at=NEXT), name="next.json")
    assert told_checks.compared(settlements=[settlement.pk]) == []
    [one] = told_checks.compared(settlements=[settlement.pk], only_differing=False)
    assert (one.told, one.said, one.order_id) == (Decimal("8.50"), Decimal("8.50"), order.pk)
    told = deferred_queries.settlement_told(settlement=settlement)
    assert told is not None
    assert (told.told, told.count, told.is_through) == (Decimal("8.50"), 1, True)


def test_a_difference_is_named_with_both_amounts(account: MoneyAccount, order: Order, tmp_path: Path) -> None:
    settlement = _settled(account, tmp_path, order.external_id)
    tell(
        account,
        tmp_path,
        transaction("T1", "9.25", order=order.external_id),
        transaction("T2", "4.00", order="902-7777777"),
        transaction("T9", "1.00", order="", at=NEXT),
    )
    found = told_checks.compared(settlements=[settlement.pk])
    assert [(one.ref, one.told, one.said, one.difference) for one in found] == [
        ("902-7777777", Decimal("4.00"), Decimal(0), Decimal("-4.00")),
        (order.external_id, Decimal("9.25"), Decimal("8.50"), Decimal("-0.75")),
    ]
    findings = {one.key: one for one in period_checks.look(book=account.book, through=date(2026, 3, 31))}
    told = findings["told_otherwise"]
    assert (told.count, told.weight) == (2, "notice")
    assert "902-7777777 4.00 / 0.00 USD" in told.examples


def test_money_that_comes_into_the_next_settlement_is_no_difference_once_that_is_there(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    settlement = _settled(account, tmp_path, "902-5555555")
    name = order.external_id
    tell(
        account,
        tmp_path,
        transaction("T0", "8.50", order="902-5555555", at="2026-03-04T00:00:00Z"),
        transaction("T1", "8.50", order=name),
        transaction("T9", "1.00", order="", at="2026-03-30T10:00:00Z"),
    )
    assert [one.ref for one in told_checks.compared(settlements=[settlement.pk])] == [name]
    rows = [price("10.00", order=name, day=17), fee("-1.50", order=name, day=17)]
    take(account, V2(rows, number="9002", first=15).write(tmp_path))
    both = list(Settlement.objects.filter(state="posted").values_list("pk", flat=True))
    assert len(both) == 2
    assert told_checks.compared(settlements=both) == []


def test_nothing_is_compared_from_before_the_telling_began(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    settlement = _settled(account, tmp_path, order.external_id)
    tell(account, tmp_path, transaction("T9", "1.00", order="", at=NEXT))
    assert told_checks.compared(settlements=[settlement.pk]) == []
    assert deferred_queries.settlement_told(settlement=settlement) is None


def test_the_market_tells_exactly_what_its_settlements_bring(
    sandbox: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    settings.ECOMHUB_FILES_DIR = str(tmp_path)
    lived(sandbox, "busy", days=34, plain=True)
    shop = connect(sandbox, "busy")
    pull(shop)
    later = START + timedelta(days=16)
    for hours in range(6, 16 * 24 + 1, 6):
        moment_ = START + timedelta(hours=hours)
        sandbox.set_clock(moment_)
        pull(shop, moment_)
    account = MoneyAccount.objects.get(channel=shop)
    assert deferred_queries.held(actor=SYSTEM, at=later)
    assert not AnnouncedMoney.objects.filter(
        state="deferred", matures_at__lt=later - timedelta(days=3)
    ).exists()
    settlements = list(Settlement.objects.filter(account=account, state__in=["posted", "staged"]))
    assert len(settlements) > 5
    Settlement.objects.filter(state="staged", reason="rate_missing").update(state="posted", reason="")
    pks = [row.pk for row in settlements]
    assert told_checks.compared(settlements=pks) == []
    assert len(told_checks.compared(settlements=pks, only_differing=False, limit=500)) > 20
    lost = told_checks.compared(settlements=pks, only_differing=False)[0]
    released = AnnouncedMoney.objects.filter(state="released", order_ref=lost.ref).order_by("pk")
    AnnouncedMoney.objects.filter(pk=released[0].pk).delete()
    assert [one.ref for one in told_checks.compared(settlements=pks)] == [lost.ref]


@pytest.fixture
def told(account: MoneyAccount, order: Order, tmp_path: Path) -> Order:
    """An order with one part held back and one that came free, and an order nobody knows."""
    name = order.external_id
    tell(
        account,
        tmp_path,
        held_back("T1", "8.50", order=name),
        held_back("T2", "3.00", order=name),
        release("T2", "3.00", order=name),
        held_back("T3", "4.00", order="902-7777777"),
    )
    return order


def test_the_page_shows_what_is_held_back_and_leads_to_the_orders(told: Order) -> None:
    client = logged_in(person())
    page = client.get("/finance/deferred/")
    [(one, _url, _ages)] = page.context["held"]
    assert one.amount == Decimal("12.50")
    assert {row.reference for row, *_rest in page.context["rows"]} == {"T1", "T3"}
    assert all(late for _row, _color, _days, late in page.context["rows"])
    assert f"/orders/{told.pk}/" in page.content.decode()
    freed = client.get("/finance/deferred/?view=released")
    assert [(row.reference, days) for row, _c, days, _l in freed.context["rows"]] == [("T2", 8)]
    assert [row.reference for row, *_r in client.get("/finance/deferred/?q=902-77").context["rows"]] == ["T3"]
    assert len(client.get("/finance/deferred/?view=all&currency=USD").context["rows"]) == 3
    assert client.get("/finance/deferred/?after=nonsense&before=2026_1&account=99&view=x").status_code == 200


def test_every_transaction_is_on_one_page(
    account: MoneyAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deferred_queries, "PAGE", 2)
    tell(account, tmp_path, *[held_back(f"T{number}", "1.00") for number in range(5)])
    client, seen, address = logged_in(person()), [], "/finance/deferred/"
    while address:
        page = client.get(address)
        seen.append([row.reference for row, *_rest in page.context["rows"]])
        address = page.context["pager"].next_url
    assert [len(refs) for refs in seen] == [2, 2, 1]
    assert {ref for refs in seen for ref in refs} == {f"T{number}" for number in range(5)}
    back = client.get(page.context["pager"].previous_url)
    assert [row.reference for row, *_rest in back.context["rows"]] == seen[1]


def test_ours_and_what_the_platform_says_stand_side_by_side(
    account: MoneyAccount, shop: ChannelAccount, tmp_path: Path
) -> None:
    factory.make_goods({"mug": 10}, account=shop)
    order = sell(shop, 1)
    turn()
    client = logged_in(person())
    assert not client.get("/finance/reconcile/").context["has_told"]
    tell(account, tmp_path, held_back("T1", "8.50", order=order.external_id))
    page = client.get("/finance/reconcile/")
    assert "What the platform says" in page.content.decode()
    [(_row, _color, _totals, _late, [one], _word)] = page.context["rows"]
    assert (one.amount, one.held) == (Decimal("8.50"), Decimal("8.50"))
    panel = client.get(f"/finance/orders/{order.pk}/panel/")
    assert "until 2026-03-14" in panel.content.decode()
    assert panel.context["lines"] == []


def test_a_settlement_shows_what_was_told_before(account: MoneyAccount, told: Order, tmp_path: Path) -> None:
    settlement = _settled(account, tmp_path, told.external_id)
    client = logged_in(person())
    assert (
        f"/finance/settlements/{settlement.pk}/told/"
        in client.get(f"/finance/settlements/{settlement.pk}/").content.decode()
    )
    part = client.get(f"/finance/settlements/{settlement.pk}/told/")
    assert part.context["differing"] == []
    assert "through the end" in part.content.decode()
    tell(account, tmp_path, transaction("T9", "1.00", order="", at=NEXT), name="next.json")
    part = client.get(f"/finance/settlements/{settlement.pk}/told/")
    [(one, word)] = part.context["differing"]
    assert (one.told, one.said, word) == (Decimal("3.00"), Decimal("8.50"), "more came")


def test_single_transactions_do_not_crowd_the_list_of_settlements(told: Order) -> None:
    assert Settlement.objects.count() == 4
    assert logged_in(person()).get("/finance/").context["rows"] == []


def test_only_whoever_sees_a_shop_sees_what_is_held_back_of_it(
    account: MoneyAccount, told: Order, tmp_path: Path
) -> None:
    fang = logged_in(person(username="fang", role=Role.FINANCE, shop_ids=[told.shop_id + 1000]))
    assert fang.get("/finance/deferred/").context["rows"] == []
    assert fang.get("/finance/deferred/").context["held"] == []
    lin = logged_in(person(username="lin", role=Role.FINANCE, shop_ids=[told.shop_id]))
    assert len(lin.get("/finance/deferred/").context["rows"]) == 2
    assert (
        logged_in(person(username="ops", role=Role.OPERATIONS)).get("/finance/deferred/").status_code == 403
    )


def test_a_page_costs_the_same_statements_however_much_is_held_back(
    account: MoneyAccount, told: Order, tmp_path: Path
) -> None:
    client = logged_in(person())
    before = statements(client, "/finance/deferred/")
    tell(account, tmp_path, *[held_back(f"N{number}", "1.00") for number in range(30)], name="more.json")
    assert statements(client, "/finance/deferred/") == before


def test_the_api_lists_what_is_held_back(told: Order) -> None:
    api = Api(make_person(Role.FINANCE))
    found = api.get("finance/announced/", state="deferred")["results"]
    assert [one["reference"] for one in found] == ["T3", "T1"]
    assert found[1]["amount"] == {"amount": "8.50", "currency": "USD"}
    assert [one["reference"] for one in api.get("finance/announced/", order=told.pk)["results"]] == [
        "T2",
        "T1",
    ]
