"""Orders in the REST API: the list, the change feed a program follows, one order, and acts on it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from channels.models import ChannelAccount, ListingComponent
from channels.registry import platforms
from ecomhub import clock, discovery
from ecomhub.discovery import ApiSection
from ecomhub.lookups import one_of
from ecomhub.rest import feed
from ecomhub.rest.idempotency import PersonalAnswer, idempotent
from ecomhub.rest.versions import IF_MATCH, check, tagged
from ecomhub.rest.views import HubViewSet, conflict
from orders import acting, canceling, holds, returns_api, showing
from orders.api_shapes import (
    ACCEPT,
    DECLINE,
    HOLD,
    NEWEST,
    RELEASE,
    OrderActionSerializer,
    OrderDetailSerializer,
    OrderFilter,
    OrderSerializer,
)
from orders.models import Allocation, Order, OrderIssue, OrderLine, PlatformReturn, SearchKey
from orders.opened import NotAllowed
from orders.search import TRACKING

_SIMPLE: dict[str, str] = {
    "platform": "account__platform__in",
    "account": "account__name__in",
    "shop": "shop__in",
    "status": "status__in",
    "country": "country__in",
    "cancel_requested": "cancel_requested",
    **{
        f"{name}_{end}": f"{name}_at__{lookup}"
        for name in ("placed", "paid", "ship_by", "updated")
        for end, lookup in (("after", "gte"), ("before", "lt"))
    },
    "updated_after": "updated_at__gt",
}


def narrowed(orders: QuerySet[Order], wanted: dict[str, Any]) -> QuerySet[Order]:
    """Return the orders that pass the checked filters."""
    given = {name: value for name, value in wanted.items() if value is not None and value != []}
    orders = orders.filter(**{_SIMPLE[name]: value for name, value in given.items() if name in _SIMPLE})
    if "external_id" in given:
        # By account, so that the unique key answers.
        accounts = ChannelAccount.objects.values("pk")
        orders = orders.filter(account__in=accounts, external_id__in=given["external_id"])
    if "hold" in given:
        orders = orders.exclude(hold_reason="") if given["hold"] else orders.filter(hold_reason="")
    if "exception" in given:
        orders = orders.filter(issue_count__gt=0) if given["exception"] else orders.filter(issue_count=0)
    if "exception_kind" in given:
        issues = OrderIssue.objects.filter(kind__in=given["exception_kind"], solved_at=None)
        orders = orders.filter(pk__in=issues.values("order"))
    if "warehouse" in given:
        claims = Allocation.objects.filter(
            line__order=OuterRef("pk"),
            warehouse__code__in=given["warehouse"],
            quantity__gt=F("quantity_released"),
        )
        orders = orders.filter(Exists(claims))
    if "sku" in given:
        sold = ListingComponent.objects.filter(sku__code__in=given["sku"]).values("listing")
        lines = OrderLine.objects.filter(one_of("listing_id", sold))
        orders = orders.filter(one_of("id", lines.values("order")))
    if "tracking" in given:
        noted = SearchKey.objects.filter(kind=TRACKING, text__in=given["tracking"])
        orders = orders.filter(one_of("id", noted.values("order")))
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
        """List orders with their lines: those changed longest ago first, or the newest first."""
        wanted, only = self.filters(), self.only(showing.FIELDS)
        for name in wanted.get("platform", []):
            if name not in platforms():
                raise exceptions.ValidationError({"platform": [_("There is no such platform here.")]})
        if wanted["order_by"] == NEWEST:
            self.newest_first = True
            self.page_keys = (("placed_at", datetime), ("id", int))
        page = self.paginate_queryset(narrowed(self.get_queryset(), wanted)) or []
        showing.bring_lines(page, only=only)
        return self.get_paginated_response([showing.row(order, only=only) for order in page])

    @feed.described(operation_id="orders_changes", serializer=OrderSerializer, name="Order")
    @action(detail=False, methods=["get"])
    def changes(self, request: Request) -> Response:
        """Follow every order's last change: a client that keeps the cursor misses none.

        Each order comes once per last write, the oldest write first; what changes again comes again. Keep
        `next_cursor` together with what you stored, and ask with it again and again.
        """
        only = self.only(showing.FIELDS)

        def show(rows: Sequence[Order]) -> Any:
            return [showing.row(order, only=only) for order in showing.bring_lines(rows, only=only)]

        return self.changes_of(self.get_queryset(), show=show)

    @extend_schema(operation_id="orders_retrieve", responses=OrderDetailSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one order with everything; its ETag is its version."""
        only = self.only(lambda: OrderDetailSerializer().get_fields())
        found = self.one(int(pk))
        body = found if only is None else {name: value for name, value in found.items() if name in only}
        return tagged(Response(body), version=found["version"])

    @extend_schema(
        operation_id="orders_act",
        request=OrderActionSerializer,
        responses={200: OrderDetailSerializer},
        parameters=[IF_MATCH],
        examples=[
            OpenApiExample("Stop it", value={"action": "hold", "note": "ask the buyer"}, request_only=True)
        ],
    )
    @action(detail=True, methods=["post"], url_path="actions")
    @idempotent
    def act(self, request: Request, pk: str) -> Response:
        """Do something to an order; it answers with the order as it then is.

        With If-Match it is done only to the state you saw.
        """
        wanted = self.body(OrderActionSerializer)
        order: Order = self.get_object()
        if "If-Match" in request.headers:
            held = Order.objects.select_for_update(of=("self",)).only("version").get(pk=order.pk)
            check(request, version=held.version)
        try:
            self.do(order.pk, wanted["action"], wanted["note"], wanted["reason"])
        except NotAllowed as error:
            if error.code == "forbidden":
                raise exceptions.PermissionDenied(str(error)) from error
            conflict(code=error.code, detail=str(error))
        found = self.one(order.pk)
        answer = PersonalAnswer(found, about=showing.about(order.pk))
        return tagged(answer, version=found["version"])

    def do(self, order_id: int, name: str, note: str, reason: str = "") -> None:
        """Make the one domain call of an action. Raises ``NotAllowed``."""
        at, actor = clock.now(), self.actor
        others: dict[str, Callable[[], Any]] = {
            HOLD: lambda: holds.hold(order_id=order_id, at=at, actor=actor.name, note=note),
            RELEASE: lambda: holds.release_hold(order_id=order_id, at=at, actor=actor.name),
            ACCEPT: lambda: canceling.answer(order_id=order_id, accept=True, at=at, actor=actor.name),
            DECLINE: lambda: canceling.answer(order_id=order_id, accept=False, at=at, actor=actor.name),
        }
        if name in others:
            others[name]()
        else:
            acting.perform(order_id=order_id, action=name, at=at, actor=actor, note=note, reason=reason)

    def one(self, pk: int) -> dict[str, Any]:
        """Return one order with everything. Raises 404."""
        returns = PlatformReturn.objects.filter(order=OuterRef("pk"))
        rows = self.get_queryset().select_related("buyer").annotate(has_returns=Exists(returns))
        try:
            order = rows.get(pk=pk)
        except Order.DoesNotExist:
            raise exceptions.NotFound(_("There is no such object, or it is not yours to see.")) from None
        showing.bring_lines([order])
        found = showing.detail(order, actor=self.actor)
        for section in discovery.api_sections(place="order"):
            parts = section.load(self.actor, [order.pk])[order.pk]
            found[section.key] = (
                [section.show(part) for part in parts]
                if section.show
                else section.serializer(parts, many=True).data
            )
        return found


ROUTES = [("orders", Orders, "order"), *returns_api.ROUTES]

SECTIONS: list[ApiSection] = []
