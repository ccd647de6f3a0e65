"""What each request of a person gets: who acts, their language and their time zone."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

from ecomhub.access import actor_of
from ecomhub.models import User


class PersonMiddleware:
    """Sets ``request.actor`` and shows the page in the person's language and zone.

    Somebody who is not logged in gets the language their browser asks for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request inside the person's language and zone."""
        actor = actor_of(request)
        request.actor = actor  # type: ignore[attr-defined]
        user = request.user
        if isinstance(user, User):
            language, zone = user.language, user.time_zone
        else:
            language, zone = translation.get_language_from_request(request), "UTC"
        with translation.override(language), timezone.override(zoneinfo.ZoneInfo(zone)):
            request.LANGUAGE_CODE = translation.get_language() or language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if actor.user_id is not None:
            response.headers.setdefault("Cache-Control", "no-store")
        return response
