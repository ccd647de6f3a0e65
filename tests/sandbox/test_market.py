"""The invented market: the same seed and clock bring the same orders, and buyers stop at an empty shelf."""

import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from tests.sandbox.calling import Caller
from tests.sandbox_fixture import ROOT, START, Sandbox, start_sandbox, stop_sandbox

HOUR = timedelta(hours=1)


def _orders(sandbox: Sandbox) -> list[object]:
    return list(sandbox.state(limit=10_000)["orders"])


def test_same_seed_and_clock_bring_the_same_orders(sandbox: Sandbox) -> None:
    sandbox.set_clock(START + 6 * HOUR)
    first = _orders(sandbox)
    sandbox.reset()
    sandbox.set_clock(START + 6 * HOUR)
    assert _orders(sandbox) == first
    sandbox.reset(seed=8)
    sandbox.set_clock(START + 6 * HOUR)
    assert _orders(sandbox) != first


def test_many_small_steps_bring_the_same_orders_as_one_large_step(sandbox: Sandbox) -> None:
    sandbox.set_clock(START + 6 * HOUR)
    at_once = _orders(sandbox)
    sandbox.reset()
    for minutes in range(7, 361, 7):
        sandbox.set_clock(START + timedelta(minutes=minutes))
    sandbox.set_clock(START + 6 * HOUR)
    assert _orders(sandbox) == at_once


def test_past_orders_are_shipped_and_the_last_two_days_are_open(sandbox: Sandbox) -> None:
    sandbox.reset(history_days=12)
    old_limit = (START - timedelta(days=2, hours=1)).timestamp()
    old = [o for o in sandbox.state(limit=10_000)["orders"] if o["placed"] < old_limit]
    young = [o for o in sandbox.state(limit=10_000)["orders"] if o["placed"] > old_limit + 7200]
    assert {o["status"] for o in old if not o["by_platform"]} <= {"shipped", "canceled"}
    assert all(o["packages"] and o["packages"][0]["tracking"] for o in old if o["status"] == "shipped")
    merchant = Counter(o["status"] for o in young if not o["by_platform"])
    assert merchant["unshipped"] > 0.8 * sum(merchant.values())


def test_the_market_shows_every_kind_of_order(sandbox: Sandbox) -> None:
    sandbox.reset(history_days=40)
    orders = sandbox.state("busy", limit=10_000)["orders"]
    lines = [line for order in orders for line in order["lines"]]
    assert len({order["address"]["country"] for order in orders}) >= 30
    assert {"USD", "EUR", "GBP", "JPY", "INR", "SEK"} <= {order["currency"] for order in orders}
    assert any(len(order["lines"]) > 1 for order in orders)
    assert any(line["quantity"] > 1 for line in lines)
    assert any("\n" in line["gift_message"] for line in lines)
    assert any(line["discount"] for line in lines)
    assert any(line["shipping"] for line in lines)
    assert any(order["by_platform"] for order in orders)
    assert any(order["refunds"] for order in orders)
    assert any(order["visible"] - order["placed"] > 3600 for order in orders)
    assert {line["canceled_by"] for line in lines} >= {"buyer", "platform"}
    assert any(ord(letter) > 0x3000 for order in orders for letter in order["address"]["name"])


def test_listings_hold_parents_packs_sets_and_ones_the_sheet_does_not_know(sandbox: Sandbox) -> None:
    listings = sandbox.state("busy", limit=0)["listings"]
    paired = sandbox.sheet("pairings")
    assert any(not listing["components"] for listing in listings)
    assert any(listing["components"] and listing["components"][0][1] == 2 for listing in listings)
    assert any(len(listing["components"]) == 2 for listing in listings)
    unknown = [each for each in listings if each["components"] and not each["paired"]]
    assert unknown
    assert not any(f",{each['marketplace']},{each['code']}," in paired for each in unknown)
    assert any("/" in each["code"] for each in listings)
    assert any("#" in each["code"] for each in listings)
    assert any("%" in each["code"] for each in listings)
    assert any(not each["code"].isascii() for each in listings)


def test_buyers_stop_at_an_empty_shelf(sandbox: Sandbox) -> None:
    country = "A1PA6795UKMFR9"
    for listing in sandbox.state("busy", limit=0)["listings"]:
        if listing["marketplace"] == country and listing["components"] and listing["quantity"] > 1:
            sandbox.set_quantity(listing["code"], 1, marketplace=country)
    before = sandbox.state("busy", limit=10_000)["orders"]
    sandbox.set_clock(START + timedelta(days=3))
    known = {order["id"] for order in before}
    after = [o for o in sandbox.state("busy", limit=10_000)["orders"] if o["id"] not in known]
    sold = Counter(
        line["listing"]
        for order in after
        for line in order["lines"]
        if order["marketplace"] == country and order["status"] != "canceled"
    )
    assert after
    assert max(sold.values()) <= 2  # one, and one more when a cancellation put it back
    assert min(each["quantity"] for each in sandbox.state("busy", limit=0)["listings"]) >= 0


def test_a_sale_takes_the_quantity_down_and_says_so(sandbox: Sandbox) -> None:
    order = sandbox.place_order(lines=[{"quantity": 2}])
    code = order["lines"][0]["code"]
    listing = sandbox.listing(code, marketplace=order["marketplace"])
    assert listing["changed_by"] == "sale"
    sandbox.act(order["id"], "buyer_cancel")
    assert sandbox.listing(code, marketplace=order["marketplace"])["quantity"] == listing["quantity"] + 2


def test_the_empty_seller_sells_only_after_the_first_authorized_call(sandbox: Sandbox) -> None:
    sandbox.set_clock(START + timedelta(days=2))
    before = len(sandbox.state("empty", limit=5000)["orders"])
    token = sandbox.access_token("empty")
    sandbox.set_clock(START + timedelta(days=3))
    assert len(sandbox.state("empty", limit=5000)["orders"]) == before
    assert token
    Caller(sandbox, "empty").search(createdAfter="2026-05-01T00:00:00Z")
    sandbox.set_clock(START + timedelta(days=5))
    assert len(sandbox.state("empty", limit=5000)["orders"]) > before + 20


def test_the_market_stands_without_the_adapter_the_sdk_and_django() -> None:
    program = (
        "import sys; from channels.sandbox.app import make_market;"
        "make_market(directory=None, seed=7, history_days=0);"
        "print(sorted({'django', 'sp_api', 'celery', 'channels.adapter'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env={}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_restart_with_the_same_folder_continues_where_it_stood(tmp_path: Path) -> None:
    arguments = ("--dir", str(tmp_path), "--at", START.isoformat(), "--history-days", "1")
    process, url = start_sandbox(*arguments)
    try:
        first = Sandbox(url)
        first.set_clock(START + 2 * HOUR)
        placed = first.place_order(lines=[{"quantity": 1}])
        before = _orders(first)
        account = first.credentials()
    finally:
        stop_sandbox(process)
    process, url = start_sandbox(*arguments)
    try:
        again = Sandbox(url)
        assert again.now() == START + 2 * HOUR
        assert _orders(again) == before
        assert again.order(placed["id"]) == placed
        hidden = {"endpoint", "token_endpoint"}
        assert {k: v for k, v in again.credentials().items() if k not in hidden} == {
            k: v for k, v in account.items() if k not in hidden
        }
    finally:
        stop_sandbox(process)
