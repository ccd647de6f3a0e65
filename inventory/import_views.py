"""Importing sheets: upload, look at what would happen, apply, follow the progress."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecomhub import clock
from ecomhub.access import ACTIONS, Actor, actor_of, allow
from ecomhub.discovery import importers
from inventory import imports, queries
from inventory.forms import UploadForm
from inventory.imports import ImportRefused
from inventory.models import SheetImport
from inventory.views import section_tabs

OUTCOME_COLORS = {"created": "green", "updated": "azure", "unchanged": "secondary", "refused": "red"}
STEP_COLORS = {
    "uploaded": "secondary",
    "previewed": "purple",
    "applying": "azure",
    "applied": "green",
    "refused": "red",
}
SHOWN_FINDINGS = 200


def _outcome_words(*, is_done: bool) -> dict[str, str]:
    if not is_done:
        return {
            "created": _("Would be created"),
            "updated": _("Would be changed"),
            "unchanged": _("As it is"),
            "refused": _("Refused"),
        }
    return {
        "created": _("Created"),
        "updated": _("Changed"),
        "unchanged": _("As it was"),
        "refused": _("Refused"),
    }


def _importing_actor(request: HttpRequest) -> Actor:
    """Return who imports. A sheet may name any shop and warehouse, so nobody limited to some may bring one.

    Raises ``PermissionDenied``.
    """
    actor = actor_of(request)
    if actor.shop_ids is not None or actor.warehouse_ids is not None:
        raise PermissionDenied(
            _("A sheet can change any shop and warehouse, and you are limited to some. Ask a colleague.")
        )
    return actor


@allow("sheets.import")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """List the imports and take a new sheet, which is only looked at."""
    actor = _importing_actor(request)
    actions = [action for action in ACTIONS if actor.may(action)]
    kinds = {kind: one for kind, one in importers().items() if one.action in actions}
    asked = request.GET.get("kind", "skus")
    initial = {"kind": asked if asked in kinds else next(iter(kinds), "")}
    form = UploadForm(request.POST or None, request.FILES or None, actions=actions, initial=initial)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            row = imports.upload(
                kind=form.cleaned_data["kind"],
                name=file.name,
                data=file.read(),
                at=clock.now(),
                actor=actor.name,
                options={"create_warehouses": form.cleaned_data["create_warehouses"]},
            )
            imports.preview(import_id=row.pk, at=clock.now())
            return redirect("inventory:import", pk=row.pk)
        except ImportRefused as refusal:
            form.add_error("file", str(refusal))
    context = {
        "sections": section_tabs("imports", actor=actor),
        "form": form,
        "imports": [
            {"row": row, "title": kinds[row.kind].title, "color": STEP_COLORS[row.step]}
            for row in queries.recent_imports()
            if row.kind in kinds
        ],
        "kinds": list(kinds.values()),
    }
    return render(request, "inventory/imports.html", context)


def _import(request: HttpRequest, pk: int) -> SheetImport:
    actor = _importing_actor(request)
    row = SheetImport.objects.select_related("file").filter(pk=pk).first()
    if row is None or not actor.may(imports.importer_of(kind=row.kind).action):
        raise Http404(_("There is no such import."))
    return row


def _context(row: SheetImport) -> dict[str, Any]:
    is_done = row.step in (SheetImport.Step.APPLYING, SheetImport.Step.APPLIED)
    words, report = _outcome_words(is_done=is_done), row.report
    counts = report.get("counts", {})
    return {
        "import": row,
        "title": imports.importer_of(kind=row.kind).title,
        "color": STEP_COLORS[row.step],
        "counts": [(words[key], counts.get(key, 0), OUTCOME_COLORS[key]) for key in words],
        "has_refused": bool(counts.get("refused")),
        "error": report.get("error", {}).get("message", ""),
        "ignored": report.get("ignored", []),
        "findings": [
            {"finding": one, "word": words[str(one.outcome)], "color": OUTCOME_COLORS[str(one.outcome)]}
            for one in imports.findings_of(report=report)[:SHOWN_FINDINGS]
        ],
        "left_out": max(0, len(report.get("findings", [])) - SHOWN_FINDINGS) or report.get("cut", False),
        "can_apply": row.step == SheetImport.Step.PREVIEWED and counts.get("refused", 0) < row.rows_total,
        "is_applying": row.step == SheetImport.Step.APPLYING,
        "can_discard": not is_done,
    }


@allow("sheets.import")
@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a sheet would do, or did, row by row."""
    context = _context(_import(request, pk))
    template = "inventory/import_body.html" if "part" in request.GET else "inventory/import.html"
    return render(request, template, context)


@allow("sheets.import")
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a looked-at sheet be applied; it goes on when the page is left."""
    row = _import(request, pk)
    try:
        imports.begin(import_id=row.pk)
    except ImportRefused as refusal:
        return render(request, "inventory/import.html", {**_context(row), "error": str(refusal)})
    return redirect("inventory:import", pk=pk)


@allow("sheets.import")
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a sheet that was only looked at."""
    row = _import(request, pk)
    try:
        imports.discard(import_id=row.pk)
    except ImportRefused as refusal:
        return render(request, "inventory/import.html", {**_context(row), "error": str(refusal)})
    messages.success(request, _("The sheet is discarded; nothing was taken in."))
    return redirect("inventory:imports")
