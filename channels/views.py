"""Pages to look at: accounts with their shops and streams, failed imports, listings."""

import json
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from channels import accounts, blacking, doors, failures, pricing, queries
from channels.models import ChannelAccount, FailedImport
from channels.pace import pace
from channels.queries import AccountView, StreamView
from channels.registry import by_file_keys, platforms
from ecomhub import clock
from ecomhub.access import Actor, actor_of, allow
from ecomhub.sealed import SealBroken
from ecomhub.shell.display import span_text
from ecomhub.shell.parts import Choice, Pager, Tab

STATE_COLORS = {"connected": "green", "needs_reconnect": "red", "paused": "secondary"}
PAGE = 50
OF_SKU = 100
SHOWN_CHANGES = 200


def section_tabs(here: str) -> list[Tab]:
    """Return the tabs that join the house's pages."""
    words = {"list": _("Accounts"), "listings": _("Listings"), "failed": _("Failed imports")}
    return [
        Tab(label=label, url=reverse(f"channels:{name}"), active=name == here)
        for name, label in words.items()
    ]


def account_or_404(actor: Actor, pk: int) -> ChannelAccount:
    """Return an account of which the actor may see a shop. Raises ``Http404``."""
    found = queries.accounts_visible_to(actor=actor).filter(pk=pk).first()
    if found is None:
        raise Http404(_("There is no such account, or it is not yours to see."))
    return found


def _span(account: ChannelAccount, seconds: float | None) -> str:
    """Return seconds of an account's world as wall time in words."""
    if seconds is None:
        return "–"
    return span_text(queries.wall_seconds(account=account, seconds=seconds))


def _stream(account: ChannelAccount, view: StreamView) -> dict[str, Any]:
    if view.is_stopped:
        state, color = _("Stopped, needs a person"), "red"
    elif view.is_running:
        state, color = _("Reading now"), "azure"
    elif view.last_error:
        state, color = _("Tried again soon"), "orange"
    elif view.last_success_at is None:
        state, color = _("Not read yet"), "secondary"
    else:
        state, color = _("Up to date"), "green"
    sync = reverse("channels:sync", args=[account.pk])
    return {
        "view": view,
        "sync_url": f"{sync}?stream={view.pull.stream}",
        "state": state,
        "color": color,
        "backlog": _span(account, view.pull.backlog),
        "p50": _span(account, view.lag_p50_s),
        "p95": _span(account, view.lag_p95_s),
        "behind": _span(account, view.behind_s) if view.behind_s else "",
        "next": span_text(view.next_run_in_s) if view.next_run_in_s >= 1 else _("now"),
    }


def _choices(actor: Actor, account: ChannelAccount) -> list[Choice]:
    def link(name: str) -> str:
        return reverse(f"channels:{name}", args=[account.pk])

    found: list[Choice] = []
    if account.platform in by_file_keys():
        return _by_file(actor)
    if actor.may("channels.sync"):
        found.append(Choice(label=_("Sync now"), url=link("sync"), icon="refresh", method="post"))
    if actor.may("channels.manage"):
        found.append(Choice(label=_("Preview and switches"), url=link("switches"), icon="adjustments"))
    return found


def _by_file(actor: Actor) -> list[Choice]:
    """Return what can be done for an account nobody speaks for."""
    if not (actor.may("sheets.import") and actor.may("orders.import")):
        return []
    sheet = f"{reverse('inventory:imports')}?kind=orders"
    return [Choice(label=_("Import orders"), url=sheet, icon="file-spreadsheet")]


def _seldom(actor: Actor, account: ChannelAccount) -> list[Choice]:
    def link(name: str) -> str:
        return reverse(f"channels:{name}", args=[account.pk])

    found: list[Choice] = []
    if actor.may("channels.manage") and account.platform not in by_file_keys():
        known = platforms().get(account.platform)
        if known is not None and known.authorization is not None:
            found.append(Choice(label=_("Connect again"), url=link("authorize"), icon="login"))
        if known is not None and known.credential_fields:
            found.append(Choice(label=_("New credentials"), url=link("reconnect"), icon="key"))
        found.append(Choice(label=_("Outgoing proxy"), url=link("proxy"), icon="transfer"))
        if account.state == ChannelAccount.State.PAUSED:
            found.append(Choice(label=_("Resume"), url=link("resume"), icon="player-play", method="post"))
        else:
            warning = _("The hub stops reading from and writing to this account until you resume it.")
            pause = link("pause")
            found.append(
                Choice(label=_("Pause"), url=pause, icon="player-pause", method="post", confirm=warning)
            )
    return found


