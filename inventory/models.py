"""SKUs, warehouses, stock levels, the movements that are their truth, cost layers, imports."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ecomhub.access import Actor
from ecomhub.fields import CurrentXid, XidField, amount_field, currency_field
from ecomhub.models import LegalEntity, StoredFile
from ecomhub.work import WorkRow


class SkuQuerySet(models.QuerySet["Sku"]):
    """SKU filters."""

    def visible_to(self, actor: Actor) -> "SkuQuerySet":
        """Return what an actor may see: SKUs belong to the whole company."""
        return self if actor.may("inventory.view") else self.none()


class Sku(models.Model):
    """The seller's own stock unit."""

    class Status(models.TextChoices):
        """Whether the SKU is still sold."""

        ACTIVE = "active", _("Active")
        PHASING_OUT = "phasing_out", _("Phasing out")
        RETIRED = "retired", _("Retired")

    code = models.CharField(max_length=64, unique=True)
    name_en = models.CharField(max_length=200, blank=True, default="")
    name_zh = models.CharField(max_length=200, blank=True, default="")
    picture_url = models.URLField(max_length=500, blank=True, default="")
    category = models.CharField(max_length=120, blank=True, default="")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    barcodes = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    weight_g = models.PositiveIntegerField(null=True, blank=True)
    length_mm = models.PositiveIntegerField(null=True, blank=True)
    width_mm = models.PositiveIntegerField(null=True, blank=True)
    height_mm = models.PositiveIntegerField(null=True, blank=True)
    hs_code = models.CharField(max_length=14, blank=True, default="")
    origin_country = models.CharField(max_length=2, blank=True, default="")
    declared_name_en = models.CharField(max_length=200, blank=True, default="")
    declared_name_zh = models.CharField(max_length=200, blank=True, default="")
    declared_value = amount_field(null=True, blank=True)
    declared_currency = currency_field(blank=True, default="")
    has_battery = models.BooleanField(default=False)
    is_liquid = models.BooleanField(default=False)
    safety_stock = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = SkuQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(OpClass(Upper("code"), name="gin_trgm_ops"), name="sku_code_trgm"),
            GinIndex(OpClass(Upper("name_en"), name="gin_trgm_ops"), name="sku_name_en_trgm"),
            GinIndex(OpClass(Upper("name_zh"), name="gin_trgm_ops"), name="sku_name_zh_trgm"),
            GinIndex(fields=["barcodes"], name="sku_barcodes"),
        ]

    def __str__(self) -> str:
        return self.code


class WarehouseQuerySet(models.QuerySet["Warehouse"]):
    """Warehouse filters."""

    def visible_to(self, actor: Actor) -> "WarehouseQuerySet":
        """Return the warehouses an actor may see."""
        if not actor.may("inventory.view"):
            return self.none()
        return self if actor.warehouse_ids is None else self.filter(pk__in=actor.warehouse_ids)


class Warehouse(models.Model):
    """A place that holds stock of one legal entity."""

    class Kind(models.TextChoices):
        """Whose walls they are."""

        OWN = "own", _("Own warehouse")
        OVERSEAS = "overseas", _("Overseas warehouse")
        THIRD_PARTY = "third_party", _("Third-party warehouse")
        CHANNEL = "channel", _("Channel's warehouse")

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.OWN)
    country = models.CharField(max_length=2)
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="warehouses")
    is_sellable = models.BooleanField(default=True)
    priority = models.PositiveSmallIntegerField(default=100)
    serves_countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    channel_reference = models.CharField(max_length=120, blank=True, default="")

    objects = WarehouseQuerySet.as_manager()

    def __str__(self) -> str:
        return self.code


class StockLevelQuerySet(models.QuerySet["StockLevel"]):
    """Stock level filters."""

    def visible_to(self, actor: Actor) -> "StockLevelQuerySet":
        """Return the levels in warehouses the actor may see."""
        if not actor.may("inventory.view"):
            return self.none()
        return self if actor.warehouse_ids is None else self.filter(warehouse__in=actor.warehouse_ids)

    def sellable(self) -> "StockLevelQuerySet":
        """Keep levels that back what is promised to buyers."""
        return self.filter(warehouse__is_sellable=True).exclude(warehouse__kind=Warehouse.Kind.CHANNEL)


