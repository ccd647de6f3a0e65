"""Reads of the house: the order list with its tabs and filters, one order, the counters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db.models import (
    Exists,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)

from channels.models import Listing, ListingComponent, Shop
from ecomhub import keyset
from ecomhub.access import Actor
from ecomhub.events import of
from ecomhub.lookups import one_of
from ecomhub.models import Event
from inventory.models import Warehouse
from orders.buyers import query_tokens
from orders.models import Allocation, Order, OrderBuyer, OrderIssue, OrderLine, OrderTally, SearchKey
from orders.states import OPEN, Status

BY_SELLER = "by_seller"
PAGE_SIZE = 50
COUNT_CAP = 10_001
"""Lists are counted up to here; "10,000+" beyond."""

_SPECIAL_TABS: dict[str, Q] = {
    "all": Q(),
    "by_channel": ~Q(fulfillment_method=BY_SELLER),
    "exceptions": Q(issue_count__gt=0),
    "hold": Q(fulfillment_method=BY_SELLER, status__in=sorted(OPEN)) & ~Q(hold_reason=""),
    "cancel_requested": Q(fulfillment_method=BY_SELLER, status__in=sorted(OPEN), cancel_requested=True),
}
TABS: tuple[str, ...] = (
    "all",
    *(status.value for status in Status if status not in (Status.CANCELED, Status.IGNORED)),
    "hold",
    "exceptions",
    "cancel_requested",
    "by_channel",
    Status.CANCELED.value,
    Status.IGNORED.value,
)
"""The views over orders; each but ``all`` has a maintained counter of the same name."""


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What an order list is narrowed to; empty means no limit.

    ``text`` searches order number, SKU, title, tracking number, and the buyer where that is allowed.
    """

    tab: str = "all"
    text: str = ""
    shop_ids: Sequence[int] = ()
    platforms: Sequence[str] = ()
    statuses: Sequence[str] = ()
    countries: Sequence[str] = ()
    warehouse_id: int | None = None
    sku: str = ""
    placed_from: datetime | None = None
    placed_before: datetime | None = None
    hold: str = ""
    issue: str = ""
    cancel_requested: bool | None = None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One page of orders, newest first, with the keys of its neighbors ("" when there is none)."""

    rows: list[Order] = field(default_factory=list)
    previous: str = ""
    next: str = ""


class _Counted(Subquery):
    """How many rows a query has, as a value of another one."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS held)"
    output_field = IntegerField()


def counts(*, actor: Actor) -> dict[str, int]:
    """Return the maintained counters by tab, over the shops an actor may see: one statement."""
    return counts_with(actor=actor, orders=None)[0]


def counts_with(*, actor: Actor, orders: QuerySet[Order] | None) -> tuple[dict[str, int], int]:
    """Return the counters by tab and how many ``orders`` there are up to ``COUNT_CAP``: one statement."""
    if not actor.may("orders.view"):
        return {}, 0
    rows = OrderTally.objects.all()
    if actor.shop_ids is not None:
        rows = rows.filter(shop__in=actor.shop_ids)
    held = Value(0) if orders is None else _Counted(orders.order_by().values("pk")[:COUNT_CAP])
    found = list(rows.values_list("bucket").annotate(total=Sum("delta"), held=held).order_by())
    return {bucket: total for bucket, total, _held in found}, next((row[2] for row in found), 0)


def in_tab(tab: str) -> Q:
    """Return what a tab shows; an unknown tab shows nothing."""
    if tab in _SPECIAL_TABS:
        return _SPECIAL_TABS[tab]
    if tab in Status.values:
        return Q(fulfillment_method=BY_SELLER, status=tab)
    return Q(pk__in=[])


