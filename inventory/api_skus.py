"""SKUs and warehouses in the REST API."""

from collections.abc import Sequence
from typing import ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub import clock
from ecomhub.rest.idempotency import idempotent
from ecomhub.rest.versions import IF_MATCH_REQUIRED, check, tagged
from ecomhub.rest.views import HubViewSet, cannot, refuse_unknown
from inventory import catalog
from inventory.api_shapes import SkuChangeSerializer, SkuFilter, SkuSerializer, WarehouseSerializer
from inventory.models import Sku, Warehouse
from inventory.queries import available_to_promise


def version_of(sku: Sku) -> str:
    """Return what changes with every change of a SKU."""
    return f"{sku.updated_at.timestamp():.6f}"


class Skus(HubViewSet):
    """SKUs of the company."""

    actions: ClassVar[dict[str, str]] = {"GET": "inventory.view", "PATCH": "inventory.edit"}
    serializer_class = SkuSerializer
    filter_serializer_class = SkuFilter
    page_keys = (("code", str),)
    queryset = Sku.objects.none()

    def get_queryset(self) -> QuerySet[Sku]:
        """Return the SKUs the caller may see."""
        return Sku.objects.visible_to(self.actor)

    @extend_schema(operation_id="skus_list", parameters=[SkuFilter])
    def list(self, request: Request) -> Response:
        """List SKUs by code."""
        wanted, rows = self.filters(), self.get_queryset()
        if wanted.get("code"):
            rows = rows.filter(code__in=wanted["code"])
        if wanted.get("barcode"):
            rows = rows.filter(barcodes__overlap=wanted["barcode"])
        if wanted.get("status"):
            rows = rows.filter(status__in=wanted["status"])
        if wanted.get("updated_after"):
            rows = rows.filter(updated_at__gt=wanted["updated_after"])
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(self.shown(page, promised=self.promised(page)))

    @extend_schema(operation_id="skus_retrieve")
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one SKU; its ETag is needed to change it."""
        return self.answer(self.get_object())

    @extend_schema(
        operation_id="skus_partial_update",
        request=SkuChangeSerializer,
        responses=SkuSerializer,
        parameters=[IF_MATCH_REQUIRED],
        examples=[
            OpenApiExample(
                "Keep more back", value={"safety_stock": 12, "category": "Kitchen"}, request_only=True
            )
        ],
    )
    @idempotent
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a SKU's fields, in the state you saw (If-Match); it answers with the SKU as it then is."""
        wanted = self.body(SkuChangeSerializer)
        held = self.get_queryset().select_for_update().filter(pk=pk).first()
        if held is None:
            raise exceptions.NotFound(_("There is no such object, or it is not yours to see."))
        check(request, version=version_of(held), required=True)
        try:
            sku = catalog.update_sku(sku_id=held.pk, values=wanted, at=clock.now(), actor=self.actor.name)
        except catalog.SkuRefused as error:
            cannot(code="sku_refused", detail=str(error), field=error.field)
        return self.answer(sku)

    def answer(self, sku: Sku) -> Response:
        """Answer with one SKU and its ETag."""
        shown = self.shown(sku, many=False, promised=self.promised([sku]))
        return tagged(Response(shown), version=version_of(sku))

    def promised(self, skus: Sequence[Sku]) -> dict[int, int]:
        """Return what may still be promised of each, unless nobody asked for it."""
        only = self.only()
        if only is not None and "promised" not in only:
            return {}
        return available_to_promise(sku_ids=[sku.pk for sku in skus])


class Warehouses(HubViewSet):
    """Warehouses the caller may see."""

    actions: ClassVar[dict[str, str]] = {"GET": "inventory.view"}
    serializer_class = WarehouseSerializer
    page_keys = (("code", str),)
    queryset = Warehouse.objects.none()

    @extend_schema(operation_id="warehouses_list")
    def list(self, request: Request) -> Response:
        """List warehouses by code."""
        refuse_unknown(set(request.query_params) - {"cursor", "page_size", "fields"})
        return self.page_of(Warehouse.objects.visible_to(self.actor))
