"""Listings: resolved, taken in, paired."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from channels import listings, suggestions
from channels.listings import PairingRefused, WantedListing, resolve
from channels.models import ChannelAccount, Listing, Publication
from ecomhub.models import Event
from tests.channels.making import US, pull_of, run_stream
from tests.inventory.making import make_sku
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_listings_are_taken_in_once_and_unchanged_ones_are_not_rewritten(
    small: ChannelAccount, market: Sandbox
) -> None:
    run_stream(small, "listings")
    known = market.state("empty", limit=0)["listings"]
    assert Listing.objects.count() == len(known)
    assert not pull_of(small, "listings").last_error
    before = {row.pk: row for row in Listing.objects.all()}
    run_stream(small, "listings")
    run = pull_of(small, "listings").runs.latest("pk")
    assert run.unchanged == run.seen == len(known)
    assert run.created == run.updated == 0
    after = {row.pk: row for row in Listing.objects.all()}
    assert {pk: row.title for pk, row in after.items()} == {pk: row.title for pk, row in before.items()}


def test_listing_with_a_difficult_code_is_found_by_it(british: ChannelAccount, market: Sandbox) -> None:
    run_stream(british, "listings")
    place = british.shops.get().marketplace
    known = [row for row in market.state("busy", limit=0)["listings"] if row["marketplace"] == place]
    hard = {row["code"] for row in known if any(sign in row["code"] for sign in "/#%日")}
    assert hard
    assert hard <= set(Listing.objects.values_list("external_id", flat=True))


def test_unknown_listing_of_an_order_is_created_unmapped(small: ChannelAccount) -> None:
    wanted = [WantedListing(US, "NEW-1", "A thing", "B0X"), WantedListing(US, "NEW-2")]
    first = resolve(account_id=small.pk, wanted=wanted, at=START)
    again = resolve(account_id=small.pk, wanted=wanted, at=START)
    assert first == again
    assert first[US, "NEW-1"].components == ()
    assert Listing.objects.unmapped().count() == 2


def test_known_listings_are_resolved_in_three_statements_whatever_their_number(
    small: ChannelAccount,
) -> None:
    for number in (1, 60):
        wanted = [WantedListing(US, f"CODE-{place}") for place in range(number)]
        resolve(account_id=small.pk, wanted=wanted, at=START)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert len(resolve(account_id=small.pk, wanted=wanted, at=START)) == number
        assert len(seen) <= 3


def test_order_from_a_marketplace_without_shop_opens_one(small: ChannelAccount) -> None:
    japan = "A1VC38T7YXB528"
    assert not small.shops.filter(marketplace=japan).exists()
    wanted = [WantedListing(japan, "X"), WantedListing("nowhere", "Y")]
    found = resolve(account_id=small.pk, wanted=wanted, at=START)
    assert set(found) == {(japan, "X")}
    assert small.shops.get(marketplace=japan).currency == "JPY"


def test_bundle_sells_several_skus(small: ChannelAccount) -> None:
    found = resolve(account_id=small.pk, wanted=[WantedListing(US, "BUNDLE")], at=START)
    listing = Listing.objects.get(pk=found[US, "BUNDLE"].id)
    one, two = make_sku(), make_sku()
    listings.pair(listing=listing, components=[(one.pk, 1), (two.pk, 2)], at=START, actor="ann")
    resolved = resolve(account_id=small.pk, wanted=[WantedListing(US, "BUNDLE")], at=START)[US, "BUNDLE"]
    assert resolved.components == ((one.pk, 1), (two.pk, 2))
    listing.refresh_from_db()
    assert listing.is_mapped
    assert Publication.objects.filter(listing=listing).exists()
    told = Event.objects.filter(object_kind="listing", object_id=listing.pk).order_by("sequence")
    assert [event.kind for event in told] == ["created", "paired"]
    listings.pair(listing=listing, components=[], at=START)
    listing.refresh_from_db()
    assert not listing.is_mapped


def test_pairing_again_with_the_same_skus_changes_nothing(small: ChannelAccount) -> None:
    found = resolve(account_id=small.pk, wanted=[WantedListing(US, "ONE")], at=START)
    sku = make_sku()
    pairings = {found[US, "ONE"].id: [(sku.pk, 1)]}
    assert listings.pair_many(pairings=pairings, at=START) == 1
    assert listings.pair_many(pairings=pairings, at=START) == 0
    assert Event.objects.filter(object_kind="listing", kind="paired").count() == 1


def test_pairing_takes_the_publication_from_a_worker_with_the_old_pairing(small: ChannelAccount) -> None:
    found = resolve(account_id=small.pk, wanted=[WantedListing(US, "ONE")], at=START)
    listing = Listing.objects.get(pk=found[US, "ONE"].id)
    listings.pair(listing=listing, components=[(make_sku().pk, 1)], at=START)
    before = Publication.objects.get(listing=listing)
    listings.pair(listing=listing, components=[(make_sku().pk, 1)], at=START)
    after = Publication.objects.get(listing=listing)
    assert after.lease_epoch == before.lease_epoch + 1
    assert after.done_version == 0


@pytest.mark.parametrize("wrong", ["twice", "zero", "missing", "parent"])
def test_wrong_pairing_is_refused(small: ChannelAccount, wrong: str) -> None:
    found = resolve(account_id=small.pk, wanted=[WantedListing(US, "ONE")], at=START)
    listing = Listing.objects.get(pk=found[US, "ONE"].id)
    sku = make_sku()
    if wrong == "parent":
        Listing.objects.update(is_parent=True)
    components = {
        "twice": [(sku.pk, 1), (sku.pk, 2)],
        "zero": [(sku.pk, 0)],
        "missing": [(sku.pk + 1000, 1)],
        "parent": [(sku.pk, 1)],
    }[wrong]
    with pytest.raises(PairingRefused):
        listings.pair(listing=listing, components=components, at=START)
    assert not Publication.objects.exists()


def test_two_first_sights_of_a_listing_make_one(small: ChannelAccount) -> None:
    shop = small.shops.get(marketplace=US)
    with transaction.atomic():
        Listing.objects.create(shop=shop, external_id="ONE", title="seen first")
        found = resolve(account_id=small.pk, wanted=[WantedListing(US, "ONE", "seen second")], at=START)
    assert Listing.objects.get(pk=found[US, "ONE"].id).title == "seen first"


def test_suggestions_know_the_code_the_barcode_and_the_title(small: ChannelAccount) -> None:
    shop = small.shops.get(marketplace=US)
    by_code = make_sku("LAMP-01", name_en="Desk lamp")
    by_barcode = make_sku("ZZ-9", barcodes=["6901234567892"])
    by_title = make_sku("QQ-7", name_en="Blue ceramic coffee mug 350 ml")
    rows = [
        Listing.objects.create(shop=shop, external_id="lamp-01"),
        Listing.objects.create(shop=shop, external_id="X1", barcodes=["6901234567892"]),
        Listing.objects.create(shop=shop, external_id="X2", title="Blue ceramic coffee mug, 350 ml, gift"),
        Listing.objects.create(shop=shop, external_id="LAMP-01/UK"),
        Listing.objects.create(shop=shop, external_id="nothing like it"),
    ]
    found = suggestions.suggest(listings=rows)
    first = [(found[row.pk][0].sku_id, found[row.pk][0].reason) if found[row.pk] else None for row in rows]
    assert first == [
        (by_code.pk, "code"),
        (by_barcode.pk, "barcode"),
        (by_title.pk, "title"),
        (by_code.pk, "like_code"),
        None,
    ]


def test_suggestions_know_the_sellers_code_of_a_listing_the_platform_numbers(small: ChannelAccount) -> None:
    shop = small.shops.get(marketplace=US)
    sku = make_sku("LAMP-01", name_en="Desk lamp")
    numbered = Listing.objects.create(shop=shop, external_id="9007199254740993-7", product_id="lamp-01")
    other = Listing.objects.create(shop=shop, external_id="9007199254740993-8", product_id="B000000001")
    found = suggestions.suggest(listings=[numbered, other])
    assert [(each.sku_id, each.reason) for each in found[numbered.pk]] == [(sku.pk, "code")]
    assert found[other.pk] == []
