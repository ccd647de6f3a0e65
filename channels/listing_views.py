"""The listings: what is offered where, what it sells, which quantity and price it shows, and why."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from channels import changes, offer_words, pairing_sheet, pricing, queries, standing, suggestions
from channels.changes import Pairing
from channels.listing_forms import ListingFilterForm
from channels.models import Listing, ListingChange
from channels.standing import Standing
from channels.suggestions import Suggestion
from channels.views import section_tabs
from ecomhub.access import Actor, actor_of, allow
from ecomhub.shell.display import amount_text, number_text
from ecomhub.shell.parts import Choice, Happening, Pager, Tab
from inventory.queries import skus

PAGE = 50
OF_SKU = 100
OPTIONS = 12
KIND_LOOKS = {
    "price_set": ("tag", "azure"),
    "price_sent": ("upload", "green"),
    "price_shown": ("eye", "orange"),
    "quantity_sent": ("upload", "green"),
    "quantity_shown": ("eye", "orange"),
    "offer_set": ("adjustments", "azure"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One listing as its row shows it."""

    one: Standing
    word: str
    color: str
    likely: tuple[tuple[Suggestion, str], ...]

    @property
    def listing(self) -> Listing:
        """Return the listing itself."""
        return self.one.listing


def listing_or_404(actor: Actor, pk: int) -> Listing:
    """Return a listing the actor may see, with what its pages show. Raises ``Http404``."""
    found = queries.for_list(Listing.objects.visible_to(actor)).filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such listing."))
    return found


def reason_words() -> dict[str, str]:
    """Return why a SKU is suggested for a listing, in words."""
    return {
        "code": _("same code"),
        "barcode": _("same barcode"),
        "like_code": _("similar code"),
        "title": _("similar title"),
    }


def rows_of(*, listings: list[Listing], suggests: bool = True) -> list[Row]:
    """Return what the rows of listings show; ``suggests`` brings SKUs for those that sell nothing yet."""
    words, reasons = standing.why_words(), reason_words()
    lost = [row for row in listings if suggests and not row.is_mapped and not row.is_parent]
    suggested = suggestions.suggest(listings=lost) if lost else {}
    found = []
    for one in standing.standings(listings=listings):
        word, color = words[one.why]
        likely = [(item, reasons.get(item.reason, item.reason)) for item in suggested.get(one.listing.pk, [])]
        found.append(Row(one, word, color, tuple(likely)))
    return found


