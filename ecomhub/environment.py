"""Reading settings from the environment, with loud failure and no silent default in production."""

import base64
import binascii
import os
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

ENVIRONMENTS = ("production", "demo", "test", "development")


def text(name: str, default: str | None = None) -> str:
    """Return a variable. Raises ``ImproperlyConfigured`` when it is missing and has no default."""
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"set {name} in the environment (see .env.example)")
    return default


def words(name: str, default: str = "") -> list[str]:
    """Return a comma separated variable as a list."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def one_of(name: str, default: str, *others: str) -> str:
    """Return a variable that has one of a few values. Raises ``ImproperlyConfigured`` for any other."""
    value = text(name, default)
    if value not in (default, *others):
        raise ImproperlyConfigured(f"{name} is one of {', '.join((default, *others))}, not {value!r}")
    return value


def whole(name: str, default: int) -> int:
    """Return a whole number."""
    value = os.environ.get(name, "")
    try:
        return int(value) if value else default
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}") from error


def database(url: str) -> dict[str, object]:
    """Turn ``postgres://user:password@host:port/name?option=…`` into Django's dictionary."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or len(parts.path) < 2:
        raise ImproperlyConfigured("a database URL looks like postgres://user:password@host:5432/name")
    return {
        "ENGINE": "django_prometheus.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or 5432),
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def check_keyring(text: str) -> None:
    """Raise ``ImproperlyConfigured`` unless every entry is ``id:key`` with a 256-bit key in base64."""
    for entry in text.split(","):
        key_id, _, key = entry.strip().partition(":")
        try:
            fits = bool(key_id) and len(base64.urlsafe_b64decode(key)) == 32
        except (binascii.Error, ValueError):
            fits = False
        if not fits:
            raise ImproperlyConfigured("ECOMHUB_KEYRING holds id:key entries; `manage.py new_key` makes one")
