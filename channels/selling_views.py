"""Pages that change listings: what they sell, how much of it they offer, at which price."""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels import controls, effects, offers, pricing, standing, suggestions
from channels import listings as pairing
from channels.forms import ShopForm
from channels.listing_forms import OfferForm, PartForm, PriceForm, held_parts, part_forms
from channels.listing_views import listing_or_404, reason_words, rows_of
from channels.listings import PairingRefused
from channels.models import Listing, Shop
from channels.pricing import PriceRefused
from ecomhub import clock
from ecomhub.access import Actor, actor_of, allow
from ecomhub.shell.display import amount_text
from ecomhub.shell.toasts import add_toast, close_dialog
from inventory.queries import sku_ids_by_code

MANY = 500


def refreshed(text: str, *, level: str = "success") -> HttpResponse:
    """Answer a dialog: close it, load the page anew, and say what was done."""
    response = close_dialog(add_toast(HttpResponse(status=204), text=text, level=level))
    response.headers["HX-Refresh"] = "true"
    return response


def _likely(listing: Listing) -> list[tuple[str, str]]:
    """Return codes of SKUs an unpaired listing probably sells, each with the reason in words."""
    if listing.is_mapped:
        return []
    reasons = reason_words()
    found = suggestions.suggest(listings=[listing])[listing.pk]
    return [(item.code, reasons.get(item.reason, item.reason)) for item in found]


def _parts(rows: list[PartForm]) -> list[tuple[int, int]]:
    """Return (SKU id, units) of the filled rows. Raises ``PairingRefused`` for a code nobody has."""
    wanted = [
        (row.cleaned_data["sku"].strip(), row.cleaned_data["units"] or 1)
        for row in rows
        if row.cleaned_data["sku"].strip()
    ]
    known = sku_ids_by_code(codes=[code for code, _units in wanted])
    for code, _units in wanted:
        if code not in known:
            words = _("There is no SKU %(code)s; create or import it first.")
            raise PairingRefused(words % {"code": code})
    return [(known[code], units) for code, units in wanted]


