"""Arranging shipments in the REST API: the choices, the decision, and the label."""

from typing import Any, NoReturn

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub import clock
from ecomhub.rest.fields import SaidField, StrictSerializer, numbers
from ecomhub.rest.idempotency import idempotent
from ecomhub.rest.problems import PROBLEM_JSON, ProblemSerializer
from ecomhub.rest.versions import IF_MATCH, check
from ecomhub.rest.views import HubViewSet, cannot, conflict
from logistics import arranging, labels
from logistics.arranging_many import MOST, Result, Wish, intend_many
from logistics.arranging_views import label_answer
from logistics.bulk_views import zip_answer
from logistics.models import Arrangement, HandoverRule, Shipment
from logistics.presenting import arrangement_of
from logistics.refusals import NoSuchShipment, ShipmentRefused
from logistics.splitting import Part
from orders.opened import NotAllowed

_WRONG_CALL = frozenset({"no_such_choice", "tracking_missing", "no_lines", "not_in_shipment"})


class ArrangementSerializer(serializers.ModelSerializer[Arrangement]):
    """Arranging a shipment where the platform gives the number: what is done and what is awaited.

    `told_at` is when the platform took it, `numbered_at` when it gave the tracking number, `document_at` when
    the label came.
    """

    handed_over = serializers.SerializerMethodField(
        help_text="`pickup`, `dropoff`, `own_number`; empty: not chosen yet."
    )
    reason = SaidField(read_only=True)

    class Meta:
        model = Arrangement
        fields = [
            "outcome",
            "handed_over",
            "package",
            "tracking_number",
            "carrier",
            "asked_at",
            "sent_at",
            "told_at",
            "numbered_at",
            "document_at",
            "reason",
        ]
        read_only_fields = fields

    def get_handed_over(self, row: Arrangement) -> str:
        """Show the kind of the choice."""
        return str(row.choice.get("kind", ""))


class OfferSerializer(serializers.Serializer[Any]):
    """A way of handing over that the platform offers now; `is_default` is what the shop's rule takes."""

    key = serializers.CharField()
    kind = serializers.CharField(source="choice.kind")
    title = serializers.CharField()
    from_at = serializers.DateTimeField(source="choice.from_at", allow_null=True)
    to_at = serializers.DateTimeField(source="choice.to_at", allow_null=True)
    is_default = serializers.BooleanField()
    needs_number = serializers.BooleanField()


class OffersSerializer(serializers.Serializer[Any]):
    """The ways a shipment can be handed over."""

    choices = OfferSerializer(many=True)


class ShippedLineSerializer(StrictSerializer):
    """So many listing units of an order line."""

    order_line = serializers.IntegerField(min_value=1)
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000)


class ArrangeSerializer(StrictSerializer):
    """How to hand a shipment over: a choice's key, a preference, or nothing for the shop's rule.

    With `lines` only these are arranged, where the platform divides orders; the rest is planned apart.
    """

    choice = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    preference = serializers.ChoiceField(
        choices=HandoverRule.Preference.choices,
        required=False,
        help_text="Which kind comes first when no choice is named.",
    )
    tracking_number = serializers.CharField(
        max_length=120,
        required=False,
        allow_blank=True,
        default="",
        help_text="For a choice that brings its own number.",
    )
    lines = ShippedLineSerializer(many=True, required=False, allow_empty=False)


class ArrangeOneSerializer(ArrangeSerializer):
    """One shipment of many, and how to hand it over."""

    shipment = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class ArrangeManySerializer(StrictSerializer):
    """Planned shipments to arrange by one call."""

    shipments = serializers.ListField(child=ArrangeOneSerializer(), allow_empty=False, max_length=MOST)


class ArrangeResultSerializer(serializers.Serializer[Any]):
    """What became of one shipment: its `arrangement`, or `code` and `detail` of the refusal."""

    shipment = serializers.IntegerField(source="shipment_id")
    accepted = serializers.SerializerMethodField()
    arrangement = ArrangementSerializer(allow_null=True)
    code = serializers.CharField(help_text="Empty when it was accepted.")
    detail = serializers.CharField(source="text")

    def get_accepted(self, result: Result) -> bool:
        """Say whether the work was left."""
        return result.arrangement is not None


class ArrangeResultsSerializer(serializers.Serializer[Any]):
    """One result for each shipment asked for, in the same order."""

    results = ArrangeResultSerializer(many=True)


class DocumentsFilter(StrictSerializer):
    """Whose labels are wanted."""

    shipment = numbers(help_text="Ids of shipments, up to 100 at once.")


def wish_of(wanted: dict[str, Any], *, shipment_id: int) -> Wish:
    """Return what a checked body asks for."""
    lines = wanted.get("lines")
    return Wish(
        shipment_id=shipment_id,
        choice_key=wanted["choice"],
        preference=wanted.get("preference", ""),
        tracking_number=wanted["tracking_number"],
        parts=None if lines is None else tuple(Part(one["order_line"], one["quantity"]) for one in lines),
    )


def refuse(error: ShipmentRefused | NotAllowed) -> NoReturn:
    """Answer a refusal: 404 for nothing there, 422 for a wrong call, 409 for what does not fit now."""
    if isinstance(error, NoSuchShipment):
        raise exceptions.NotFound(error.text)
    if error.code in _WRONG_CALL:
        cannot(code=error.code, detail=str(error))
    conflict(code=error.code, detail=str(error))


