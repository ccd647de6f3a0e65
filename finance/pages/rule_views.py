"""The rules money is matched by: all of them in their order, changing one, one for a platform of its own."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ecomhub import clock
from ecomhub.access import allow
from ecomhub.celery import ring
from ecomhub.models import Event
from ecomhub.shell.display import number_text
from ecomhub.shell.parts import Happening
from ecomhub.shell.toasts import add_toast, close_dialog
from finance.models import MatchRule
from finance.pages.page_parts import account_names, section_tabs, whole_actor
from finance.pages.reconcile_tabs import RULES, reconcile_tabs
from finance.pages.rule_forms import RuleForm
from finance.reconciliation import rules
from finance.reconciliation.rules import RuleRefused
from finance.tasks import explain


@dataclass(frozen=True, slots=True)
class Row:
    """A rule with its words; ``shown`` are those of its fields that its condition looks at."""

    rule: MatchRule
    words: str
    shown: dict[str, Any]
    account: str
    posted: list[tuple[str, Decimal]]
    can_change: bool
    can_split: bool


@allow("finance.view")
@require_GET
def table(request: HttpRequest) -> HttpResponse:
    """List all rules in the order they are tried."""
    actor = whole_actor(request)
    names = account_names()
    posted = rules.posted_in(month=clock.now().date())
    can_change = actor.may("finance.post")
    rows = []
    for rule in rules.in_order():
        asked = rules.condition_of(rule=rule)
        rows.append(
            Row(
                rule=rule,
                words=str(asked.words) or rule.condition,
                shown=dict.fromkeys(_words()) | rules.settings_of(rule=rule),
                account=names.get(rule.account_id or "", ""),
                posted=posted.get(rule.pk, []),
                can_change=can_change and bool(asked.fields),
                can_split=can_change and asked.by_platform and not rule.platform,
            )
        )
    context = {
        "sections": section_tabs("reconcile", actor=actor),
        "views": reconcile_tabs(actor=actor, active=RULES),
        "rows": rows,
        "can_change": can_change,
    }
    return render(request, "finance/rules.html", context)


@allow("finance.post")
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a rule decide otherwise from now on, with a reason."""
    actor = whole_actor(request)
    rule = get_object_or_404(MatchRule.objects.select_related("account"), pk=pk)
    names = rules.condition_of(rule=rule).fields
    if not names:
        raise Http404(_("Nothing of this rule can be changed."))
    form = RuleForm(
        request.POST if request.method == "POST" else None,
        names=names,
        initial=_initial(rule),
        auto_id="dialog_%s",
    )
    if form.is_valid():
        try:
            rules.change(
                rule_id=pk,
                wanted=form.wanted(),
                reason=form.cleaned_data["reason"],
                actor=actor,
                at=clock.now(),
            )
        except RuleRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _done()
    acts = [_happening(event) for event in rules.changes_of(rule=rule)]
    return render(request, "finance/rule.html", _context(rule, form) | {"acts": acts})


@allow("finance.post")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a platform its own rule with the condition of this one."""
    actor = whole_actor(request)
    model = get_object_or_404(MatchRule.objects.select_related("account"), pk=pk, platform="")
    asked = rules.condition_of(rule=model)
    if not asked.by_platform:
        raise Http404(_("This rule holds for all platforms. Change it instead."))
    names = [name for name in asked.fields if name not in ("place", "is_active")]
    form = RuleForm(
        request.POST if request.method == "POST" else None,
        names=names,
        platforms=rules.platforms(),
        initial=_initial(model),
        auto_id="dialog_%s",
    )
    if form.is_valid():
        try:
            rules.add(
                like=pk,
                platform=form.cleaned_data.get("platform", ""),
                wanted=form.wanted(),
                reason=form.cleaned_data["reason"],
                actor=actor,
                at=clock.now(),
            )
        except RuleRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _done()
    return render(request, "finance/rule.html", _context(model, form) | {"is_new": True})


def _context(rule: MatchRule, form: RuleForm) -> dict[str, Any]:
    return {"rule": rule, "words": rules.condition_of(rule=rule).words, "form": form}


def _initial(rule: MatchRule) -> dict[str, Any]:
    """Return a rule's fields as a person types them, without zeros nobody wrote."""
    return {
        name: f"{value.normalize():f}" if isinstance(value, Decimal) else value
        for name, value in rules.settings_of(rule=rule).items()
    }


def _done() -> HttpResponse:
    ring(explain)
    answer = HttpResponse(status=204)
    answer.headers["HX-Refresh"] = "true"
    said = _("The rule holds from now on. What waits is compared again; what was matched stays.")
    return close_dialog(add_toast(answer, text=said))


def _words() -> dict[str, str]:
    return {
        "tolerance": _("Tolerance"),
        "tolerance_percent": _("Tolerance in percent"),
        "days": _("Days"),
        "cap_month": _("Cap per month"),
        "place": _("Place"),
        "is_active": _("Active"),
    }


def _said(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None:
        return "–"
    return number_text(Decimal(str(value)))


def _happening(event: Event) -> Happening:
    before, now = event.data.get("instead_of", {}), event.data["now"]
    said = [
        f"{word}: {_said(before[name])} → {_said(now[name])}"
        if name in before
        else f"{word}: {_said(now[name])}"
        for name, word in _words().items()
        if name in now and (name not in before or before[name] != now[name])
    ]
    return Happening(
        at=event.at, title=", ".join(said), text=event.data["reason"], who=event.actor, icon="adjustments"
    )
