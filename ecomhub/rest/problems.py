"""How every error of the REST API looks: RFC 9457 problem details."""

import math
from collections.abc import Mapping
from typing import Any

import psycopg2
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions, serializers, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

PROBLEM_JSON = "application/problem+json"
_RETRY_SECONDS = 1


class Problem(exceptions.APIException):
    """An error with a stable ``code``, a status and a sentence that says what to do next."""

    def __init__(
        self,
        *,
        status_code: int,
        code: str,
        detail: str | Promise,
        fields: Mapping[str, list[str]] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail=str(detail), code=code)
        self.status_code = status_code
        self.fields = fields
        self.retry_after_s = retry_after_s


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem details as every error answer has them."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """Add ``errors``, a name that the serializer class itself uses for something else."""
        texts = serializers.ListField(child=serializers.CharField())
        return {**super().get_fields(), "errors": serializers.DictField(child=texts, required=False)}


_TITLES: Mapping[int, str] = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    412: "Precondition failed",
    415: "Unsupported media type",
    422: "Cannot be processed",
    428: "Precondition required",
    429: "Too many requests",
    500: "Error of the hub",
    503: "Not available now",
}


def _errors_of(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    if isinstance(detail, Mapping):
        found: dict[str, list[str]] = {}
        for key, value in detail.items():
            found.update(_errors_of(value, f"{prefix}.{key}" if prefix else str(key)))
        return found
    if isinstance(detail, list) and any(isinstance(item, Mapping | list) for item in detail):
        found = {}
        for number, item in enumerate(detail):
            found.update(_errors_of(item, f"{prefix}[{number}]"))
        return found
    items = detail if isinstance(detail, list) else [detail]
    return {prefix or "non_field_errors": [str(item) for item in items]}


def problem(
    *, status_code: int, code: str, detail: str, errors: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a problem details body."""
    body: dict[str, Any] = {
        "type": f"urn:ecomhub:problem:{code}",
        "title": _TITLES.get(status_code, "Error"),
        "status": status_code,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return body


def of_database(error: DatabaseError) -> Problem | None:
    """Read what Postgres refused as a problem; ``None`` when it is a fault of ours.

    Unique keys answer 409, checks, missing references and values out of range 422, lost races and locks
    503 with ``Retry-After`` (SQLSTATE: PostgreSQL documentation, appendix A).
    """
    cause = error.__cause__
    if not isinstance(cause, psycopg2.Error):
        return None
    rule = cause.diag.constraint_name or ""
    match cause.pgcode or "":
        case "23505":
            return Problem(
                status_code=status.HTTP_409_CONFLICT,
                code="already_there",
                detail=_("Something else already has this place (%(rule)s). Read it first.") % {"rule": rule},
            )
        case "23514" | "23503" | "23P01" | "23502":
            return Problem(
                status_code=status.HTTP_422_UNPROCESSABLE_ENTITY,
                code="rule_broken",
                detail=_("This would break a rule of the hub (%(rule)s). Nothing was changed.")
                % {"rule": rule},
            )
        case "22003" | "22001" | "22007" | "22008" | "22021" | "22P05":
            return Problem(
                status_code=status.HTTP_422_UNPROCESSABLE_ENTITY,
                code="out_of_range",
                detail=_("A value is too large or is not one the hub can keep. Nothing was changed."),
            )
        case "40001" | "40P01" | "55P03" | "57014":
            return Problem(
                status_code=status.HTTP_503_SERVICE_UNAVAILABLE,
                code="busy",
                detail=_("Somebody else works on the same objects. Nothing was changed; try again."),
                retry_after_s=_RETRY_SECONDS,
            )
    return None


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer 500: as problem details below ``/api/``, as a page elsewhere."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    body = problem(
        status_code=500,
        code="internal_error",
        detail=_("The hub made a mistake; it is in its log. Repeat the call with the same key."),
    )
    return JsonResponse(body, status=500, content_type=PROBLEM_JSON)


def problem_details(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn any API error into problem details. Unknown errors stay errors (500)."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(_("There is no such object, or it is not yours to see."))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, DatabaseError):
        error = of_database(error) or error
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers: dict[str, str] = {}
    if (challenge := getattr(error, "auth_header", None)) is not None:
        headers["WWW-Authenticate"] = challenge
    wait = getattr(error, "retry_after_s", None) or getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    if isinstance(error, exceptions.ValidationError):
        body = problem(
            status_code=status.HTTP_400_BAD_REQUEST,
            code="invalid",
            detail=_("Some fields are not right; see errors."),
            errors=_errors_of(error.detail),
        )
    else:
        codes = error.get_codes()
        body = problem(
            status_code=error.status_code,
            code=codes if isinstance(codes, str) else "error",
            detail=str(error.detail),
            errors=getattr(error, "fields", None),
        )
    return Response(
        body,
        status=error.status_code,
        headers=headers,
        content_type=PROBLEM_JSON,
    )
