"""Stock in the channel's own warehouses (FBA): kept as read, never promised, never pushed.

Each shop has one channel-kind warehouse. A page notes what the channel holds on the listing; when the pass is
complete, the ledger is corrected to the sums per SKU, so that ``verify`` holds for these levels as for any.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from channels import changes
from channels.changes import Change
from channels.listings import TakenIn, WantedListing, resolve
from channels.messages import ChannelStock, FulfillmentMethod
from channels.models import ChannelAccount, Listing, ListingChange, Shop
from ecomhub.sentences import kept
from inventory import ledger
from inventory.models import StockLevel, Warehouse

Kind = ListingChange.Kind
BY_CHANNEL = FulfillmentMethod.BY_CHANNEL.value


@transaction.atomic
def take_in(
    *, account: ChannelAccount, marketplace: str, stock: Sequence[ChannelStock], at: datetime
) -> TakenIn:
    """Note what the channel holds of each listing; unknown listings are created unmapped.

    Another quantity than was known is a change of the listing, as it is when a listing is read.
    """
    wanted = {(item.marketplace or marketplace, item.listing_id): item for item in stock if item.listing_id}
    found = resolve(
        account_id=account.pk,
        wanted=[
            WantedListing(place, listing_id, product_id=item.product_id)
            for (place, listing_id), item in wanted.items()
        ],
        at=at,
    )
    ids = [listing.id for listing in found.values()]
    rows = Listing.objects.select_for_update().order_by("pk").in_bulk(ids)
    changed, moved = [], []
    for key, listing in found.items():
        row, item = rows[listing.id], wanted[key]
        held = (row.remote_quantity, row.remote_inbound, row.fulfillment_method)
        read = (item.sellable, max(item.inbound, 0), BY_CHANNEL)
        row.remote_quantity, row.remote_inbound, row.fulfillment_method = read
        row.remote_at = at
        if held != read:
            changed.append(row)
        if held[0] not in (None, item.sellable):
            moved.append(Change(row.pk, Kind.QUANTITY_SHOWN, at, held[0], item.sellable, actor="channel"))
    changes.note(changes=moved)
    Listing.objects.bulk_update(
        changed, ["remote_quantity", "remote_inbound", "fulfillment_method", "remote_at"]
    )
    Listing.objects.filter(pk__in=set(rows) - {row.pk for row in changed}).update(remote_at=at)
    return TakenIn(seen=len(stock), updated=len(changed), unchanged=len(rows) - len(changed))


def book(*, account: ChannelAccount, cause: str, at: datetime) -> int:
    """Correct the ledger of the account's channel warehouses to what was read; returns the movements made.

    What is on its way there (在途) is noted beside what lies there.
    """
    moved = 0
    for shop in account.shops.select_related("legal_entity").order_by("pk"):
        held, inbound = _held(shop=shop)
        warehouse = _warehouse(shop=shop, needed=bool(held))
        if warehouse is None:
            continue
        ledger.expect(warehouse_id=warehouse.pk, inbound=inbound, at=at)
        levels = dict(StockLevel.objects.filter(warehouse=warehouse).values_list("sku_id", "on_hand"))
        for sku_id in sorted(set(held) | set(levels)):
            delta = held.get(sku_id, 0) - levels.get(sku_id, 0)
            if delta:
                ledger.adjust(
                    sku_id=sku_id,
                    warehouse_id=warehouse.pk,
                    delta=delta,
                    reason=kept("As the platform reports it."),
                    cause=cause,
                    at=at,
                )
                moved += 1
    return moved


def _held(*, shop: Shop) -> tuple[dict[int, int], dict[int, int]]:
    """Return SKU units per SKU id that the channel holds for a shop, over its paired listings, and those on
    their way to it.
    """
    rows = Listing.objects.filter(
        ~Q(remote_quantity=None), shop=shop, fulfillment_method=BY_CHANNEL, is_mapped=True
    )
    held: dict[int, int] = {}
    inbound: dict[int, int] = {}
    for listing in rows.prefetch_related("components"):
        for part in listing.components.all():
            held[part.sku_id] = held.get(part.sku_id, 0) + part.quantity * (listing.remote_quantity or 0)
            inbound[part.sku_id] = inbound.get(part.sku_id, 0) + part.quantity * listing.remote_inbound
    return held, inbound


def _warehouse(*, shop: Shop, needed: bool) -> Warehouse | None:
    reference = f"{shop.account_id}:{shop.marketplace}"
    rows = Warehouse.objects.filter(kind=Warehouse.Kind.CHANNEL, channel_reference=reference)
    found = rows.first()
    if found is not None or not needed:
        return found
    return Warehouse.objects.create(
        code=f"CH-{shop.pk}-{shop.country}",
        name=f"{shop.name}"[:120],
        kind=Warehouse.Kind.CHANNEL,
        country=shop.country,
        legal_entity=shop.legal_entity,
        is_sellable=False,
        priority=1000,
        channel_reference=reference,
    )
