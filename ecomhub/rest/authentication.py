"""Who calls the REST API: the holder of a token, or a logged-in person on the schema pages."""

import binascii
from datetime import timedelta
from hmac import compare_digest
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from ecomhub import clock
from ecomhub.models import AuthToken, User

_LAST_USE_STEP = timedelta(minutes=1)
_PREFIXES = (b"token", b"bearer")


class TokenAuthentication(authentication.BaseAuthentication):
    """``Authorization: Token …`` or ``Bearer …``; its last use is noted once a minute.

    One statement: the token with its person. Only the token's hash is kept (knox), and what is compared.
    """

    def authenticate(self, request: Request) -> tuple[User, AuthToken] | None:
        """Return the person and the token of a call; ``None`` without either word in front."""
        words = authentication.get_authorization_header(request).split()
        if not words or words[0].lower() not in _PREFIXES:
            return None
        if len(words) != 2 or not words[1].isascii():
            raise self._refused()
        return self._held(words[1].decode())

    def authenticate_header(self, request: Request) -> str:
        """Say how to authenticate."""
        return "Token"

    def _held(self, text: str) -> tuple[User, AuthToken]:
        try:
            digest = hash_token(text)
        except (TypeError, ValueError, binascii.Error):
            raise self._refused() from None
        at = clock.real_now()
        rows = AuthToken.objects.filter(token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH]).select_related("user")
        for held in rows:
            if compare_digest(digest, held.digest):
                ended = held.expiry is not None and held.expiry <= at
                if ended or not held.user.is_active:
                    break
                self._note_use(held)
                return held.user, held
        raise self._refused()

    def _note_use(self, held: AuthToken) -> None:
        at = clock.real_now()
        if held.last_used_at is None or held.last_used_at < at - _LAST_USE_STEP:
            stale = models.Q(last_used_at__isnull=True) | models.Q(last_used_at__lt=at - _LAST_USE_STEP)
            AuthToken.objects.filter(stale, pk=held.pk).update(last_used_at=at)

    def _refused(self) -> exceptions.AuthenticationFailed:
        return exceptions.AuthenticationFailed(_("This token is not valid. Ask for a new one."))


class SessionAuthentication(authentication.SessionAuthentication):
    """The browser's session, for the schema pages only."""

    def authenticate_header(self, request: Any) -> str:
        """Say how to authenticate."""
        return "Token"
