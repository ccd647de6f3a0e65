"""Which listings show another quantity than they should: the rule of ``offers``, asked of the database.

A test holds both against each other.
"""

from typing import TYPE_CHECKING

from django.db.models import (
    BigIntegerField,
    Case,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least

from channels.models import ListingComponent, Publication
from inventory.models import StockLevel

if TYPE_CHECKING:
    from django.db.models import QuerySet

_BIG = BigIntegerField()


def differing() -> "QuerySet[Publication]":
    """Return the stock work of listings whose shown quantity is unknown or not the wanted one."""
    rows = Publication.objects.filter(
        listing__is_mapped=True, listing__is_parent=False, listing__fulfillment_method="by_seller"
    ).annotate(wanted_now=_wanted(), shown_now=_shown())
    return rows.filter(Q(shown_now__isnull=True) | ~Q(wanted_now=F("shown_now")))


def _wanted() -> Case:
    free = (
        StockLevel.objects.sellable()
        .filter(sku=OuterRef("sku"))
        .order_by()
        .values("sku")
        .annotate(free=Sum("available"))
        .values("free")
    )
    promised = Coalesce(Subquery(free, output_field=_BIG), 0) - F("sku__safety_stock")
    buffer = Coalesce(OuterRef("listing__buffer"), OuterRef("listing__shop__buffer"))
    share = Coalesce(OuterRef("listing__percentage"), OuterRef("listing__shop__percentage"))
    offered = ExpressionWrapper(
        Greatest(ExpressionWrapper(promised - buffer, output_field=_BIG), 0) * share / (F("quantity") * 100),
        output_field=_BIG,
    )
    least = (
        ListingComponent.objects.filter(listing=OuterRef("listing"))
        .order_by()
        .values("listing")
        .annotate(least=Min(offered))
        .values("least")
    )
    possible = Coalesce(Subquery(least, output_field=_BIG), 0)
    return Case(
        When(Q(listing__is_paused=True) | Q(listing__shop__is_paused=True), then=0),
        default=Least(Coalesce(F("listing__cap"), F("listing__shop__cap")), possible, output_field=_BIG),
        output_field=_BIG,
    )


def _shown() -> Case:
    return Case(
        When(
            Q(sent_at__isnull=True) | Q(sent_quantity__isnull=True) | Q(listing__remote_at__gt=F("sent_at")),
            then=F("listing__remote_quantity"),
        ),
        default=F("sent_quantity"),
        output_field=_BIG,
    )
