"""The ledger: the trial balance, one account's entries, one entry with its legs and its cause."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecomhub import clock, keyset
from ecomhub.access import allow
from ecomhub.shell.parts import Pager, Tab
from finance import queries
from finance.accounting import balances, books, ledger_queries
from finance.accounting.balances import Balance
from finance.models import Account, Journal, Settlement
from finance.pages.page_parts import (
    account_name,
    address,
    book_asked,
    day_asked,
    month_asked,
    number_asked,
    section_tabs,
    whole_actor,
)
from orders.models import Order


@dataclass(frozen=True, slots=True)
class Line:
    """One account of the trial balance in one currency: on which side its balance stands."""

    account: Account
    name: str
    one: Balance
    is_first: bool

    @property
    def debit(self) -> Decimal | None:
        """Return the balance where it is a debit."""
        return self.one.amount if self.one.amount > 0 else None

    @property
    def credit(self) -> Decimal | None:
        """Return the balance where it is a credit, positive."""
        return -self.one.amount if self.one.amount < 0 else None


@allow("finance.view")
@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """Show the trial balance of a book at the end of a day, per currency and in the book's own."""
    actor = whole_actor(request)
    book, known = book_asked(request, actor)
    context: dict[str, Any] = {"sections": section_tabs("ledger", actor=actor), "book": book, "books": known}
    if book is not None:
        on = day_asked(request.GET.get("on", ""))
        trial = balances.trial_balance(book=book, through=on)
        plan = {row.code: row for row in Account.objects.order_by("code")}
        hides = "all" not in request.GET
        lines: list[Line] = []
        for row in trial.rows:
            if hides and not row.amount and not row.base_amount:
                continue
            is_first = not lines or lines[-1].account.code != row.account
            lines.append(Line(plan[row.account], account_name(plan[row.account]), row, is_first))
        context |= {
            "on": on,
            "today": books.day_of(book=book, instant=clock.now()),
            "lines": lines,
            "left": sorted(trial.left.items()),
            "left_base": trial.left_base,
            "is_zero": trial.is_zero,
            "hides": hides,
        }
    return render(request, "finance/ledger.html", context)


@allow("finance.view")
@require_GET
def account(request: HttpRequest, code: str) -> HttpResponse:
    """Show what moved an account of a book, month by month, the latest entry first."""
    actor = whole_actor(request)
    book, known = book_asked(request, actor)
    found = get_object_or_404(Account, pk=code)
    if book is None:
        raise Http404(_("There is no book yet. Import a first statement."))
    months = ledger_queries.account_months(book=book, account=code)
    month = month_asked(request.GET.get("month", "")) or (months[0][0] if months else None)
    currency = "".join(filter(str.isalpha, request.GET.get("currency", "")))[:3].upper()
    place = keyset.day_place(request.GET.get("after", ""))
    entries, following = (
        ledger_queries.entries(book=book, account=code, month=month, currency=currency, after=place)
        if month is not None
        else ([], "")
    )
    held = [row for row in balances.balances(book=book, accounts={code}) if row.amount or row.base_amount]
    kept: dict[str, object] = {"book": book.pk, "currency": currency}
    context = {
        "account": found,
        "name": account_name(found),
        "book": book,
        "books": known,
        "months": [
            Tab(
                label=f"{one:%Y-%m}",
                url=address("finance:account", code, **kept, month=f"{one:%Y-%m}"),
                count=legs,
                active=one == month,
            )
            for one, legs in months[:24]
        ],
        "month": month,
        "currency": currency,
        "entries": entries,
        "held": held,
        "pager": Pager(
            shown=len(entries),
            previous_url=address("finance:account", code, **kept, month=f"{month:%Y-%m}")
            if month and place
            else None,
            next_url=address("finance:account", code, **kept, month=f"{month:%Y-%m}", after=following)
            if month and following
            else None,
        ),
    }
    return render(request, "finance/account.html", context)


@allow("finance.view")
@require_GET
def journal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one entry with its legs and where it comes from."""
    actor = whole_actor(request)
    row = (
        Journal.objects.select_related("book__legal_entity", "reverses")
        .filter(pk=pk, book__in=queries.books_of(actor=actor).order_by())
        .first()
    )
    if row is None:
        raise Http404(_("There is no such entry."))
    after = number_asked(request.GET.get("after", ""))
    legs, following = ledger_queries.legs_of(journal=row, after=after)
    context = {
        "journal": row,
        "legs": [
            (
                leg,
                account_name(leg.account),
                leg.amount if leg.amount > 0 else None,
                -leg.amount if leg.amount < 0 else None,
            )
            for leg in legs
        ],
        "sums": ledger_queries.journal_sums(journal=row),
        "cause": _cause(row),
        "reversed_by": getattr(row, "reversed_by", None),
        "pager": Pager(
            shown=len(legs),
            previous_url=reverse("finance:journal", args=[pk]) if after else None,
            next_url=address("finance:journal", pk, after=following) if following else None,
        ),
    }
    return render(request, "finance/journal.html", context)


def _cause(row: Journal) -> tuple[str, str, str] | None:
    """Return (what it is, its number, its page) of what an entry was made for."""
    kind, pk = ledger_queries.source_of(journal=row)
    if kind == "settlement":
        found = Settlement.objects.filter(pk=pk).first()
    elif kind == "payout":
        found = Settlement.objects.filter(payout=pk).first()
    elif kind == "order":
        order = Order.objects.filter(pk=pk).only("external_id").first()
        if order is None:
            return None
        return _("Order"), order.external_id, reverse("orders:detail", args=[pk])
    else:
        return None
    if found is None:
        return None
    return _("Settlement"), found.external_id, reverse("finance:settlement", args=[found.pk])
