"""What the pages of this house share: their tabs, the words and colors of states, names in both languages."""

from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from ecomhub.access import Actor, actor_of
from ecomhub.shell.parts import Tab
from finance import queries, seeing
from finance.models import (
    Account,
    AnnouncedMoney,
    Book,
    MoneyException,
    OrderMoney,
    Settlement,
    SettlementFile,
)

SETTLEMENT_COLORS = {
    Settlement.State.POSTED.value: "green",
    Settlement.State.STAGED.value: "orange",
    Settlement.State.EVIDENCE.value: "secondary",
    Settlement.State.REFUSED.value: "red",
    SettlementFile.State.DUPLICATE.value: "azure",
}
MONEY_COLORS = {
    OrderMoney.State.OPEN.value: "azure",
    OrderMoney.State.WAITING.value: "orange",
    OrderMoney.State.SETTLED.value: "green",
}
TOLD_COLORS = {
    AnnouncedMoney.State.DEFERRED.value: "orange",
    AnnouncedMoney.State.RELEASED.value: "green",
}
EXCEPTION_COLORS = {
    MoneyException.State.OPEN.value: "orange",
    MoneyException.State.ACCEPTED.value: "secondary",
    MoneyException.State.SOLVED.value: "green",
}


def section_tabs(active: str, *, actor: Actor) -> list[Tab]:
    """Return the tabs above the pages of this house that somebody may open."""
    whole = seeing.everything(actor=actor)
    found = [
        ("settlements", _("Settlements"), "finance:list", True),
        ("import", _("Import"), "finance:import", actor.may("finance.import")),
        ("reconcile", _("Reconcile"), "finance:reconcile", True),
        ("payouts", _("Payouts"), "finance:payouts", True),
        ("exceptions", _("Exceptions"), "finance:exceptions", True),
        ("deferred", _("Held back"), "finance:deferred", True),
        ("suspense", _("Suspense"), "finance:suspense", whole),
        ("ledger", _("Ledger"), "finance:ledger", whole),
        ("rates", _("Exchange rates"), "finance:rates", True),
        ("close", pgettext("period", "Close"), "finance:close", whole),
        ("exports", _("Exports"), "finance:exports", whole and actor.may("finance.export")),
    ]
    return [
        Tab(label=label, url=reverse(name), active=key == active)
        for key, label, name, shown in found
        if shown
    ]


def whole_actor(request: HttpRequest) -> Actor:
    """Return who asks for a page about the whole company. Raises ``PermissionDenied`` for limited people."""
    actor = actor_of(request)
    if not seeing.everything(actor=actor):
        raise PermissionDenied(
            _("The books are those of the whole company, and you are limited to some shops. Ask a colleague.")
        )
    return actor


def address(name: str, *args: object, **asked: object) -> str:
    """Return the address of a page with what is asked of it; what is empty is left out."""
    kept = {key: str(value) for key, value in asked.items() if value not in ("", None, 0)}
    where = reverse(name, args=args)
    return f"{where}?{urlencode(kept)}" if kept else where


def is_chinese() -> bool:
    """Say whether the page is written in Chinese."""
    return (get_language() or "").startswith("zh")


def account_name(account: Account) -> str:
    """Return the name of an account of the plan in the reader's language."""
    return account.name_zh if is_chinese() else account.name


def account_names() -> dict[str, str]:
    """Return the names of all accounts in the reader's language, by code. One statement."""
    return {row.code: account_name(row) for row in Account.objects.order_by("code")}


def book_asked(request: HttpRequest, actor: Actor) -> tuple[Book | None, list[Book]]:
    """Return the book a page is about (the first one unless asked) and all of them. Raises ``Http404``."""
    books = list(queries.books_of(actor=actor))
    asked = request.GET.get("book", "") or request.POST.get("book", "")
    if not asked:
        return (books[0] if books else None), books
    found = [book for book in books if str(book.pk) == asked]
    if not found:
        raise Http404(_("There is no such book."))
    return found[0], books


def day_asked(text: str) -> date | None:
    """Return a day such as 2026-03-31; what is none asks for nothing."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def month_asked(text: str) -> date | None:
    """Return the first day of a month such as 2026-03; what is none asks for nothing."""
    return day_asked(f"{text}-01")


def number_asked(text: str) -> int:
    """Return a key somebody asks for; what is none is 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def difference_word(amount: Decimal) -> str:
    """Return what a difference means, in a word: color alone says nothing to some."""
    if not amount:
        return ""
    return _("more came") if amount > 0 else _("less came")
