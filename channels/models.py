"""Accounts, credentials, shops, listings, pulls, publications, raw documents and their keys."""

import uuid

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from channels.door_models import new_push_id
from channels.price_models import ListingChange as ListingChange
from channels.price_models import PricePublication as PricePublication
from ecomhub.access import Actor
from ecomhub.fields import amount_field, currency_field
from ecomhub.models import LegalEntity
from ecomhub.sentences import shown
from ecomhub.work import WorkRow
from inventory.models import Sku


class ChannelAccount(models.Model):
    """A seller's credentials on a platform. Import-only until switched on after a preview."""

    class State(models.TextChoices):
        """Whether the account may speak to its platform."""

        CONNECTED = "connected", _("Connected")
        NEEDS_RECONNECT = "needs_reconnect", _("Needs to be reconnected")
        PAUSED = "paused", _("Paused")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    platform = models.CharField(max_length=20)
    name = models.CharField(max_length=60, unique=True)
    seller_id = models.CharField(max_length=80)
    environment = models.CharField(max_length=20, default="production")
    endpoint = models.CharField(max_length=200)
    token_endpoint = models.CharField(max_length=200)
    proxy = models.CharField(max_length=200, blank=True, default="")
    sealed_proxy_login = models.TextField(blank=True, default="")
    push_id = models.CharField(max_length=64, unique=True, default=new_push_id, editable=False)
    state = models.CharField(max_length=16, choices=State.choices, default=State.CONNECTED)
    state_reason = models.CharField(max_length=300, blank=True, default="")
    go_live_at = models.DateTimeField()
    history_days = models.PositiveSmallIntegerField(default=90)
    switched_on_at = models.DateTimeField(null=True, blank=True)
    pushes_stock = models.BooleanField(default=False)
    confirms_shipments = models.BooleanField(default=False)
    pushes_prices = models.BooleanField(default=False)
    brake_share = models.DecimalField(max_digits=4, decimal_places=3, default="0.300")
    brake_engaged_at = models.DateTimeField(null=True, blank=True)
    brake_reason = models.CharField(max_length=300, blank=True, default="")
    brake_released_until = models.DateTimeField(null=True, blank=True)
    authorized_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["platform", "seller_id", "endpoint"],
                name="channel_account_seller_once",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state_words(self) -> str:
        """Why the account is in its state, in the reader's language; a platform's own words as they came."""
        return shown(self.state_reason)

    @property
    def brake_words(self) -> str:
        """Why the brake is engaged, in the reader's language."""
        return shown(self.brake_reason)


class Credential(models.Model):
    """An account's secrets, sealed; refreshed under a lease with a generation, never under a row lock."""

    account = models.OneToOneField(ChannelAccount, on_delete=models.CASCADE, related_name="credential")
    generation = models.PositiveBigIntegerField(default=1)
    sealed = models.TextField()
    sealed_access = models.TextField(blank=True, default="")
    expires_at = models.DateTimeField(null=True, blank=True)
    refresh_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_epoch = models.PositiveBigIntegerField(default=0)
    is_unsettled = models.BooleanField(default=False)


class ShopQuerySet(models.QuerySet["Shop"]):
    """Shop filters."""

    def visible_to(self, actor: Actor) -> "ShopQuerySet":
        """Return the shops an actor may see."""
        if not (actor.may("channels.view") or actor.may("orders.view")):
            return self.none()
        return self if actor.shop_ids is None else self.filter(pk__in=actor.shop_ids)


