"""What the sections of the finance API share."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework.response import Response

from ecomhub.rest.views import HubViewSet


def narrowed(rows: QuerySet[Any], wanted: dict[str, Any], lookups: dict[str, str]) -> QuerySet[Any]:
    """Return the rows that pass the checked filters."""
    return rows.filter(**{lookups[name]: value for name, value in wanted.items() if value})


class FinanceViewSet(HubViewSet):
    """What every section of the house shares: rows by their key."""

    actions: ClassVar[dict[str, str]] = {"GET": "finance.view"}
    page_keys = (("id", int),)
    newest_first = True
    lookups: ClassVar[dict[str, str]] = {}

    def page(self) -> Response:
        """Answer with one page of the rows that pass the call's filters."""
        return self.page_of(narrowed(self.get_queryset(), self.filters(), self.lookups))