class StockLevel(models.Model):
    """How much of a SKU a warehouse holds; only ``inventory.ledger`` writes it."""

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="levels")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="levels")
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    inbound = models.IntegerField(default=0)
    available = models.GeneratedField(
        expression=F("on_hand") - F("reserved"),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    version = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(db_default=Now())
    change_epoch = models.PositiveIntegerField(db_default=1, editable=False)
    change_xid = XidField(db_default=CurrentXid(), editable=False)

    objects = StockLevelQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["change_epoch", "change_xid", "id"], name="stock_level_feed")]
        constraints = [
            models.UniqueConstraint(fields=["sku", "warehouse"], name="stock_level_once"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="stock_level_on_hand_not_negative"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="stock_level_reserved_not_negative"),
        ]


class StockMovement(models.Model):
    """One change of one level; append-only. The sum of the deltas is the level.

    ``demand`` says for whom (``order-line:8412``), ``cause`` which act; the same cause moves once.
    """

    class Kind(models.TextChoices):
        """What moved: reserve (0,+n), release (0,-n), ship (-n,-n), receive (+n,0) …"""

        RECEIVE = "receive", _("Received")
        RESERVE = "reserve", _("Reserved")
        RELEASE = "release", _("Released")
        SHIP = "ship", pgettext_lazy("stock movement", "Shipped")
        TAKE_BACK = "take_back", _("Taken back")
        ADJUST = "adjust", _("Adjusted")
        TRANSFER_OUT = "transfer_out", _("Transferred out")
        TRANSFER_IN = "transfer_in", _("Transferred in")

    id = models.BigAutoField(primary_key=True)
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="movements", db_index=False)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    on_hand_delta = models.IntegerField()
    reserved_delta = models.IntegerField()
    on_hand_after = models.IntegerField()
    reserved_after = models.IntegerField()
    demand = models.CharField(max_length=60, blank=True, default="")
    cause = models.CharField(max_length=120)
    actor = models.CharField(max_length=160, default="system")
    at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause", "kind", "sku", "warehouse"],
                name="stock_movement_once_per_cause",
            ),
            models.CheckConstraint(
                condition=~Q(kind="reserve") | Q(reserved_after__lte=F("on_hand_after")),
                name="stock_movement_never_oversells",
            ),
            models.CheckConstraint(
                condition=Q(on_hand_after__gte=0),
                name="stock_movement_on_hand_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(reserved_after__gte=0),
                name="stock_movement_reserved_not_negative",
            ),
        ]
        indexes = [
            models.Index(fields=["sku", "warehouse", "id"], name="stock_movement_chain"),
            models.Index(fields=["demand"], name="stock_movement_demand", condition=~Q(demand="")),
        ]


class CostLayer(models.Model):
    """What a receipt cost per unit; finance consumes layers in ledger order."""

    movement = models.OneToOneField(StockMovement, on_delete=models.PROTECT, related_name="cost_layer")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="cost_layers")
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    unit_cost = amount_field()
    currency = currency_field()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(unit_cost__gte=0), name="cost_layer_not_negative"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="cost_layer_has_units"),
        ]


class SheetImport(WorkRow):
    """One uploaded sheet: looked at first (dry run), applied when a person says so, with progress.

    ``kind`` names an importer found in an app's ``sheets.py`` module (``skus``, ``stock``, ``pairings``).
    """

    class Step(models.TextChoices):
        """Where the import stands."""

        UPLOADED = "uploaded", _("Uploaded")
        PREVIEWED = "previewed", _("Checked, not applied yet")
        APPLYING = "applying", _("Being applied")
        APPLIED = "applied", _("Applied")
        REFUSED = "refused", _("Refused")

    kind = models.CharField(max_length=20)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT)
    step = models.CharField(max_length=10, choices=Step.choices, default=Step.UPLOADED)
    report = models.JSONField(default=dict)
    options = models.JSONField(default=dict, blank=True)
    language = models.CharField(max_length=10, default="en")
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    uploaded_by = models.CharField(max_length=160)
    uploaded_at = models.DateTimeField()