class Shop(models.Model):
    """A shop (店铺): one account on one marketplace."""

    class Tell(models.TextChoices):
        """When the platform is told that an order ships (标发货)."""

        ON_DISPATCH = "on_dispatch", _("When the goods leave")
        ON_LABEL = "on_label", _("When the tracking number is known")
        BY_HAND = "by_hand", _("By hand")

    account = models.ForeignKey(ChannelAccount, on_delete=models.PROTECT, related_name="shops")
    marketplace = models.CharField(max_length=30)
    name = models.CharField(max_length=80)
    short_name = models.CharField(max_length=24)
    group = models.CharField(max_length=60, blank=True, default="")
    person_in_charge = models.CharField(max_length=80, blank=True, default="")
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="shops")
    country = models.CharField(max_length=2)
    currency = currency_field()
    time_zone = models.CharField(max_length=64, default="UTC")
    tells = models.CharField(max_length=12, choices=Tell.choices, default=Tell.ON_DISPATCH)
    auto_approve = models.BooleanField(default=True)
    buffer = models.PositiveIntegerField(default=0)
    percentage = models.PositiveSmallIntegerField(default=100)
    cap = models.PositiveIntegerField(null=True, blank=True)
    is_paused = models.BooleanField(default=False)

    objects = ShopQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "marketplace"], name="shop_once")]

    def __str__(self) -> str:
        return self.short_name


class ListingQuerySet(models.QuerySet["Listing"]):
    """Listing filters."""

    def visible_to(self, actor: Actor) -> "ListingQuerySet":
        """Return the listings of shops the actor may see."""
        if not actor.may("channels.view"):
            return self.none()
        return self if actor.shop_ids is None else self.filter(shop__in=actor.shop_ids)

    def unmapped(self) -> "ListingQuerySet":
        """Keep listings that sell no SKU yet (未配对)."""
        return self.filter(is_mapped=False, is_parent=False)


class Listing(models.Model):
    """One offer on one shop; it sells a list of SKU × quantity."""

    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="listings")
    external_id = models.CharField(max_length=120)
    product_id = models.CharField(max_length=60, blank=True, default="")
    parent_external_id = models.CharField(max_length=120, blank=True, default="")
    is_parent = models.BooleanField(default=False)
    title = models.CharField(max_length=500, blank=True, default="")
    product_type = models.CharField(max_length=80, blank=True, default="")
    handle = models.CharField(max_length=300, blank=True, default="")
    status = models.CharField(max_length=40, blank=True, default="")
    price = amount_field(null=True, blank=True)
    currency = currency_field(blank=True, default="")
    picture_url = models.CharField(max_length=500, blank=True, default="")
    fulfillment_method = models.CharField(max_length=10, default="by_seller")
    barcodes = models.JSONField(default=list, blank=True)
    is_mapped = models.BooleanField(default=False)
    remote_quantity = models.IntegerField(null=True, blank=True)
    remote_inbound = models.PositiveIntegerField(default=0, db_default=0)
    remote_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    buffer = models.PositiveIntegerField(null=True, blank=True)
    cap = models.PositiveIntegerField(null=True, blank=True)
    percentage = models.PositiveSmallIntegerField(null=True, blank=True)
    is_paused = models.BooleanField(default=False)
    offer_version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())

    objects = ListingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "external_id"], name="listing_once"),
            models.CheckConstraint(
                condition=Q(percentage__isnull=True) | Q(percentage__lte=100),
                name="listing_percentage_is_one",
            ),
        ]
        indexes = [
            GinIndex(
                OpClass(Upper("external_id"), name="gin_trgm_ops"),
                name="listing_external_id_trgm",
            ),
            models.Index(
                fields=["shop", "id"],
                name="listing_unmapped",
                condition=Q(is_mapped=False),
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class ListingComponent(models.Model):
    """What one unit of a listing takes from stock."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="components")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="listing_components")
    quantity = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["listing", "sku"], name="listing_component_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="listing_component_has_units"),
        ]


class Publication(WorkRow):
    """The stock push of one listing: due when its components' versions passed what was done."""

    listing = models.OneToOneField(Listing, on_delete=models.CASCADE, related_name="publication")
    done_version = models.BigIntegerField(default=0)
    wanted_quantity = models.IntegerField(null=True, blank=True)
    sent_quantity = models.IntegerField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    confirmed_quantity = models.IntegerField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    reads = models.PositiveSmallIntegerField(default=0)
    batch = models.ForeignKey(
        "PublicationBatch",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="publications",
    )


class PublicationBatch(WorkRow):
    """A feed on its way: the platform's report decides per item."""

    account = models.ForeignKey(ChannelAccount, on_delete=models.CASCADE, related_name="batches")
    reference = models.CharField(max_length=120, blank=True, default="")
    members = models.JSONField(default=list)
    sent_at = models.DateTimeField(null=True, blank=True)


class Pull(WorkRow):
    """One stream of one account that is pulled again and again, with its cursor and open pass."""

    class Stream(models.TextChoices):
        """What is pulled. The wider order windows heal what the narrow one missed."""

        ORDERS = "orders", _("Orders")
        ORDERS_HOURLY = "orders_hourly", _("Orders, last 24 hours")
        ORDERS_NIGHTLY = "orders_nightly", _("Orders, last 14 days")
        ORDERS_HISTORY = "orders_history", _("Orders before the account was connected")
        LISTINGS = "listings", _("Listings")
        CHANNEL_STOCK = "channel_stock", _("Stock at the channel")
        RETURNS = "returns", _("Returns")
        STATEMENTS = "statements", _("Statements and payouts")

    account = models.ForeignKey(ChannelAccount, on_delete=models.CASCADE, related_name="pulls")
    stream = models.CharField(max_length=20, choices=Stream.choices)
    cursor = models.DateTimeField(null=True, blank=True)
    reaches_back_to = models.DateTimeField(null=True, blank=True)
    pass_from = models.DateTimeField(null=True, blank=True)
    pass_to = models.DateTimeField(null=True, blank=True)
    pass_token = models.TextField(blank=True, default="")
    pass_place = models.CharField(max_length=30, blank=True, default="")
    pass_tokens_seen = models.JSONField(default=list)
    pass_pages = models.PositiveIntegerField(default=0)
    pass_counts = models.JSONField(default=dict)
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    backlog = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "stream"], name="pull_once")]


