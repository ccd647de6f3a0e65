"""Prices: the newest one a person set finally stands on the platform, and the history says who did what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import ProgrammingError, connection, transaction
from pytest_django import Settings

from channels import accounts, changes, listings, price_publishing, pricing, tokens
from channels.adapter import Capability, RetryLater
from channels.models import ChannelAccount, ListingChange, PricePublication
from channels.pricing import PriceRefused
from channels.registry import platform
from ecomhub import work
from ecomhub.sentences import shown
from ecomhub.work import WorkState
from tests.channels.bazaar import bazaar, connect, listing
from tests.channels.making import answer, at, later, push, run_stream, sell
from tests.platforms_fake.sandbox import Market
from tests.sandbox_fixture import START

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    with bazaar(settings) as opened:
        yield opened


@pytest.fixture
def live(transactional_db: None, market: Market) -> ChannelAccount:
    """An account that may change prices."""
    return connect(market)


def want(account: ChannelAccount, price: str, code: str = "A-1") -> PricePublication:
    return pricing.set_price(listing=listing(account, code), price=Decimal(price), at=START, actor="mei")


def send(account: ChannelAccount) -> price_publishing.Sent:
    return price_publishing.publish(account_id=account.pk, now=at(START))


def asked(market: Market, code: str = "A-1", site: str = "FB-US") -> str:
    return str(market.offers[site, code]["price"])


def test_price_a_person_set_reaches_the_platform_and_is_confirmed(
    live: ChannelAccount, market: Market
) -> None:
    want(live, "12.50")
    assert send(live).pushed == 1
    assert Decimal(asked(market)) == Decimal("12.50")
    shown = listing(live, "A-1")
    assert shown.price == Decimal("12.50")
    assert shown.price_publication.confirmed_price == Decimal("12.50")
    assert pricing.view_of(listing=shown).wanted is None
    assert send(live).due == 0


def test_two_prices_in_a_row_cost_one_call_and_the_newest_wins(live: ChannelAccount, market: Market) -> None:
    want(live, "12.50")
    want(live, "13.00")
    market.calls.clear()
    assert send(live).pushed == 1
    assert [path for method, path in market.calls if method == "PUT"] == ["/v1/offers/FB-US/A-1/price"]
    assert Decimal(asked(market)) == Decimal("13.00")


def test_platforms_own_handle_goes_along(live: ChannelAccount, market: Market) -> None:
    market.offers["FB-US", "A-1"]["number"] = "no-77"
    want(live, "12.50")
    assert send(live).refused == 1
    run_stream(live, "listings")
    assert listing(live, "A-1").handle == "no-77"
    pricing.try_again(listing=listing(live, "A-1"))
    assert send(live).pushed == 1


@pytest.mark.parametrize(
    ("code", "price", "words"),
    [
        ("A-1", "0", "above zero"),
        ("A-1", "-3", "above zero"),
        ("A-1", "NaN", "above zero"),
        ("A-1", "1.234", "2 decimals"),
        ("J-1", "1200.50", "no decimals"),
        ("A-1", "900000000", "too large"),
    ],
)
def test_price_the_currency_cannot_express_is_refused(
    live: ChannelAccount, code: str, price: str, words: str
) -> None:
    with pytest.raises(PriceRefused, match=words):
        want(live, price, code)
    assert not PricePublication.objects.exists()


def test_yen_are_whole_and_sent_in_yen(live: ChannelAccount, market: Market) -> None:
    want(live, "1350", "J-1")
    assert send(live).pushed == 1
    assert Decimal(asked(market, "J-1", "FB-JP")) == 1350


def test_slip_of_the_decimal_point_is_noticed(live: ChannelAccount) -> None:
    one = listing(live, "A-1")
    assert pricing.is_large_change(listing=one, price=Decimal("99.00"))
    assert not pricing.is_large_change(listing=one, price=Decimal("10.90"))


def test_platform_without_prices_takes_none(live: ChannelAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    known = platform("fake")
    without = replace(known, capabilities=known.capabilities - {Capability.PUSH_PRICE})
    monkeypatch.setattr(pricing, "platform", lambda key: without)
    with pytest.raises(PriceRefused, match="set there"):
        want(live, "7.00")
    assert send(live).due == 0


def test_nothing_goes_out_before_the_switch_and_the_wish_waits(
    market: Market, transactional_db: None
) -> None:
    account = connect(market, live=False)
    want(account, "12.50")
    assert send(account).pushed == 0
    assert asked(market) == "9.90"
    assert pricing.view_of(listing=listing(account, "A-1")).why == "import_only"
    accounts.switch_on(
        account=account, pushes_stock=False, confirms_shipments=False, pushes_prices=True, at=START
    )
    assert send(account).pushed == 1
    accounts.switch_off(account=account, at=START)
    want(account, "14.00")
    assert send(account).pushed == 0
    assert Decimal(asked(market)) == Decimal("12.50")


def test_refused_price_says_why_and_a_newer_one_need_not_wait(live: ChannelAccount, market: Market) -> None:
    market.fixed.add("A-1")
    want(live, "12.50")
    assert send(live).refused == 1
    view = pricing.view_of(listing=listing(live, "A-1"))
    assert (view.why, view.wanted) == ("refused", Decimal("12.50"))
    assert "price is fixed" in view.detail
    assert send(live).due == 0  # it waits for its next try
    market.fixed.clear()
    want(live, "11.00")
    assert send(live).pushed == 1
    assert Decimal(asked(market)) == Decimal("11.00")


def test_price_refused_again_and_again_waits_for_a_person(live: ChannelAccount, market: Market) -> None:
    market.fixed.add("A-1")
    row = want(live, "12.50")
    for _try in range(work.MAX_ERRORS):
        PricePublication.objects.filter(pk=row.pk).update(due_at=START - timedelta(days=900))
        send(live)
    row.refresh_from_db()
    assert row.state == WorkState.QUARANTINED
    assert pricing.view_of(listing=listing(live, "A-1")).why == "needs_person"
    market.fixed.clear()
    pricing.try_again(listing=listing(live, "A-1"))
    assert send(live).pushed == 1


def test_unknown_outcome_is_simply_sent_again(
    live: ChannelAccount, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = want(live, "12.50")
    answer(monkeypatch, "push_price", RetryLater("the line was cut", unknown=True))
    assert shown(send(live).stopped).endswith("it is tried again by itself: the line was cut")
    monkeypatch.undo()
    PricePublication.objects.filter(pk=row.pk).update(due_at=START - timedelta(days=900))
    assert send(live).pushed == 1
    assert Decimal(asked(market)) == Decimal("12.50")


def test_accepted_price_counts_only_when_the_platform_shows_it(live: ChannelAccount, market: Market) -> None:
    market.slow = True
    want(live, "12.50")
    assert send(live).pushed == 1
    assert pricing.view_of(listing=listing(live, "A-1")).why == "accepted"
    assert price_publishing.read_back(account_id=live.pk, now=at(START)) == 0
    assert price_publishing.read_back(account_id=live.pk, now=at(later(minutes=3))) == 0
    market.settle()
    assert price_publishing.read_back(account_id=live.pk, now=at(later(minutes=7))) == 1
    assert pricing.view_of(listing=listing(live, "A-1")).wanted is None


def test_accepted_price_that_never_shows_is_sent_again(live: ChannelAccount, market: Market) -> None:
    market.slow = True
    row = want(live, "12.50")
    send(live)
    for minutes in (3, 7, 15):
        price_publishing.read_back(account_id=live.pk, now=at(later(minutes=minutes)))
    market.queued.clear()  # the platform lost it
    PricePublication.objects.filter(pk=row.pk).update(due_at=START - timedelta(days=900))
    market.slow = False
    assert send(live).pushed == 1
    assert Decimal(asked(market)) == Decimal("12.50")


def test_listings_pass_confirms_an_accepted_price(live: ChannelAccount, market: Market) -> None:
    market.slow = True
    want(live, "12.50")
    send(live)
    market.settle()
    run_stream(live, "listings", later(minutes=1))
    assert listing(live, "A-1").price_publication.confirmed_price == Decimal("12.50")


def test_price_changed_on_the_platform_afterwards_is_shown_and_left_alone(
    live: ChannelAccount, market: Market
) -> None:
    want(live, "12.50")
    send(live)
    market.offers["FB-US", "A-1"]["price"] = "15.00"
    run_stream(live, "listings", later(hours=1))
    assert send(live).due == 0
    assert listing(live, "A-1").price == Decimal("15.00")
    newest = changes.history(listing_id=listing(live, "A-1").pk)[0]
    assert (newest.kind, newest.actor, newest.after) == ("price_shown", "channel", Decimal("15.00"))


def test_last_word_is_the_newest_price_though_a_sleeper_speaks_late(
    live: ChannelAccount, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker sleeps between its lease and its call; a new price is sent; the sleeper then speaks."""
    want(live, "12.50")
    sleep_in_call(live, monkeypatch)
    send(live)
    assert Decimal(asked(market)) == Decimal("12.50")
    monkeypatch.undo()
    send(live)
    assert Decimal(asked(market)) == Decimal("14.00")
    assert listing(live, "A-1").price_publication.confirmed_price == Decimal("14.00")


