"""How every error of the REST API looks: RFC 9457 problem details."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, status
from rest_framework.response import Response
from rest_framework.views import set_rollback


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
    409: "Conflict",
    412: "Precondition failed",
    415: "Unsupported media type",
    422: "Cannot be processed",
    429: "Too many requests",
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


def problem_details(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn any API error into problem details. Unknown errors stay errors (500)."""
    if isinstance(error, Http404):
        error = exceptions.NotFound(_("There is no such object, or it is not yours to see."))
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers: dict[str, str] = {}
    if (challenge := getattr(error, "auth_header", None)) is not None:
        headers["WWW-Authenticate"] = challenge
    wait = getattr(error, "retry_after_s", None) or getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(int(wait))
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
        content_type="application/problem+json",
    )
