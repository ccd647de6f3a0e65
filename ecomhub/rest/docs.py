"""The API's page to read and try: Swagger UI from our own static files, nothing from anywhere else."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ecomhub.access import allow


@allow("api.schema")
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Show every operation of the API with its examples; the document is the one clients get."""
    context: dict[str, Any] = {"schema_url": "/api/schema/?format=json"}
    return render(request, "rest/docs.html", context)