def found(*, actor: Actor, wanted: OrderFilter) -> QuerySet[Order]:
    """Return the orders an actor may see that pass a filter, in no order yet."""
    orders: QuerySet[Order] = Order.objects.visible_to(actor).filter(in_tab(wanted.tab))
    simple = {
        "shop__in": list(wanted.shop_ids),
        "account__platform__in": list(wanted.platforms),
        "status__in": list(wanted.statuses),
        "country__in": list(wanted.countries),
        "placed_at__gte": wanted.placed_from,
        "placed_at__lt": wanted.placed_before,
        "hold_reason": wanted.hold,
    }
    orders = orders.filter(**{name: value for name, value in simple.items() if value})
    if wanted.cancel_requested is not None:
        orders = orders.filter(cancel_requested=wanted.cancel_requested)
    if wanted.issue:
        issues = OrderIssue.objects.filter(order=OuterRef("pk"), kind=wanted.issue, solved_at=None)
        orders = orders.filter(Exists(issues))
    if wanted.warehouse_id is not None:
        claims = Allocation.objects.filter(
            line__order=OuterRef("pk"),
            warehouse=wanted.warehouse_id,
            quantity__gt=F("quantity_released"),
        )
        orders = orders.filter(Exists(claims))
    if wanted.sku:
        sold = ListingComponent.objects.filter(sku__code__iexact=wanted.sku).values("listing")
        lines = OrderLine.objects.filter(one_of("listing_id", sold))
        orders = orders.filter(one_of("id", lines.values("order")))
    text = wanted.text.strip()
    return orders.filter(one_of("id", _matching(text, actor=actor))) if text else orders


def _matching(text: str, *, actor: Actor) -> QuerySet[Order, int]:
    """Return the ids of orders a text finds, each way by its own index, in one subquery."""
    sold = ListingComponent.objects.filter(sku__code__icontains=text).values("listing")
    listings = Listing.objects.filter(
        Q(external_id__icontains=text) | Q(title__icontains=text) | one_of("id", sold)
    )
    ways = [
        SearchKey.objects.filter(text__icontains=text).values_list("order_id", flat=True),
        OrderLine.objects.filter(one_of("listing_id", listings.values("pk"))).values_list(
            "order_id", flat=True
        ),
    ]
    if actor.may("orders.view_buyer"):
        ways += [
            OrderBuyer.objects.filter(tokens__contains=tokens).values_list("order_id", flat=True)
            for tokens in query_tokens(text=text)
        ]
    by_number = Order.objects.filter(external_id__icontains=text).values_list("pk", flat=True)
    return by_number.union(*ways)


def _key(order: Order) -> str:
    return f"{order.placed_at.timestamp():.6f}_{order.pk}"


def _key_of(text: str) -> tuple[datetime, int] | None:
    seconds, _, pk = text.partition("_")
    try:
        whole, _, micro = seconds.partition(".")
        moment = datetime.fromtimestamp(int(whole), tz=UTC)
        return moment.replace(microsecond=int(micro or 0)), int(pk)
    except (ValueError, OverflowError, OSError):
        return None


def page(
    *,
    actor: Actor,
    wanted: OrderFilter,
    after: str = "",
    before: str = "",
    size: int = PAGE_SIZE,
    shape: Callable[[QuerySet[Order]], QuerySet[Order]] | None = None,
) -> OrderPage:
    """Return one page of the order list, newest first, by keyset: five statements whatever its size.

    ``after`` and ``before`` are keys a former page gave; an unknown key is the first page. ``shape`` says
    what the rows bring along (``with_lines``).
    """
    orders = found(actor=actor, wanted=wanted)
    key = _key_of(after or before)
    backwards = bool(before) and key is not None
    if key is not None:
        beyond = keyset.behind if backwards else keyset.before
        orders = orders.filter(beyond(keys=("placed_at", "id"), values=key))
    sort = ("placed_at", "pk") if backwards else ("-placed_at", "-pk")
    rows = list((shape or with_lines)(orders.order_by(*sort))[: size + 1])
    more = len(rows) > size
    shown = rows[:size][::-1] if backwards else rows[:size]
    if not shown:
        return OrderPage()
    has_previous = more if backwards else key is not None
    has_next = True if backwards else more
    return OrderPage(
        rows=shown,
        previous=_key(shown[0]) if has_previous else "",
        next=_key(shown[-1]) if has_next else "",
    )


