"""How the API describes itself: every operation names its problems and, where needed, its key."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from ecomhub.rest import deprecation, sparse
from ecomhub.rest.problems import PROBLEM_JSON, ProblemSerializer

_ALWAYS = {
    "401": "The token is missing or not valid.",
    "403": "The token may not do this.",
    "406": "Answers are JSON; the Accept header excludes it.",
    "429": "Too many calls this minute; wait for Retry-After seconds.",
    "503": "The hub or what it asks is busy; nothing was changed, try again after Retry-After seconds.",
}
_INPUT = {"400": "A parameter or a field is not right; see `errors`."}
_ONE = {"404": "There is no such object, or it is not yours to see."}
_VERSIONED = {"412": "The object changed since you read it (If-Match)."}
_NEEDS_VERSION = {"428": "If-Match is missing: send the ETag you read."}
_BODY = {"415": "The body is not JSON."}
_UNSAFE = {
    "409": "It does not fit the object's present state, or the key is in flight (with Retry-After).",
    "422": "It was understood and cannot be done, or the key was used for another request.",
}
_OF_STATE = {
    "409": "It does not fit the object's present state.",
    "422": "It was understood and cannot be done.",
}


class ApiSchema(AutoSchema):
    """Adds problem details and the idempotency header to what can be read off a view."""

    def get_override_parameters(self) -> list[Any]:
        """Describe the Idempotency-Key header of a guarded method, and ``fields`` of a read."""
        found = list(super().get_override_parameters())
        if self.method == "GET" and hasattr(self.view, "only"):
            found.append(
                OpenApiParameter(
                    name=sparse.PARAMETER,
                    type=str,
                    description="Names of the wanted fields, comma separated; without it, all of them.",
                )
            )
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
        notice = deprecation.of(self._handler())
        if notice is not None:
            operation["deprecated"] = True
            operation["description"] = f"{operation.get('description', '')}\n\n{notice.words()}".strip()
        reference = self.resolve_serializer(ProblemSerializer, "response").ref
        for code, words in self._problems(operation).items():
            operation["responses"].setdefault(
                code, {"description": words, "content": {PROBLEM_JSON: {"schema": reference}}}
            )
        return operation

    def _handler(self) -> Any:
        return getattr(self.view, getattr(self.view, "action", "") or self.method.lower(), None)

    def _needs_key(self) -> bool:
        return bool(getattr(self._handler(), "needs_idempotency_key", False))

    def _problems(self, operation: dict[str, Any]) -> dict[str, str]:
        found = dict(_ALWAYS)
        if operation.get("parameters") or operation.get("requestBody"):
            found |= _INPUT
        if "{" in self.path:
            found |= _ONE
            # What is asked below an object, such as a shipment's choices, may depend on its state.
            found |= {} if self.path.endswith("}/") else _OF_STATE
        if self.method not in ("GET", "HEAD"):
            found |= _UNSAFE | _BODY
        for parameter in operation.get("parameters", []):
            if parameter["name"] == "If-Match":
                found |= _VERSIONED | (_NEEDS_VERSION if parameter.get("required") else {})
        return found


def sparse_answers(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Let answers that take ``fields`` promise no field: a client may have asked for some alone.

    A hook of drf-spectacular. What pages and nested objects always have stays required.
    """
    schemas = result.get("components", {}).get("schemas", {})
    for methods in result.get("paths", {}).values():
        read = methods.get("get", {})
        if any(parameter["name"] == sparse.PARAMETER for parameter in read.get("parameters", [])):
            for media in read["responses"].get("200", {}).get("content", {}).values():
                _relax(media["schema"], schemas)
    return result


def _relax(schema: dict[str, Any], schemas: dict[str, Any], *, inside_page: bool = False) -> None:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    results = schema.get("properties", {}).get("results")
    if results is not None and not inside_page:
        _relax(results.get("items", {}), schemas, inside_page=True)
        return
    schema.pop("required", None)