def test_without_saying_it_again_the_late_price_would_have_the_last_word(
    live: ChannelAccount, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same race without the rule leaves the old price, so the test above can fail."""
    want(live, "12.50")
    sleep_in_call(live, monkeypatch)
    monkeypatch.setattr(pricing, "say_again", lambda *, publication_ids: None)
    send(live)
    send(live)
    assert Decimal(asked(market)) == Decimal("12.50")


def sleep_in_call(account: ChannelAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another price be set and sent by another worker, just before the first one's call goes out."""
    real_call = tokens.call
    slept: list[int] = []

    def sleeper(**given):  # type: ignore[no-untyped-def]
        if given["operation"] == "push_price" and not slept:
            slept.append(1)
            PricePublication.objects.update(lease_until=START - timedelta(days=900))
            want(account, "14.00")
            assert send(account).pushed == 1
        return real_call(**given)

    monkeypatch.setattr(tokens, "call", sleeper)


def test_history_says_who_changed_what_from_what_to_what(live: ChannelAccount, market: Market) -> None:
    want(live, "12.50")
    send(live)
    one = listing(live, "A-1")
    rows = [(row.kind, row.actor, row.before, row.after) for row in changes.history(listing_id=one.pk)]
    assert rows == [
        ("price_sent", "system", Decimal("9.90"), Decimal("12.50")),
        ("price_set", "mei", Decimal("9.90"), Decimal("12.50")),
    ]


def test_history_keeps_sent_quantities(live: ChannelAccount, market: Market) -> None:
    one = listing(live, "A-1")
    sku, _place = sell(one, 17)
    listings.pair(listing=one, components=[(sku.pk, 1)], at=START)
    assert push(live).pushed == 1
    newest = changes.history(listing_id=one.pk)[0]
    assert (newest.kind, newest.after) == ("quantity_sent", Decimal(17))


def test_history_cannot_be_rewritten_by_the_application(live: ChannelAccount) -> None:
    want(live, "12.50")
    for statement in ("UPDATE channels_listingchange SET actor = 'x'", "DELETE FROM channels_listingchange"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)
    assert ListingChange.objects.count() == 1
