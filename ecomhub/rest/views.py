"""What every API view of the hub shares: the actor, the rate headers, keyset pages, an answer for nothing."""

from collections.abc import Callable, Collection, Iterable
from typing import Any, ClassVar, NoReturn

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ecomhub.access import PUBLIC, Actor
from ecomhub.rest import deprecation, feed, sparse
from ecomhub.rest.pagination import KeysetPagination
from ecomhub.rest.permission import api_actor
from ecomhub.rest.problems import Problem
from ecomhub.rest.throttling import Rate, TokenThrottle


class HubViewSet(viewsets.GenericViewSet[Any]):
    """Base of the API's sections. ``actions`` names the access action per method; the rest is denied.

    A route of its own that needs another one is made with ``@action(..., right="logistics.label")``.
    Every read takes ``fields=`` (sparse answers); a method marked ``@deprecated`` says so on its answers.
    """

    actions: ClassVar[dict[str, str]] = {}
    right = ""
    newest_first = False
    serializer_class: Any = None
    pagination_class = KeysetPagination
    throttle_classes = [TokenThrottle]
    lookup_value_regex = "[0-9]{1,18}"
    filter_serializer_class: Any = None
    rate: Rate | None = None

    @property
    def actor(self) -> Actor:
        """Return who calls."""
        return api_actor(self.request)

    def filters(self) -> dict[str, Any]:
        """Return the checked query parameters. Raises ``ValidationError`` (400), also for unknown ones."""
        wanted = self.filter_serializer_class(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        checked: dict[str, Any] = wanted.validated_data
        return checked

    def only(
        self, known: Collection[str] | Callable[[], Collection[str]] | None = None
    ) -> frozenset[str] | None:
        """Return the fields the call asks for; ``None`` for all. Raises ``ValidationError`` (400)."""
        if sparse.PARAMETER not in self.request.query_params:
            return None
        names = known() if callable(known) else known
        return sparse.asked(self.request, known=names or self.serializer_class().get_fields())

    def shown(self, rows: Any, *, serializer_class: Any = None, many: bool = True, **context: Any) -> Any:
        """Return rows as their serializer shows them, in the fields that were asked for."""
        made = (serializer_class or self.serializer_class)(rows, many=many, context=context)
        one: Any = made.child if many else made
        return sparse.pruned(made, only=self.only(one.fields)).data

    def page_of(self, rows: "QuerySet[Any]", **context: Any) -> Response:
        """Answer with one page of a list."""
        return self.get_paginated_response(self.shown(self.paginate_queryset(rows) or [], **context))

    def changes_of(self, rows: "QuerySet[Any]", *, show: Any = None) -> Response:
        """Answer with one page of a change feed; ``show`` turns the page's rows into results."""
        strange = set(self.request.query_params) - {"cursor", "page_size", sparse.PARAMETER}
        refuse_unknown(strange)
        pager = KeysetPagination()
        page = feed.read(
            rows=rows,
            cursor=self.request.query_params.get("cursor", ""),
            size=pager.page_size(self.request),
        )
        return Response(page.body(results=(show or self.shown)(page.rows)))

    def body(self, serializer_class: Any) -> dict[str, Any]:
        """Return the checked body of a call. Raises ``ValidationError`` (400)."""
        sent = serializer_class(data=self.request.data)
        sent.is_valid(raise_exception=True)
        checked: dict[str, Any] = sent.validated_data
        return checked

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Put the rate headers on every answer."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.rate is not None:
            for name, value in self.rate.headers().items():
                answer.headers[name] = value
        notice = deprecation.of(getattr(self, getattr(self, "action", None) or "", None))
        if notice is not None:
            for name, value in notice.headers().items():
                answer.headers[name] = value
        return answer


def refuse_unknown(names: Iterable[str]) -> None:
    """Refuse query parameters nobody reads, by name. Raises ``ValidationError`` (400)."""
    unknown = sorted(names)
    if unknown:
        raise exceptions.ValidationError(
            {name: [_("There is no such field. See the API's schema.")] for name in unknown}
        )


def cannot(*, code: str, detail: Any, field: str = "") -> NoReturn:
    """Answer 422: the call was understood and cannot be done, now or later, as it stands."""
    raise Problem(
        status_code=status.HTTP_422_UNPROCESSABLE_ENTITY,
        code=code,
        detail=detail,
        fields={field: [str(detail)]} if field else None,
    )


def conflict(*, code: str, detail: Any) -> NoReturn:
    """Answer 409: the call does not fit the object's present state."""
    raise Problem(status_code=status.HTTP_409_CONFLICT, code=code, detail=detail)


@extend_schema(exclude=True)
class NothingHere(APIView):
    """Answers every unknown address below ``/api/`` with problem details."""

    actions: ClassVar[dict[str, str]] = {"*": PUBLIC}
    authentication_classes = []

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Say that there is nothing, whatever the method."""
        self.args, self.kwargs = args, kwargs
        drf_request = self.initialize_request(request, *args, **kwargs)
        self.request = drf_request
        self.headers = self.default_response_headers
        self.format_kwarg = None
        error = exceptions.NotFound(_("There is nothing at this address. See /api/schema/."))
        response: Response = self.handle_exception(error)
        return self.finalize_response(drf_request, response, *args, **kwargs)
