"""How orders look in the REST API: what the OpenAPI document says of them. ``showing`` makes the answers."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from channels.models import Shop
from ecomhub import discovery
from ecomhub.rest.fields import (
    FilterSerializer,
    MoneyField,
    StrictSerializer,
    choices_of,
    codes,
    flag,
    instant,
    numbers,
)
from orders.models import HoldReason, IssueKind, Order, OrderIssue, OrderLine, PlatformReturn
from orders.states import TRANSITIONS, Status

HOLD, RELEASE, ACCEPT, DECLINE = "hold", "release_hold", "accept_cancel", "decline_cancel"
ACTIONS = [
    *dict.fromkeys(row.action for row in TRANSITIONS if row.by_person),
    HOLD,
    RELEASE,
    ACCEPT,
    DECLINE,
]
CHANGED, NEWEST = "updated_at", "-placed_at"


class OrderShopSerializer(serializers.ModelSerializer[Shop]):
    """The shop (店铺) an order came from."""

    class Meta:
        model = Shop
        fields = ["id", "short_name", "name", "marketplace", "country"]
        read_only_fields = fields


class ComponentSerializer(serializers.Serializer[Any]):
    """What one unit of a line takes from stock."""

    sku = serializers.CharField(source="sku.code")
    units = serializers.IntegerField(source="quantity")


class OrderLineSerializer(serializers.ModelSerializer[OrderLine]):
    """One line. Quantities count listing units, amounts are line totals, ``null`` is not known."""

    listing = serializers.CharField(source="listing.external_id")
    components = ComponentSerializer(source="listing.components", many=True)
    ordered = serializers.IntegerField(source="quantity")
    allocated = serializers.IntegerField(source="quantity_allocated")
    shipped = serializers.IntegerField(source="quantity_shipped")
    shipped_elsewhere = serializers.IntegerField(source="quantity_shipped_elsewhere")
    canceled = serializers.IntegerField(source="quantity_canceled")
    returned = serializers.IntegerField(source="quantity_returned")
    charge = MoneyField(amount="charge")
    discount = MoneyField(amount="discount")
    shipping = MoneyField(amount="shipping")
    shipping_discount = MoneyField(amount="shipping_discount")
    gift_wrap = MoneyField(amount="gift_wrap")
    tax = MoneyField(amount="tax")
    refunded = MoneyField(amount="refunded")

    class Meta:
        model = OrderLine
        fields = [
            "id",
            "external_id",
            "listing",
            "title",
            "components",
            "ordered",
            "allocated",
            "shipped",
            "shipped_elsewhere",
            "canceled",
            "returned",
            "charge",
            "discount",
            "shipping",
            "shipping_discount",
            "gift_wrap",
            "tax",
            "marketplace_collects_tax",
            "refunded",
        ]
        read_only_fields = fields


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order in a list. ``platform_status`` is the platform's own word, ``status`` ours."""

    platform = serializers.CharField(source="account.platform")
    account = serializers.CharField(source="account.name")
    shop = OrderShopSerializer()
    total = MoneyField(amount="total")
    exceptions = serializers.IntegerField(source="issue_count")
    hold_reason = serializers.CharField(
        help_text=f"Empty, or why it is stopped: {', '.join(HoldReason.values)}."
    )
    lines = OrderLineSerializer(many=True)

    class Meta:
        model = Order
        fields = [
            "id",
            "external_id",
            "platform",
            "account",
            "shop",
            "status",
            "platform_status",
            "fulfillment_method",
            "hold_reason",
            "exceptions",
            "cancel_requested",
            "is_before_go_live",
            "is_gift",
            "return_status",
            "country",
            "total",
            "units",
            "shipping_service",
            "placed_at",
            "paid_at",
            "ship_by_at",
            "shipped_at",
            "canceled_at",
            "updated_at",
            "version",
            "lines",
        ]
        read_only_fields = fields


