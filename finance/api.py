"""Finance in the REST API: settlements, their lines, the ledger, matches, profit, and exports."""

from typing import ClassVar

from django.db import transaction
from django.db.models import F, QuerySet
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub import clock
from ecomhub.celery import ring
from ecomhub.discovery import ApiSection
from ecomhub.rest.idempotency import idempotent
from ecomhub.rest.versions import tagged
from ecomhub.rest.views import cannot, conflict
from finance import seeing
from finance.api_base import FinanceViewSet, narrowed
from finance.api_payouts import Payouts
from finance.api_profit import ProfitFilter, ProfitSerializer, shown_profit
from finance.api_shapes import (
    AnnouncedFilter,
    AnnouncedSerializer,
    AskSerializer,
    ExportFilter,
    ExportSerializer,
    JournalFilter,
    JournalSerializer,
    LineFilter,
    LineSerializer,
    MatchFilter,
    MatchSerializer,
    PostingFilter,
    PostingSerializer,
    SettlementFilter,
    SettlementSerializer,
)
from finance.exports import exporting
from finance.exports.exporting import ExportRefused
from finance.exports.writing import CONTENT_TYPES
from finance.models import (
    AnnouncedMoney,
    ExportJob,
    Journal,
    Match,
    OrderMoney,
    Posting,
    Settlement,
    SettlementLine,
)
from finance.reconciliation import profit_queries
from finance.tasks import make_export


class Settlements(FinanceViewSet):
    """Settlements of the caller's shops."""

    serializer_class = SettlementSerializer
    filter_serializer_class = SettlementFilter
    queryset = Settlement.objects.none()
    lookups: ClassVar[dict[str, str]] = {
        "account": "account__name__in",
        "provider": "account__provider__in",
        "currency": "currency__in",
        "state": "state__in",
        "external_id": "external_id__in",
        "deposited_after": "deposited_at__gte",
        "deposited_before": "deposited_at__lt",
    }

    def get_queryset(self) -> QuerySet[Settlement]:
        """Return the caller's settlements."""
        return seeing.settlements(actor=self.actor).select_related("account")

    @extend_schema(operation_id="settlements_list", parameters=[SettlementFilter])
    def list(self, request: Request) -> Response:
        """List settlements, the latest first."""
        return self.page()

    @extend_schema(operation_id="settlements_retrieve")
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show one settlement; its ETag is its version."""
        settlement: Settlement = self.get_object()
        return tagged(Response(self.shown(settlement, many=False)), version=settlement.version)


class Lines(FinanceViewSet):
    """Lines of the caller's settlements."""

    serializer_class = LineSerializer
    filter_serializer_class = LineFilter
    newest_first = False
    queryset = SettlementLine.objects.none()
    lookups: ClassVar[dict[str, str]] = {
        "settlement": "settlement__in",
        "account": "settlement__account__name__in",
        "currency": "currency__in",
        "order": "order__in",
        "order_ref": "order_ref__in",
        "effective_from": "effective_on__gte",
        "effective_through": "effective_on__lte",
    }

    def get_queryset(self) -> QuerySet[SettlementLine]:
        """Return the caller's lines."""
        return seeing.lines(actor=self.actor).select_related("line_type")

    @extend_schema(operation_id="settlement_lines_list", parameters=[LineFilter])
    def list(self, request: Request) -> Response:
        """List lines in the order they came in."""
        return self.page()


class Announced(FinanceViewSet):
    """What platforms tell of single transactions of the caller's shops."""

    serializer_class = AnnouncedSerializer
    filter_serializer_class = AnnouncedFilter
    queryset = AnnouncedMoney.objects.none()
    lookups: ClassVar[dict[str, str]] = {
        "account": "account__name__in",
        "currency": "currency__in",
        "state": "state__in",
        "order": "order__in",
        "order_ref": "order_ref__in",
        "matures_before": "matures_at__lt",
    }

    def get_queryset(self) -> QuerySet[AnnouncedMoney]:
        """Return the transactions."""
        return seeing.announced(actor=self.actor).select_related("account")

    @extend_schema(operation_id="announced_list", parameters=[AnnouncedFilter])
    def list(self, request: Request) -> Response:
        """List what is expected and what is held back, the latest first; nothing of it is in the ledger."""
        return self.page()