@allow("channels.pair")
@require_http_methods(["GET", "POST"])
def pair(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit what one unit of a listing sells (商品配对): one SKU, or several for a bundle."""
    actor = actor_of(request)
    listing = listing_or_404(actor, pk)
    error = ""
    if request.method == "POST":
        rows = part_forms(data=request.POST, extra=1 if "more" in request.POST else 0)
        if "more" not in request.POST and all(row.is_valid() for row in rows):
            try:
                parts = _parts(rows)
                pairing.pair(listing=listing, components=parts, at=clock.now(), actor=actor.name)
                words = _("%(listing)s is paired.") if parts else _("%(listing)s is not paired any more.")
                return refreshed(words % {"listing": listing.external_id})
            except PairingRefused as refusal:
                error = str(refusal)
    else:
        asked = request.GET.get("sku", "")
        held = [(part.sku.code, part.quantity) for part in listing.components.all()]
        rows = held_parts(parts=[(asked, 1)] if asked else held)
    context = {"listing": listing, "parts": rows, "error": error, "likely": _likely(listing)}
    return render(request, "channels/pair.html", context)


@allow("channels.pair")
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Pair a listing with the suggested SKU by one press; answers its row as it stands then."""
    actor = actor_of(request)
    listing = listing_or_404(actor, pk)
    code = request.POST.get("sku", "")
    known = sku_ids_by_code(codes=[code])
    if code not in known or listing.is_mapped:
        return refreshed(_("This listing changed meanwhile; look at it again."), level="warning")
    try:
        pairing.pair(listing=listing, components=[(known[code], 1)], at=clock.now(), actor=actor.name)
    except PairingRefused as refusal:
        return add_toast(HttpResponse(status=204), text=str(refusal), level="error")
    row = rows_of(listings=[listing_or_404(actor, pk)])[0]
    context = {"row": row, "view": request.POST.get("view", "unmapped"), "can_pair": True}
    answer = render(request, "channels/listing_row.html", context)
    words = {"listing": listing.external_id, "sku": code}
    return add_toast(answer, text=_("%(listing)s sells %(sku)s.") % words)


def _chosen(request: HttpRequest, given: list[str]) -> list[Listing]:
    ids = [int(text) for text in given if text.isascii() and text.isdigit() and len(text) < 19][:MANY]
    rows = Listing.objects.visible_to(actor_of(request)).filter(pk__in=ids)
    return list(rows.select_related("shop").order_by("pk"))


@allow("channels.pair")
@require_http_methods(["GET", "POST"])
def accept_many(request: HttpRequest) -> HttpResponse:
    """Show the best suggestion of each selected listing; pair those that a person leaves checked."""
    actor = actor_of(request)
    if request.method == "POST":
        return _accept_checked(request, actor)
    lost = [row for row in _chosen(request, request.GET.getlist("ids")) if not row.is_mapped]
    found = suggestions.suggest(listings=lost) if lost else {}
    reasons = reason_words()
    pairs = [
        (row, best, reasons.get(best.reason, best.reason), best.reason in ("code", "barcode"))
        for row in lost
        if (best := next(iter(found[row.pk]), None)) is not None
    ]
    context = {"pairs": pairs, "without": len(lost) - len(pairs)}
    return render(request, "channels/accept_many.html", context)


def _accept_checked(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Pair what was posted as ``listing id:SKU id`` with one unit each."""
    wanted: dict[int, int] = {}
    for text in request.POST.getlist("pair")[:MANY]:
        listing_id, _sign, sku_id = text.partition(":")
        if listing_id.isdigit() and sku_id.isdigit():
            wanted[int(listing_id)] = int(sku_id)
    mine = _chosen(request, [str(pk) for pk in wanted])
    pairings = {row.pk: [(wanted[row.pk], 1)] for row in mine if not row.is_mapped}
    try:
        count = pairing.pair_many(pairings=pairings, at=clock.now(), actor=actor.name)
    except PairingRefused as refusal:
        return add_toast(HttpResponse(status=204), text=str(refusal), level="error")
    words = ngettext("%(count)d listing is paired.", "%(count)d listings are paired.", count)
    return refreshed(words % {"count": count})


@allow("channels.offer")
@require_http_methods(["GET", "POST"])
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Set how much of the stock a listing offers."""
    actor = actor_of(request)
    listing = listing_or_404(actor, pk)
    names = ("buffer", "percentage", "cap", "is_paused")
    initial = {name: getattr(listing, name) for name in names}
    form = OfferForm(request.POST or None, initial=initial, auto_id="dialog_%s").follow(shop=listing.shop)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        controls.set_offer(
            listing=listing,
            buffer=values["buffer"],
            cap=values["cap"],
            percentage=values["percentage"],
            is_paused=values["is_paused"],
            at=clock.now(),
            actor=actor.name,
        )
        return refreshed(_("Saved. The quantity goes out next."))
    context = {
        "form": form,
        "title": _("Stock offered by %(listing)s") % {"listing": listing.external_id},
        "action": request.path,
        "effect_url": reverse("channels:offer-effect", args=[pk]),
        "effect": _offer_effect(listing, initial),
        "submit": _("Save"),
        "note": _("Empty fields follow the shop."),
    }
    return render(request, "channels/limits.html", context)


def _offer_effect(listing: Listing, values: dict[str, Any]) -> dict[str, Any]:
    found = effects.of_listing(
        listing=listing,
        buffer=values.get("buffer"),
        cap=values.get("cap"),
        percentage=values.get("percentage"),
        is_paused=bool(values.get("is_paused")),
    )
    return {"listing": found, "limits": standing.limit_words(rule=found.rule) if found else []}


@allow("channels.offer")
@require_GET
def offer_effect(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the typed limits would make a listing show; nothing is stored."""
    listing = listing_or_404(actor_of(request), pk)
    form = OfferForm(request.GET)
    effect = _offer_effect(listing, form.cleaned_data) if form.is_valid() else {"invalid": True}
    return render(request, "channels/effect.html", {"effect": effect})


@allow("channels.offer")
@require_POST
def pause_many(request: HttpRequest, do: str) -> HttpResponse:
    """Stop offering the selected listings' stock, or go on."""
    if do not in ("pause", "resume"):
        raise Http404(_("There is no such action."))
    ids = [row.pk for row in _chosen(request, request.POST.getlist("ids"))]
    actor = actor_of(request)
    count = controls.pause_many(listing_ids=ids, is_paused=do == "pause", at=clock.now(), actor=actor.name)
    if do == "pause":
        words = ngettext("%(count)d listing is paused.", "%(count)d listings are paused.", count)
    else:
        words = ngettext("%(count)d listing goes on.", "%(count)d listings go on.", count)
    return refreshed(words % {"count": count})


@allow("channels.offer")
@require_http_methods(["GET", "POST"])
def price(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a listing's price in its shop's currency."""
    actor = actor_of(request)
    listing = listing_or_404(actor, pk)
    view = pricing.view_of(listing=listing)
    known = view.wanted if view.wanted is not None else view.shown
    currency = listing.shop.currency
    initial = {"price": "" if known is None else f"{known.normalize():f}"}
    form = PriceForm(request.POST or None, initial=initial, auto_id="dialog_%s")
    asks = False
    if request.method == "POST" and form.is_valid():
        amount: Decimal = form.cleaned_data["price"]
        try:
            pricing.check_price(price=amount, currency=currency)
            asks = pricing.is_large_change(listing=listing, price=amount)
            if not asks or form.cleaned_data["is_meant"]:
                pricing.set_price(listing=listing, price=amount, at=clock.now(), actor=actor.name)
                words = {
                    "listing": listing.external_id,
                    "price": f"{amount_text(amount, currency)} {currency}",
                }
                return refreshed(_("%(listing)s: %(price)s goes out next.") % words)
        except PriceRefused as refusal:
            form.add_error("price", str(refusal))
            asks = False
    if not asks:
        form.fields["is_meant"].widget = forms.HiddenInput()
    account = listing.shop.account
    context = {
        "form": form,
        "listing": listing,
        "view": view,
        "currency": currency,
        "asks": asks,
        "waits": account.switched_on_at is None or not account.pushes_prices,
    }
    return render(request, "channels/price.html", context)


@allow("channels.offer")
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a listing's quantity and wanted price once more, now."""
    listing = listing_or_404(actor_of(request), pk)
    offers.send_now(listing_id=listing.pk)
    pricing.try_again(listing=listing)
    return refreshed(_("%(listing)s goes out next.") % {"listing": listing.external_id})


def _shop(request: HttpRequest, pk: int) -> Shop:
    found = Shop.objects.visible_to(actor_of(request)).select_related("account").filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such shop."))
    return found


@allow("channels.manage")
@require_http_methods(["GET", "POST"])
def shop(request: HttpRequest, pk: int) -> HttpResponse:
    """Change how a shop is called, ships and sells."""
    found = _shop(request, pk)
    form = ShopForm(request.POST or None, instance=found, auto_id="dialog_%s")
    if form.is_valid():
        controls.change_shop(shop=form.save(commit=False), at=clock.now(), actor=actor_of(request).name)
        return refreshed(_("Saved."))
    context = {
        "form": form,
        "title": found.name,
        "action": request.path,
        "effect_url": reverse("channels:shop-effect", args=[pk]),
        "effect": {},
        "submit": _("Save"),
    }
    return render(request, "channels/limits.html", context)


class ShopLimitsForm(forms.Form):
    """The limits of a shop as they are being typed."""

    buffer = forms.IntegerField(min_value=0, max_value=1_000_000)
    percentage = forms.IntegerField(min_value=0, max_value=100)
    cap = forms.IntegerField(required=False, min_value=0, max_value=1_000_000)
    is_paused = forms.BooleanField(required=False)


@allow("channels.manage")
@require_GET
def shop_effect(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how many listings of a shop the typed limits would move; nothing is stored."""
    found = _shop(request, pk)
    form = ShopLimitsForm(request.GET)
    if not form.is_valid():
        return render(request, "channels/effect.html", {"effect": {"invalid": True}})
    effect = effects.of_shop(shop=found, **form.cleaned_data)
    return render(request, "channels/effect.html", {"effect": {"shop": effect}})
