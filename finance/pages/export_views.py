"""Exports: ask for a report or an evidence pack, see how far it is, fetch the file and its manifest."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecomhub import clock
from ecomhub.access import Actor, allow
from ecomhub.celery import ring
from finance import queries
from finance.exports import exporting
from finance.exports.exporting import ExportRefused
from finance.models import ExportJob
from finance.pages.page_parts import section_tabs, whole_actor
from finance.tasks import make_export

SHOWN = 50
STANDING_COLORS = {
    ExportJob.Standing.WAITING: "secondary",
    ExportJob.Standing.RUNNING: "azure",
    ExportJob.Standing.READY: "green",
    ExportJob.Standing.CANCELED: "secondary",
    ExportJob.Standing.FAILED: "red",
}


class ExportForm(forms.Form):
    """What to report, of which company and days, as what kind of file."""

    kind = forms.ChoiceField(label=_("Report"), choices=ExportJob.Kind.choices)
    format = forms.ChoiceField(label=_("File"), choices=ExportJob.Format.choices)
    book = forms.ChoiceField(label=_("Company"))
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    through = forms.DateField(
        label=pgettext_lazy("last day", "Through"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        books = queries.books_of(actor=actor)
        self.fields["book"] = forms.ChoiceField(
            label=_("Company"),
            choices=[(book.legal_entity.code, book.legal_entity.name) for book in books],
        )

    def clean(self) -> dict[str, Any]:
        """An evidence pack is an archive, whatever was chosen."""
        cleaned = super().clean() or {}
        if cleaned.get("kind") == ExportJob.Kind.EVIDENCE:
            cleaned["format"] = ExportJob.Format.ZIP.value
        return cleaned


@allow("finance.export")
@require_http_methods(["GET", "POST"])
def exports(request: HttpRequest) -> HttpResponse:
    """List the exports, the latest first, and take a new one."""
    actor = whole_actor(request)
    form = ExportForm(request.POST if request.method == "POST" else None, actor=actor)
    if form.is_valid():
        wanted = dict(form.cleaned_data)
        try:
            row = exporting.ask(
                kind=wanted.pop("kind"),
                format=wanted.pop("format"),
                parameters=wanted,
                actor=actor,
                at=clock.now(),
            )
        except ExportRefused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            ring(make_export, row.pk)
            return redirect("finance:exports")
    context = {"sections": section_tabs("exports", actor=actor), "form": form, **_rows()}
    return render(request, "finance/exports.html", context)


@allow("finance.export")
@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """Answer with the table alone: it asks again while something is being made."""
    whole_actor(request)
    return render(request, "finance/exports_table.html", _rows())


def _rows() -> dict[str, Any]:
    rows = list(ExportJob.objects.select_related("file").order_by("-pk")[:SHOWN])
    working = {ExportJob.Standing.WAITING, ExportJob.Standing.RUNNING}
    return {
        "rows": [
            {
                "row": row,
                "color": STANDING_COLORS[row.standing],
                "is_ready": row.standing == ExportJob.Standing.READY,
                "is_working": row.standing in working,
                "is_failed": row.standing == ExportJob.Standing.FAILED,
            }
            for row in rows
        ],
        "is_working": any(row.standing in working for row in rows),
    }


@allow("finance.export")
@require_GET
def file(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Hand out an export's file."""
    whole_actor(request)
    row = get_object_or_404(ExportJob.objects.select_related("file"), pk=pk)
    try:
        content = exporting.parts(row=row)
    except ExportRefused as refusal:
        raise Http404(str(refusal)) from refusal
    assert row.file is not None  # noqa: S101 - its content was read
    return FileResponse(
        content, as_attachment=True, filename=row.file.name, content_type=row.file.content_type
    )


@allow("finance.export")
@require_GET
def manifest(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out the manifest of an export that is ready."""
    whole_actor(request)
    row = get_object_or_404(ExportJob, pk=pk, file__isnull=False)
    answer = JsonResponse(row.manifest, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer.headers["Content-Disposition"] = f'attachment; filename="export-{row.pk}-manifest.json"'
    return answer


@allow("finance.export")
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop an export that is not ready."""
    whole_actor(request)
    row = get_object_or_404(ExportJob, pk=pk)
    if not exporting.cancel(export_id=row.pk, at=clock.now()):
        messages.warning(request, exporting.ended_words())
    return redirect("finance:exports")


@allow("finance.export")
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try an export that failed once more."""
    whole_actor(request)
    row = get_object_or_404(ExportJob, pk=pk)
    exporting.again(export_id=row.pk)
    ring(make_export, row.pk)
    messages.success(request, gettext("It is being made again."))
    return redirect("finance:exports")