class Journals(FinanceViewSet):
    """Entries of the ledger; for callers who are not limited to shops."""

    serializer_class = JournalSerializer
    filter_serializer_class = JournalFilter
    queryset = Journal.objects.none()
    lookups: ClassVar[dict[str, str]] = {
        "book": "book__legal_entity__code__in",
        "kind": "kind__in",
        "effective_from": "effective_on__gte",
        "effective_through": "effective_on__lte",
    }

    def get_queryset(self) -> QuerySet[Journal]:
        """Return the entries."""
        return seeing.journals(actor=self.actor).select_related("book__legal_entity")

    @extend_schema(operation_id="journals_list", parameters=[JournalFilter])
    def list(self, request: Request) -> Response:
        """List entries, the latest first. Their legs are the postings."""
        return self.page()


class Postings(FinanceViewSet):
    """Legs of the ledger's entries; for callers who are not limited to shops."""

    serializer_class = PostingSerializer
    filter_serializer_class = PostingFilter
    newest_first = False
    queryset = Posting.objects.none()
    lookups: ClassVar[dict[str, str]] = {
        "journal": "journal__in",
        "book": "journal__book__legal_entity__code__in",
        "account": "account__in",
        "order": "order__in",
        "settlement": "settlement__in",
        "effective_from": "journal__effective_on__gte",
        "effective_through": "journal__effective_on__lte",
    }

    def get_queryset(self) -> QuerySet[Posting]:
        """Return the legs."""
        rows = seeing.postings(actor=self.actor).select_related("journal")
        return rows.annotate(base_currency=F("journal__book__currency"))

    @extend_schema(operation_id="postings_list", parameters=[PostingFilter])
    def list(self, request: Request) -> Response:
        """List legs in the order they were written."""
        return self.page()


class Matches(FinanceViewSet):
    """What reconciliation found to belong together."""

    serializer_class = MatchSerializer
    filter_serializer_class = MatchFilter
    queryset = Match.objects.none()
    lookups: ClassVar[dict[str, str]] = {
        "order": "order__in",
        "payout": "payout__in",
        "rule": "rule__key__in",
        "recorded_after": "recorded_at__gte",
        "recorded_before": "recorded_at__lt",
    }

    def get_queryset(self) -> QuerySet[Match]:
        """Return the caller's matches."""
        return seeing.matches(actor=self.actor).select_related("rule")

    @extend_schema(operation_id="matches_list", parameters=[MatchFilter])
    def list(self, request: Request) -> Response:
        """List matches, the latest first."""
        return self.page()


class Profit(FinanceViewSet):
    """What the caller's orders earn."""

    serializer_class = ProfitSerializer
    filter_serializer_class = ProfitFilter
    page_keys = (("order_id", int),)
    queryset = OrderMoney.objects.none()
    lookups: ClassVar[dict[str, str]] = {
        "order": "order__in",
        "external_id": "order__external_id__in",
        "shop": "shop__in",
        "state": "state__in",
    }

    def get_queryset(self) -> QuerySet[OrderMoney]:
        """Return the orders that have money."""
        return seeing.orders(actor=self.actor).select_related("order", "book")

    @extend_schema(operation_id="profit_list", parameters=[ProfitFilter])
    def list(self, request: Request) -> Response:
        """List the profit of orders, the latest first."""
        rows = narrowed(self.get_queryset(), self.filters(), self.lookups)
        page = self.paginate_queryset(rows) or []
        profits = profit_queries.order_profits(order_ids=[row.pk for row in page])
        return self.get_paginated_response(self.shown([shown_profit(row, profits[row.pk]) for row in page]))