def counted(*, orders: QuerySet[Order]) -> int:
    """Count a filtered list up to ``COUNT_CAP``."""
    return orders.order_by()[:COUNT_CAP].count()


def with_lines(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Bring along what a row of the list shows, in four more statements whatever the number of rows.

    Lines come with listing, components and SKUs, claims with their warehouses; the open exceptions are in
    ``open_issues``.
    """
    components = ListingComponent.objects.select_related("sku").order_by("pk")
    claims = Allocation.objects.select_related("warehouse", "sku").order_by("pk")
    lines = (
        OrderLine.objects.select_related("listing")
        .prefetch_related(
            Prefetch("listing__components", queryset=components), Prefetch("allocations", queryset=claims)
        )
        .order_by("pk")
    )
    issues = OrderIssue.objects.filter(solved_at=None).order_by("pk")
    return orders.select_related("account", "shop").prefetch_related(
        Prefetch("lines", queryset=lines), Prefetch("issues", queryset=issues, to_attr="open_issues")
    )


def for_table(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Bring along what a row of the page's table shows, in three more statements: lines with their listing,
    claims with SKU and warehouse, and ``open_issues``.
    """
    claims = Allocation.objects.select_related("warehouse", "sku").order_by("pk")
    lines = OrderLine.objects.select_related("listing").prefetch_related(
        Prefetch("allocations", queryset=claims)
    )
    issues = OrderIssue.objects.filter(solved_at=None).order_by("pk")
    return orders.select_related("shop").prefetch_related(
        Prefetch("lines", queryset=lines.order_by("pk")),
        Prefetch("issues", queryset=issues, to_attr="open_issues"),
    )


def newer_than(*, actor: Actor, wanted: OrderFilter, key: str, cap: int = 100) -> int:
    """Count the orders of a list that are newer than the row with this key, up to ``cap``."""
    known = _key_of(key)
    orders = found(actor=actor, wanted=wanted)
    if known is not None:
        orders = orders.filter(keyset.behind(keys=("placed_at", "id"), values=known))
    return orders.order_by()[:cap].count()


def changed_rows(
    *, actor: Actor, wanted: OrderFilter, newest: str, oldest: str, since: datetime, limit: int = 50
) -> list[Order]:
    """Return the orders between two rows of a list that were written after an instant."""
    first, last = _key_of(newest), _key_of(oldest)
    if first is None or last is None:
        return []
    orders = found(actor=actor, wanted=wanted).filter(
        placed_at__lte=first[0], placed_at__gte=last[0], updated_at__gt=since
    )
    rows = for_table(orders.order_by("-placed_at", "-pk"))[:limit]
    return [row for row in rows if last <= (row.placed_at, row.pk) <= first]


def key_of(order: Order) -> str:
    """Return the key by which a page continues behind or before an order."""
    return _key(order)


def places(*, actor: Actor) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Return (id, name) of the shops and of the warehouses an actor may filter by, in one statement."""
    shops = Shop.objects.visible_to(actor).values_list(Value("shop"), "pk", "short_name")
    houses = Warehouse.objects.visible_to(actor).values_list(Value("warehouse"), "pk", "code")
    rows = sorted(shops.union(houses), key=lambda row: row[2])
    return (
        [(pk, name) for kind, pk, name in rows if kind == "shop"],
        [(pk, name) for kind, pk, name in rows if kind == "warehouse"],
    )


def detail(*, actor: Actor, order_id: int) -> Order:
    """Return one order with lines, claims, exceptions, returns and traces. Raises ``Order.DoesNotExist``."""
    orders = with_lines(Order.objects.visible_to(actor)).prefetch_related(
        "returns__line", "allocation_traces", "search_keys"
    )
    return orders.get(pk=order_id)


def timeline(*, order: Order) -> QuerySet[Event]:
    """Return what happened to an order, oldest first."""
    return of(object_kind="order", object_id=order.pk)


def countries(*, actor: Actor) -> list[str]:
    """Return the countries orders go to, for the filter."""
    rows = Order.objects.visible_to(actor).exclude(country="").values_list("country", flat=True)
    return sorted(set(rows.order_by().distinct()))
