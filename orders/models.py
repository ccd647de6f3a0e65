"""Orders one to one with the platform's, their lines, allocations, buyers (sealed apart), returns."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from channels.models import ChannelAccount, Listing, Shop
from ecomhub.access import Actor
from ecomhub.fields import CurrentXid, XidField, amount_field, currency_field
from inventory.models import Sku, Warehouse
from orders.cancel_models import PlatformCancel as PlatformCancel
from orders.cancel_models import WaitingReturn as WaitingReturn
from orders.states import Status


class HoldReason(models.TextChoices):
    """Why a person or a rule stopped an order (搁置)."""

    MANUAL = "manual", _("Held by hand")
    ADDRESS = "address", _("Address needs a look")
    CANCEL_REQUESTED = "cancel_requested", _("The buyer asks to cancel")
    FRAUD = "fraud", _("Possible fraud")
    CANCELING = "canceling", _("Being canceled at the platform")


class IssueKind(models.TextChoices):
    """Why an order is an exception (异常)."""

    UNMAPPED_LISTING = "unmapped_listing", _("Listing is not paired with a SKU")
    SHORTAGE = "shortage", _("Not enough stock")
    UNKNOWN_VALUE = (
        "unknown_value",
        _("The platform sent a value the hub does not know"),
    )
    DISCREPANCY = "discrepancy", _("The platform and the hub disagree")
    CANCEL_AFTER_SHIP = "cancel_after_ship", _("Canceled after it was shipped")
    CONFIRM_REFUSED = "confirm_refused", _("The platform refused the shipment")
    CANCEL_REFUSED = "cancel_refused", _("The platform did not take the cancellation")
    NO_LINES = "no_lines", _("The platform has not shown the lines yet")


class OrderQuerySet(models.QuerySet["Order"]):
    """Order filters."""

    def visible_to(self, actor: Actor) -> "OrderQuerySet":
        """Return the orders of shops the actor may see."""
        if not actor.may("orders.view"):
            return self.none()
        return self if actor.shop_ids is None else self.filter(shop__in=actor.shop_ids)

    def open(self) -> "OrderQuerySet":
        """Keep orders that still need work."""
        return self.filter(
            status__in=[
                Status.UNPAID,
                Status.REVIEW,
                Status.PROCESS,
                Status.LABEL,
                Status.SHIP,
            ]
        )


class Order(models.Model):
    """One order of a platform. Only ``orders.lifecycle.move`` changes ``status`` after intake."""

    account = models.ForeignKey(
        ChannelAccount, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="orders", db_index=False)
    external_id = models.CharField(max_length=120)
    status = models.CharField(max_length=10, choices=Status.choices)
    platform_status = models.CharField(max_length=60)
    platform_state = models.CharField(max_length=16)
    fulfillment_method = models.CharField(max_length=10, default="by_seller")
    is_before_go_live = models.BooleanField(default=False)
    hold_reason = models.CharField(max_length=20, choices=HoldReason.choices, blank=True, default="")
    issue_count = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    cancel_declined_at = models.DateTimeField(null=True, blank=True)
    is_gift = models.BooleanField(default=False)
    return_status = models.CharField(max_length=20, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
    currency = currency_field()
    total = amount_field(null=True, blank=True)
    units = models.PositiveIntegerField(default=0)
    shipping_service = models.CharField(max_length=80, blank=True, default="")
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    ship_by_at = models.DateTimeField(null=True, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField(null=True, blank=True)
    source_updated_at = models.DateTimeField()
    content_hash = models.BinaryField(max_length=32)
    note = models.CharField(max_length=500, blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    change_epoch = models.PositiveIntegerField(db_default=1, editable=False)
    change_xid = XidField(db_default=CurrentXid(), editable=False)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id"], name="order_once"),
            models.CheckConstraint(
                condition=Q(status__in=[value for value, _label in Status.choices]),
                name="order_status_known",
            ),
        ]
        indexes = [
            models.Index(F("placed_at").desc(), F("id").desc(), name="order_latest"),
            models.Index(
                F("status"),
                F("shop"),
                F("placed_at").desc(),
                F("id").desc(),
                name="order_status_shop_latest",
            ),
            models.Index(
                F("shop"),
                F("placed_at").desc(),
                F("id").desc(),
                name="order_shop_latest",
            ),
            models.Index(fields=["updated_at", "id"], name="order_changed"),
            models.Index(fields=["status", "updated_at", "id"], name="order_status_changed"),
            models.Index(fields=["change_epoch", "change_xid", "id"], name="order_feed"),
            models.Index(
                fields=["ship_by_at"],
                name="order_open_ship_by",
                condition=Q(status__in=["unpaid", "review", "process", "label", "ship"]),
            ),
            GinIndex(
                OpClass(Upper("external_id"), name="gin_trgm_ops"),
                name="order_external_id_trgm",
            ),
            models.Index(
                F("placed_at").desc(),
                F("id").desc(),
                name="order_exceptions",
                condition=Q(issue_count__gt=0),
            ),
            models.Index(
                F("placed_at").desc(),
                F("id").desc(),
                name="order_stopped",
                condition=~Q(hold_reason="") | Q(cancel_requested=True),
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class OrderLine(models.Model):
    """One line of an order; amounts are line totals in the order's currency, as the platform gave them.

    Quantities count listing units. ``quantity_allocated`` is what was claimed and not given back, so it
    includes what left. ``quantity_shipped`` includes ``quantity_shipped_elsewhere``, which never took
    anything from our stock.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines", db_index=False)
    external_id = models.CharField(max_length=80)
    listing = models.ForeignKey(Listing, on_delete=models.PROTECT, related_name="order_lines")
    title = models.CharField(max_length=500, blank=True, default="")
    quantity = models.PositiveIntegerField()
    quantity_allocated = models.PositiveIntegerField(default=0)
    quantity_shipped = models.PositiveIntegerField(default=0)
    quantity_shipped_elsewhere = models.PositiveIntegerField(default=0)
    quantity_canceled = models.PositiveIntegerField(default=0)
    quantity_returned = models.PositiveIntegerField(default=0)
    charge = amount_field(null=True, blank=True)
    discount = amount_field(default=0)
    shipping = amount_field(default=0)
    shipping_discount = amount_field(default=0)
    gift_wrap = amount_field(default=0)
    tax = amount_field(default=0)
    marketplace_collects_tax = models.BooleanField(default=False)
    refunded = amount_field(default=0)
    currency = currency_field()
    gift_message_sealed = models.BinaryField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "external_id"], name="order_line_once"),
            models.CheckConstraint(
                condition=Q(quantity_canceled__lte=F("quantity")),
                name="order_line_canceled_within_ordered",
            ),
        ]

    @property
    def quantity_reserved(self) -> int:
        """Return the listing units that are claimed from our stock and have not left yet."""
        left = self.quantity_shipped - self.quantity_shipped_elsewhere
        return max(self.quantity_allocated - left, 0)


