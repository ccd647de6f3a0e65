"""Finance through the API: what is read, by whom, and exports."""

from __future__ import annotations

import hashlib
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels.models import ChannelAccount
from ecomhub import clock
from ecomhub.access import Role
from finance.exports import exporting
from finance.models import ExportJob, Journal, MoneyAccount, OrderMoney, Posting, Settlement, SettlementLine
from finance.statements import money_accounts
from orders.models import Order
from tests.api.calling import Api, make_person
from tests.finance.exporting import settle
from tests.finance.settling import AT
from tests.orders import factory

pytestmark = pytest.mark.django_db(transaction=True)

LISTS = ("settlements", "lines", "announced", "journals", "postings", "matches", "profit", "exports")


@pytest.fixture
def api() -> Api:
    return Api(make_person(Role.FINANCE))


@pytest.fixture
def shop() -> ChannelAccount:
    """A seller."""
    return factory.make_account(name="Busy seller")


@pytest.fixture
def order(shop: ChannelAccount) -> Order:
    """The order that most lines speak of."""
    factory.make_goods({"mug": 10}, account=shop)
    return factory.taken(shop, factory.incoming(1))


@pytest.fixture
def settled(shop: ChannelAccount, order: Order, tmp_path: Path) -> MoneyAccount:
    """An account with two settlements in a book in dollars."""
    account = money_accounts.of_channel(channel=shop, at=AT)
    book = account.book
    book.currency = "USD"
    book.save()
    settle(account, tmp_path)
    settle(account, tmp_path, number="9002", first=15)
    return account


def test_settlements_have_decimal_money_and_filters(api: Api, settled: MoneyAccount) -> None:
    found = api.get("finance/settlements/")["results"]
    assert [one["external_id"] for one in found] == ["9002", "9001"]
    assert found[0]["total"] == {"amount": "32.84", "currency": "USD"}
    assert api.get(f"finance/settlements/{found[0]['id']}/") == found[0]
    cases: list[tuple[dict[str, Any], int]] = [
        ({"account": settled.name}, 2),
        ({"currency": "EUR"}, 0),
        ({"state": "staged"}, 0),
        ({"deposited_after": "2026-03-20T00:00:00Z"}, 1),
        ({"deposited_before": "2026-03-20T00:00:00Z", "state": "posted"}, 1),
    ]
    for wanted, count in cases:
        assert len(api.get("finance/settlements/", **wanted)["results"]) == count, wanted


def test_lines_add_up_to_their_settlement(api: Api, settled: MoneyAccount, order: Order) -> None:
    settlement = Settlement.objects.get(external_id="9001")
    lines = api.get("finance/lines/", settlement=settlement.pk)["results"]
    assert sum(Decimal(line["amount"]["amount"]) for line in lines) == settlement.lines_total
    assert {line["type"] for line in lines} >= {"Order/ItemPrice/Principal"}
    mine = api.get("finance/lines/", order=order.pk)["results"]
    assert {line["order_ref"] for line in mine} == {order.external_id}


