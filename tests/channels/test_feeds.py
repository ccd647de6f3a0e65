"""Feeds: many quantities at once, what becomes of their members, and who has the last word."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from channels import accounts, feeds, listings, offers, tokens
from channels.adapter import RetryLater
from channels.models import ChannelAccount, Listing, Publication, PublicationBatch
from channels.registry import platform
from ecomhub import work
from ecomhub.work import ClockTimestamp, WorkState
from inventory import ledger
from inventory.models import Sku, Warehouse
from tests.channels.making import US, answer, at, later, push, remote, sell
from tests.inventory.making import claim, make_sku, make_warehouse, stock
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def many(account: ChannelAccount) -> tuple[list[Listing], Sku, Warehouse]:
    rows = Listing.objects.filter(shop__account=account, is_parent=False, fulfillment_method="by_seller")
    sku, place = make_sku(), make_warehouse()
    stock(sku, place, 50)
    found = list(rows.select_related("shop").order_by("pk"))
    listings.pair_many(pairings={row.pk: [(sku.pk, 1)] for row in found}, at=START)
    return found, sku, place


def test_many_changes_go_as_one_feed_per_marketplace(
    live: ChannelAccount, market: Sandbox, feeding: None
) -> None:
    rows, sku, place = many(live)
    assert push(live).batched == len(rows)
    assert offers.due(account_id=live.pk) == []
    ledger.reserve(claims=[claim(sku, place, 8, line=3)], at=START)
    batches = list(PublicationBatch.objects.all())
    assert len(batches) == len({row.shop.marketplace for row in rows})
    for batch in batches:
        feeds.work_on(batch_id=batch.pk, now=at(START))
    market.set_clock(later(minutes=10))
    PublicationBatch.objects.update(due_at=ClockTimestamp())
    for batch in batches:
        feeds.work_on(batch_id=batch.pk, now=at(later(minutes=10)))
    assert set(PublicationBatch.objects.values_list("state", flat=True)) == {WorkState.DONE}
    assert set(Publication.objects.values_list("sent_quantity", flat=True)) == {42}
    assert not Publication.objects.filter(batch__isnull=False).exists()
    assert {remote(market, row) for row in rows if row.shop.marketplace == US} == {42}
    assert offers.due(account_id=live.pk) == []
    assert not market.calls(operation="patchListingsItem")


def test_where_many_changes_wait_a_small_marketplace_gets_a_feed_too(
    live: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, _sku, _place = many(live)
    places = Counter(row.shop.marketplace for row in rows)
    assert len(places) > 1
    smallest = min(places.values())
    for least, batched in ((smallest, len(rows)), (max(places.values()) + 1, 0)):
        PublicationBatch.objects.all().delete()
        few = replace(platform("amazon"), batch_from=len(rows), batch_least=least)
        monkeypatch.setattr(feeds, "platform", lambda key, few=few: few)
        ids = [row.publication.pk for row in rows]
        assert feeds.gather(account=live, publication_ids=ids) == batched
        Publication.objects.update(batch=None)


def test_movement_while_a_feed_is_on_its_way_is_pushed_after_it(
    live: ChannelAccount, market: Sandbox, feeding: None
) -> None:
    rows, sku, place = many(live)
    push(live)
    batches = list(PublicationBatch.objects.all())
    for batch in batches:
        feeds.work_on(batch_id=batch.pk, now=at(START))
    ledger.reserve(claims=[claim(sku, place, 8, line=3)], at=START)
    assert push(live).due == 0
    market.set_clock(later(minutes=10))
    PublicationBatch.objects.update(due_at=ClockTimestamp())
    for batch in batches:
        feeds.work_on(batch_id=batch.pk, now=at(later(minutes=10)))
    assert len(offers.due(account_id=live.pk)) == len(rows)


def test_feed_killed_before_it_was_sent_is_sent_by_the_next_worker(
    live: ChannelAccount, market: Sandbox, feeding: None
) -> None:
    many(live)
    push(live)
    batch = PublicationBatch.objects.order_by("pk")[0]
    assert work.claim_one(model=PublicationBatch, pk=batch.pk) is not None
    assert feeds.work_on(batch_id=batch.pk, now=at(START)) is None
    PublicationBatch.objects.update(lease_until=START - timedelta(days=900))
    assert feeds.work_on(batch_id=batch.pk, now=at(START)) is not None
    batch.refresh_from_db()
    assert batch.reference


def test_feed_that_never_ends_frees_its_listings(live: ChannelAccount, feeding: None) -> None:
    rows, _sku, _place = many(live)
    push(live)
    for batch in PublicationBatch.objects.all():
        feeds.work_on(batch_id=batch.pk, now=at(START))
        feeds._abandon(batch=claimed(batch), reason="too late")
    Publication.objects.update(due_at=ClockTimestamp())
    assert len(offers.due(account_id=live.pk)) == len(rows)


def claimed(batch: PublicationBatch) -> PublicationBatch:
    PublicationBatch.objects.update(due_at=ClockTimestamp())
    found = work.claim_one(model=PublicationBatch, pk=batch.pk)
    assert found is not None
    return found


def hand_in(moment: datetime = START) -> None:
    PublicationBatch.objects.update(due_at=ClockTimestamp())
    for batch in PublicationBatch.objects.order_by("pk"):
        feeds.work_on(batch_id=batch.pk, now=at(moment))


def test_listing_paired_anew_while_its_feed_is_on_its_way_has_the_last_word(
    live: ChannelAccount, market: Sandbox, feeding: None
) -> None:
    rows, _sku, place = many(live)
    push(live)
    hand_in()
    one = next(row for row in rows if row.shop.marketplace == US)
    other, _place = sell(one, 7, warehouse=place)
    listings.pair(listing=one, components=[(other.pk, 1)], at=START)
    assert push(live).pushed == 1
    market.set_clock(later(minutes=10))
    market.set_quantity(one.external_id, 50, seller="empty", marketplace=US)
    hand_in(later(minutes=10))
    row = Publication.objects.get(listing=one)
    assert (row.sent_quantity, row.batch_id) == (7, None)
    push(live, later(minutes=10))
    assert remote(market, one) == 7


def test_members_of_a_feed_whose_workers_died_are_freed(live: ChannelAccount, feeding: None) -> None:
    rows, _sku, _place = many(live)
    push(live)
    PublicationBatch.objects.update(state=WorkState.QUARANTINED, deaths=3)
    push(live)
    assert not Publication.objects.filter(batch__isnull=False).exists()
    Publication.objects.update(due_at=ClockTimestamp())
    assert push(live).batched == len(rows)


def test_feed_nobody_takes_is_given_up_in_the_end(
    live: ChannelAccount, feeding: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, _sku, _place = many(live)
    push(live)
    ChannelAccount.objects.update(brake_released_until=later(days=1))
    answer(monkeypatch, "push_stock_batch", RetryLater("away"))
    hand_in()
    hand_in(later(hours=5))
    assert Publication.objects.filter(batch__isnull=False).count() == len(rows)
    hand_in(later(hours=7))
    assert not Publication.objects.filter(batch__isnull=False).exists()


def test_feed_whose_report_is_never_readable_is_given_up(
    live: ChannelAccount, feeding: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(live)
    push(live)
    hand_in()
    answer(monkeypatch, "batch_results", RetryLater("the report has no summary"))
    hand_in(later(hours=5))
    assert Publication.objects.filter(batch__isnull=False).exists()
    hand_in(later(hours=7))
    assert not Publication.objects.filter(batch__isnull=False).exists()


def test_feed_handed_in_after_its_lease_ended_is_said_again(
    live: ChannelAccount, market: Sandbox, feeding: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(live)
    push(live)
    batch = PublicationBatch.objects.order_by("pk")[0]
    versions = dict(Listing.objects.values_list("pk", "offer_version"))
    real_call = tokens.call

    def overtaken(**given):  # type: ignore[no-untyped-def]
        left = PublicationBatch.objects.get(pk=batch.pk).lease_until
        assert left is not None
        assert left - work.database_now() > timedelta(minutes=5)
        found = real_call(**given)
        PublicationBatch.objects.filter(pk=batch.pk).update(lease_epoch=99)
        return found

    monkeypatch.setattr(tokens, "call", overtaken)
    assert feeds.work_on(batch_id=batch.pk, now=at(START)) is None
    batch.refresh_from_db()
    assert batch.reference == ""
    members = Listing.objects.filter(publication__batch=batch)
    assert all(row.offer_version == versions[row.pk] + 1 for row in members)


def test_feed_is_not_handed_in_for_a_braked_account(
    live: ChannelAccount, market: Sandbox, feeding: None
) -> None:
    many(live)
    push(live)
    accounts.engage_brake(account=live, reason="stop", at=START)
    hand_in()
    assert not market.calls(operation="createFeed")
    assert not Publication.objects.filter(batch__isnull=False).exists()
    assert push(live).due == 0


def test_brake_measures_a_feed_again_when_it_is_handed_in(
    live: ChannelAccount, market: Sandbox, feeding: None
) -> None:
    rows, sku, place = many(live)
    push(live)
    Listing.objects.update(remote_quantity=50)
    ChannelAccount.objects.update(brake_released_until=None)
    ledger.adjust(sku_id=sku.pk, warehouse_id=place.pk, delta=-50, reason="wrong", cause="w", at=START)
    hand_in()
    live.refresh_from_db()
    assert live.brake_engaged_at is not None
    assert not market.calls(operation="createFeed")
    assert not Publication.objects.filter(batch__isnull=False).exists()
    accounts.release_brake(account=live, at=START, actor="ann")
    assert push(live).batched == len(rows)


def test_listing_the_channel_ships_meanwhile_leaves_the_feed(
    live: ChannelAccount, market: Sandbox, feeding: None
) -> None:
    rows, _sku, _place = many(live)
    push(live)
    Listing.objects.filter(pk=rows[0].pk).update(fulfillment_method="by_channel")
    hand_in()
    assert Publication.objects.get(listing=rows[0]).batch_id is None
    sent = {member[0] for batch in PublicationBatch.objects.all() for member in batch.members}
    assert len(sent) == len(rows) - 1