def _account(actor: Actor, view: AccountView) -> dict[str, Any]:
    account = view.account
    known = platforms().get(account.platform)
    return {
        "view": view,
        "account": account,
        "platform": known.name if known else account.platform,
        "color": STATE_COLORS[account.state],
        "streams": [_stream(account, stream) for stream in view.streams],
        "pace": pace(endpoint=account.endpoint),
        "door": doors.door_of(account=account, actor=actor, at=clock.now()),
        "choices": _choices(actor, account),
        "seldom": _seldom(actor, account),
    }


@allow("channels.view")
@require_GET
def channels(request: HttpRequest) -> HttpResponse:
    """Show every account: how fresh each stream is, what the API budget is, what waits."""
    actor = actor_of(request)
    found = [_account(actor, view) for view in queries.overview(actor=actor, at=clock.now())]
    context = {
        "sections": section_tabs("list"),
        "accounts": found,
        "platforms": sorted(platforms().values(), key=lambda one: one.name),
        "can_manage": actor.may("channels.manage"),
        "can_sync": actor.may("channels.sync"),
    }
    template = "channels/accounts.html" if "part" in request.GET else "channels/list.html"
    return render(request, template, context)


@allow("channels.manage")
@require_GET
def switches(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what switching an account on would change, before anything does."""
    account = account_or_404(actor_of(request), pk)
    preview = accounts.preview(account=account, at=clock.now())
    shops = {shop.marketplace: shop.short_name for shop in account.shops.all()}
    context = {
        "account": account,
        "color": STATE_COLORS[account.state],
        "takes_prices": pricing.offered(account=account),
        "preview": preview,
        "changes": [
            {"change": one, "shop": shops.get(one.marketplace, one.marketplace)}
            for one in preview.changes[:SHOWN_CHANGES]
        ],
        "more": max(0, len(preview.changes) - SHOWN_CHANGES),
    }
    return render(request, "channels/switches.html", context)


@allow("channels.view")
@require_GET
def failed(request: HttpRequest) -> HttpResponse:
    """List what could not be taken in (抓单失败), with the reason and a way to try again."""
    actor = actor_of(request)
    pages = Paginator(queries.failed_imports(actor=actor), PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "sections": section_tabs("failed"),
        "rows": page.object_list,
        "can_retry": actor.may("channels.sync"),
        "pager": _pager("channels:failed", page, {}),
    }
    return render(request, "channels/failed.html", context)


def _pager(name: str, page: Any, kept: dict[str, str]) -> Pager:
    def url(number: int) -> str:
        return f"{reverse(name)}?{urlencode({**kept, 'page': number})}"

    return Pager(
        shown=len(page.object_list),
        previous_url=url(page.previous_page_number()) if page.has_previous() else None,
        next_url=url(page.next_page_number()) if page.has_next() else None,
        total=page.paginator.count,
    )


@allow("channels.view")
@require_GET
def raw(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the platform sent for an object that could not be taken in; people only with the right."""
    actor = actor_of(request)
    found = FailedImport.objects.filter(pk=pk, account__in=queries.accounts_visible_to(actor=actor)).first()
    if found is None:
        raise Http404(_("There is no such failed import."))
    try:
        document = failures.raw_of(failed=found)
    except SealBroken:
        document = None
    is_personal = document is not None and found.kind not in failures.ABOUT_GOODS
    is_blacked = is_personal and not actor.may("channels.view_raw")
    if is_blacked:
        document = blacking.blacked_out(document, own=found.external_id)
    text = json.dumps(document, ensure_ascii=False, indent=2, default=str) if document is not None else ""
    return render(request, "channels/raw.html", {"row": found, "text": text, "is_blacked": is_blacked})


@allow("channels.view")
@require_GET
def freshness(request: HttpRequest) -> HttpResponse:
    """Show on the home page when each shop was read last."""
    rows = queries.freshness(actor=actor_of(request), at=clock.now())
    return render(request, "channels/freshness.html", {"rows": rows})
