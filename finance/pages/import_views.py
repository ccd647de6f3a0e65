"""Taking statements in: files of one account, what became of each settlement in them, new accounts."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from channels.settlement_messages import Holder
from ecomhub import clock
from ecomhub.access import actor_of, allow
from ecomhub.shell.toasts import add_toast
from finance import queries, seeing
from finance.models import MoneyAccount
from finance.pages.forms import ImportForm, MoneyAccountForm
from finance.pages.page_parts import SETTLEMENT_COLORS, section_tabs, whole_actor
from finance.pages.settlement_views import reason_words
from finance.statements import importing, money_accounts
from finance.statements.importing import ImportBusy, Summary
from finance.statements.money_accounts import AccountRefused

FILE_COLORS = {"reading": "azure", "read": "green", "refused": "red"}
RECENT = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one settlement of a document, with its color and why in words."""

    one: Summary
    color: str
    reason: str

    @property
    def difference(self) -> object:
        """Return the total less the lines, where a total is stated."""
        return None if self.one.header_total is None else self.one.header_total - self.one.lines_total

    @property
    def totals(self) -> Sequence[tuple[str, object]]:
        """Return the sums by type, the largest first."""
        return sorted((self.one.totals or {}).items(), key=lambda pair: -abs(pair[1]))


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file: its settlements, or why it could not be read."""

    name: str
    problem: str
    outcomes: list[Outcome]


@allow("finance.import")
@require_http_methods(["GET", "POST"])
def take(request: HttpRequest) -> HttpResponse:
    """Take files of an account in and say what became of every settlement in them."""
    actor = actor_of(request)
    form = ImportForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        accounts=list(queries.accounts_of(actor=actor)),
        channels=list(seeing.channels_without_account(actor=actor).order_by("name")),
        initial={"account": request.GET.get("account", "")},
    )
    taken: list[FileOutcome] = []
    if form.is_valid():
        account = _account(form, str(form.cleaned_data["account"]))
        taken = [_take(account, file, actor=actor.name) for file in form.cleaned_data["documents"]]
    context = {
        "sections": section_tabs("import", actor=actor),
        "form": form,
        "taken": taken,
        "recent": [(row, FILE_COLORS[row.state]) for row in queries.recent_files(actor=actor, size=RECENT)],
        "can_add": seeing.everything(actor=actor),
        "can_see_files": actor.may("finance.export"),
    }
    return render(request, "finance/import.html", context)


def _account(form: ImportForm, key: str) -> MoneyAccount:
    if key in form.accounts:
        return form.accounts[key]
    return money_accounts.of_channel(channel=form.channels[key], at=clock.now())


def _take(account: MoneyAccount, file: "UploadedFile[Any]", *, actor: str) -> FileOutcome:
    name = Path(file.name or "file").name
    try:
        with _on_disk(file) as path:
            summaries = importing.take_in(account=account, path=path, at=clock.now(), name=name, actor=actor)
    except ImportBusy as busy:
        return FileOutcome(name, str(busy), [])
    except OSError:
        return FileOutcome(name, _("The file could not be kept. Look at the space left on the disk."), [])
    return FileOutcome(
        name,
        "",
        [Outcome(one, SETTLEMENT_COLORS[one.state], reason_words(one.reason)) for one in summaries],
    )


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
    """Show one document: its hash and what it said of each settlement."""
    actor = actor_of(request)
    row = queries.files_of(actor=actor).filter(pk=pk).first()
    if row is None:
        raise Http404(_("There is no such document."))
    context = {
        "file": row,
        "color": FILE_COLORS[row.state],
        "documents": [
            (one, SETTLEMENT_COLORS[one.state], reason_words(one.reason))
            for one in row.settlements.select_related("settlement").order_by("pk")
        ],
        "can_see_files": actor.may("finance.export"),
    }
    return render(request, "finance/file.html", context)
