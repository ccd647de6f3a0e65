"""What platforms tell of single transactions: what they hold back until when, and what came free."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from ecomhub import clock
from ecomhub.access import actor_of, allow
from ecomhub.shell.parts import Pager, Tab
from finance import queries
from finance.closing import told_checks
from finance.models import AnnouncedMoney, MoneyAccount
from finance.pages.page_parts import TOLD_COLORS, address, difference_word, section_tabs
from finance.pages.settlement_views import settlement_or_404
from finance.statements import deferred_queries
from finance.statements.deferred_queries import DeferredFilter

SHOWN = 20
"""Differing orders a settlement's page shows."""


class DeferredFilterForm(forms.Form):
    """Order number, account, currency, and the view of the open tab."""

    q = forms.CharField(label=gettext_lazy("Order number"), required=False, max_length=120)
    account = forms.ChoiceField(label=pgettext_lazy("money", "Account"), required=False)
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), required=False)
    view = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, accounts: Sequence[MoneyAccount], currencies: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._accounts = {str(row.pk): row for row in accounts}
        names: list[tuple[str, Any]] = [("", gettext_lazy("All accounts"))]
        self.fields["account"].choices = [  # type: ignore[attr-defined]
            *names,
            *((key, row.name) for key, row in self._accounts.items()),
        ]
        codes: list[tuple[str, Any]] = [("", gettext_lazy("All currencies"))]
        self.fields["currency"].choices = [*codes, *((code, code) for code in currencies)]  # type: ignore[attr-defined]

    def wanted(self) -> DeferredFilter:
        """Return what was asked for; what cannot be read is left out."""
        self.is_valid()
        values = self.cleaned_data
        return DeferredFilter(
            state={"": "deferred", "released": "released", "all": ""}.get(
                str(values.get("view", "")), "deferred"
            ),
            account=self._accounts.get(str(values.get("account", ""))),
            currency=str(values.get("currency", "")),
            text=str(values.get("q", "")).strip().replace("\0", ""),
        )


@allow("finance.view")
@require_GET
def deferred(request: HttpRequest) -> HttpResponse:
    """Show what is held back by account and currency, and the transactions behind it."""
    actor, now = actor_of(request), clock.now()
    form = DeferredFilterForm(
        request.GET,
        accounts=list(queries.accounts_of(actor=actor)),
        currencies=deferred_queries.currencies(actor=actor),
    )
    wanted = form.wanted()
    page = deferred_queries.page(
        rows=deferred_queries.transactions(actor=actor, wanted=wanted),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counts = deferred_queries.counts(actor=actor, wanted=wanted)
    kept: dict[str, object] = {
        "q": wanted.text,
        "account": wanted.account.pk if wanted.account else "",
        "currency": wanted.currency,
    }
    views = {"deferred": "", "released": "released", "": "all"}
    here = {**kept, "view": views[wanted.state]}
    words = [("deferred", _("Held back")), ("released", _("Released")), ("", _("All"))]
    context = {
        "sections": section_tabs("deferred", actor=actor),
        "held": [
            (
                one,
                address("finance:deferred", account=one.account.pk, currency=one.currency),
                list(zip(_age_words(), one.ages, strict=True)),
            )
            for one in deferred_queries.held(actor=actor, at=now)
        ],
        "age_words": _age_words(),
        "views": [
            Tab(
                label=label,
                url=address("finance:deferred", **{**kept, "view": views[key]}),
                count=counts[key],
                active=wanted.state == key,
                color="orange" if key == "deferred" and counts[key] else "",
            )
            for key, label in words
        ],
        "filter": form,
        "clear_url": address("finance:deferred", view=views[wanted.state]) if any(kept.values()) else "",
        "rows": [(row, TOLD_COLORS[row.state], *_age(row, now)) for row in page.rows],
        "pager": Pager(
            shown=len(page.rows),
            previous_url=address("finance:deferred", **here, before=page.previous) if page.previous else None,
            next_url=address("finance:deferred", **here, after=page.following) if page.following else None,
            total=counts[wanted.state],
        ),
    }
    return render(request, "finance/deferred.html", context)


def _age_words() -> list[str]:
    first, second, third = deferred_queries.AGES
    return [
        _("up to %(days)s days") % {"days": first},
        _("%(first)s to %(last)s days") % {"first": first + 1, "last": second},
        _("%(first)s to %(last)s days") % {"first": second + 1, "last": third},
        _("over %(days)s days") % {"days": third},
    ]


def _age(row: AnnouncedMoney, now: datetime) -> tuple[int, bool]:
    """Return for how many days money was or is held back, and whether it should have come free."""
    is_held = row.state == AnnouncedMoney.State.DEFERRED
    end = now if is_held else row.released_at or row.matures_at or row.posted_at
    late = is_held and row.matures_at is not None and row.matures_at < now
    return max((end - row.posted_at).days, 0), late


@allow("finance.view")
@require_GET
def settlement_told(request: HttpRequest, pk: int) -> HttpResponse:
    """Show beside a settlement what its platform's transactions told, order by order where they differ."""
    row = settlement_or_404(actor_of(request), pk)
    told = deferred_queries.settlement_told(settlement=row)
    differing = []
    if told is not None and told.is_through and row.state == row.State.POSTED:
        differing = told_checks.compared(settlements=[row.pk], limit=SHOWN)
    context = {
        "settlement": row,
        "told": told,
        "differing": [(one, difference_word(one.difference)) for one in differing],
        "more": differing[0].of - len(differing) if differing else 0,
    }
    return render(request, "finance/settlement_told.html", context)
