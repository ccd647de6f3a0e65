"""Rationing: token buckets, query points and daily caps, filled by the market's seconds."""

from channels.sandbox.app import Market
from channels.sandbox.throttle import Buckets, Points, Standing
from channels.sandbox.wire import Daily, Rate, json_response
from tests.sandbox.invented import ask, make_world, route, stall

POINTS = Points(size=1000, restore=100)
DAILY = Daily(group="stock", most=3, starts=-8 * 3600)


def test_points_are_taken_and_come_back() -> None:
    buckets = Buckets()
    assert buckets.take_points(seller="s", bucket="q", cost=900, points=POINTS, at=0).left == 100
    refused = buckets.take_points(seller="s", bucket="q", cost=300, points=POINTS, at=0)
    assert refused == Standing(granted=False, left=100, wait=2.0)
    assert buckets.take_points(seller="s", bucket="q", cost=300, points=POINTS, at=2).left == 0
    assert buckets.take_points(seller="other", bucket="q", cost=1000, points=POINTS, at=2).granted
    assert buckets.give_points(seller="s", bucket="q", points=POINTS, amount=250) == 250
    assert buckets.take_points(seller="s", bucket="q", cost=1, points=POINTS, at=999).left == 999


def test_a_days_cap_starts_anew_at_the_platforms_own_midnight() -> None:
    buckets = Buckets()
    noon = 16 * 3600 - 60  # a minute before midnight at UTC+8
    assert [buckets.take_daily(seller="s", daily=DAILY, at=noon).granted for _ in range(4)] == [
        True, True, True, False,
    ]  # fmt: skip
    assert buckets.take_daily(seller="s", daily=DAILY, at=noon).wait == 60
    assert buckets.used_today(seller="s", daily=DAILY, at=noon) == 3
    assert buckets.take_daily(seller="s", daily=DAILY, at=noon + 60).left == 2
    assert buckets.used_today(seller="s", daily=DAILY, at=noon + 86460) == 0


def test_switched_off_nothing_is_rationed() -> None:
    buckets = Buckets()
    buckets.switched_on = False
    assert all(buckets.take_daily(seller="s", daily=DAILY, at=0).granted for _ in range(9))
    assert buckets.take_points(seller="s", bucket="q", cost=5000, points=POINTS, at=0).granted


def test_operations_of_a_group_share_the_days_cap() -> None:
    dialect = stall(over_daily=lambda call, route: json_response({"limit": "day"}, status=403))
    world = make_world(dialect)
    rows = route(dialect, daily=DAILY)
    more = route(dialect, daily=DAILY, pattern="/stall/more", operation="more", rate=Rate(0.001, 2))
    market = Market(world=world, routes=[rows, more])
    statuses = [ask(market, path, method="POST").status for path in ("/stall/rows", "/stall/more")]
    assert statuses == [200, 200]
    assert [ask(market, "/stall/more", method="POST").status for _ in range(2)] == [200, 429]
    refused = ask(market, "/stall/rows", method="POST")
    assert (refused.status, refused.body) == (403, b'{"limit":"day"}')