def _key(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _neighbors(rows: "QuerySet[Listing]", request: HttpRequest) -> tuple[list[Listing], str, str]:
    """Return one page by keyset and the keys ("" when there is none) of its neighbors."""
    after, before = _key(request.GET.get("after", "")), _key(request.GET.get("before", ""))
    if before:
        taken = list(rows.filter(pk__lt=before).order_by("-pk")[: PAGE + 1])
        shown, has_previous, has_next = taken[:PAGE][::-1], len(taken) > PAGE, True
    else:
        taken = list(rows.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        shown, has_previous, has_next = taken[:PAGE], bool(after), len(taken) > PAGE
    if not shown:
        return [], "", ""
    return shown, str(shown[0].pk) if has_previous else "", str(shown[-1].pk) if has_next else ""


def _url(**asked: str) -> str:
    kept = {key: value for key, value in asked.items() if value and (key, value) != ("view", "all")}
    return f"{reverse('channels:listings')}?{urlencode(kept)}"


def _tabs(view: str, counts: queries.ListingCounts, kept: dict[str, str]) -> list[Tab]:
    found: list[tuple[str, str, int | None, str]] = [
        ("all", _("All"), counts.every, ""),
        ("unmapped", _("Not paired"), counts.unmapped, "orange"),
        ("differs", _("Differs"), None, "azure"),
        ("refused", _("Refused"), counts.refused, "red"),
        ("paused", _("Paused"), counts.paused, "yellow"),
    ]
    return [
        Tab(
            label=label,
            url=_url(**{**kept, "view": key}),
            active=view == key,
            count=count,
            color=color if count != 0 else "",
        )
        for key, label, count, color in found
    ]


def _bulk(actor: Actor, view: str) -> list[Choice]:
    found = []
    if actor.may("channels.pair") and view == "unmapped":
        accept = reverse("channels:accept-many")
        found.append(Choice(label=_("Accept the suggestions"), url=accept, icon="link"))
    if actor.may("channels.offer") and view != "unmapped":
        pause, go_on = (
            reverse("channels:pause-many", args=["pause"]),
            reverse("channels:pause-many", args=["resume"]),
        )
        warning = _("Show 0 for the selected listings until they are resumed?")
        found.append(Choice(label=_("Pause"), url=pause, icon="player-pause", method="post", confirm=warning))
        found.append(Choice(label=_("Resume"), url=go_on, icon="player-play", method="post"))
    return found


def _empty(view: str, asked: bool) -> tuple[str, str]:
    """Return the title of an empty list and what to do next."""
    if asked:
        return _("No listing matches"), _("Clear the filters to see all listings of this view.")
    return {
        "unmapped": (_("Every listing is paired"), _("New listings that match no SKU will wait here.")),
        "differs": (
            _("Every listing shows what it should"),
            _("A difference would stand here with its cause."),
        ),
        "refused": (_("Nothing was refused"), _("A quantity or price a platform refuses would wait here.")),
        "paused": (_("No listing is paused"), _("Select listings in the list of all to pause them.")),
    }.get(
        view,
        (_("No listing yet"), _("Connect an account under Channels; its listings appear once it was read.")),
    )


@allow("channels.view")
@require_GET
def listings(request: HttpRequest) -> HttpResponse:
    """List what is offered where, what it sells, and which quantity it shows."""
    actor = actor_of(request)
    form = ListingFilterForm(request.GET, actor=actor)
    wanted = form.asked()
    found = queries.listings(actor=actor, **wanted)
    rows, previous, following = _neighbors(queries.for_list(found), request)
    counts = queries.listing_counts(actor=actor)
    view, asked = wanted["view"], any(wanted[key] for key in ("text", "platform", "account", "shop"))
    kept = {
        "view": view,
        "q": wanted["text"],
        "platform": wanted["platform"],
        "account": str(wanted["account"].pk) if wanted["account"] else "",
        "shop": str(wanted["shop"].pk) if wanted["shop"] else "",
    }
    known = {"all": counts.every, "unmapped": counts.unmapped, "refused": counts.refused}
    title, text = _empty(view, asked)
    context = {
        "sections": section_tabs("listings"),
        "views": _tabs(view, counts, kept),
        "view": view,
        "filter": form,
        "clear_url": _url(view=view) if asked else "",
        "rows": rows_of(listings=rows, suggests=view == "unmapped") if rows else [],
        "bulk": _bulk(actor, view),
        "empty_title": title,
        "empty_text": text,
        "sheet_query": urlencode({key: value for key, value in kept.items() if value}),
        "pager": Pager(
            shown=len(rows),
            previous_url=_url(**kept, before=previous) if previous else None,
            next_url=_url(**kept, after=following) if following else None,
            total=None if view in ("differs", "paused") else found.count() if asked else known[view],
        ),
    }
    return render(request, "channels/listings.html", context)


@allow("channels.view")
@require_GET
def listing(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one listing: quantity and why, price, what it sells, its limits, what changed."""
    actor = actor_of(request)
    found = listing_or_404(actor, pk)
    row = rows_of(listings=[found])[0]
    context = {
        "listing": found,
        "row": row,
        "one": row.one,
        "rule": row.one.rule,
        "takes_price": pricing.offered(account=found.shop.account) and not found.is_parent,
        "history": _history(pk),
    }
    return render(request, "channels/listing.html", context)


def _history(pk: int) -> list[Happening]:
    """Return what changed on a listing, what it sells among it, the newest first."""
    found = [_happening(change) for change in changes.history(listing_id=pk)]
    found += [_pairing(pairing) for pairing in changes.pairings(listing_id=pk)]
    return sorted(found, key=lambda one: one.at, reverse=True)[: changes.SHOWN]


def _pairing(pairing: Pairing) -> Happening:
    who = {"system": _("ecomhub")}.get(pairing.actor, pairing.actor)
    text = " + ".join(f"{number_text(units)} × {code}" for code, units in pairing.parts) or "–"
    title = _("Paired") if pairing.parts else _("Pairing undone")
    return Happening(at=pairing.at, title=title, text=text, who=who, icon="link", color="azure")


def _happening(change: ListingChange) -> Happening:
    icon, color = KIND_LOOKS[change.kind]
    if change.note:
        text = offer_words.shown(change.note)
    else:
        text = f"{_value(change.before, change.currency)} → {_value(change.after, change.currency)}"
    who = {"system": _("ecomhub"), "channel": _("the channel")}.get(change.actor, change.actor)
    title = str(ListingChange.Kind(change.kind).label)
    return Happening(at=change.at, title=title, text=text, who=who, icon=icon, color=color)


def _value(value: Any, currency: str) -> str:
    if value is None:
        return "–"
    return f"{amount_text(value, currency)} {currency}" if currency else number_text(value.normalize())


@allow("channels.view")
@require_GET
def of_sku(request: HttpRequest, pk: int) -> HttpResponse:
    """Show on a SKU's page which listings sell it and which quantity each shows."""
    found = queries.for_list(
        Listing.objects.visible_to(actor_of(request)).filter(components__sku=pk)
    ).order_by("shop__short_name", "external_id")[:OF_SKU]
    return render(request, "channels/of_sku.html", {"rows": rows_of(listings=list(found), suggests=False)})


@allow("channels.view")
@require_GET
def sku_options(request: HttpRequest) -> HttpResponse:
    """Offer SKUs for the field a person types a code, a name or a barcode into."""
    text = next(iter(request.GET.getlist("sku")), "")[:64]
    found = skus(actor=actor_of(request), search=text).exclude(status="retired").order_by("code")[:OPTIONS]
    return render(request, "channels/sku_options.html", {"skus": found if text.strip() else []})


@allow("channels.view")
@require_GET
def pairings(request: HttpRequest) -> HttpResponse:
    """Give the listings of a view as a sheet of what they sell, which the importer takes back."""
    form = ListingFilterForm(request.GET, actor=actor_of(request))
    wanted = form.asked()
    rows = queries.for_list(queries.listings(actor=actor_of(request), **wanted)).filter(is_parent=False)
    data = pairing_sheet.written(listings=rows.order_by("shop_id", "external_id"))
    response = HttpResponse(data, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="pairings-{wanted["view"]}.csv"'
    return response
