"""Pages that connect an account in the browser: which platform, what is needed, there and back."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from channels import accounts, connecting, proxies
from channels.adapter import ChannelError, Platform
from channels.authorization import Authorization
from channels.connect_forms import ApplicationForm, ConnectForm, ProxyForm
from channels.connecting import Start
from channels.forms import place_of
from channels.models import Credential
from channels.proving import AccountRefused
from channels.registry import platforms
from channels.tokens import connection_of
from channels.views import account_or_404
from ecomhub import clock
from ecomhub.access import actor_of, allow

_SESSION_KEY = "channels.connecting"


def _binding(request: HttpRequest) -> str:
    """Return what binds a connection to this browser's session."""
    held = request.session.get(_SESSION_KEY)
    if not isinstance(held, str):
        held = request.session[_SESSION_KEY] = connecting.new_binding()
    return held


def _offered(key: str) -> tuple[Platform, Authorization]:
    found = platforms().get(key)
    if found is None or found.authorization is None:
        raise Http404(_("There is no such platform."))
    return found, found.authorization


@allow("channels.manage")
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """List every platform an account can be connected on, and how."""
    known = sorted(platforms().values(), key=lambda one: (one.is_by_file, one.name.casefold()))
    return render(request, "channels/connect.html", {"platforms": known})


@allow("channels.manage")
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, platform: str) -> HttpResponse:
    """Ask for what a new account needs, then send the browser to the platform's consent page."""
    offered, authorization = _offered(platform)
    form = ConnectForm(request.POST or None, offered=offered, authorization=authorization, at=clock.now())
    if form.is_valid():
        values = form.cleaned_data
        endpoint, token_endpoint = place_of(offered=offered, environment=values["environment"])
        begun = Start(
            name=values["name"],
            environment=accounts.environment_of(endpoint=endpoint, platform_key=platform),
            endpoint=endpoint,
            token_endpoint=token_endpoint,
            fields=form.application(),
            go_live_at=values["go_live_at"],
            legal_entity_id=values["legal_entity"].pk if values["legal_entity"] else None,
            proxy=values["proxy"],
        )
        sent = _send(request, form, offered=offered, begun=begun)
        if sent is not None:
            return sent
    context = {"form": form, "platform": offered, "back": connecting.redirect_address(platform_key=platform)}
    return render(request, "channels/connect_start.html", context)


@allow("channels.manage")
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest, pk: int) -> HttpResponse:
    """Connect an account again by a new consent of the same seller."""
    account = account_or_404(actor_of(request), pk)
    offered, authorization = _offered(account.platform)
    held = connection_of(account=account, credential=Credential.objects.get(account=account)).credentials
    form = ApplicationForm(request.POST or None, authorization=authorization, held=held)
    if request.method == "POST" and form.is_valid():
        begun = Start(
            name=account.name,
            environment=account.environment,
            endpoint=account.endpoint,
            token_endpoint=account.token_endpoint,
            fields=form.application(),
            proxy=proxies.way_out(account=account),
            account_id=account.pk,
        )
        sent = _send(request, form, offered=offered, begun=begun)
        if sent is not None:
            return sent
    back = connecting.redirect_address(platform_key=account.platform)
    context = {"form": form, "platform": offered, "account": account, "back": back}
    return render(request, "channels/connect_start.html", context)


def _send(
    request: HttpRequest, form: ApplicationForm, *, offered: Platform, begun: Start
) -> HttpResponse | None:
    """Send the browser on its way, or say on the form why not.

    Not by a redirect: the page's own policy lets a form lead nowhere else, and so does each hop after it.
    """
    try:
        address = connecting.begin(
            platform_key=offered.key,
            start=begun,
            user_id=actor_of(request).user_id or 0,
            binding=_binding(request),
        )
    except (AccountRefused, ChannelError) as refusal:
        form.add_error(None, str(refusal))
        return None
    context = {"platform": offered, "address": address, "host": urlsplit(address).netloc}
    response = render(request, "channels/connect_go.html", context)
    response.headers["Refresh"] = f"0; url={address}"
    return response


@allow("channels.manage")
@require_GET
def back(request: HttpRequest, platform: str) -> HttpResponse:
    """Take the platform's answer: connect the account, or say what went wrong and what to do."""
    offered, _authorization = _offered(platform)
    query = request.GET.dict()
    actor = actor_of(request)
    try:
        begun = connecting.take_back(
            platform_key=platform, query=query, user_id=actor.user_id or 0, binding=_binding(request)
        )
    except AccountRefused as refusal:
        return _failed(request, offered=offered, reason=str(refusal), account_id=None)
    try:
        connected = connecting.finish(
            platform_key=platform, start=begun, query=query, at=clock.now(), actor=actor.name
        )
    except (AccountRefused, ChannelError) as refusal:
        return _failed(request, offered=offered, reason=str(refusal), account_id=begun.account_id)
    if begun.account_id is not None:
        text = _("%(name)s is connected again.")
    else:
        text = _("%(name)s is connected. Nothing goes out until you switch it on.")
    messages.success(request, text % {"name": connected.account.name})
    if connected.lacks:
        messages.warning(request, connected.lacks)
    return redirect("channels:list")


def _failed(request: HttpRequest, *, offered: Platform, reason: str, account_id: int | None) -> HttpResponse:
    context: dict[str, Any] = {"platform": offered, "reason": reason, "account_id": account_id}
    return render(request, "channels/connect_failed.html", context)


@allow("channels.manage")
@require_http_methods(["GET", "POST"])
def proxy(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the way out of an account; its login is never shown again."""
    actor = actor_of(request)
    account = account_or_404(actor, pk)
    form = ProxyForm(request.POST or None, initial={"proxy": account.proxy})
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["proxy"]
        if text != account.proxy or not account.sealed_proxy_login:
            accounts.set_proxy(account=account, text=text, at=clock.now(), actor=actor.name)
        messages.success(request, _("Saved."))
        return redirect("channels:list")
    context = {"form": form, "account": account, "has_login": bool(account.sealed_proxy_login)}
    return render(request, "channels/connect_proxy.html", context)
