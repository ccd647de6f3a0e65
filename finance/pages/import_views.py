"""Taking statements in: files of an account, how far each is, what became of its settlements, accounts."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels.settlement_messages import Holder
from ecomhub import clock
from ecomhub.access import Actor, actor_of, allow
from ecomhub.celery import ring
from ecomhub.shell.toasts import add_toast
from finance import queries, seeing
from finance.models import ImportJob, MoneyAccount, SourceFile
from finance.pages.forms import ImportForm, MoneyAccountForm
from finance.pages.import_cards import Card, cards_of
from finance.pages.layout_forms import SourceForm
from finance.pages.page_parts import SETTLEMENT_COLORS, number_asked, section_tabs, whole_actor
from finance.statements import import_queries, money_accounts, recognizing, summaries, uploading
from finance.statements.money_accounts import AccountRefused
from finance.tasks import take_statement

FILE_COLORS = {"reading": "azure", "read": "green", "refused": "red"}
RECENT = 20


@allow("finance.import")
@require_http_methods(["GET", "POST"])
def take(request: HttpRequest) -> HttpResponse:
    """Keep files of an account and ask for their import; show how far the latest imports are."""
    actor = actor_of(request)
    form = ImportForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        accounts=list(queries.accounts_of(actor=actor)),
        channels=list(seeing.channels_without_account(actor=actor).order_by("name")),
        initial={"account": request.GET.get("account", "")},
    )
    if form.is_valid():
        key = str(form.cleaned_data["account"])
        account = _account(form, key)
        lost = [
            file.name or ""
            for file in form.cleaned_data["documents"]
            if not _keep(account, file, actor=actor)
        ]
        if not lost:
            return redirect(f"{reverse('finance:import')}?account=m{account.pk}")
        form.add_error(
            "documents",
            _("These files could not be kept: %s. Look at the space left on the disk.") % ", ".join(lost),
        )
    context = {
        "sections": section_tabs("import", actor=actor),
        "form": form,
        **_live(cards_of(imports=import_queries.recent(actor=actor), actor=actor)),
        "recent": [
            (row, FILE_COLORS[row.state], summaries.refusal_of(row))
            for row in queries.recent_files(actor=actor, size=RECENT)
        ],
        "can_add": seeing.everything(actor=actor),
        "can_see_files": actor.may("finance.export"),
    }
    return render(request, "finance/import.html", context)


@allow("finance.import")
@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """Answer with the cards that were being worked on, and what to ask for next."""
    actor = actor_of(request)
    asked = [number_asked(part) for part in request.GET.get("ids", "").split(",")[:100]]
    rows = list(import_queries.imports_of(actor=actor).filter(pk__in=asked).order_by("-pk"))
    return render(request, "finance/import_live.html", _live(cards_of(imports=rows, actor=actor)))


@allow("finance.import")
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try an import that stopped once more."""
    if not uploading.again(imports=seeing.imports(actor=actor_of(request)), import_id=pk):
        raise Http404(_("There is no such import that stopped."))
    ring(take_statement, pk)
    return redirect("finance:import")


def _live(cards: list[Card]) -> dict[str, Any]:
    return {
        "cards": cards,
        "working": ",".join(str(card.row.pk) for card in cards if card.row.is_working),
    }


def _account(form: ImportForm, key: str) -> MoneyAccount:
    if key in form.accounts:
        return form.accounts[key]
    return money_accounts.of_channel(channel=form.channels[key], at=clock.now())


def _keep(account: MoneyAccount, file: "UploadedFile[Any]", *, actor: Actor) -> ImportJob | None:
    """Keep one upload and ask for its import; nothing where it cannot be kept."""
    try:
        with _on_disk(file) as path:
            job = uploading.upload(
                account=account,
                path=path,
                name=Path(file.name or "file").name,
                at=clock.now(),
                actor=actor.name,
            )
    except OSError:
        return None
    ring(take_statement, job.pk)
    return job


@contextmanager
def _on_disk(file: "UploadedFile[Any]") -> Iterator[Path]:
    """Give an upload a path: large ones have one already."""
    if isinstance(file, TemporaryUploadedFile):
        yield Path(file.temporary_file_path())
        return
    with tempfile.NamedTemporaryFile() as kept:
        for chunk in file.chunks():
            kept.write(chunk)
        kept.flush()
        yield Path(kept.name)


@allow("finance.import")
@require_http_methods(["GET", "POST"])
def add_account(request: HttpRequest) -> HttpResponse:
    """Make a wallet's or bank's account, or a platform's whose files come by hand."""
    whole_actor(request)
    form = MoneyAccountForm(request.POST if request.method == "POST" else None, auto_id="dialog_%s")
    if form.is_valid():
        values = form.cleaned_data
        try:
            made = money_accounts.create(
                name=values["name"],
                holder=Holder(values["holder"]),
                provider=values["provider"],
                at=clock.now(),
                legal_entity=values["company"] if values["shop"] is None else None,
                currency=values["currency"],
                zone=values["zone"],
                shop=values["shop"],
                live_on=values["live_on"],
            )
        except AccountRefused as refusal:
            form.add_error("name", str(refusal))
        else:
            answer = HttpResponse(status=204)
            answer.headers["HX-Redirect"] = f"{reverse('finance:import')}?account=m{made.pk}"
            return add_toast(answer, text=_("The account is there. Choose its files now."))
    return render(request, "finance/add_account.html", {"form": form})


@allow("finance.view")
@require_GET
def source_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one document: its hash, what it said of each settlement, what it could be when it was refused."""
    actor = actor_of(request)
    row = file_or_404(actor, pk)
    can_import = actor.may("finance.import")
    is_refused = row.state == SourceFile.State.REFUSED
    imports = import_queries.of_document(actor=actor, file=row) if can_import else []
    context = {
        "file": row,
        "color": FILE_COLORS[row.state],
        "reason": summaries.refusal_of(row),
        "documents": [
            (one, SETTLEMENT_COLORS[one.state], summaries.reason_words(one.reason))
            for one in row.settlements.select_related("settlement").order_by("pk")
        ],
        **_live(cards_of(imports=imports, actor=actor)),
        "form": source_form(row) if is_refused and can_import else None,
        "can_see_files": actor.may("finance.export"),
    }
    return render(request, "finance/file.html", context)


@allow("finance.import")
@require_POST
def read_as(request: HttpRequest, pk: int) -> HttpResponse:
    """Import a refused document as what somebody says it is."""
    actor = actor_of(request)
    row = file_or_404(actor, pk)
    form = source_form(row, request)
    if row.state == SourceFile.State.READ:
        messages.warning(request, _("It was read in the meantime."))
    elif not form.is_valid():
        messages.error(request, _("Choose what the document is."))
    else:
        source, layout = form.chosen()
        job = uploading.ask(file=row, at=clock.now(), actor=actor.name, source=source, layout=layout)
        ring(take_statement, job.pk)
    return redirect("finance:file", pk=row.pk)


def file_or_404(actor: Actor, pk: int) -> SourceFile:
    """Return a document the actor may see. Raises ``Http404``."""
    row = queries.files_of(actor=actor).filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such document."))
    return row


def source_form(row: SourceFile, request: HttpRequest | None = None) -> SourceForm:
    """Return the form that asks what a document is: what fits it first, then the layouts, then the rest."""
    return SourceForm(
        None if request is None else request.POST,
        fitting=row.fitting or [],
        sources=recognizing.choosable(account=row.account),
        layouts=recognizing.layouts_of(account=row.account),
    )
