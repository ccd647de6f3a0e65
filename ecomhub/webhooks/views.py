"""Pages for the endpoints of others: who is told, what was sent, and what came back."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecomhub import clock
from ecomhub.access import actor_of, allow
from ecomhub.shell.parts import Pager, Tab
from ecomhub.webhooks import endpoints
from ecomhub.webhooks.forms import EndpointForm, ReplayForm
from ecomhub.webhooks.models import WebhookDelivery, WebhookEndpoint
from ecomhub.work import WorkState

PAGE = 50
STATE_COLORS = {"active": "green", "paused": "secondary", "disabled": "red"}
COLORS = {"waiting": "azure", "done": "green", "quarantined": "red", "paused": "secondary"}


@allow("webhooks.manage")
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List the endpoints."""
    rows = list(WebhookEndpoint.objects.order_by("pk"))
    for row in rows:
        row.color = STATE_COLORS[row.state]  # type: ignore[attr-defined]
    return render(request, "webhooks/list.html", {"endpoints": rows})


@allow("webhooks.manage")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Subscribe an address and show its secret once."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            endpoint, secret = endpoints.subscribe(
                url=wanted["url"],
                wanted=wanted["topics"],
                name=wanted["name"],
                actor=actor_of(request),
                at=clock.now(),
            )
        except endpoints.CannotSubscribe as error:
            form.add_error(None, str(error))
        else:
            return render(request, "webhooks/secret.html", {"endpoint": endpoint, "secret": secret})
    return render(request, "webhooks/form.html", {"form": form, "title": _("New webhook")})


@allow("webhooks.manage")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change address, topics and name."""
    endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
    initial = {"name": endpoint.name, "url": endpoint.url, "topics": endpoint.topics}
    form = EndpointForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            endpoints.change(
                endpoint=endpoint,
                url=wanted["url"],
                wanted=wanted["topics"],
                name=wanted["name"],
                actor=actor_of(request),
                at=clock.now(),
            )
        except endpoints.CannotSubscribe as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("webhooks:detail", pk=pk)
    return render(request, "webhooks/form.html", {"form": form, "title": str(endpoint), "endpoint": endpoint})


@allow("webhooks.manage")
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one endpoint with the log of its messages, the newest first."""
    endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
    endpoint.color = STATE_COLORS[endpoint.state]  # type: ignore[attr-defined]
    view = request.GET.get("view", "")
    rows = WebhookDelivery.objects.filter(endpoint=endpoint).order_by("-pk")
    if view in COLORS:
        rows = rows.filter(state=view)
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    shown = list(rows[: PAGE + 1])
    for row in shown:
        row.color = COLORS[row.state]  # type: ignore[attr-defined]
    address = reverse("webhooks:detail", args=[pk])
    older = f"{address}?view={view}&before={shown[PAGE - 1].pk}" if len(shown) > PAGE else ""
    context: dict[str, Any] = {
        "endpoint": endpoint,
        "deliveries": shown[:PAGE],
        "tabs": _tabs(address, view),
        "pager": Pager(
            shown=min(len(shown), PAGE),
            previous_url=f"{address}?view={view}" if before else None,
            next_url=older or None,
        ),
        "replay": ReplayForm(),
    }
    return render(request, "webhooks/detail.html", context)


def _tabs(address: str, view: str) -> list[Tab]:
    words = {
        "": _("All"),
        WorkState.WAITING.value: _("Waiting"),
        WorkState.DONE.value: _("Taken"),
        WorkState.QUARANTINED.value: _("Never taken"),
    }
    return [Tab(label=word, url=f"{address}?view={key}", active=key == view) for key, word in words.items()]


@allow("webhooks.manage")
@require_GET
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one message's tries."""
    row = get_object_or_404(WebhookDelivery.objects.select_related("endpoint"), pk=pk)
    return render(request, "webhooks/delivery.html", {"delivery": row, "tries": row.tries.order_by("-pk")})


def _act(request: HttpRequest, pk: int, act: Callable[[WebhookEndpoint], object], said: str) -> HttpResponse:
    act(get_object_or_404(WebhookEndpoint, pk=pk))
    messages.success(request, said)
    return redirect("webhooks:detail", pk=pk)


@allow("webhooks.manage")
@require_POST
def ping(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test message."""
    said = _("A test message goes out within seconds; see the log below.")
    return _act(request, pk, lambda endpoint: endpoints.ping(endpoint=endpoint, at=clock.now()), said)


@allow("webhooks.manage")
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Send nothing more for now."""
    actor, at = actor_of(request), clock.now()
    said = _("Paused. What happens now is not kept for this address.")
    return _act(request, pk, lambda endpoint: endpoints.pause(endpoint=endpoint, actor=actor, at=at), said)


@allow("webhooks.manage")
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Speak to it again."""
    actor, at = actor_of(request), clock.now()
    said = _("Messages go out again.")
    return _act(request, pk, lambda endpoint: endpoints.resume(endpoint=endpoint, actor=actor, at=at), said)


@allow("webhooks.manage")
@require_POST
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new secret and show it once."""
    endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
    secret = endpoints.rotate(endpoint=endpoint, actor=actor_of(request), at=clock.now())
    return render(request, "webhooks/secret.html", {"endpoint": endpoint, "secret": secret, "rotated": True})


@allow("webhooks.manage")
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Unsubscribe it."""
    endpoint = get_object_or_404(WebhookEndpoint, pk=pk)
    endpoints.unsubscribe(endpoint=endpoint, actor=actor_of(request), at=clock.now())
    messages.success(request, _("Removed. Nothing is sent there any more."))
    return redirect("webhooks:list")


@allow("webhooks.manage")
@require_POST
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a range of messages again."""
    endpoint, form = get_object_or_404(WebhookEndpoint, pk=pk), ReplayForm(request.POST)
    if not form.is_valid() or form.cleaned_data["since"] >= form.cleaned_data["until"]:
        messages.error(request, _("Give two instants, the earlier one first."))
        return redirect("webhooks:detail", pk=pk)
    wanted = form.cleaned_data
    count = endpoints.replay(
        endpoint=endpoint, since=wanted["since"], until=wanted["until"], only_failed=wanted["only_failed"]
    )
    said = ngettext("%(count)d message is sent again.", "%(count)d messages are sent again.", count)
    messages.success(request, said % {"count": count})
    return redirect("webhooks:detail", pk=pk)


@allow("webhooks.manage")
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one message again."""
    row = get_object_or_404(WebhookDelivery, pk=pk)
    endpoints.again(rows=[row.pk])
    messages.success(request, _("The message is sent again, under its old id."))
    return redirect("webhooks:detail", pk=row.endpoint_id)