class ArrangingActions(HubViewSet):
    """What the shipments' section offers besides: arranging, where the platform gives the number."""

    @extend_schema(operation_id="shipments_choices", responses={200: OffersSerializer})
    @action(detail=True, methods=["get"])
    def choices(self, request: Request, pk: str) -> Response:
        """Ask the platform how a planned shipment can be handed over."""
        shipment: Shipment = self.get_object()
        self.need("logistics.arrange")
        try:
            found = arranging.offers(shipment_id=shipment.pk, at=clock.now())
        except (ShipmentRefused, NotAllowed) as error:
            refuse(error)
        return Response(OffersSerializer({"choices": found}).data)

    @extend_schema(
        operation_id="shipments_arrange",
        request=ArrangeSerializer,
        parameters=[IF_MATCH],
        responses={200: ArrangementSerializer},
        examples=[OpenApiExample("By the shop's rule", value={}, request_only=True)],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def arrange(self, request: Request, pk: str) -> Response:
        """Arrange a planned shipment: the platform is asked next; the arrangement says what is awaited.

        With If-Match it is done only to the state you saw.
        """
        wanted = self.body(ArrangeSerializer)
        shipment: Shipment = self.get_object()
        self.need("logistics.arrange")
        wish = wish_of(wanted, shipment_id=shipment.pk)
        try:
            if "If-Match" in request.headers:
                held, _order = arranging.locked(shipment_id=shipment.pk)
                check(request, version=held.version)
            row = arranging.intend(
                shipment_id=shipment.pk,
                choice_key=wish.choice_key,
                preference=wish.preference,
                tracking_number=wish.tracking_number,
                parts=wish.parts,
                at=clock.now(),
                actor=self.actor.name,
            )
        except (ShipmentRefused, NotAllowed) as error:
            refuse(error)
        return Response(ArrangementSerializer(row).data)

    @extend_schema(
        operation_id="shipments_arrange_many",
        request=ArrangeManySerializer,
        responses={200: ArrangeResultsSerializer},
        examples=[
            OpenApiExample(
                "Two of them, one by an early pickup",
                value={"shipments": [{"shipment": 841}, {"shipment": 842, "preference": "pickup"}]},
                request_only=True,
            )
        ],
    )
    @action(detail=False, methods=["post"], url_path="arrange", right="logistics.arrange")
    @idempotent
    def arrange_many(self, request: Request) -> Response:
        """Arrange many planned shipments; each has its own result, and a refused one stops only itself."""
        wanted = self.body(ArrangeManySerializer)["shipments"]
        asked = [one["shipment"] for one in wanted]
        mine = set(Shipment.objects.visible_to(self.actor).filter(pk__in=asked).values_list("pk", flat=True))
        wishes = [wish_of(one, shipment_id=one["shipment"]) for one in wanted if one["shipment"] in mine]
        done = iter(intend_many(wishes=wishes, at=clock.now(), actor=self.actor.name))
        missing = _("There is no such shipment.")
        results = [
            next(done) if pk in mine else Result(pk, code="no_such_shipment", text=missing) for pk in asked
        ]
        return Response(ArrangeResultsSerializer({"results": results}).data)

    @extend_schema(
        operation_id="shipments_documents",
        parameters=[DocumentsFilter],
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            (404, PROBLEM_JSON): OpenApiResponse(
                ProblemSerializer, description="None of these shipments has its label yet."
            ),
        },
    )
    @action(detail=False, methods=["get"], right="logistics.label")
    def documents(self, request: Request) -> HttpResponse | FileResponse:
        """Fetch the labels of many shipments in one zip; those without one are left out, 404 when all are."""
        wanted = DocumentsFilter(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        rows = Shipment.objects.visible_to(self.actor).filter(
            pk__in=wanted.validated_data.get("shipment", [])
        )
        found = labels.ready(shipments=rows)
        if not found:
            raise exceptions.NotFound(_("None of these shipments has its label yet."))
        return zip_answer(rows=found)

    @extend_schema(
        operation_id="shipments_document",
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            (200, "image/png"): OpenApiTypes.BINARY,
            (200, "image/jpeg"): OpenApiTypes.BINARY,
            (200, "application/zip"): OpenApiTypes.BINARY,
            (200, "text/plain"): OpenApiTypes.BINARY,
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
        },
    )
    @action(detail=True, methods=["get"])
    def document(self, request: Request, pk: str) -> HttpResponse:
        """Fetch the shipment's label as the platform made it; 404 while there is none."""
        shipment: Shipment = self.get_object()
        self.need("logistics.label")
        row = arrangement_of(shipment=shipment)
        if row is None or row.document_id is None:
            raise exceptions.NotFound(_("The marketplace has not given the label yet."))
        try:
            return label_answer(row=row)
        except (Http404, PermissionDenied) as error:
            raise exceptions.NotFound(str(error)) from error

    def need(self, right: str) -> None:
        """Raise 403 when the caller's role or token does not include a right."""
        if not self.actor.may(right):
            raise exceptions.PermissionDenied(
                _("Your role does not include this. Ask an administrator for it.")
            )
