"""Reads of the house: what can be promised, what lies where, what moved."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from ecomhub.access import Actor
from inventory.ledger.writing import demand_holds
from inventory.models import SheetImport, Sku, StockLevel, StockMovement, Warehouse

Row = TypeVar("Row")

_FREE = Coalesce(
    Sum(
        "levels__available",
        filter=Q(levels__warehouse__is_sellable=True) & ~Q(levels__warehouse__kind=Warehouse.Kind.CHANNEL),
    ),
    0,
)
COUNT_CAP = 10_001
"""Lists are counted up to here; "10,000+" beyond."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A warehouse an order could be served from."""

    warehouse_id: int
    available: int
    priority: int
    country: str
    serves_countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LevelRow:
    """What a warehouse holds of a SKU. ``backs_promise``: it is part of what is promised to buyers."""

    sku_id: int
    warehouse_id: int
    warehouse: str
    on_hand: int
    reserved: int
    available: int
    inbound: int
    version: int
    backs_promise: bool
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Product:
    """A SKU with its levels and their sums; ``promised`` (可售) is what channels may still be told."""

    sku: Sku
    levels: list[LevelRow]
    on_hand: int
    reserved: int
    available: int
    inbound: int
    promised: int


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list; ``next_after`` is the key to ask for the following one, ``None`` at the end."""

    rows: list[Row] = field(default_factory=list)
    next_after: tuple[str, int] | None = None
    previous_before: tuple[str, int] | None = None


def available_to_promise(*, sku_ids: Iterable[int]) -> dict[int, int]:
    """Return what may still be promised of each SKU: available over sellable warehouses of ours, less
    safety stock. Below zero when more is reserved than lies there.
    """
    ids = set(sku_ids)
    rows = Sku.objects.filter(pk__in=ids).annotate(free=_FREE).values_list("pk", "free", "safety_stock")
    return {pk: free - safety for pk, free, safety in rows}


def levels_of(*, sku_ids: Iterable[int], actor: Actor | None = None) -> dict[int, list[LevelRow]]:
    """Return each SKU's levels, ordered by warehouse; only what ``actor`` may see when one is given."""
    levels = StockLevel.objects.all() if actor is None else StockLevel.objects.visible_to(actor)
    found: dict[int, list[LevelRow]] = {sku_id: [] for sku_id in sku_ids}
    rows = levels.filter(sku__in=list(found)).select_related("warehouse").order_by("warehouse__code")
    for level in rows:
        warehouse = level.warehouse
        found[level.sku_id].append(
            LevelRow(
                sku_id=level.sku_id,
                warehouse_id=level.warehouse_id,
                warehouse=warehouse.code,
                on_hand=level.on_hand,
                reserved=level.reserved,
                available=level.available,
                inbound=level.inbound,
                version=level.version,
                backs_promise=warehouse.is_sellable and warehouse.kind != Warehouse.Kind.CHANNEL,
                changed_at=level.changed_at,
            )
        )
    return found


def candidates(*, sku_ids: Iterable[int]) -> dict[int, list[Candidate]]:
    """Return for each SKU the sellable warehouses of ours that have any of it, best priority first."""
    found: dict[int, list[Candidate]] = {sku_id: [] for sku_id in sku_ids}
    rows = (
        StockLevel.objects.sellable()
        .filter(sku__in=list(found), available__gt=0)
        .order_by("warehouse__priority", "warehouse_id")
        .values_list(
            "sku_id",
            "warehouse_id",
            "available",
            "warehouse__priority",
            "warehouse__country",
            "warehouse__serves_countries",
        )
    )
    for sku_id, warehouse_id, available, priority, country, serves in rows:
        found[sku_id].append(
            Candidate(
                warehouse_id=warehouse_id,
                available=available,
                priority=priority,
                country=country,
                serves_countries=tuple(serves),
            )
        )
    return found


def demands_held(*, demands: Iterable[str]) -> dict[str, dict[tuple[int, int], int]]:
    """Return what each of many demands holds now, in one statement; those that hold nothing are left out."""
    found: dict[str, dict[tuple[int, int], int]] = {}
    for (demand, sku_id, warehouse_id), quantity in demand_holds(demands=demands).items():
        found.setdefault(demand, {})[(sku_id, warehouse_id)] = quantity
    return found


def sku_ids_by_code(*, codes: Iterable[str]) -> dict[str, int]:
    """Return the ids of SKUs by their codes; unknown codes are left out."""
    return dict(Sku.objects.filter(code__in=list(codes)).values_list("code", "pk"))


STOCK_STATES = ("in_stock", "low", "out", "oversold")
"""Filters of the product list by stock: something can be promised, at or below the safety stock, nothing
can be promised, more is reserved than lies there in some warehouse."""


def skus(
    *, actor: Actor, search: str = "", status: str = "", category: str = "", stock: str = ""
) -> QuerySet[Sku]:
    """Return the SKUs that match, in no order yet.

    ``search`` finds a whole barcode, or a part of the code or of a name in either language.
    """
    found: QuerySet[Sku] = Sku.objects.visible_to(actor)
    if search := search.strip():
        found = found.filter(
            Q(code__icontains=search)
            | Q(name_en__icontains=search)
            | Q(name_zh__icontains=search)
            | Q(barcodes__contains=[search])
        )
    if status:
        found = found.filter(status=status)
    if category:
        found = found.filter(category=category)
    if stock in STOCK_STATES:
        found = _by_stock(found, stock)
    return found