def test_pages_follow_each_other_without_gap(api: Api, settled: MoneyAccount) -> None:
    seen: list[int] = []
    cursor: dict[str, Any] = {}
    while True:
        page = api.get("finance/lines/", page_size=3, **cursor)
        seen += [line["id"] for line in page["results"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == list(SettlementLine.objects.order_by("pk").values_list("pk", flat=True))


def test_ledger_balances_in_the_api(api: Api, settled: MoneyAccount) -> None:
    journals = api.get("finance/journals/", kind="settlement")["results"]
    assert {one["id"] for one in journals} == set(
        Journal.objects.filter(kind="settlement").values_list("pk", flat=True)
    )
    legs = api.get("finance/postings/", journal=journals[0]["id"], page_size=200)["results"]
    assert len(legs) == Posting.objects.filter(journal=journals[0]["id"]).count()
    assert sum(Decimal(leg["amount"]["amount"]) for leg in legs) == 0
    assert {leg["base_amount"]["currency"] for leg in legs} == {"USD"}


def test_profit_shows_each_component(api: Api, settled: MoneyAccount, order: Order) -> None:
    OrderMoney.objects.update_or_create(
        pk=order.pk, defaults={"book": settled.book, "shop": order.shop, "currency": "USD"}
    )
    [profit] = api.get("finance/profit/", order=order.pk)["results"]
    assert (profit["order"], profit["external_id"]) == (order.pk, order.external_id)
    assert profit["margin1"]["currency"] == "USD"
    paid = {part["account"]: part["paid"] for part in profit["components"]}
    assert paid["4000"] == {"amount": "60.00", "currency": "USD"}
    assert api.get("finance/matches/", order=order.pk)["results"] == []


def test_payouts_have_filters_and_lead_to_their_settlement(api: Api, settled: MoneyAccount) -> None:
    found = api.get("finance/payouts/")["results"]
    assert [one["reference"] for one in found] == ["9002", "9001"]
    assert (found[0]["amount"], found[0]["state"]) == ({"amount": "32.84", "currency": "USD"}, "sent")
    assert api.get(f"finance/payouts/{found[0]['id']}/") == found[0]
    settlement = Settlement.objects.get(external_id="9001")
    assert api.get("finance/payouts/", settlement=settlement.pk)["results"] == found[1:]
    cases: list[tuple[dict[str, Any], int]] = [
        ({"state": "arrived"}, 0),
        ({"currency": "USD", "state": "sent"}, 2),
        ({"reference": "9002"}, 1),
        ({"sent_after": "2026-03-20T00:00:00Z"}, 1),
    ]
    for wanted, count in cases:
        assert len(api.get("finance/payouts/", **wanted)["results"]) == count, wanted
    assert api.get("finance/matches/", payout=found[0]["id"])["results"] == []


def test_export_is_asked_for_made_and_fetched(api: Api, settled: MoneyAccount) -> None:
    wish = {"kind": "settlement_lines", "since": "2026-03-01", "through": "2026-03-31"}
    asked = api.post("finance/exports/", wish, key="once")
    assert (asked["state"], asked["filters"]) == (
        "waiting",
        {"since": "2026-03-01", "through": "2026-03-31"},
    )
    assert api.post("finance/exports/", wish, key="once") == asked
    assert ExportJob.objects.count() == 1
    assert api.get(f"finance/exports/{asked['id']}/file/", expect=409)["code"] == "not_ready"
    exporting.carry_out(export_id=asked["id"], now=clock.now)
    ready = api.get(f"finance/exports/{asked['id']}/")
    assert (ready["state"], ready["rows_done"]) == ("ready", 8)
    assert ready["manifest"]["totals"] == {"amount": {"USD": "65.68"}}
    answer: Any = api.client.get(f"/api/v1/finance/exports/{asked['id']}/file/")
    data = b"".join(answer.streaming_content)
    assert hashlib.sha256(data).hexdigest() == ready["manifest"]["sha256"]
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "settlement_lines-2026-03-01-2026-03-31.csv" in answer.headers["Content-Disposition"]
    assert len(io.StringIO(data.decode("utf-8-sig")).readlines()) == 9
    assert api.post(f"finance/exports/{asked['id']}/cancel/", {}, status=409)["code"] == "ended"


def test_export_that_waits_is_canceled(api: Api, settled: MoneyAccount) -> None:
    asked = api.post("finance/exports/", {"kind": "journal", "format": "xlsx"})
    assert asked["filters"] == {"book": settled.book.legal_entity.code}
    assert api.post(f"finance/exports/{asked['id']}/cancel/", {}, status=200)["state"] == "canceled"
    assert api.get("finance/exports/", kind="journal")["results"][0]["state"] == "canceled"


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"kind": "evidence", "format": "zip"}, 422, "since_needed"),
        ({"kind": "journal", "format": "zip"}, 422, "wrong_format"),
        ({"kind": "journal", "account": ["nobody"]}, 422, "no_such_account"),
        ({"kind": "journal", "time_zone": "Mars"}, 422, "no_such_zone"),
        ({"kind": "everything"}, 400, "invalid"),
        ({"kind": "journal", "sinse": "2026-03-01"}, 400, "invalid"),
    ],
)
def test_export_that_cannot_be_made_says_why(
    api: Api, settled: MoneyAccount, wish: dict[str, object], status: int, code: str
) -> None:
    answer = api.post("finance/exports/", wish, status=status)
    if status == 422:
        assert answer["code"] == code
    assert not ExportJob.objects.exists()


def test_reading_scope_reads_and_writing_scope_asks(settled: MoneyAccount) -> None:
    reader = Api(make_person(Role.FINANCE), scopes=("finance:read",))
    for path in LISTS:
        reader.get(f"finance/{path}/")
    reader.post("finance/exports/", {"kind": "journal"}, status=403)
    writer = Api(make_person(Role.FINANCE), scopes=("finance:write",))
    writer.post("finance/exports/", {"kind": "journal"})
    writer.get("finance/journals/", expect=403)
    Api(make_person(Role.OPERATIONS)).get("finance/settlements/", expect=403)


def test_caller_limited_to_shops_sees_their_settlements_alone(settled: MoneyAccount, order: Order) -> None:
    mine = Api(make_person(Role.FINANCE), shop_ids=[order.shop_id])
    assert len(mine.get("finance/settlements/")["results"]) == 2
    assert len(mine.get("finance/lines/")["results"]) == 8
    other = Api(make_person(Role.FINANCE), shop_ids=[order.shop_id + 1])
    for path in LISTS:
        assert other.get(f"finance/{path}/")["results"] == []
    for path in ("journals", "postings", "exports"):
        assert mine.get(f"finance/{path}/")["results"] == []
    assert mine.post("finance/exports/", {"kind": "journal"}, status=422)["code"] == "all_shops_needed"


@pytest.mark.parametrize("path", LISTS)
def test_list_takes_few_statements_whatever_its_size(api: Api, settled: MoneyAccount, path: str) -> None:
    for pk in Order.objects.values_list("pk", "shop"):
        OrderMoney.objects.get_or_create(
            pk=pk[0], defaults={"book": settled.book, "shop_id": pk[1], "currency": "USD"}
        )
    for _ask in range(2):
        api.post("finance/exports/", {"kind": "journal"})
    counted = []
    api.get(f"finance/{path}/")
    for size in (1, 200):
        with CaptureQueriesContext(connection) as seen:
            api.get(f"finance/{path}/", page_size=size)
        counted.append(len(seen))
    assert max(counted) <= 7
    assert counted[0] == counted[1]


@pytest.mark.parametrize("path", LISTS)
def test_fields_bring_themselves_alone(api: Api, settled: MoneyAccount, path: str) -> None:
    name = "order" if path == "profit" else "id"
    for row in api.get(f"finance/{path}/", fields=name)["results"]:
        assert list(row) == [name]