class SyncRun(models.Model):
    """One finished pass or one failed try, for the channel page and the lag figures."""

    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="runs")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    ok = models.BooleanField()
    pages = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    lag_s = models.FloatField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["pull", "-id"], name="sync_run_latest")]


class DataKey(models.Model):
    """The key of one object's personal data; deleting it makes every copy of that data unreadable."""

    account = models.ForeignKey(ChannelAccount, on_delete=models.CASCADE, related_name="+", db_index=False)
    external_id = models.CharField(max_length=120)
    sealed = models.TextField()
    redacted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "external_id"], name="data_key_once")]


class RawDocument(models.Model):
    """What the platform said about one object, compressed and sealed under that object's key."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(ChannelAccount, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    external_id = models.CharField(max_length=120)
    content_hash = models.BinaryField(max_length=32)
    sealed = models.BinaryField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "external_id", "content_hash"],
                name="raw_document_once",
            )
        ]


class FailedImport(WorkRow):
    """An object that could not be taken in (抓单失败): it stops only itself and can be tried again."""

    account = models.ForeignKey(ChannelAccount, on_delete=models.CASCADE, related_name="failed_imports")
    kind = models.CharField(max_length=20, default="order")
    external_id = models.CharField(max_length=120)
    reason = models.CharField(max_length=500)
    sealed = models.BinaryField()
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "kind", "external_id"], name="failed_import_once")
        ]


class ThrottleBucket(models.Model):
    """A token bucket in the database: one row per account and operation, one clock for all workers.

    ``used_on`` is the last day with a call, counted in days of the account's world since 1970.
    """

    account = models.ForeignKey(ChannelAccount, on_delete=models.CASCADE, related_name="buckets")
    operation = models.CharField(max_length=60)
    tokens = models.FloatField()
    rate = models.FloatField()
    burst = models.FloatField()
    refilled_at = models.DateTimeField(db_default=Now())
    used = models.BigIntegerField(default=0)
    used_on = models.BigIntegerField(default=0, db_default=0)
    used_that_day = models.PositiveIntegerField(default=0, db_default=0)
    throttled = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "operation"], name="throttle_bucket_once"),
            models.CheckConstraint(condition=Q(tokens__lte=F("burst")), name="throttle_bucket_not_over"),
        ]