def _by_stock(found: QuerySet[Sku], stock: str) -> QuerySet[Sku]:
    sellable = StockLevel.objects.sellable()
    if stock == "oversold":
        return found.filter(pk__in=StockLevel.objects.filter(available__lt=0).values("sku"))
    free = (
        Sku.objects.filter(levels__in=sellable)
        .annotate(free=Sum("levels__available"))
        .annotate(left=F("free") - F("safety_stock"))
    )
    if stock == "in_stock":
        return found.filter(pk__in=free.filter(left__gt=0).values("pk"))
    if stock == "low":
        return found.filter(pk__in=free.filter(left__lte=0, free__gt=0).values("pk"))
    return found.exclude(pk__in=free.filter(free__gt=0).values("pk"))


def products(
    *,
    actor: Actor,
    search: str = "",
    status: str = "",
    category: str = "",
    stock: str = "",
    after: tuple[str, int] | None = None,
    before: tuple[str, int] | None = None,
    limit: int = 50,
) -> Page[Product]:
    """Return one page of products by code, with their levels: two statements whatever the size.

    ``after`` is the (code, id) of the last row of the page before this one, ``before`` that of the first
    row of the page behind it.
    """
    found = skus(actor=actor, search=search, status=status, category=category, stock=stock)
    if before is not None:
        code, pk = before
        found = found.filter(code__lte=code).filter(Q(code__lt=code) | Q(pk__lt=pk))
        taken = list(found.order_by("-code", "-pk")[: limit + 1])
        shown, more_before, more_after = taken[:limit][::-1], len(taken) > limit, True
    else:
        if after is not None:
            code, pk = after
            found = found.filter(code__gte=code).filter(Q(code__gt=code) | Q(pk__gt=pk))
        taken = list(found.order_by("code", "pk")[: limit + 1])
        shown, more_before, more_after = taken[:limit], after is not None, len(taken) > limit
    levels = levels_of(sku_ids=[sku.pk for sku in shown], actor=actor)
    return Page(
        rows=[_product(sku, levels[sku.pk]) for sku in shown],
        next_after=(shown[-1].code, shown[-1].pk) if shown and more_after else None,
        previous_before=(shown[0].code, shown[0].pk) if shown and more_before else None,
    )


def product(*, actor: Actor, sku_id: int) -> Product | None:
    """Return one product with its levels, ``None`` when there is none the actor may see."""
    sku = Sku.objects.visible_to(actor).filter(pk=sku_id).first()
    return None if sku is None else _product(sku, levels_of(sku_ids=[sku_id], actor=actor)[sku_id])


def _product(sku: Sku, levels: list[LevelRow]) -> Product:
    return Product(
        sku=sku,
        levels=levels,
        on_hand=sum(level.on_hand for level in levels),
        reserved=sum(level.reserved for level in levels),
        available=sum(level.available for level in levels),
        inbound=sum(level.inbound for level in levels),
        promised=sum(level.available for level in levels if level.backs_promise) - sku.safety_stock,
    )


def counted(*, rows: QuerySet[Sku] | QuerySet[StockMovement]) -> int:
    """Count a list up to ``COUNT_CAP``."""
    return rows.order_by()[:COUNT_CAP].count()


def categories(*, actor: Actor) -> list[str]:
    """Return every category in use, in order."""
    rows = Sku.objects.visible_to(actor).exclude(category="").values_list("category", flat=True)
    return list(rows.order_by("category").distinct())


def movements_of(
    *,
    actor: Actor,
    sku_id: int | None = None,
    warehouse_id: int | None = None,
    kinds: Sequence[str] = (),
    demand: str = "",
    after: int | None = None,
    limit: int = 50,
) -> Page[StockMovement]:
    """Return one page of movements (库存流水), newest first, with SKU and warehouse: one statement.

    ``after`` is the id of the last row seen.
    """
    if not actor.may("inventory.view"):
        return Page()
    found = StockMovement.objects.all()
    if sku_id is not None:
        found = found.filter(sku_id=sku_id)
    if actor.warehouse_ids is not None:
        found = found.filter(warehouse__in=actor.warehouse_ids)
    if warehouse_id is not None:
        found = found.filter(warehouse_id=warehouse_id)
    if kinds:
        found = found.filter(kind__in=kinds)
    if demand:
        found = found.filter(demand=demand)
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = list(found.select_related("sku", "warehouse", "cost_layer").order_by("-pk")[: limit + 1])
    shown = rows[:limit]
    return Page(rows=shown, next_after=("", shown[-1].pk) if len(rows) > limit else None)


def warehouses(*, actor: Actor) -> QuerySet[Warehouse]:
    """Return the warehouses an actor may see, best priority first."""
    return Warehouse.objects.visible_to(actor).select_related("legal_entity").order_by("priority", "code")


@dataclass(frozen=True, slots=True)
class StockCounts:
    """How many SKUs need a look: nothing to promise, at or below safety stock, more reserved than there."""

    out: int
    low: int
    oversold: int


def stock_counts(*, actor: Actor) -> StockCounts:
    """Return the counters of the home page: active SKUs by what can still be promised of them."""
    found = (
        Sku.objects.visible_to(actor)
        .filter(status=Sku.Status.ACTIVE)
        .annotate(free=_FREE)
        .aggregate(
            out=Count("pk", filter=Q(free__lte=0)),
            low=Count("pk", filter=Q(free__gt=0, free__lte=F("safety_stock"))),
        )
    )
    return StockCounts(
        out=found["out"],
        low=found["low"],
        oversold=StockLevel.objects.visible_to(actor).filter(available__lt=0).count(),
    )


def recent_imports(*, limit: int = 20) -> list[SheetImport]:
    """Return the newest imports with their files."""
    return list(SheetImport.objects.select_related("file").order_by("-pk")[:limit])
