"""Lists are read by keyset: an opaque cursor names the last row of a page, never a row number."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from ecomhub.keyset import before, behind
from ecomhub.rest.problems import Problem

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


def _bad(*, code: str, detail: str, field: str) -> Problem:
    return Problem(
        status_code=status.HTTP_400_BAD_REQUEST, code=code, detail=detail, fields={field: [detail]}
    )


def encode(values: Sequence[Any]) -> str:
    """Return the cursor for the row with these key values (instants, numbers or texts)."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode(text: str, *, kinds: Sequence[type]) -> list[Any]:
    """Return a cursor's key values. Raises ``Problem`` (400) when it is not one of ours."""
    try:
        values = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError("another list's cursor")
        read: list[Any] = []
        for value, kind in zip(values, kinds, strict=True):
            read.append(datetime.fromisoformat(value) if kind is datetime else value)
            if not isinstance(read[-1], kind) or isinstance(value, bool):
                raise ValueError("not a key of this list")
            if isinstance(read[-1], datetime) and read[-1].tzinfo is None:
                raise ValueError("an instant without a zone")
            if isinstance(read[-1], int) and not -(2**63) <= read[-1] < 2**63:
                raise ValueError("not a number of this list")
            if isinstance(read[-1], str) and "\x00" in read[-1]:
                raise ValueError("not a text")
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise _bad(
            code="bad_cursor",
            detail=_("This cursor is not from this list. Begin again without a cursor."),
            field="cursor",
        ) from error
    return read


class KeysetPagination(BasePagination):
    """Pages in ascending order of ``keys``, or descending where the view sets ``newest_first``.

    The view may name its own keys as ``page_keys``. ``cursor`` is opaque, ``page_size`` 1 to 200.
    """

    keys: tuple[tuple[str, type], ...] = (("updated_at", datetime), ("id", int))
    next_cursor: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return one page of rows and note the cursor behind it."""
        self.keys = getattr(view, "page_keys", self.keys)
        names = [name for name, _kind in self.keys]
        newest_first = bool(getattr(view, "newest_first", False))
        size = self.page_size(request)
        text = request.query_params.get("cursor", "")
        if text:
            values = decode(text, kinds=[kind for _name, kind in self.keys])
            queryset = queryset.filter((before if newest_first else behind)(keys=names, values=values))
        order = [f"-{name}" for name in names] if newest_first else names
        rows = list(queryset.order_by(*order)[: size + 1])
        self.next_cursor = None
        if len(rows) > size:
            rows = rows[:size]
            self.next_cursor = encode([self.value(rows[-1], name) for name in names])
        return rows

    def value(self, row: Model, name: str) -> Any:
        """Return a row's key value, also through relations (``sku__code``)."""
        found: Any = row
        for part in name.split("__"):
            found = getattr(found, part)
        return found

    def page_size(self, request: Request) -> int:
        """Read the wanted page size. Raises ``Problem`` (400) outside 1 to 200."""
        text = request.query_params.get("page_size", str(PAGE_SIZE))
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= MAX_PAGE_SIZE:
            raise _bad(
                code="bad_page_size",
                detail=_("page_size is a whole number from 1 to 200."),
                field="page_size",
            )
        return int(text)

    def get_paginated_response(self, data: Any) -> Response:
        """Return a page with the cursor of the next one, or ``null`` on the last."""
        return Response({"results": data, "next_cursor": self.next_cursor})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page in the OpenAPI document."""
        return {
            "type": "object",
            "required": ["results", "next_cursor"],
            "properties": {
                "results": schema,
                "next_cursor": {
                    "type": ["string", "null"],
                    "description": "Send it as `cursor` to get the next page; null on the last page.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the two query parameters in the OpenAPI document."""
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "The `next_cursor` of the page before.",
                "schema": {"type": "string"},
            },
            {
                "name": "page_size",
                "in": "query",
                "required": False,
                "description": "Rows per page.",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE},
            },
        ]