class Allocation(models.Model):
    """Stock claimed for a line in a warehouse (the ledger's reserve), and how much of it left.

    ``quantity`` counts SKU units; ``units`` of them make one listing unit. Only whole listing units are
    claimed: of every SKU of a line the same number of sets. The ledger's demand is ``order-line:<line id>``.
    """

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="allocations", db_index=False)
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    units = models.PositiveIntegerField(default=1)
    quantity = models.PositiveIntegerField()
    quantity_shipped = models.PositiveIntegerField(default=0)
    quantity_released = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "sku", "warehouse"], name="allocation_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("quantity_shipped") + F("quantity_released")),
                name="allocation_not_overdrawn",
            ),
            models.CheckConstraint(condition=Q(units__gt=0), name="allocation_has_units"),
        ]


class AllocationTrace(models.Model):
    """Why an order was allocated as it was: the candidates looked at and the choice, kept for people."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="allocation_traces")
    at = models.DateTimeField()
    trace = models.JSONField()


class OrderBuyer(models.Model):
    """The buyer and address of an order, sealed under the order's data key.

    ``tokens`` are keyed blind tokens for exact and word-prefix search; they go when the row goes.
    """

    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="buyer", primary_key=True)
    sealed = models.BinaryField()
    tokens = ArrayField(models.BinaryField(max_length=16), default=list)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [GinIndex(fields=["tokens"], name="order_buyer_tokens")]


class OrderIssue(models.Model):
    """One open or solved exception of an order, with what a person can do about it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="issues")
    line = models.ForeignKey(
        OrderLine,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="issues",
    )
    kind = models.CharField(max_length=24, choices=IssueKind.choices)
    detail = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    solved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "line", "kind"],
                condition=Q(solved_at__isnull=True),
                nulls_distinct=False,
                name="order_issue_open_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["kind", "order"],
                name="order_issue_open",
                condition=Q(solved_at=None),
            )
        ]


class PlatformReturnQuerySet(models.QuerySet["PlatformReturn"]):
    """Return filters."""

    def visible_to(self, actor: Actor) -> "PlatformReturnQuerySet":
        """Return those of orders in shops the actor may see."""
        if not actor.may("orders.view"):
            return self.none()
        return self if actor.shop_ids is None else self.filter(order__shop__in=actor.shop_ids)


class PlatformReturn(models.Model):
    """Goods coming back as the platform reports them; read-only until the after-sales house works on them.

    One row per return and line; ``line`` is empty where the platform names none.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="returns")
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, null=True, blank=True, related_name="returns"
    )
    external_id = models.CharField(max_length=120)
    quantity = models.PositiveIntegerField()
    status = models.CharField(max_length=40)
    reason = models.CharField(max_length=200, blank=True, default="")
    refunded = amount_field(null=True, blank=True)
    reported_at = models.DateTimeField()
    updated_at = models.DateTimeField(db_default=Now())

    objects = PlatformReturnQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "external_id", "line"],
                name="platform_return_once",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["updated_at", "id"], name="platform_return_changed")]


class SearchKey(models.Model):
    """A text from above the house by which an order is found, such as a tracking number."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="search_keys")
    kind = models.CharField(max_length=20)
    text = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "kind", "text"], name="search_key_once")]
        indexes = [
            GinIndex(OpClass(Upper("text"), name="gin_trgm_ops"), name="search_key_trgm"),
            models.Index(fields=["text", "kind"], name="search_key_exact"),
        ]


class OrderTally(models.Model):
    """Maintained counters: signed rows a trigger writes, summed per shop and bucket, folded by the tick."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="+", db_index=False)
    bucket = models.CharField(max_length=24)
    delta = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["bucket", "shop"], include=["delta"], name="order_tally_sum")]
