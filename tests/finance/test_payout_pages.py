"""The pages of payouts: where each is, what it was matched with, and matching by hand in the browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from ecomhub.access import Role
from finance.models import Match, MoneyAccount
from finance.reconciliation import reconciling
from orders.models import Order
from tests.browser.looking import logged_in, person, statements
from tests.finance.receiving import Bank, bank, pay
from tests.finance.settling import AT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(transactional_db: None) -> Client:
    """Mei, the owner."""
    return logged_in(person())


@pytest.fixture
def icbc(account: MoneyAccount, order: Order, tmp_path: Path) -> Bank:
    """The company's bank."""
    return bank(account, tmp_path)


def _shown(client: Client, asked: str = "") -> list[str]:
    answer = client.get(f"/finance/payouts/{asked}")
    assert answer.status_code == 200
    return [row.one.reference for row in answer.context["rows"]]


def test_the_list_says_where_each_payout_is_and_what_was_between(
    client: Client, account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    pay(account, tmp_path, number="7700001")
    pay(account, tmp_path, "60.00", number="7700002")
    pay(account, tmp_path, "80.00", number="7700003")
    icbc.says("100.00")
    icbc.says("59.00", day=17)
    icbc.send()
    reconciling.match_payouts(at=AT)
    assert sorted(_shown(client)) == ["7700001", "7700002", "7700003"]
    assert _shown(client, "?state=sent") == ["7700003"]
    assert _shown(client, "?state=short") == ["7700002"]
    assert sorted(_shown(client, "?state=arrived")) == ["7700001", "7700002"]
    assert _shown(client, "?state=failed") == []
    assert len(_shown(client, f"?account={account.pk}&month=2026-03")) == 3
    assert _shown(client, "?month=2026-04") == []
    assert _shown(client, "?q=770000") == _shown(client)
    html = client.get("/finance/payouts/?state=short").content.decode()
    assert "By its amount, less a fee" in html
    assert "Collection and withdrawal fees" in html
    assert "1.00" in html


def test_the_list_costs_the_same_whatever_its_size(
    client: Client, account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    pay(account, tmp_path, number="7700001")
    icbc.gets("99.00")
    reconciling.match_payouts(at=AT)
    few = statements(client, "/finance/payouts/")
    for number in range(8):
        pay(account, tmp_path, f"{200 + number}.00", number=f"78{number:04}")
        icbc.gets(f"{199 + number}.50", day=17 + number)
    reconciling.match_payouts(at=AT)
    assert statements(client, "/finance/payouts/") == few
    assert few <= 7


def test_pages_lead_on_and_back_without_gaps(
    client: Client, account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    for number in range(53):
        pay(account, tmp_path, "1.00", number=f"8{number:03}")
    first = client.get("/finance/payouts/").context
    second = client.get(first["pager"].next_url).context
    shown = {row.one.pk for row in (*first["rows"], *second["rows"])}
    assert (len(first["rows"]), len(second["rows"]), len(shown)) == (50, 3, 53)
    back = client.get(second["pager"].previous_url).context
    assert [row.one.pk for row in back["rows"]] == [row.one.pk for row in first["rows"]]


def test_a_person_chooses_receipts_sees_what_is_between_and_matches(
    client: Client, account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    parts = [icbc.gets("60.00", note="first half"), icbc.gets("38.00", day=18, note="second half")]
    path = f"/finance/payouts/{payout.pk}/match/"
    offered = client.get(path)
    assert [each.one.line_id for each, _chosen in offered.context["candidates"]] == [row.pk for row in parts]
    found = client.get(path, {"q": "second"})
    assert [each.one.line_id for each, _chosen in found.context["candidates"]] == [parts[1].pk]
    one = client.get(path, {"line": parts[0].pk})
    assert "40.00 USD is missing" in one.content.decode()
    chosen = {"line": [row.pk for row in parts]}
    shown = client.get(path, chosen).content.decode()
    assert "Collection and withdrawal fees" in shown
    assert "The difference is booked to" in shown
    refused = client.post(path, {**chosen, "reason": ""})
    assert refused.status_code == 200
    assert not Match.objects.exists()
    done = client.post(path, {**chosen, "reason": "two halves"})
    assert done.headers["Location"] == f"/finance/payouts/{payout.pk}/"
    html = client.get(done.headers["Location"]).content.decode()
    assert "first half" in html
    assert "second half" in html
    assert "two halves" in html
    assert client.get(path).status_code == 302


def test_a_person_takes_apart_what_was_matched_and_the_page_remembers(
    client: Client, account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    icbc.gets("100.00")
    reconciling.match_payouts(at=AT)
    path = f"/finance/payouts/{payout.pk}/take-apart/"
    assert "Take apart" in client.get(path).content.decode()
    assert client.post(path, {"reason": "wrong month"}).status_code == 204
    payout.refresh_from_db()
    assert payout.state == "sent"
    assert "wrong month" in client.get(f"/finance/payouts/{payout.pk}/").content.decode()
    again = client.post(path, {"reason": "once more"})
    assert "not matched any more" in again.content.decode()


def test_an_exception_leads_to_its_payout(
    client: Client, account: MoneyAccount, icbc: Bank, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    icbc.says("100.00")
    icbc.says("100.00", day=17)
    icbc.send()
    reconciling.match_payouts(at=AT)
    html = client.get("/finance/exceptions/").content.decode()
    assert f"/finance/payouts/{payout.pk}/" in html


def test_who_is_limited_to_shops_sees_their_payouts_and_matches_nothing(
    order: Order, account: MoneyAccount, tmp_path: Path
) -> None:
    payout = pay(account, tmp_path)
    limited = logged_in(person(username="lan", role=Role.FINANCE, shop_ids=[order.shop_id]))
    assert _shown(limited) == [payout.reference]
    assert limited.get(f"/finance/payouts/{payout.pk}/").status_code == 200
    assert limited.get(f"/finance/payouts/{payout.pk}/match/").status_code == 403
    other = logged_in(person(username="fang", role=Role.FINANCE, shop_ids=[order.shop_id + 1000]))
    assert _shown(other) == []
    assert other.get(f"/finance/payouts/{payout.pk}/").status_code == 404


def test_what_nobody_can_mean_breaks_nothing(client: Client, account: MoneyAccount, tmp_path: Path) -> None:
    payout = pay(account, tmp_path)
    for path in (
        "/finance/payouts/?after=x&before=%00&month=2026-99&account=z&state=q&q=%00",
        f"/finance/payouts/{payout.pk}/match/?line=x&line=99999999999999999999&q=%00&line=7",
    ):
        assert client.get(path).status_code == 200, path
    assert client.get("/finance/payouts/987654/").status_code == 404
