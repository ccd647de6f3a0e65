"""Suspense: types of line nobody classified, and the choice that books them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from channels.settlement_messages import Binding, Holder, LineKind
from ecomhub.access import allow
from ecomhub.shell.parts import Tab
from ecomhub.shell.toasts import add_toast, close_dialog
from finance.models import Account, LineType, SettlementLine, TypeMapping
from finance.pages.forms import MappingForm, binding_words, kind_words
from finance.pages.page_parts import account_name, account_names, section_tabs, whole_actor
from finance.sources import registry
from finance.statements import classifying, suspense_queries
from finance.statements.classifying import MappingRefused
from finance.statements.suspense_queries import TypeMoney


@dataclass(frozen=True, slots=True)
class Row:
    """One type of line with what it holds; ``receives``: money may come this way and wait for its payout."""

    one: LineType
    source: str
    receives: bool
    money: list[TypeMoney]
    examples: list[SettlementLine]


def _source_title(key: str) -> str:
    source = registry.sources().get(key)
    return key if source is None else str(source.title)


def _receives(key: str) -> bool:
    source = registry.sources().get(key)
    return source is not None and source.holder != Holder.CHANNEL


@allow("finance.view")
@require_GET
def suspense(request: HttpRequest) -> HttpResponse:
    """List what is not classified, or what people chose."""
    actor = whole_actor(request)
    view = "chosen" if request.GET.get("view") == "chosen" else "waiting"
    types = suspense_queries.waiting()
    context: dict[str, Any] = {
        "sections": section_tabs("suspense", actor=actor),
        "views": [
            Tab(
                label=_("Unclassified"),
                url=reverse("finance:suspense"),
                count=len(types),
                active=view == "waiting",
                color="orange" if types else "",
            ),
            Tab(
                label=_("Chosen by people"),
                url=f"{reverse('finance:suspense')}?view=chosen",
                active=view == "chosen",
            ),
        ],
        "view": view,
        "can_map": actor.may("finance.post"),
    }
    if view == "waiting":
        money = suspense_queries.money_of(types=types)
        examples = suspense_queries.examples_of(money=money) if money else {}
        context["rows"] = [
            Row(
                one,
                _source_title(one.source),
                _receives(one.source),
                money.get(one.pk, []),
                examples.get(one.pk, []),
            )
            for one in types
        ]
    else:
        kinds, bindings = dict(kind_words()), dict(binding_words())
        context["chosen"] = [
            (
                row,
                _source_title(row.line_type.source),
                account_name(row.account),
                kinds.get(row.kind, row.kind),
                bindings.get(row.binding, row.binding),
            )
            for row in suspense_queries.chosen()
        ]
    return render(request, "finance/suspense.html", context)


@allow("finance.post")
@require_http_methods(["GET", "POST"])
def map_type(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose what a type of line is booked as: first what would move is shown, then it is done."""
    actor = whole_actor(request)
    line_type = get_object_or_404(LineType, pk=pk)
    money = suspense_queries.money_of(types=[line_type]).get(pk, [])
    accounts = list(Account.objects.filter(takes_lines=True).order_by("code"))
    form = MappingForm(
        request.POST if request.method == "POST" else None,
        accounts=accounts,
        initial=_initial(line_type, money),
        auto_id="dialog_%s",
    )
    context: dict[str, Any] = {
        "type": line_type,
        "source": _source_title(line_type.source),
        "money": money,
        "examples": suspense_queries.examples_of(money={pk: money}).get(pk, []),
        "form": form,
    }
    if form.is_valid():
        values = form.cleaned_data
        binding = Binding(values["binding"])
        if "save" in request.POST:
            try:
                classifying.map_type(
                    line_type=line_type,
                    account=values["account"],
                    binding=binding,
                    kind=LineKind(values["kind"]),
                    reason=values["reason"],
                    actor=actor.name,
                )
            except MappingRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                answer = HttpResponse(status=204)
                answer.headers["HX-Refresh"] = "true"
                return close_dialog(add_toast(answer, text=_("Booked anew. New lines of it follow.")))
        names = account_names()
        context["moves"] = [
            (move, names.get(move.from_account, ""), names.get(move.to_account, ""))
            for move in suspense_queries.moves(
                line_type=line_type, account=values["account"], binding=binding
            )
        ]
        context["is_shown"] = True
    return render(request, "finance/map_type.html", context)


def _initial(line_type: LineType, money: list[TypeMoney]) -> dict[str, str]:
    """Return what most probably is meant: what holds now, or what the lines look like."""
    held = TypeMapping.objects.filter(line_type=line_type).order_by("-version").first()
    if held is not None:
        return {"account": held.account_id, "kind": held.kind, "binding": held.binding}
    lines = sum(row.lines for row in money)
    with_order = sum(row.with_order for row in money)
    total = sum((row.amount for row in money), Decimal(0))
    return {
        "kind": (LineKind.FEE if total < 0 else LineKind.CHARGE).value,
        "binding": (Binding.ORDER if lines and with_order * 2 > lines else Binding.ACCOUNT).value,
    }
