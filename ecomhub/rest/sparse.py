"""Sparse answers: ``fields=id,status`` brings these fields alone, and reads no more than they need."""

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers
from rest_framework.request import Request

PARAMETER = "fields"


def asked(request: Request, *, known: Collection[str]) -> frozenset[str] | None:
    """Return the fields a call asks for; ``None`` for all. Raises ``ValidationError`` naming unknown ones."""
    given = request.query_params.getlist(PARAMETER)
    if not given:
        return None
    names = {name.strip() for text in given for name in text.split(",")} - {""}
    unknown = sorted(name for name in names if name not in known)
    if unknown or not names:
        words = _("There is no such field: %s. See the API's schema.") % ", ".join(unknown)[:200]
        raise exceptions.ValidationError({PARAMETER: [words]})
    return frozenset(names)


def pruned(serializer: Any, *, only: frozenset[str] | None) -> Any:
    """Take the fields that were not asked for out of a serializer (or a list's) before it shows anything."""
    one: Any = serializer.child if isinstance(serializer, serializers.ListSerializer) else serializer
    if only is not None:
        for name in set(one.fields) - only:
            one.fields.pop(name)
    return serializer