class IssueSerializer(serializers.ModelSerializer[OrderIssue]):
    """An open exception (异常)."""

    class Meta:
        model = OrderIssue
        fields = ["id", "kind", "line", "detail", "opened_at"]
        read_only_fields = fields


class ReturnSerializer(serializers.ModelSerializer[PlatformReturn]):
    """Goods coming back, as the platform reports them."""

    refunded = MoneyField(amount="refunded", currency="order_currency")

    class Meta:
        model = PlatformReturn
        fields = ["id", "external_id", "line", "quantity", "status", "reason", "refunded", "reported_at"]
        read_only_fields = fields


class BuyerSerializer(serializers.Serializer[Any]):
    """Who bought: masked unless the token has the scope ``buyers:read``; then all of it comes along."""

    masked = serializers.BooleanField()
    name = serializers.CharField(required=False)
    email = serializers.CharField(required=False)
    city = serializers.CharField(required=False)
    postal_code = serializers.CharField(required=False)
    country = serializers.CharField(required=False)
    phone = serializers.CharField(required=False)
    tax_id = serializers.CharField(required=False)
    address = serializers.DictField(required=False, allow_null=True)


class AllowedActionSerializer(serializers.Serializer[Any]):
    """Something the caller may do to the order now."""

    action = serializers.CharField()
    title = serializers.CharField()


class OrderDetailSerializer(OrderSerializer):
    """One order with its lines, exceptions, returns, buyer, allowed actions and what upper apps add."""

    issues = IssueSerializer(many=True)
    returns = ReturnSerializer(many=True)
    buyer = BuyerSerializer(allow_null=True)
    allowed_actions = AllowedActionSerializer(many=True)

    class Meta(OrderSerializer.Meta):
        fields = [
            *OrderSerializer.Meta.fields,
            "platform_state",
            "note",
            "issues",
            "returns",
            "buyer",
            "allowed_actions",
        ]
        read_only_fields = fields

    def get_fields(self) -> dict[str, Any]:
        """Add the sections of the upper apps."""
        fields = super().get_fields()
        for section in discovery.api_sections(place="order"):
            fields[section.key] = section.serializer(many=True, read_only=True)
        return fields


class OrderFilter(FilterSerializer):
    """Filters of the order list. ``updated_after`` narrows it; to miss nothing, follow the change feed."""

    platform = codes(20, help_text="Such as amazon; may be repeated.")
    account = codes(60, help_text="Names of channel accounts.")
    shop = numbers(help_text="Ids of shops.")
    status = choices_of(Status.choices)
    external_id = codes(120, help_text="The platform's order numbers, up to 100 at once.")
    country = codes(2, help_text="Where the goods go, as two letters.")
    warehouse = codes(20, help_text="Codes of warehouses that hold stock for the order or shipped it.")
    sku = codes(64, help_text="Codes of SKUs a line sells.")
    tracking = codes(120, help_text="Tracking numbers.")
    hold = flag(help_text="Whether it is stopped.")
    exception = flag(help_text="Whether it has an open exception.")
    exception_kind = choices_of(IssueKind.choices)
    cancel_requested = flag(help_text="Whether the buyer asks to cancel.")
    placed_after = instant()
    placed_before = instant()
    paid_after = instant()
    paid_before = instant()
    ship_by_after = instant()
    ship_by_before = instant()
    updated_after = instant()
    updated_before = instant()
    order_by = serializers.ChoiceField(
        choices=[(CHANGED, _("changed longest ago first")), (NEWEST, _("placed last first"))],
        required=False,
        default=CHANGED,
        help_text="A cursor belongs to the order it was given for.",
    )


class OrderActionSerializer(StrictSerializer):
    """Something to be done to an order."""

    action = serializers.ChoiceField(choices=[(name, name) for name in ACTIONS])
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    reason = serializers.CharField(
        max_length=120,
        required=False,
        allow_blank=True,
        default="",
        help_text="For `close` where the platform cancels for us: one of its reasons. The order is held "
        "at once and canceled when the platform took it.",
    )