class Exports(FinanceViewSet):
    """Reports and evidence packs; for callers who are not limited to shops."""

    actions: ClassVar[dict[str, str]] = {"GET": "finance.view", "POST": "finance.export"}
    serializer_class = ExportSerializer
    filter_serializer_class = ExportFilter
    queryset = ExportJob.objects.none()
    lookups: ClassVar[dict[str, str]] = {
        "kind": "kind__in",
        "asked_after": "asked_at__gte",
        "asked_before": "asked_at__lt",
    }

    def get_queryset(self) -> QuerySet[ExportJob]:
        """Return the exports."""
        return seeing.exports(actor=self.actor).select_related("file")

    @extend_schema(operation_id="exports_list", parameters=[ExportFilter])
    def list(self, request: Request) -> Response:
        """List exports, the latest first."""
        return self.page()

    @extend_schema(operation_id="exports_retrieve")
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show how far an export is, and its manifest when it is ready."""
        return Response(self.shown(self.get_object(), many=False))

    @extend_schema(
        operation_id="exports_create",
        request=AskSerializer,
        responses={201: ExportSerializer},
        examples=[
            OpenApiExample(
                "The journal of March",
                value={"kind": "journal", "format": "xlsx", "since": "2026-03-01", "through": "2026-03-31"},
                request_only=True,
            )
        ],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Ask for a report or an evidence pack; it is made in the background, its file comes later."""
        wanted = self.body(AskSerializer)
        kind, format_ = wanted.pop("kind"), wanted.pop("format")
        zone, language = wanted.pop("time_zone", ""), wanted.pop("language", "")
        parameters = {"state" if name == "settlement_state" else name: it for name, it in wanted.items()}
        try:
            row = exporting.ask(
                kind=kind,
                format=format_,
                parameters=parameters,
                actor=self.actor,
                at=clock.now(),
                zone=zone,
                language=language,
            )
        except ExportRefused as error:
            cannot(code=error.code, detail=str(error), field=error.field)
        transaction.on_commit(lambda: ring(make_export, row.pk))
        return Response(ExportSerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="exports_cancel", request=None, responses=ExportSerializer)
    @action(detail=True, methods=["post"])
    @idempotent
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop an export that is not ready; one that is ready or canceled answers 409."""
        row: ExportJob = self.get_object()
        if not exporting.cancel(export_id=row.pk, at=clock.now()):
            conflict(code="ended", detail=exporting.ended_words())
        row.refresh_from_db()
        return Response(ExportSerializer(row).data)

    @extend_schema(
        operation_id="exports_file",
        responses={(200, kind.partition(";")[0]): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()},
    )
    @action(detail=True, methods=["get"])
    def file(self, request: Request, pk: str) -> StreamingHttpResponse:
        """Fetch the file of an export that is ready; its hash is in the manifest. 409 while it is not."""
        return file_answer(row=self.get_object())


def file_answer(*, row: ExportJob) -> StreamingHttpResponse:
    """Answer with an export's file, part by part. Raises ``Problem`` (409) while there is none."""
    try:
        content = exporting.parts(row=row)
    except ExportRefused as error:
        conflict(code=error.code, detail=str(error))
    assert row.file is not None  # noqa: S101 - its content was read
    answer = StreamingHttpResponse(content, content_type=row.file.content_type)
    answer.headers["Content-Length"] = str(row.file.size)
    answer.headers["Content-Disposition"] = content_disposition_header(True, row.file.name) or "attachment"
    return answer


ROUTES = [
    ("finance/settlements", Settlements, "finance-settlement"),
    ("finance/lines", Lines, "finance-line"),
    ("finance/announced", Announced, "finance-announced"),
    ("finance/journals", Journals, "finance-journal"),
    ("finance/postings", Postings, "finance-posting"),
    ("finance/payouts", Payouts, "finance-payout"),
    ("finance/matches", Matches, "finance-match"),
    ("finance/profit", Profit, "finance-profit"),
    ("finance/exports", Exports, "finance-export"),
]

SECTIONS: list[ApiSection] = []
