"""Publishing quantities: the rule, the last word, reading back, the brake."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import accounts, controls, listings, offers, readback, tokens
from channels.adapter import Refused
from channels.models import ChannelAccount, Listing, Publication
from channels.offers import publishable_quantity
from ecomhub import work
from ecomhub.sentences import shown
from ecomhub.work import ClockTimestamp, WorkState
from inventory import ledger
from inventory.models import Sku, Warehouse
from tests.channels.making import US, answer, at, later, paired, push, remote, run_stream
from tests.inventory.making import claim, stock
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("available", "components", "buffer", "percentage", "cap", "wanted"),
    [
        ({1: 10}, [(1, 1)], 0, 100, None, 10),
        ({1: 10}, [(1, 1)], 3, 100, None, 7),
        ({1: 10}, [(1, 1)], 3, 50, None, 3),
        ({1: 10}, [(1, 3)], 0, 100, None, 3),
        ({1: 10}, [(1, 1)], 0, 100, 4, 4),
        ({1: 10}, [(1, 1)], 12, 100, None, 0),
        ({1: -5}, [(1, 1)], 0, 100, None, 0),
        ({1: 10, 2: 3}, [(1, 1), (2, 2)], 0, 100, None, 1),
        ({1: 10}, [(1, 1), (2, 1)], 0, 100, None, 0),
        ({1: 10}, [], 0, 100, None, 0),
        ({1: 10}, [(1, 1)], 0, 0, None, 0),
        ({1: 199}, [(1, 2)], 0, 50, None, 49),
    ],
)
def test_publishable_quantity_follows_the_rule(
    available: dict[int, int],
    components: list[tuple[int, int]],
    buffer: int,
    percentage: int,
    cap: int | None,
    wanted: int,
) -> None:
    got = publishable_quantity(
        available=available, components=components, buffer=buffer, percentage=percentage, cap=cap
    )
    assert got == wanted


@given(
    stock_=st.integers(-50, 10_000),
    units=st.integers(1, 20),
    buffer=st.integers(0, 100),
    percentage=st.integers(0, 100),
)
def test_publishable_quantity_never_promises_more_than_there_is(
    stock_: int, units: int, buffer: int, percentage: int
) -> None:
    got = publishable_quantity(
        available={1: stock_}, components=[(1, units)], buffer=buffer, percentage=percentage, cap=None
    )
    assert got >= 0
    assert got * units <= max(0, stock_)


def test_import_only_account_pushes_nothing(small: ChannelAccount, market: Sandbox) -> None:
    run_stream(small, "listings")
    paired(small, [5])
    assert push(small).due == 0
    assert not market.calls(operation="patchListingsItem")


def test_pushed_quantity_is_confirmed_when_the_platform_shows_it(
    live: ChannelAccount, market: Sandbox
) -> None:
    [(listing, _sku, _place)] = paired(live, [17])
    assert push(live).pushed == 1
    row = Publication.objects.get(listing=listing)
    assert row.sent_quantity == 17
    assert row.confirmed_at is None
    assert remote(market, listing) == 17
    assert readback.read_back(account_id=live.pk, now=at(START)) == 0
    assert readback.read_back(account_id=live.pk, now=at(later(minutes=3))) == 1
    row.refresh_from_db()
    assert row.confirmed_quantity == 17
    assert push(live).due == 0


def test_reservation_makes_the_listing_due_again(live: ChannelAccount, market: Sandbox) -> None:
    [(listing, sku, place)] = paired(live, [17])
    push(live)
    ledger.reserve(claims=[claim(sku, place, 4, line=1)], at=START)
    assert push(live).pushed == 1
    assert remote(market, listing) == 13


def test_movement_between_version_and_quantity_is_pushed_again(
    live: ChannelAccount, market: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(listing, sku, place)] = paired(live, [17])
    real_call = tokens.call

    def rival(**given):  # type: ignore[no-untyped-def]
        if given["operation"] == "push_stock" and not moved:
            moved.append(1)
            ledger.reserve(claims=[claim(sku, place, 5, line=7)], at=START)
        return real_call(**given)

    moved: list[int] = []
    monkeypatch.setattr(tokens, "call", rival)
    push(live)
    assert remote(market, listing) == 17
    assert push(live).pushed == 1
    assert remote(market, listing) == 12


def test_last_word_is_the_latest_quantity_though_a_sleeper_speaks_late(
    live: ChannelAccount, market: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker sleeps between its lease and its call; another pushes meanwhile; the sleeper then speaks."""
    [(listing, sku, place)] = paired(live, [17])
    sleep_in_call(live, listing, sku, place, monkeypatch)
    push(live)
    assert remote(market, listing) == 17
    monkeypatch.undo()
    push(live)
    assert remote(market, listing) == 11


