"""Reading shipments: what has to be planned, told or looked at, and what pages and the API show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum, Value, Window
from django.db.models.functions import Coalesce, RowNumber

from ecomhub import work
from ecomhub.access import Actor
from ecomhub.work import ClockTimestamp, WorkState
from logistics.models import Arrangement, Confirmation, Shipment, ShipmentLine
from logistics.planning import PLANNABLE, PLANNED_BY_ITSELF
from orders.models import Allocation

OPEN_OUTCOMES = (
    Confirmation.Outcome.INTENDED,
    Confirmation.Outcome.SENT,
    Confirmation.Outcome.UNKNOWN,
)


def orders_to_plan(*, limit: int) -> list[int]:
    """Return orders whose planned shipments and open allocations differ, oldest first."""
    short = _orders_short_of_a_plan().order_by("line__order")[:limit]
    over = _orders_with_too_much_planned().order_by("line__order")[:limit]
    return sorted({*short, *over})[:limit]


def _orders_short_of_a_plan() -> QuerySet[Allocation, int]:
    planned = (
        ShipmentLine.objects.filter(
            line=OuterRef("line"),
            sku=OuterRef("sku"),
            shipment__warehouse=OuterRef("warehouse"),
            shipment__state=Shipment.State.PLANNED,
        )
        .order_by()
        .values("line")
        .annotate(units=Sum("quantity"))
        .values("units")
    )
    return (
        Allocation.objects.filter(
            line__order__status__in=PLANNED_BY_ITSELF,
            line__order__hold_reason="",
            line__order__cancel_requested=False,
            line__order__fulfillment_method="by_seller",
        )
        .annotate(open=F("quantity") - F("quantity_shipped") - F("quantity_released"))
        .filter(open__gt=Coalesce(planned, 0))
        .values_list("line__order", flat=True)
        .distinct()
    )


def _orders_with_too_much_planned() -> QuerySet[ShipmentLine, int]:
    backed = Allocation.objects.filter(
        line=OuterRef("line"),
        sku=OuterRef("sku"),
        warehouse=OuterRef("shipment__warehouse"),
        quantity__gte=F("quantity_shipped") + F("quantity_released") + OuterRef("quantity"),
    )
    return (
        ShipmentLine.objects.filter(shipment__state=Shipment.State.PLANNED)
        .filter(~Q(line__order__status__in=PLANNABLE) | ~Exists(backed))
        .values_list("line__order", flat=True)
        .distinct()
    )


def due_confirmations(*, limit: int, per_account: int) -> list[int]:
    """Return ids of confirmations that are due and free, at most so many of one account."""
    due = Confirmation.objects.filter(
        work.is_due(),
        order__account__state="connected",
    )
    ranked = due.annotate(
        place=Window(
            RowNumber(), partition_by=F("order__account"), order_by=[F("due_at").asc(), F("pk").asc()]
        )
    )
    return list(
        ranked.filter(place__lte=per_account).order_by("due_at", "pk").values_list("pk", flat=True)[:limit]
    )


def stopped_unreported(*, limit: int) -> list[Confirmation]:
    """Return confirmations given up whose order shows no open exception for it yet."""
    return list(
        Confirmation.objects.filter(state=WorkState.QUARANTINED)
        .exclude(order__issues__kind="confirm_refused", order__issues__solved_at=None)
        .order_by("pk")[:limit]
    )


def due_arrangements(*, limit: int, per_account: int) -> list[int]:
    """Return ids of arrangements that are due and free, at most so many of one account.

    One that waits for its number is due at once when its order changed since it was asked for.
    """
    news = Q(outcome=Arrangement.Outcome.CONFIRMED, tracking_number="", order__version__gt=F("order_version"))
    free = Arrangement.objects.filter(
        work.is_free(),
        state=WorkState.WAITING,
        order__account__state="connected",
    )
    told = list(free.filter(news).order_by("due_at", "pk").values_list("pk", flat=True)[:limit])
    Arrangement.objects.filter(pk__in=told, state=WorkState.WAITING).update(due_at=ClockTimestamp())
    ranked = free.filter(due_at__lte=ClockTimestamp()).annotate(
        place=Window(
            RowNumber(), partition_by=F("order__account"), order_by=[F("due_at").asc(), F("pk").asc()]
        )
    )
    return list(
        ranked.filter(place__lte=per_account).order_by("due_at", "pk").values_list("pk", flat=True)[:limit]
    )


def arrangements_unreported(*, limit: int) -> list[Arrangement]:
    """Return arrangements given up whose order shows no open exception for it yet."""
    return list(
        Arrangement.objects.filter(state=WorkState.QUARANTINED)
        .exclude(order__issues__kind="confirm_refused", order__issues__solved_at=None)
        .order_by("pk")[:limit]
    )


def with_content(shipments: QuerySet[Shipment]) -> QuerySet[Shipment]:
    """Bring along warehouse, arrangement, lines and confirmations in three more statements in all."""
    return shipments.select_related("warehouse", "arrangement").prefetch_related(
        Prefetch(
            "lines",
            queryset=ShipmentLine.objects.select_related("sku", "line__order").order_by("pk"),
        ),
        Prefetch("confirmations", queryset=Confirmation.objects.select_related("order").order_by("pk")),
    )


def of_orders(*, order_ids: Iterable[int], actor: Actor) -> dict[int, list[Shipment]]:
    """Return the shipments of each order that the actor may see, oldest first."""
    ids = list(order_ids)
    found = (
        Shipment.objects.visible_to(actor)
        .filter(Exists(ShipmentLine.objects.filter(shipment=OuterRef("pk"), line__order__in=ids)))
        .order_by("pk")
    )
    by_order: dict[int, list[Shipment]] = {order_id: [] for order_id in ids}
    for shipment in with_content(found):
        for order_id in sorted({line.line.order_id for line in shipment.lines.all()}):
            if order_id in by_order:
                by_order[order_id].append(shipment)
    return by_order


def planned_for(*, order_id: int, warehouse_id: int | None) -> list[int]:
    """Return the planned shipments of an order, of one warehouse or all, oldest first."""
    planned = Shipment.objects.filter(state=Shipment.State.PLANNED, lines__line__order=order_id)
    if warehouse_id is not None:
        planned = planned.filter(warehouse=warehouse_id)
    return sorted(set(planned.values_list("pk", flat=True)))


def counts(*, actor: Actor) -> dict[str, int]:
    """Return how many shipments wait to leave, wait for the platform, and need a person to tell it.

    One statement.
    """
    found = dict.fromkeys(("planned", "awaiting", "stopped"), 0)
    first, *rest = (
        _counted("planned", in_view(actor=actor, view="planned")),
        _counted("awaiting", in_view(actor=actor, view="awaiting")),
        _counted("stopped", Confirmation.objects.visible_to(actor).stopped()),
        _counted("stopped", Arrangement.objects.visible_to(actor).stopped()),
    )
    for name, count in first.union(*rest, all=True):
        found[name] += count
    return found


def _counted(name: str, rows: QuerySet[Any]) -> QuerySet[Any, tuple[str, int]]:
    named = rows.order_by().values(counter=Value(name))
    counted: QuerySet[Any, tuple[str, int]] = named.annotate(count=Count("pk")).values_list(
        "counter", "count"
    )
    return counted


def orders_in(*, shipment_id: int) -> list[int]:
    """Return the orders a shipment holds lines of, in key order."""
    rows = ShipmentLine.objects.filter(shipment=shipment_id).values_list("line__order", flat=True)
    return list(rows.distinct().order_by("line__order"))


def size(*, shipment_id: int) -> int:
    """Return how many lines a shipment has."""
    found = ShipmentLine.objects.filter(shipment=shipment_id).aggregate(lines=Count("pk"))
    return int(found["lines"])


PAGE_SIZE = 50
VIEWS = ("planned", "awaiting", "dispatched", "stopped", "voided", "all")

_STOPPED = Q(outcome=Confirmation.Outcome.REFUSED) | Q(state=WorkState.QUARANTINED)
_AWAITING = Q(outcome__in=["intended", "sent", "unknown"]) | Q(outcome="confirmed", state=WorkState.WAITING)


@dataclass(frozen=True, slots=True)
class ShipmentPage:
    """One page of the shipments list, the newest plan first, with the keys of its neighbors."""

    rows: list[Shipment]
    previous: str | None
    next: str | None


def in_view(*, actor: Actor, view: str) -> QuerySet[Shipment]:
    """Return the shipments of one tab of the list."""
    rows = Shipment.objects.visible_to(actor)
    if view == "stopped":
        told = Exists(Confirmation.objects.filter(_STOPPED, shipment=OuterRef("pk")))
        return rows.filter(told | Exists(Arrangement.objects.filter(_STOPPED, shipment=OuterRef("pk"))))
    if view == "awaiting":
        waiting = Arrangement.objects.filter(_AWAITING, shipment=OuterRef("pk"))
        return rows.filter(Exists(waiting), state=Shipment.State.PLANNED)
    return rows if view == "all" else rows.filter(state=view)


def found(*, actor: Actor, view: str, text: str = "", warehouse_id: int | None = None) -> QuerySet[Shipment]:
    """Return the shipments of a tab that a search finds: by number, tracking number or order number."""
    rows = in_view(actor=actor, view=view)
    if warehouse_id is not None:
        rows = rows.filter(warehouse=warehouse_id)
    if text:
        of_order = ShipmentLine.objects.filter(shipment=OuterRef("pk"), line__order__external_id=text)
        rows = rows.filter(Q(number=text.upper()) | Q(tracking_number=text) | Exists(of_order))
    return rows


def page(*, rows: QuerySet[Shipment], after: str = "", before: str = "") -> ShipmentPage:
    """Return the page behind or before a key; an unknown key is the first page."""
    forwards = not before
    key = _key_of(before or after)
    if key is not None:
        at, pk = key
        if forwards:
            rows = rows.filter(Q(planned_at__lt=at) | Q(planned_at=at, pk__lt=pk), planned_at__lte=at)
        else:
            rows = rows.filter(Q(planned_at__gt=at) | Q(planned_at=at, pk__gt=pk), planned_at__gte=at)
    order = ("-planned_at", "-pk") if forwards else ("planned_at", "pk")
    taken = list(with_content(rows).order_by(*order)[: PAGE_SIZE + 1])
    more, taken = len(taken) > PAGE_SIZE, taken[:PAGE_SIZE]
    if not forwards:
        taken.reverse()
    has_previous = key is not None if forwards else more
    has_next = more if forwards else True
    return ShipmentPage(
        rows=taken,
        previous=_key_text(taken[0]) if taken and has_previous else None,
        next=_key_text(taken[-1]) if taken and has_next else None,
    )


def _key_text(shipment: Shipment) -> str:
    return f"{shipment.planned_at.isoformat()}~{shipment.pk}"


def _key_of(text: str) -> tuple[datetime, int] | None:
    at, mark, pk = text.partition("~")
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        return None
    if not mark or not (pk.isascii() and pk.isdigit()) or len(pk) > 18 or instant.tzinfo is None:
        return None
    return instant, int(pk)
