"""Orders in the REST API: the list a program follows, one order with everything, and acts on it."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import ListingComponent, Shop
from channels.registry import platforms
from ecomhub import clock, discovery
from ecomhub.access import Actor
from ecomhub.discovery import ApiSection
from ecomhub.rest.fields import FilterSerializer, MoneyField, StrictSerializer
from ecomhub.rest.idempotency import idempotent
from ecomhub.rest.views import HubViewSet, conflict
from orders import acting, buyers, cancellation, holds, lifecycle
from orders.models import HoldReason, Order, OrderIssue, OrderLine, PlatformReturn, SearchKey
from orders.opened import NotAllowed
from orders.search import TRACKING
from orders.states import TRANSITIONS, Status

HOLD, RELEASE, DECLINE = "hold", "release_hold", "decline_cancel"
ACTIONS = [*dict.fromkeys(row.action for row in TRANSITIONS if row.by_person), HOLD, RELEASE, DECLINE]


class ShopSerializer(serializers.ModelSerializer[Shop]):
    """The shop (店铺) an order came from."""

    class Meta:
        model = Shop
        fields = ["id", "short_name", "name", "marketplace", "country"]
        read_only_fields = fields


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order in a list. ``platform_status`` is the platform's own word, ``status`` ours."""

    platform = serializers.CharField(source="account.platform")
    account = serializers.CharField(source="account.name")
    shop = ShopSerializer()
    total = MoneyField(amount="total")
    exceptions = serializers.IntegerField(source="issue_count")
    hold_reason = serializers.CharField(
        help_text=f"Empty, or why it is stopped: {', '.join(HoldReason.values)}."
    )

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
        ]
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

    lines = OrderLineSerializer(many=True)
    issues = serializers.SerializerMethodField()
    returns = serializers.SerializerMethodField()
    buyer = serializers.SerializerMethodField()
    allowed_actions = serializers.SerializerMethodField()

    class Meta(OrderSerializer.Meta):
        fields = [
            *OrderSerializer.Meta.fields,
            "platform_state",
            "note",
            "lines",
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

    @extend_schema_field(IssueSerializer(many=True))
    def get_issues(self, order: Order) -> Any:
        """Show the open exceptions."""
        return IssueSerializer(
            [issue for issue in order.issues.all() if issue.solved_at is None], many=True
        ).data

    @extend_schema_field(ReturnSerializer(many=True))
    def get_returns(self, order: Order) -> Any:
        """Show the returns in the order's currency."""
        rows = list(order.returns.all())
        for row in rows:
            row.order_currency = order.currency  # type: ignore[attr-defined]
        return ReturnSerializer(rows, many=True).data

    @extend_schema_field(BuyerSerializer(allow_null=True))
    def get_buyer(self, order: Order) -> dict[str, Any] | None:
        """Show the buyer as far as the caller may see them."""
        buyer = buyers.open_buyer(order=order)
        if buyer is None:
            return None
        actor: Actor = self.context["actor"]
        if actor.may("orders.view_buyer"):
            return {"masked": False, **buyers.plain(buyer=buyer)}
        return {"masked": True, **buyers.masked(buyer=buyer)}

    @extend_schema_field(AllowedActionSerializer(many=True))
    def get_allowed_actions(self, order: Order) -> list[dict[str, str]]:
        """Show what the caller may do now."""
        rows = lifecycle.allowed_actions(order=order, actor=self.context["actor"])
        return [{"action": row.action, "title": str(row.label)} for row in rows]


class OrderFilter(FilterSerializer):
    """Filters of the order list. ``updated_after`` narrows the list; to follow it, keep the cursor."""

    platform = serializers.CharField(required=False, max_length=20)
    shop = serializers.ListField(child=serializers.IntegerField(min_value=1), required=False, max_length=100)
    status = serializers.ListField(
        child=serializers.ChoiceField(choices=Status.choices), required=False, max_length=20
    )
    external_id = serializers.ListField(
        child=serializers.CharField(max_length=120),
        required=False,
        max_length=100,
        help_text="The platform's order number; may be repeated up to 100 times.",
    )
    updated_after = serializers.DateTimeField(required=False)
    placed_after = serializers.DateTimeField(required=False)
    placed_before = serializers.DateTimeField(required=False)
    hold = serializers.BooleanField(required=False, allow_null=True, default=None)
    exception = serializers.BooleanField(required=False, allow_null=True, default=None)
    cancel_requested = serializers.BooleanField(required=False, allow_null=True, default=None)
    country = serializers.ListField(child=serializers.CharField(max_length=2), required=False, max_length=100)
    sku = serializers.CharField(required=False, max_length=64)
    tracking = serializers.CharField(required=False, max_length=120)


class OrderActionSerializer(StrictSerializer):
    """Something to be done to an order."""

    action = serializers.ChoiceField(choices=[(name, name) for name in ACTIONS])
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


_SIMPLE: dict[str, str] = {
    "shop": "shop__in",
    "status": "status__in",
    "external_id": "external_id__in",
    "updated_after": "updated_at__gt",
    "placed_after": "placed_at__gte",
    "placed_before": "placed_at__lt",
    "cancel_requested": "cancel_requested",
    "country": "country__in",
}


def narrowed(orders: QuerySet[Order], wanted: dict[str, Any]) -> QuerySet[Order]:
    """Return the orders that pass the checked filters."""
    given = {name: value for name, value in wanted.items() if value is not None and value != []}
    orders = orders.filter(**{_SIMPLE[name]: value for name, value in given.items() if name in _SIMPLE})
    if "platform" in given:
        orders = orders.filter(account__platform=given["platform"])
    if "hold" in given:
        orders = orders.exclude(hold_reason="") if given["hold"] else orders.filter(hold_reason="")
    if "exception" in given:
        orders = orders.filter(issue_count__gt=0) if given["exception"] else orders.filter(issue_count=0)
    if "sku" in given:
        sold = ListingComponent.objects.filter(
            listing__order_lines__order=OuterRef("pk"), sku__code=given["sku"]
        )
        orders = orders.filter(Exists(sold))
    if "tracking" in given:
        noted = SearchKey.objects.filter(order=OuterRef("pk"), kind=TRACKING, text=given["tracking"])
        orders = orders.filter(Exists(noted))
    return orders


class Orders(HubViewSet):
    """Orders of every shop the caller may see."""

    actions: ClassVar[dict[str, str]] = {"GET": "orders.view", "POST": "orders.work"}
    serializer_class = OrderSerializer
    filter_serializer_class = OrderFilter
    queryset = Order.objects.none()

    def get_queryset(self) -> QuerySet[Order]:
        """Return the caller's orders."""
        return Order.objects.visible_to(self.actor).select_related("account", "shop")

    @extend_schema(operation_id="orders_list", parameters=[OrderFilter])
    def list(self, request: Request) -> Response:
        """List orders, those changed longest ago first."""
        wanted = self.filters()
        if "platform" in wanted and wanted["platform"] not in platforms():
            raise exceptions.ValidationError({"platform": [_("There is no such platform here.")]})
        page = self.paginate_queryset(narrowed(self.get_queryset(), wanted)) or []
        return self.get_paginated_response(OrderSerializer(page, many=True).data)

    @extend_schema(operation_id="orders_retrieve", responses=OrderDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one order."""
        return Response(self.shown(int(pk)))

    @extend_schema(
        operation_id="orders_act", request=OrderActionSerializer, responses={200: OrderDetailSerializer}
    )
    @action(detail=True, methods=["post"], url_path="actions")
    @idempotent
    def act(self, request: Request, pk: str) -> Response:
        """Do something to an order; it answers with the order as it then is."""
        wanted = self.body(OrderActionSerializer)
        order: Order = self.get_object()
        try:
            self.do(order.pk, wanted["action"], wanted["note"])
        except NotAllowed as error:
            if error.code == "forbidden":
                raise exceptions.PermissionDenied(str(error)) from error
            conflict(code=error.code, detail=str(error))
        return Response(self.shown(order.pk))

    def do(self, order_id: int, name: str, note: str) -> None:
        """Make the one domain call of an action. Raises ``NotAllowed``."""
        at, actor = clock.now(), self.actor
        others: dict[str, Callable[[], Any]] = {
            HOLD: lambda: holds.hold(order_id=order_id, at=at, actor=actor.name, note=note),
            RELEASE: lambda: holds.release_hold(order_id=order_id, at=at, actor=actor.name),
            DECLINE: lambda: cancellation.decline_request(order_id=order_id, at=at, actor=actor.name),
        }
        if name in others:
            others[name]()
        else:
            acting.perform(order_id=order_id, action=name, at=at, actor=actor, note=note)

    def shown(self, pk: int) -> Any:
        """Return one order with everything. Raises 404."""
        rows = self.get_queryset().prefetch_related(
            Prefetch("lines", queryset=OrderLine.objects.select_related("listing").order_by("pk")),
            Prefetch(
                "lines__listing__components",
                queryset=ListingComponent.objects.select_related("sku").order_by("pk"),
            ),
            "issues",
            "returns",
        )
        order = rows.filter(pk=pk).first()
        if order is None:
            raise exceptions.NotFound(_("There is no such object, or it is not yours to see."))
        for section in discovery.api_sections(place="order"):
            setattr(order, section.key, section.load(self.actor, [order.pk])[order.pk])
        return OrderDetailSerializer(order, context={"actor": self.actor}).data


ROUTES = [("orders", Orders, "order")]

SECTIONS: list[ApiSection] = []
