"""A client of the REST API that checks every answer against the API's own OpenAPI document."""

from __future__ import annotations

import itertools
import json
import re
from functools import cache
from typing import Any

from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker

from ecomhub.access import SCOPES, Role
from ecomhub.models import User
from ecomhub.tokens import issue

ALL = tuple(SCOPES)
_names = itertools.count(1)


def make_person(role: Role = Role.OPERATIONS, **fields: Any) -> User:
    """A person with a role."""
    return User.objects.create(username=f"person-{next(_names)}", role=role.value, **fields)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document as the schema page serves it."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    made: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    plain: dict[str, Any] = json.loads(json.dumps(made))
    return plain


def operation(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The document's operation for a call."""
    for template, methods in document()["paths"].items():
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path) and method.lower() in methods:
            return template, methods[method.lower()]
    raise AssertionError(f"{method} {path} is not in the document")


def check(method: str, path: str, status: int, content_type: str, body: Any) -> None:
    """Fail unless the document promises this answer."""
    template, described = operation(method, path)
    promised = described["responses"].get(str(status))
    assert promised is not None, f"{method} {template} does not promise {status}"
    media = promised["content"].get(content_type.partition(";")[0])
    assert media is not None, f"{method} {template} {status} does not promise {content_type}"
    schema = {**media["schema"], "components": document()["components"]}
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(body)


class Api:
    """Calls as the holder of one token."""

    def __init__(self, user: User | None = None, *, scopes: tuple[str, ...] = ALL, **limits: Any) -> None:
        self.user = user or make_person()
        self.token = issue(user=self.user, name="test", scopes=scopes, **limits)
        self.client = Client(headers={"Authorization": f"Token {self.token}"})
        self._keys = itertools.count(1)

    def get(self, path: str, *, expect: int = 200, **query: Any) -> Any:
        """Read, expecting a status; returns the body."""
        answer = self.client.get(f"/api/v1/{path}", query)
        return self._checked("GET", path, answer, expect)

    def post(self, path: str, body: Any, *, status: int = 201, key: str | None = None) -> Any:
        """Write under a key of its own unless one is given; returns the body."""
        answer = self.raw_post(path, body, key=key or f"key-{next(self._keys)}")
        return self._checked("POST", path, answer, status)

    def raw_post(self, path: str, body: Any, *, key: str = "", match: str = "") -> Any:
        """Write and return the whole answer; ``match`` is the state it is meant for."""
        headers = {"Idempotency-Key": key} if key else {}
        if match:
            headers["If-Match"] = match
        return self.client.post(
            f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=headers
        )

    def _checked(self, method: str, path: str, answer: Any, status: int) -> Any:
        body = json.loads(answer.content)
        assert answer.status_code == status, body
        check(method, f"/api/v1/{path}", status, answer.headers["Content-Type"], body)
        return body
