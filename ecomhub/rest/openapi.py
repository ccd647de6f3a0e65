"""How the API describes itself: every operation names its problems and, where needed, its key."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from ecomhub.rest.problems import PROBLEM_JSON, ProblemSerializer

_ALWAYS = {
    "401": "The token is missing or not valid.",
    "403": "The token may not do this.",
    "429": "Too many calls this minute; wait for Retry-After seconds.",
}
_INPUT = {"400": "A parameter or a field is not right; see `errors`."}
_ONE = {"404": "There is no such object, or it is not yours to see."}
_UNSAFE = {
    "409": "It does not fit the object's present state, or the key is in flight (with Retry-After).",
    "422": "It was understood and cannot be done, or the key was used for another request.",
    "503": "Somebody else works on the same objects; try again after Retry-After seconds.",
}


class ApiSchema(AutoSchema):
    """Adds problem details and the idempotency header to what can be read off a view."""

    def get_override_parameters(self) -> list[Any]:
        """Describe the Idempotency-Key header of a guarded method."""
        found = list(super().get_override_parameters())
        if self._needs_key():
            found.append(
                OpenApiParameter(
                    name="Idempotency-Key",
                    location=OpenApiParameter.HEADER,
                    required=True,
                    description="New for each thing to be done, the same when a call is repeated. "
                    "The same key with the same body gets the same answer for 24 hours.",
                )
            )
        return found

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Describe an operation with every problem it may answer."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        reference = self.resolve_serializer(ProblemSerializer, "response").ref
        for code, words in self._problems(operation).items():
            operation["responses"].setdefault(
                code, {"description": words, "content": {PROBLEM_JSON: {"schema": reference}}}
            )
        return operation

    def _needs_key(self) -> bool:
        handler = getattr(self.view, getattr(self.view, "action", "") or self.method.lower(), None)
        return bool(getattr(handler, "needs_idempotency_key", False))

    def _problems(self, operation: dict[str, Any]) -> dict[str, str]:
        found = dict(_ALWAYS)
        if operation.get("parameters") or operation.get("requestBody"):
            found |= _INPUT
        if "{" in self.path:
            found |= _ONE
        if self.method not in ("GET", "HEAD"):
            found |= _UNSAFE
        return found
