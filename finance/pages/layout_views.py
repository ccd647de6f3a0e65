"""Layouts of sheets nobody knows: which column is what, what would be read, remembered under a name."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels.settlement_messages import StatementUnreadable
from ecomhub import clock
from ecomhub.access import actor_of, allow
from ecomhub.celery import ring
from finance import seeing
from finance.models import RememberedLayout, SourceFile
from finance.pages.import_views import file_or_404
from finance.pages.layout_forms import COLUMNS, LayoutForm, initial_of
from finance.pages.page_parts import address, number_asked, section_tabs
from finance.sources import trying
from finance.statements import import_queries, raw_rows, remembering, uploading
from finance.statements.remembering import LayoutRefused, Sheet
from finance.tasks import take_statement

SHOWN_ROWS = 12
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("when", ("column_date", "column_time", "column_zone", "date_order")),
    (
        "money",
        (
            "column_amount",
            "column_credit",
            "column_debit",
            "column_sign",
            "in_words",
            "out_words",
            "column_currency",
            "currency_code",
            "decimal_mark",
        ),
    ),
    ("what", ("column_type", "column_detail", "column_order", "column_reference", "column_note")),
)
MORE = (
    "column_fee",
    "fee_included",
    "column_balance",
    "column_status",
    "done",
    "column_settlement",
    "column_marketplace",
    "column_line",
    "column_sku",
    "column_quantity",
    "column_withheld",
    "parts",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the editor is: the document, the layout that is changed, the row of the headings."""

    file: SourceFile
    layout: RememberedLayout | None
    row: int

    def url(self, row: int = 0) -> str:
        """Return the editor's address here, or at another row of headings."""
        layout = self.layout.pk if self.layout else ""
        return address("finance:layout", file=self.file.pk, layout=layout, row=row or self.row)


@allow("finance.import")
@require_GET
def layouts(request: HttpRequest) -> HttpResponse:
    """List the remembered layouts, by account."""
    actor = actor_of(request)
    context = {
        "sections": section_tabs("import", actor=actor),
        "layouts": import_queries.layouts_of(actor=actor),
    }
    return render(request, "finance/layouts.html", context)


@allow("finance.import")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest) -> HttpResponse:
    """Say which column of a document is what, see what would be read, and remember it.

    The document is named by ``file``; a layout that is to be changed by ``layout``, and then the document
    is the newest that was read by it.
    """
    actor = actor_of(request)
    layout = seeing.layouts(actor=actor).filter(pk=number_asked(request.GET.get("layout", ""))).first()
    asked = number_asked(request.GET.get("file", ""))
    file = _sample(layout) if layout is not None and not asked else file_or_404(actor, asked)
    context: dict[str, Any] = {
        "sections": section_tabs("import", actor=actor),
        "file": file,
        "layout": layout,
    }
    try:
        with remembering.opened(file=file, at=clock.now(), actor=actor.name) as sheet:
            row = number_asked(request.GET.get("row", "")) or _known_row(layout)
            place = Place(file, layout, row or trying.heading_row(sheet.rows))
            return _edit(request, sheet, place, context)
    except (StatementUnreadable, raw_rows.DocumentLost) as error:
        lost = _("The document is not in the store. Restore the files of the backup.")
        problem = error.reason if isinstance(error, StatementUnreadable) else lost
        return render(request, "finance/layout.html", context | {"problem": problem})


def _known_row(layout: RememberedLayout | None) -> int:
    return 0 if layout is None else int(layout.layout.get("header_row", 0))


def _sample(layout: RememberedLayout) -> SourceFile:
    file = remembering.sample_of(layout=layout)
    if file is None:
        raise Http404(_("No document of this account came in yet. Import one first."))
    return file


def _edit(request: HttpRequest, sheet: Sheet, place: Place, context: dict[str, Any]) -> HttpResponse:
    headings = sheet.headings(place.row)
    form = LayoutForm(
        request.POST if request.method == "POST" else None,
        headings=headings,
        initial=_initial(place, headings),
    )
    context |= {"form": form, "place": place, "rows": _shown(sheet, place.row), "url": place.url()}
    context["groups"] = [(_group_words()[key], [form[name] for name in names]) for key, names in GROUPS]
    context["more"] = [form[name] for name in MORE]
    if form.is_valid():
        layout = sheet.complete(form.layout(), row=place.row)
        try:
            context["trial"] = sheet.try_out(layout)
            if "save" in request.POST:
                return _save(request, place, form.cleaned_data["name"], layout)
        except StatementUnreadable as error:
            form.add_error(None, error.reason)
        except LayoutRefused as refusal:
            form.add_error("name", str(refusal))
    return render(request, "finance/layout.html", context)


def _save(request: HttpRequest, place: Place, name: str, layout: dict[str, Any]) -> HttpResponse:
    """Remember a layout, and import the document by it when it waits for one."""
    actor = actor_of(request)
    row = remembering.save(
        account=place.file.account, name=name, layout=layout, at=clock.now(), actor=actor.name
    )
    if place.layout is not None and place.layout.name != row.name:
        remembering.forget(layout=place.layout, at=clock.now(), actor=actor.name)
    if place.file.state == SourceFile.State.READ:
        messages.success(
            request, _("The layout is remembered. The next file with these columns is read by it.")
        )
        return redirect("finance:layouts")
    job = uploading.ask(file=place.file, at=clock.now(), actor=actor.name, layout=row)
    ring(take_statement, job.pk)
    messages.success(request, _("The layout is remembered, and the document is being read by it."))
    return redirect("finance:file", pk=place.file.pk)


@allow("finance.import")
@require_POST
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Recognize nothing by a layout any more."""
    actor = actor_of(request)
    row = seeing.layouts(actor=actor).filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such layout."))
    remembering.forget(layout=row, at=clock.now(), actor=actor.name)
    messages.success(request, _("Forgotten. What was read by it stays."))
    return redirect(reverse("finance:layouts"))


def _initial(place: Place, headings: list[str]) -> dict[str, Any]:
    """Return what the form begins with: the layout that is changed, else columns whose words are known."""
    if place.layout is not None:
        return initial_of(name=place.layout.name, layout=place.layout.layout)
    proposed = trying.propose(headings, list(COLUMNS))
    return {f"column_{role}": name for role, name in proposed.items()} | {"name": place.file.account.name}


def _shown(sheet: Sheet, row: int) -> list[tuple[int, list[str], bool, bool]]:
    """Return the rows around the headings: number, cells, whether it is the heading, whether above it."""
    width = max((len(one.cells) for one in sheet.rows), default=0)
    first = max(row - 4, 0)
    return [
        (
            one.number,
            [cell.strip() for cell in one.cells] + [""] * (width - len(one.cells)),
            one.number == row,
            one.number < row,
        )
        for one in sheet.rows
        if first < one.number
    ][:SHOWN_ROWS]


def _group_words() -> dict[str, str]:
    return {"when": _("When"), "money": _("How much"), "what": _("What for")}
