"""What every API view of the hub shares: the actor, the rate headers, keyset pages, an answer for nothing."""

from typing import Any, ClassVar, NoReturn

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ecomhub.access import PUBLIC, Actor
from ecomhub.rest.pagination import KeysetPagination
from ecomhub.rest.permission import api_actor
from ecomhub.rest.problems import Problem
from ecomhub.rest.throttling import Rate, TokenThrottle


class HubViewSet(viewsets.GenericViewSet[Any]):
    """Base of the API's sections. ``actions`` names the access action per method; the rest is denied."""

    actions: ClassVar[dict[str, str]] = {}
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
        return answer


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
