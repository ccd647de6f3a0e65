"""Pages that change accounts and listings: connect, switch, pause, sync, retry, pair."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from channels import accounts, failures, proxies
from channels.accounts import AccountRefused
from channels.adapter import ChannelError
from channels.forms import AccountForm, CredentialsForm, SwitchForm, place_of
from channels.lanes import WIDE
from channels.messages import Marketplace
from channels.models import ChannelAccount, FailedImport, Pull
from channels.proving import Proof, prove
from channels.queries import accounts_visible_to
from channels.registry import platforms
from channels.views import account_or_404
from ecomhub import clock, work
from ecomhub.access import actor_of, allow
from ecomhub.entities import default_entity
from ecomhub.shell.toasts import add_toast, close_dialog


def _refresh(text: str) -> HttpResponse:
    response = close_dialog(add_toast(HttpResponse(status=204), text=text))
    response.headers["HX-Refresh"] = "true"
    return response


@allow("channels.manage")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, platform: str) -> HttpResponse:
    """Connect an account: test the credentials by a real call, then store it, import-only."""
    offered = platforms().get(platform)
    if offered is None:
        raise Http404(_("There is no such platform."))
    form = AccountForm(request.POST or None, offered=offered, at=clock.now())
    served: tuple[Marketplace, ...] = ()
    lacks = ""
    if form.is_valid():
        try:
            proof = _check(form)
            served, lacks = proof.marketplaces, proof.lacks
            if "connect" in request.POST:
                account = _connect(form, proof, actor=actor_of(request).name)
                text = _("%(name)s is connected. Nothing goes out until you switch it on.")
                messages.success(request, text % {"name": account.name})
                if proof.lacks:
                    messages.warning(request, proof.lacks)
                return redirect("channels:list")
            form.take_over(proof.credentials)
        except (AccountRefused, ChannelError) as error:
            form.add_error(None, str(error))
    context = {"form": form, "platform": offered, "served": served, "lacks": lacks}
    return render(request, "channels/add.html", context)


def _check(form: AccountForm) -> Proof:
    values = form.cleaned_data
    endpoint, token_endpoint = place_of(offered=form.offered, environment=values["environment"])
    return prove(
        platform=form.offered.key,
        endpoint=endpoint,
        token_endpoint=token_endpoint,
        credentials=form.credentials(),
        seller_id=values["seller_id"],
        proxy=values["proxy"],
    )


def _connect(form: AccountForm, proof: Proof, *, actor: str) -> ChannelAccount:
    values = form.cleaned_data
    endpoint, token_endpoint = place_of(offered=form.offered, environment=values["environment"])
    return accounts.add(
        platform=form.offered.key,
        name=values["name"],
        environment=accounts.environment_of(endpoint=endpoint, platform_key=form.offered.key),
        endpoint=endpoint,
        token_endpoint=token_endpoint,
        seller_id=values["seller_id"],
        credentials=proof.credentials,
        marketplaces=proof.marketplaces,
        legal_entity=values["legal_entity"] or default_entity(),
        go_live_at=values["go_live_at"],
        at=clock.now(),
        actor=actor,
        proxy=values["proxy"],
    )


@allow("channels.manage")
@require_http_methods(["GET", "POST"])
def reconnect(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an account new credentials, proven by a call first."""
    actor = actor_of(request)
    account = account_or_404(actor, pk)
    offered = accounts.offered_platform(key=account.platform)
    form = CredentialsForm(request.POST or None, offered=offered)
    if form.is_valid():
        try:
            proof = prove(
                platform=account.platform,
                endpoint=account.endpoint,
                token_endpoint=account.token_endpoint,
                credentials=form.credentials(),
                seller_id=account.seller_id,
                proxy=proxies.way_out(account=account),
            )
            accounts.reconnect(
                account=account, credentials=proof.credentials, at=clock.now(), actor=actor.name
            )
            messages.success(request, _("%(name)s is connected again.") % {"name": account.name})
            if proof.lacks:
                messages.warning(request, proof.lacks)
            return redirect("channels:list")
        except (AccountRefused, ChannelError) as error:
            form.add_error(None, str(error))
    return render(request, "channels/reconnect.html", {"form": form, "account": account})


@allow("channels.manage")
@require_POST
def switch_on(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch an account on after its preview was seen."""
    actor = actor_of(request)
    account = account_or_404(actor, pk)
    form = SwitchForm(request.POST)
    form.is_valid()
    accounts.switch_on(
        account=account,
        pushes_stock=form.cleaned_data["pushes_stock"],
        confirms_shipments=form.cleaned_data["confirms_shipments"],
        pushes_prices=form.cleaned_data["pushes_prices"],
        at=clock.now(),
        actor=actor.name,
    )
    messages.success(request, _("%(name)s is switched on.") % {"name": account.name})
    return redirect("channels:list")


@allow("channels.manage")
@require_POST
def switch_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an account import-only again."""
    actor = actor_of(request)
    account = account_or_404(actor, pk)
    accounts.switch_off(account=account, at=clock.now(), actor=actor.name)
    messages.success(request, _("%(name)s only imports now.") % {"name": account.name})
    return redirect("channels:switches", pk=pk)


@allow("channels.manage")
@require_POST
def release_brake(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the changes the brake stopped go out."""
    actor = actor_of(request)
    account = account_or_404(actor, pk)
    accounts.release_brake(account=account, at=clock.now(), actor=actor.name)
    messages.success(request, _("The brake is released. The changes go out now."))
    return redirect("channels:switches", pk=pk)


@allow("channels.manage")
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop every call for an account."""
    actor = actor_of(request)
    account = account_or_404(actor, pk)
    accounts.pause(account=account, at=clock.now(), actor=actor.name)
    return _refresh(_("The account is paused."))


@allow("channels.manage")
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a paused account speak again."""
    actor = actor_of(request)
    account = account_or_404(actor, pk)
    accounts.resume(account=account, at=clock.now(), actor=actor.name)
    return _refresh(_("The account goes on."))


@allow("channels.sync")
@require_POST
def sync(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an account's streams due now, also one that had stopped."""
    account = account_or_404(actor_of(request), pk)
    pulls = Pull.objects.filter(account=account).exclude(stream__in=WIDE)
    if asked := request.GET.get("stream", ""):
        pulls = Pull.objects.filter(account=account, stream=asked)
    work.ring(model=Pull, pks=list(pulls.values_list("pk", flat=True)))
    text = _("%(name)s is read within ten seconds.") % {"name": account.name}
    return add_toast(HttpResponse(status=204), text=text)


@allow("channels.sync")
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Try failed imports again: the chosen ones, or all."""
    ids = [int(text) for text in request.POST.getlist("ids") if text.isdigit()]
    mine: QuerySet[FailedImport] = FailedImport.objects.filter(
        account__in=accounts_visible_to(actor=actor_of(request))
    )
    chosen = list((mine.filter(pk__in=ids) if ids else mine).values_list("pk", flat=True))
    failures.retry(failed_ids=chosen)
    words = ngettext("%(count)d import is tried again.", "%(count)d imports are tried again.", len(chosen))
    return add_toast(HttpResponse(status=204), text=words % {"count": len(chosen)})