def test_without_saying_it_again_the_late_speaker_would_have_the_last_word(
    live: ChannelAccount, market: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same race without the rule leaves the old quantity, so the test above can fail."""
    [(listing, sku, place)] = paired(live, [17])
    sleep_in_call(live, listing, sku, place, monkeypatch)
    monkeypatch.setattr(offers, "say_again", lambda *, listing_ids: None)
    push(live)
    push(live)
    assert remote(market, listing) == 17


def sleep_in_call(
    account: ChannelAccount,
    listing: Listing,
    sku: Sku,
    place: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Let another worker take the row over and push, just before the first one's own call goes out."""
    real_call = tokens.call
    slept: list[int] = []

    def sleeper(**given):  # type: ignore[no-untyped-def]
        if given["operation"] == "push_stock" and not slept:
            slept.append(1)
            Publication.objects.filter(listing=listing).update(lease_until=START - timedelta(days=900))
            ledger.reserve(claims=[claim(sku, place, 6, line=9)], at=START)
            assert push(account).pushed == 1
        return real_call(**given)

    monkeypatch.setattr(tokens, "call", sleeper)


def test_accepted_but_not_applied_is_noticed_and_pushed_again(live: ChannelAccount, market: Sandbox) -> None:
    [(listing, _sku, _place)] = paired(live, [17])
    before = remote(market, listing)
    market.fault("accepted_not_applied", seller="empty", operation="patchListingsItem", count=1)
    push(live)
    assert remote(market, listing) == before != 17
    for minutes in (3, 7, 15):
        readback.read_back(account_id=live.pk, now=at(later(minutes=minutes)))
    Publication.objects.update(due_at=ClockTimestamp())
    assert push(live, later(minutes=16)).pushed == 1
    assert remote(market, listing) == 17


def test_listings_pass_confirms_and_finds_what_differs(live: ChannelAccount, market: Sandbox) -> None:
    (one, _s1, _p1), (two, _s2, _p2) = paired(live, [17, 9])
    push(live)
    market.set_clock(later(minutes=20))
    market.set_quantity(two.external_id, 44, seller="empty", marketplace=US)
    run_stream(live, "listings", later(minutes=20))
    assert Publication.objects.get(listing=one).confirmed_quantity == 17
    assert push(live, later(minutes=20)).pushed == 1
    assert remote(market, two) == 9


def test_changed_safety_stock_is_pushed_by_the_next_pass(live: ChannelAccount, market: Sandbox) -> None:
    [(listing, sku, _place)] = paired(live, [17])
    push(live)
    sku.safety_stock = 5
    sku.save()
    run_stream(live, "listings", later(minutes=20))
    push(live, later(minutes=20))
    assert remote(market, listing) == 12


def test_unpaired_and_channel_fulfilled_listings_are_left_alone(
    live: ChannelAccount, market: Sandbox
) -> None:
    (two, _c, _d), (three, _e, _f) = paired(live, [4, 5])
    Listing.objects.filter(pk=two.pk).update(fulfillment_method="by_channel")
    listings.pair(listing=three, components=[], at=START)
    assert push(live).due == 0


def test_listing_that_stops_offering_stock_shows_0_until_it_goes_on(
    live: ChannelAccount, market: Sandbox
) -> None:
    (one, _a, _b), (two, _c, _d) = paired(live, [3, 4])
    push(live)
    controls.set_offer(listing=one, buffer=None, cap=None, percentage=None, is_paused=True, at=START)
    assert push(live).pushed == 1
    assert (remote(market, one), remote(market, two)) == (0, 4)
    controls.set_offer(listing=one, buffer=None, cap=None, percentage=None, is_paused=False, at=START)
    push(live)
    assert remote(market, one) == 3


def stop_offering(account: ChannelAccount) -> None:
    shop = account.shops.get(marketplace=US)
    shop.is_paused = True
    controls.change_shop(shop=shop, at=START)


def test_shop_that_stops_offering_stock_shows_0_everywhere(live: ChannelAccount, market: Sandbox) -> None:
    made = paired(live, [3, 4])
    push(live)
    stop_offering(live)
    assert push(live).pushed == 2
    assert [remote(market, listing) for listing, _sku, _place in made] == [0, 0]


def test_stopping_a_large_shop_waits_for_a_person(live: ChannelAccount, market: Sandbox) -> None:
    made = paired(live, [9, 9, 9, 9, 9, 9])
    push(live)
    ChannelAccount.objects.update(brake_released_until=None)
    stop_offering(live)
    assert "6 of 6" in push(live).stopped
    assert remote(market, made[0][0]) == 9
    accounts.release_brake(account=live, at=START, actor="ann")
    push(live)
    assert remote(market, made[0][0]) == 0


def test_listing_refused_again_and_again_is_still_tried_every_hour(
    live: ChannelAccount, market: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    [(listing, _sku, _place)] = paired(live, [17])
    answer(monkeypatch, "push_stock", Refused("no such product type"))
    for _time in range(work.MAX_ERRORS + 3):
        Publication.objects.update(due_at=ClockTimestamp())
        assert push(live).refused == 1
    row = Publication.objects.get(listing=listing)
    assert row.state == WorkState.WAITING
    assert shown(row.last_error) == "The platform does not take it: no such product type"
    assert timedelta(minutes=50) < row.due_at - work.database_now() <= timedelta(hours=1)
    monkeypatch.undo()
    Publication.objects.update(due_at=ClockTimestamp())
    push(live)
    assert remote(market, listing) == 17


def test_publication_whose_workers_died_is_taken_up_again(live: ChannelAccount, market: Sandbox) -> None:
    [(listing, _sku, _place)] = paired(live, [17])
    Publication.objects.update(state=WorkState.QUARANTINED, deaths=3)
    assert push(live).pushed == 0
    Publication.objects.update(due_at=ClockTimestamp())
    assert push(live).pushed == 1
    assert remote(market, listing) == 17


def test_brake_engaged_between_two_pushes_stops_the_second(
    live: ChannelAccount, market: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    paired(live, [17, 9])
    real_call = tokens.call

    def braked(**given):  # type: ignore[no-untyped-def]
        found = real_call(**given)
        accounts.engage_brake(account=live, reason="stop", at=START)
        return found

    monkeypatch.setattr(tokens, "call", braked)
    done = push(live)
    assert (done.pushed, done.stopped) == (1, "stop")
    assert len(market.calls(operation="patchListingsItem")) == 1
    assert not Publication.objects.filter(lease_until__isnull=False).exists()


def test_refused_read_back_waits_alone(
    live: ChannelAccount, market: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, sku, place), _two = paired(live, [17, 9])
    push(live)
    real_call = tokens.call
    asked: list[datetime] = []

    def gone(**given):  # type: ignore[no-untyped-def]
        if given["operation"] == "fetch_listing" and given["at"] not in asked:
            asked.append(given["at"])
            raise Refused("unknown listing")
        return real_call(**given)

    monkeypatch.setattr(tokens, "call", gone)
    assert readback.read_back(account_id=live.pk, now=at(later(minutes=3))) == 1
    left = Publication.objects.get(confirmed_at__isnull=True)
    assert shown(left.last_error) == "The platform does not take it: unknown listing"
    assert (left.listing_id, left.errors) == (one.pk, 0)
    readback.read_back(account_id=live.pk, now=at(later(minutes=4)))
    assert asked == [later(minutes=3)]
    for minutes in (7, 15, 31, 63, 64):
        readback.read_back(account_id=live.pk, now=at(later(minutes=minutes)))
    assert asked == [later(minutes=minutes) for minutes in (3, 7, 15, 31, 63)]
    ledger.reserve(claims=[claim(sku, place, 4, line=1)], at=START)
    assert push(live, later(minutes=65)).pushed == 1
    assert remote(market, one) == 13


def test_listing_values_win_over_the_shops(live: ChannelAccount, market: Sandbox) -> None:
    (one, _a, _b), (two, _c, _d) = paired(live, [20, 20])
    live.shops.update(buffer=4, percentage=50)
    controls.set_offer(listing=two, buffer=0, cap=15, percentage=100, is_paused=False, at=START)
    push(live)
    assert (remote(market, one), remote(market, two)) == (8, 15)


def test_unknown_outcome_is_simply_pushed_again(live: ChannelAccount, market: Sandbox) -> None:
    [(listing, _sku, _place)] = paired(live, [17])
    market.fault("empty_500", seller="empty", operation="patchListingsItem", count=1)
    done = push(live)
    assert done.pushed == 0
    assert done.stopped
    Publication.objects.update(due_at=ClockTimestamp())
    assert push(live).pushed == 1
    assert remote(market, listing) == 17


def test_brake_stops_a_batch_that_would_zero_too_much(live: ChannelAccount, market: Sandbox) -> None:
    made = paired(live, [9, 9, 9, 9, 9, 9, 9, 9])
    push(live)
    ChannelAccount.objects.update(brake_released_until=None)
    for number, (_listing, sku, place) in enumerate(made[:6]):
        ledger.adjust(
            sku_id=sku.pk, warehouse_id=place.pk, delta=-9, reason="wrong", cause=f"w{number}", at=START
        )
    done = push(live)
    assert done.pushed == 0
    assert "6 of 8" in done.stopped
    live.refresh_from_db()
    assert live.brake_engaged_at is not None
    assert [remote(market, listing) for listing, _sku, _place in made] == [9] * 8
    assert push(live).due == 0

    accounts.release_brake(account=live, at=START, actor="ann")
    assert push(live).pushed == 6
    assert remote(market, made[0][0]) == 0


def test_brake_stops_a_batch_that_would_move_too_much(live: ChannelAccount) -> None:
    made = paired(live, [9, 9, 9, 9, 9, 9])
    push(live)
    ChannelAccount.objects.update(brake_released_until=None)
    for _listing, sku, place in made:
        stock(sku, place, 900)
    assert "units" in push(live).stopped


def test_selling_out_one_of_few_listings_is_no_alarm(live: ChannelAccount, market: Sandbox) -> None:
    made = paired(live, [2, 2])
    push(live)
    ChannelAccount.objects.update(brake_released_until=None)
    ledger.reserve(claims=[claim(made[0][1], made[0][2], 2, line=1)], at=START)
    assert push(live).pushed == 1
    assert remote(market, made[0][0]) == 0


def test_preview_says_what_would_change_and_changes_nothing(small: ChannelAccount, market: Sandbox) -> None:
    run_stream(small, "listings")
    made = paired(small, [0, 500, 3])
    before = [remote(market, listing) for listing, _sku, _place in made]
    preview = accounts.preview(account=small, at=START)
    assert preview.to_zero == sum(quantity > 0 for quantity in before[:1])
    assert preview.up >= 1
    assert preview.changes[0].wanted == 0
    assert preview.unpaired + preview.by_channel + 3 == preview.listings
    assert [remote(market, listing) for listing, _sku, _place in made] == before
    small.refresh_from_db()
    assert small.switched_on_at is None
