"""Every route of the URL resolver with the access action it names, per method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from ecomhub.access import PUBLIC

ALLAUTH = PUBLIC
"""allauth guards its own pages: the login and password pages are open, the others ask for a login."""

THIRD_PARTY: Mapping[str, str] = {
    "account_login": ALLAUTH,
    "account_logout": ALLAUTH,
    "account_signup": ALLAUTH,
    "account_inactive": ALLAUTH,
    "account_reauthenticate": ALLAUTH,
    "account_change_password": ALLAUTH,
    "account_set_password": ALLAUTH,
    "account_email": ALLAUTH,
    "account_email_verification_sent": ALLAUTH,
    "account_confirm_email": ALLAUTH,
    "account_reset_password": ALLAUTH,
    "account_reset_password_done": ALLAUTH,
    "account_reset_password_from_key": ALLAUTH,
    "account_reset_password_from_key_done": ALLAUTH,
    "account_confirm_login_code": ALLAUTH,
    "mfa_index": ALLAUTH,
    "mfa_authenticate": ALLAUTH,
    "mfa_reauthenticate": ALLAUTH,
    "mfa_activate_totp": ALLAUTH,
    "mfa_deactivate_totp": ALLAUTH,
    "mfa_view_recovery_codes": ALLAUTH,
    "mfa_generate_recovery_codes": ALLAUTH,
    "mfa_download_recovery_codes": ALLAUTH,
    "usersessions_list": ALLAUTH,
}
"""Routes of installed packages by name; whatever else they add fails the test until it stands here."""


@dataclass(frozen=True)
class Route:
    """One route: its pattern, name, and the action per method (``*`` for all)."""

    pattern: str
    name: str
    callback: Any = field(repr=False)
    actions: Mapping[str, str]
    is_api: bool

    @property
    def label(self) -> str:
        """How a test calls it."""
        return self.name or self.pattern


def _walk(
    patterns: Sequence[URLPattern | URLResolver], prefix: str, space: str
) -> Iterator[tuple[str, str, URLPattern]]:
    for each in patterns:
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from _walk(each.url_patterns, prefix + str(each.pattern), inner)
        else:
            yield prefix + str(each.pattern), f"{space}{each.name}" if each.name else "", each


def routes() -> list[Route]:
    """Every route there is; one that names no action has none."""
    found = []
    for pattern, name, each in _walk(get_resolver().url_patterns, "", ""):
        view = each.callback
        cls = getattr(view, "cls", None)
        if cls is not None and hasattr(cls, "actions"):
            methods = getattr(view, "actions", None)
            named = dict(cls.actions)
            if methods:
                right = getattr(view, "initkwargs", {}).get("right", "")
                named = {
                    method.upper(): right or named.get(method.upper(), named.get("*", ""))
                    for method in methods
                    if method != "head"
                }
            found.append(Route(pattern, name, view, named, True))
        elif hasattr(view, "access_action"):
            found.append(Route(pattern, name, view, {"*": view.access_action}, False))
        elif name in THIRD_PARTY:
            found.append(Route(pattern, name, view, {"*": THIRD_PARTY[name]}, False))
        else:
            found.append(Route(pattern, name, view, {}, cls is not None))
    return found
