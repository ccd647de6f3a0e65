"""The shell's pages: home, preferences, and the small answers the sidebar asks for."""

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecomhub.access import PUBLIC, actor_of, allow
from ecomhub.models import User
from ecomhub.shell.composing import home_tiles, menu_counts
from ecomhub.shell.preferences import UnknownPreference, is_known, remember

YEAR = 365 * 24 * 3600


def _back(request: HttpRequest) -> HttpResponse:
    wanted = request.POST.get("next", "")
    hosts = {request.get_host()}
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=hosts, require_https=request.is_secure()):
        wanted = "/"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return HttpResponseRedirect(wanted)


@allow("shell.home")
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show the counters of every house and the panels for the home page."""
    return render(request, "shell/home.html", {"tiles": home_tiles(actor=actor_of(request))})


@allow("shell.home")
@require_GET
def tiles(request: HttpRequest) -> HttpResponse:
    """Show the counters alone, for the home page's own refresh."""
    return render(request, "shell/tiles.html", {"tiles": home_tiles(actor=actor_of(request))})


@allow("shell.home")
@require_GET
def badges(request: HttpRequest) -> HttpResponse:
    """Show what waits behind each menu line, to be put in place by htmx."""
    return render(request, "shell/badges.html", {"counts": menu_counts(actor=actor_of(request))})


@allow("shell.preferences")
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep the theme and the density a person chose and go back to the page."""
    wanted = {name: request.POST[name] for name in ("theme", "density") if name in request.POST}
    user = request.user
    try:
        if isinstance(user, User):
            remember(user=user, wanted=wanted)
    except UnknownPreference:
        return HttpResponseBadRequest(_("There is no such look. Choose one from the menu."))
    return _back(request)


@allow(PUBLIC)
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language: kept with the person, and in a cookie for the login page."""
    wanted = request.POST.get("language", "")
    if not is_known(name="language", value=wanted):
        return HttpResponseBadRequest(_("There is no such language. Choose one from the menu."))
    if isinstance(request.user, User):
        remember(user=request.user, wanted={"language": wanted})
    response = _back(request)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=YEAR,
        samesite="Lax",
        secure=request.is_secure(),
        httponly=True,
    )
    return response
