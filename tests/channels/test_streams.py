"""Listings and channel stock as they are pulled; failed ones; what the page reads; the ticks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.cache import cache
from django.db.models import F

from channels import failures, listings, queries, quota, standing, streams, tasks
from channels.models import ChannelAccount, FailedImport, Listing, Pull, ThrottleBucket
from channels.pairing_sheet import apply, check
from channels.registry import platform
from ecomhub import discovery, work
from ecomhub.access import NOBODY, SYSTEM
from ecomhub.celery import app
from ecomhub.health import TICK_KEY
from ecomhub.sheets import Job, Outcome, SheetRow
from inventory.models import StockLevel, StockMovement, Warehouse
from inventory.queries import available_to_promise
from tests.channels.making import US, at, connect, later, open_wide, pull_of, run_stream
from tests.inventory.making import make_sku, make_warehouse
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def held_by_channel(account: ChannelAccount) -> list[Listing]:
    rows = Listing.objects.filter(shop__account=account, fulfillment_method="by_channel")
    return list(rows.select_related("shop").order_by("pk"))


def test_channel_stock_is_kept_as_read_and_never_promised(british: ChannelAccount, market: Sandbox) -> None:
    run_stream(british, "listings")
    rows = held_by_channel(british)
    assert len(rows) >= 2
    one, two = (row for row in rows if row.shop_id == rows[0].shop_id and row.pk in {r.pk for r in rows[:2]})
    sku = make_sku()
    listings.pair_many(pairings={one.pk: [(sku.pk, 1)], two.pk: [(sku.pk, 2)]}, at=START)
    run_stream(british, "channel_stock")
    assert not pull_of(british, "channel_stock").last_error
    one.refresh_from_db()
    two.refresh_from_db()
    place = Warehouse.objects.get(kind="channel")
    assert not place.is_sellable
    level = StockLevel.objects.get(sku=sku, warehouse=place)
    assert one.remote_quantity is not None
    assert two.remote_quantity is not None
    assert level.on_hand == one.remote_quantity + 2 * two.remote_quantity > 0
    assert available_to_promise(sku_ids=[sku.pk]).get(sku.pk, 0) == 0
    assert StockMovement.objects.get(sku=sku).kind == StockMovement.Kind.ADJUST
    moved = StockMovement.objects.count()
    run_stream(british, "channel_stock", later(minutes=1))
    assert StockMovement.objects.count() == moved

    listings.pair_many(pairings={one.pk: [], two.pk: []}, at=START)
    run_stream(british, "channel_stock", later(minutes=2))
    assert StockLevel.objects.get(sku=sku, warehouse=place).on_hand == 0


def test_failed_listing_is_solved_when_the_stream_reads_it(small: ChannelAccount, market: Sandbox) -> None:
    run_stream(small, "listings")
    code = Listing.objects.filter(is_parent=False).first()
    assert code is not None
    pk = failures.quarantine(
        account_id=small.pk, kind="listing", external_id=code.external_id, reason="odd", raw={}, at=START
    )
    Pull.objects.update(due_at=later(days=9000))
    failures.retry(failed_ids=[pk])
    assert streams.retry_failed(limit=5) == 1
    assert streams.run(pull_id=pull_of(small, "listings").pk, now=at(START)) is not None
    assert FailedImport.objects.get(pk=pk).state == work.WorkState.DONE


def test_turn_that_ends_in_mid_pass_goes_on_at_its_checkpoint(
    british: ChannelAccount, market: Sandbox
) -> None:
    open_wide(british)
    pull = pull_of(british, "listings")
    turns = 0
    while pull_of(british, "listings").last_success_at is None:
        streams.run(pull_id=pull.pk, now=at(START), turn=0.0)
        turns += 1
    assert turns > 3
    place = british.shops.get().marketplace
    known = [row for row in market.state("busy", limit=0)["listings"] if row["marketplace"] == place]
    assert Listing.objects.count() == len(known)


def test_quota_is_of_today_and_of_the_platforms_daily_cap(
    small: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    capped = replace(platform("amazon"), daily={"fetch_listings": 5000})
    monkeypatch.setattr(quota, "platform", lambda key: capped)
    run_stream(small, "listings")
    today = next(one for one in quota.quotas_of(account=small) if one.operation == "fetch_listings")
    assert f"; {today.used} of 5,000 calls used today" in today.words
    assert today.used > 0
    ThrottleBucket.objects.update(used_on=F("used_on") - 1)
    later = next(one for one in quota.quotas_of(account=small) if one.operation == "fetch_listings")
    assert later.words.endswith("; 0 of 5,000 calls used today")


def test_overview_shows_streams_quota_and_what_waits(small: ChannelAccount) -> None:
    run_stream(small, "listings")
    [view] = queries.overview(actor=SYSTEM, at=START)
    assert view.account == small
    assert view.is_import_only
    assert view.unmapped == view.listings > 0
    named = {stream.pull.stream: stream for stream in view.streams}
    assert named["listings"].last_success_at == START
    assert named["listings"].last_run is not None
    assert named["listings"].last_run.ok
    assert named["orders"].behind_s > 0
    words = {one.operation: one.words for one in view.quotas}
    assert words["fetch_orders"] == "20 of 20 calls in hand, one more every 3 minutes; 0 calls used today"
    assert "2 more a second" in words["confirm_shipment"]
    read = next(one for one in view.quotas if one.operation == "fetch_listings")
    assert read.used > 0
    assert f"; {read.used} call" in read.words
    assert view.quotas[0].operation == "fetch_orders"
    assert queries.overview(actor=NOBODY, at=START) == []


def test_why_a_quantity_differs_is_named(small: ChannelAccount) -> None:
    run_stream(small, "listings")
    rows = list(
        Listing.objects.filter(shop__account=small, is_parent=False, fulfillment_method="by_seller")
        .select_related("shop__account")
        .order_by("pk")[:2]
    )
    listings.pair(listing=rows[0], components=[(make_sku().pk, 1)], at=START)
    Listing.objects.filter(pk=rows[0].pk).update(remote_quantity=4)
    fresh = list(Listing.objects.filter(pk__in=[row.pk for row in rows]).select_related("shop__account"))
    found = {view.listing.pk: view for view in standing.standings(listings=fresh)}
    assert (found[rows[0].pk].why, found[rows[0].pk].wanted, found[rows[0].pk].shown) == ("import_only", 0, 4)
    assert found[rows[1].pk].why == "unpaired"


def row(number: int, **values: str) -> SheetRow:
    return SheetRow(number=number, values={"platform": "amazon", "marketplace": US, **values})


def job(digest: str = "d" * 64) -> Job:
    return Job(at=START, actor="ann", digest=digest)


def test_pairing_sheet_makes_bundles_and_names_what_is_wrong(small: ChannelAccount) -> None:
    one, two = make_sku("P-1"), make_sku("P-2")
    rows = [
        row(2, account=small.name, listing="B", sku="P-1", quantity="1"),
        row(3, account=small.seller_id, listing="B", sku="P-2", quantity="3"),
        row(4, account="", listing="C", sku="P-1"),
        row(5, account="", listing="C", sku="NOPE"),
        row(6, account="", listing="D", sku="P-1", marketplace="DE"),
        row(7, account="", listing="D", sku="P-1", marketplace="FR"),
        row(8, account=small.name, listing="B", sku="P-1", quantity="2"),
        row(9, account=small.name, listing="E", sku="P-1", quantity="0"),
    ]
    looked = check(rows=rows, job=job())
    assert not Listing.objects.exists()
    outcomes = [finding.outcome for finding in looked]
    assert outcomes[:3] == [Outcome.CREATED] * 3
    assert [finding.row for finding in looked if finding.outcome == Outcome.REFUSED] == [5, 7, 8, 9]
    good = [one for one in rows if one.number not in (5, 7, 8, 9)]
    assert [finding.outcome for finding in apply(rows=good, job=job())] == [*outcomes[:3], outcomes[4]]
    bundle = Listing.objects.get(external_id="B")
    assert sorted(bundle.components.values_list("sku", "quantity")) == [(one.pk, 1), (two.pk, 3)]
    again = apply(rows=good, job=job())
    assert {finding.outcome for finding in again} == {Outcome.UNCHANGED}


def test_bundle_cut_by_a_chunk_becomes_whole_and_another_file_replaces_it(small: ChannelAccount) -> None:
    make_sku("P-1"), make_sku("P-2")
    apply(rows=[row(500, account=small.name, listing="B", sku="P-1")], job=job())
    apply(rows=[row(501, account=small.name, listing="B", sku="P-2")], job=job())
    bundle = Listing.objects.get(external_id="B")
    assert bundle.components.count() == 2
    apply(rows=[row(2, account=small.name, listing="B", sku="P-2")], job=job("e" * 64))
    assert list(bundle.components.values_list("sku__code", flat=True)) == ["P-2"]


def test_account_a_sheet_does_not_name_is_the_one_that_has_the_listing(
    small: ChannelAccount, market: Sandbox
) -> None:
    other = connect(market)
    run_stream(small, "listings")
    code = Listing.objects.filter(shop__marketplace=US, is_parent=False).first()
    assert code is not None
    make_sku("P-1")
    wrong = check(rows=[row(2, account="who", listing=code.external_id, sku="P-1")], job=job())
    assert (wrong[0].outcome, "who" in wrong[0].reason) == (Outcome.REFUSED, True)
    found = apply(rows=[row(2, account="", listing=code.external_id, sku="P-1")], job=job())
    assert found[0].outcome == Outcome.CREATED
    assert Listing.objects.get(pk=code.pk).is_mapped
    unsure = check(rows=[row(2, account="", listing="NEW", sku="P-1")], job=job())
    assert unsure[0].outcome == Outcome.REFUSED
    assert other.pk


def test_pairings_are_an_importer_of_this_house() -> None:
    assert "pairings" in discovery.importers()


def test_every_law_holds_and_each_is_broken_by_raw_sql(small: ChannelAccount, owner) -> None:  # type: ignore[no-untyped-def]
    run_stream(small, "listings")
    listing = Listing.objects.filter(is_parent=False, fulfillment_method="by_seller").first()
    assert listing is not None
    sku = make_sku()
    listings.pair(listing=listing, components=[(sku.pk, 1)], at=START)
    make_warehouse("CH", kind="channel", is_sellable=False, channel_reference="x")
    laws = {law.id: law for law in discovery.laws() if law.id.startswith("channels.")}

    def broken() -> set[str]:
        found = set()
        for law in laws.values():
            owner.execute(law.violations)
            if owner.fetchall():
                found.add(law.id)
        return found

    assert broken() == set()
    breaks = {
        "channels.mapped_listing_has_components": "DELETE FROM channels_listingcomponent",
        "channels.paired_listing_is_published": "DELETE FROM channels_publication",
        "channels.publication_is_not_ahead": "UPDATE channels_publication SET done_version = 99999",
        "channels.import_only_account_pushes_nothing": (
            "UPDATE channels_channelaccount SET confirms_shipments = true"
        ),
        "channels.pass_has_both_bounds": "UPDATE channels_pull SET pass_token = 'x'",
        "channels.document_has_its_key": (
            "INSERT INTO channels_rawdocument "
            "(account_id, kind, external_id, content_hash, sealed, received_at) "
            f"VALUES ({small.pk}, 'order', 'nobody', 'x', 'x', now())"
        ),
        "channels.channel_stock_is_never_promised": "UPDATE inventory_warehouse SET is_sellable = true",
    }
    assert set(breaks) == set(laws)
    for law_id, statement in breaks.items():
        owner.execute("BEGIN")
        owner.execute(statement)
        assert law_id in broken()
        owner.execute("ROLLBACK")
    assert broken() == set()


def test_tick_and_its_bridge_ring_for_due_rows(
    small: ChannelAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks, "ring", lambda task, row_id, countdown=0.0: rung.append((task.name, row_id)))
    small.pushes_stock = True
    small.save()
    tasks.tick()
    wanted = {pull_of(small, stream).pk for stream in ("listings", "channel_stock")}
    assert {row_id for name, row_id in rung if name == "channels.pull"} == wanted
    assert ("channels.publish", small.pk) in rung

    sent: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda name, **_options: sent.append(name))
    assert not tasks.bridge_late_tick()
    cache.set(TICK_KEY, 0.0)
    assert tasks.bridge_late_tick()
    assert "orders.tick" in sent


def test_paused_account_is_not_rung_for(small: ChannelAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(tasks, "ring", lambda task, row_id, countdown=0.0: rung.append(row_id))
    ChannelAccount.objects.update(state="paused")
    tasks.tick()
    assert rung == []
