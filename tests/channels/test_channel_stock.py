"""What is on its way to a channel's own warehouse (在途): kept, shown, never promised."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from channels import changes, channel_stock, listings
from channels.messages import ChannelStock
from channels.models import ChannelAccount, Listing
from ecomhub import discovery, events
from ecomhub.access import Role
from inventory.models import Sku, StockLevel, StockMovement
from inventory.queries import available_to_promise
from tests.api.calling import Api, make_person
from tests.channels.making import pull_of, run_stream
from tests.inventory.making import make_sku
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


def two_paired(account: ChannelAccount) -> tuple[Sku, list[Listing]]:
    """One SKU sold by two of the shop's listings that lie at the channel, alone and as a pair."""
    run_stream(account, "listings")
    rows = list(Listing.objects.filter(fulfillment_method="by_channel").order_by("pk")[:2])
    sku = make_sku()
    listings.pair_many(pairings={rows[0].pk: [(sku.pk, 1)], rows[1].pk: [(sku.pk, 2)]}, at=START)
    return sku, rows


def read(account: ChannelAccount, rows: list[Listing], inbound: list[int], number: int) -> None:
    """One pass of the stream: what the channel says of these listings."""
    stock = [
        ChannelStock(row.external_id, row.product_id, sellable=4, reserved=0, inbound=units, unsellable=0)
        for row, units in zip(rows, inbound, strict=True)
    ]
    channel_stock.take_in(account=account, marketplace=rows[0].shop.marketplace, stock=stock, at=START)
    channel_stock.book(account=account, cause=f"channel-stock:{number}", at=START)


def test_what_is_on_its_way_to_the_channel_is_kept_until_it_arrived(british: ChannelAccount) -> None:
    sku, rows = two_paired(british)
    read(british, rows, [5, 3], 1)
    level = StockLevel.objects.get(sku=sku)
    assert (level.on_hand, level.inbound) == (12, 5 + 2 * 3)
    assert available_to_promise(sku_ids=[sku.pk])[sku.pk] == 0
    seen, moved = (level.version, level.change_xid), StockMovement.objects.count()

    read(british, rows, [5, 3], 2)
    level.refresh_from_db()
    assert (level.version, level.change_xid) == seen, "nothing new was said, and the row was rewritten"
    read(british, rows, [0, 3], 3)
    level.refresh_from_db()
    assert (level.inbound, level.version) == (6, seen[0])
    assert level.change_xid != seen[1], "the change feed does not tell it"
    listings.pair_many(pairings={rows[1].pk: []}, at=START)
    read(british, rows, [0, 3], 4)
    level.refresh_from_db()
    assert level.inbound == 0
    assert StockMovement.objects.count() == moved + 1, "units on their way moved stock"
    assert not broken()


def test_another_quantity_at_the_channel_is_told_once_and_stands_in_the_history(
    british: ChannelAccount,
) -> None:
    _sku, rows = two_paired(british)
    one = rows[0]
    Listing.objects.filter(pk=one.pk).update(remote_quantity=None)

    def told() -> list[str]:
        return list(events.of(object_kind="listing", object_id=one.pk).values_list("kind", flat=True))

    before = told()
    read(british, [one], [0], 1)
    assert told() == before, "what is first read is no change"
    Listing.objects.filter(pk=one.pk).update(remote_quantity=9)
    read(british, [one], [0], 2)
    read(british, [one], [3], 3)
    assert told() == [*before, "quantity_shown"], "units on their way changed no quantity"
    newest = changes.history(listing_id=one.pk)[0]
    assert (newest.kind, newest.before, newest.after, newest.actor) == ("quantity_shown", 9, 4, "channel")


def broken() -> list[str]:
    """The laws of stock that do not hold."""
    found = []
    with connection.cursor() as cursor:
        for law in discovery.laws():
            cursor.execute(law.violations)
            if law.id.startswith("inventory.") and cursor.fetchone():
                found.append(law.id)
    return found


def test_what_is_on_its_way_is_on_the_stock_page_and_in_the_api(
    british: ChannelAccount, client: Client
) -> None:
    sku, rows = two_paired(british)
    read(british, rows, [40, 1], 1)
    client.force_login(make_person(Role.OWNER))
    for page in (reverse("inventory:detail", args=[sku.pk]), reverse("inventory:list")):
        text = client.get(page).content.decode()
        assert "Inbound" in text
        assert ">42<" in text
    assert [row["inbound"] for row in Api().get("stock/levels/", sku=sku.code)["results"]] == [42]


def test_the_sandbox_says_what_its_seller_sent_to_the_platform(
    british: ChannelAccount, market: Sandbox
) -> None:
    run_stream(british, "listings")
    run_stream(british, "channel_stock")
    assert not pull_of(british, "channel_stock").last_error
    low = Listing.objects.filter(remote_inbound__gt=0)
    assert all(row.remote_quantity is not None and row.remote_quantity < 15 for row in low)
    enough = Listing.objects.filter(fulfillment_method="by_channel", remote_quantity__gte=15)
    assert enough
    assert not enough.filter(remote_inbound__gt=0)
