"""How stock looks in the REST API: levels, the ledger, receipts, SKUs, and what calls bring."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ecomhub.money import decimal_text, known_currencies
from ecomhub.rest.fields import (
    FilterSerializer,
    MoneyField,
    MoneySerializer,
    StrictSerializer,
    choices_of,
    codes,
    flag,
    instant,
)
from inventory.models import Sku, StockLevel, StockMovement, Warehouse

LARGEST = 1_000_000_000


class WarehouseSerializer(serializers.ModelSerializer[Warehouse]):
    """A place that holds stock. ``code`` is how every other call names it."""

    class Meta:
        model = Warehouse
        fields = ["id", "code", "name", "kind", "country", "is_sellable"]
        read_only_fields = fields


class StockLevelSerializer(serializers.ModelSerializer[StockLevel]):
    """What one warehouse holds of one SKU. ``available`` is on hand minus reserved and may be negative."""

    sku = serializers.CharField(source="sku.code")
    warehouse = serializers.CharField(source="warehouse.code")
    is_sellable = serializers.BooleanField(source="warehouse.is_sellable")

    class Meta:
        model = StockLevel
        fields = [
            "id",
            "sku",
            "warehouse",
            "is_sellable",
            "on_hand",
            "reserved",
            "available",
            "inbound",
            "version",
            "changed_at",
        ]
        read_only_fields = fields


class StockLevelFilter(FilterSerializer):
    """Filters of the stock list; ``sku`` and ``warehouse`` take codes."""

    sku = codes(64)
    warehouse = codes(20)
    changed_after = instant()
    short = flag(help_text="Only levels with less on hand than reserved.")


class MovementFilter(FilterSerializer):
    """Filters of the stock ledger and of receipts."""

    sku = codes(64)
    warehouse = codes(20)
    kind = choices_of(StockMovement.Kind.choices)
    after = instant(help_text="Moved at or after this instant.")
    before = instant(help_text="Moved before this instant.")


class ReceiptFilter(FilterSerializer):
    """Filters of receipts."""

    sku = codes(64)
    warehouse = codes(20)
    after = instant(help_text="Received at or after this instant.")
    before = instant(help_text="Received before this instant.")


class MovementSerializer(serializers.ModelSerializer[StockMovement]):
    """One line of the stock ledger (库存流水)."""

    sku = serializers.CharField(source="sku.code")
    warehouse = serializers.CharField(source="warehouse.code")

    class Meta:
        model = StockMovement
        fields = [
            "id",
            "kind",
            "sku",
            "warehouse",
            "on_hand_delta",
            "reserved_delta",
            "on_hand_after",
            "reserved_after",
            "cause",
            "actor",
            "note",
            "at",
        ]
        read_only_fields = fields


class ReceiptRowSerializer(MovementSerializer):
    """Goods that came in, with what a unit cost."""

    quantity = serializers.IntegerField(source="on_hand_delta")
    unit_cost = serializers.SerializerMethodField()

    class Meta(MovementSerializer.Meta):
        fields = ["id", "sku", "warehouse", "quantity", "unit_cost", "cause", "actor", "note", "at"]
        read_only_fields = fields

    @extend_schema_field(MoneySerializer(allow_null=True))
    def get_unit_cost(self, movement: StockMovement) -> dict[str, str] | None:
        """Show what a unit cost; ``null`` when the receipt has no cost."""
        layer = getattr(movement, "cost_layer", None)
        if layer is None:
            return None
        return {"amount": decimal_text(layer.unit_cost, layer.currency), "currency": layer.currency}


class AdjustmentSerializer(StrictSerializer):
    """A correction of what is on hand: ``delta`` units more or less, and why."""

    sku = serializers.CharField(max_length=64)
    warehouse = serializers.CharField(max_length=20)
    delta = serializers.IntegerField(min_value=-LARGEST, max_value=LARGEST)
    reason = serializers.CharField(max_length=200)


class ReceiptSerializer(StrictSerializer):
    """Goods that came in: ``quantity`` units at ``unit_cost`` each, decimal text in an ISO 4217 currency."""

    sku = serializers.CharField(max_length=64)
    warehouse = serializers.CharField(max_length=20)
    quantity = serializers.IntegerField(min_value=1, max_value=LARGEST)
    unit_cost = serializers.DecimalField(max_digits=19, decimal_places=4, min_value=0)
    currency = serializers.CharField(min_length=3, max_length=3)
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")

    def validate_currency(self, value: str) -> str:
        """Take only known currencies."""
        if value not in known_currencies():
            raise serializers.ValidationError(_("There is no such currency."))
        return value


class SkuSerializer(serializers.ModelSerializer[Sku]):
    """A SKU: the seller's own stock unit. ``promised`` is what channels may still be told of it."""

    picture_url = serializers.CharField()
    declared_value = MoneyField(amount="declared_value", currency="declared_currency")
    promised = serializers.SerializerMethodField()

    class Meta:
        model = Sku
        fields = [
            "id",
            "code",
            "name_en",
            "name_zh",
            "picture_url",
            "category",
            "status",
            "barcodes",
            "weight_g",
            "length_mm",
            "width_mm",
            "height_mm",
            "hs_code",
            "origin_country",
            "declared_name_en",
            "declared_name_zh",
            "declared_value",
            "has_battery",
            "is_liquid",
            "safety_stock",
            "promised",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields

    def get_promised(self, sku: Sku) -> int:
        """Show what may still be promised over all warehouses that sell."""
        promised: dict[int, int] = self.context.get("promised", {})
        return promised.get(sku.pk, 0)


class SkuFilter(FilterSerializer):
    """Filters of the SKU list."""

    code = codes(64)
    barcode = codes(32)
    status = choices_of(Sku.Status.choices)
    updated_after = instant()


class SkuChangeSerializer(StrictSerializer):
    """What may be changed of a SKU; its code is for ever. Fields that are not sent stay as they are."""

    name_en = serializers.CharField(max_length=200, required=False, allow_blank=True)
    name_zh = serializers.CharField(max_length=200, required=False, allow_blank=True)
    category = serializers.CharField(max_length=120, required=False, allow_blank=True)
    status = serializers.ChoiceField(choices=Sku.Status.choices, required=False)
    barcodes = serializers.ListField(
        child=serializers.CharField(max_length=32), required=False, max_length=50
    )
    weight_g = serializers.IntegerField(min_value=0, max_value=10_000_000, required=False, allow_null=True)
    length_mm = serializers.IntegerField(min_value=0, max_value=10_000_000, required=False, allow_null=True)
    width_mm = serializers.IntegerField(min_value=0, max_value=10_000_000, required=False, allow_null=True)
    height_mm = serializers.IntegerField(min_value=0, max_value=10_000_000, required=False, allow_null=True)
    hs_code = serializers.CharField(max_length=20, required=False, allow_blank=True)
    origin_country = serializers.CharField(max_length=2, required=False, allow_blank=True)
    has_battery = serializers.BooleanField(required=False)
    is_liquid = serializers.BooleanField(required=False)
    safety_stock = serializers.IntegerField(min_value=0, max_value=10_000_000, required=False)
