"""Who calls the REST API: the holder of a token, or a logged-in person on the schema pages."""

from datetime import timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework import authentication, exceptions

from ecomhub import clock
from ecomhub.models import AuthToken

_LAST_USE_STEP = timedelta(minutes=1)


class TokenAuthentication(KnoxAuthentication):  # type: ignore[misc]
    """``Authorization: Token …``; the actor is the token's, and its last use is noted once a minute."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        """Check the token and put its actor on the user for ``ActionPermission``."""
        if not token.isascii():
            raise exceptions.AuthenticationFailed(_("This token is not valid. Ask for a new one."))
        user, held = super().authenticate_credentials(token)
        at = clock.real_now()
        stale = models.Q(last_used_at__isnull=True) | models.Q(last_used_at__lt=at - _LAST_USE_STEP)
        if held.last_used_at is None or held.last_used_at < at - _LAST_USE_STEP:
            AuthToken.objects.filter(stale, pk=held.pk).update(last_used_at=at)
        return user, held


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, for the schema pages only."""
