"""Who may do what: one table of actions by role, denied by default.

Every route names its action with ``@allow("orders.view")`` (views) or ``action_map`` (API views);
a test walks the URL resolver and fails on a route without one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import redirect, resolve_url
from django.utils.http import urlencode
from django.utils.translation import gettext as _


class Role(StrEnum):
    """The roles a person can have, from least to most."""

    VIEWER = "viewer"
    PICKER = "picker"
    OPERATIONS = "operations"
    FINANCE = "finance"
    ADMIN = "admin"
    OWNER = "owner"


_EVERYONE = frozenset(Role)
_WORKERS = frozenset({Role.PICKER, Role.OPERATIONS, Role.ADMIN, Role.OWNER})
_OPERATIONS = frozenset({Role.OPERATIONS, Role.ADMIN, Role.OWNER})
_ADMINS = frozenset({Role.ADMIN, Role.OWNER})
_FINANCE = frozenset({Role.FINANCE, Role.ADMIN, Role.OWNER})

ACTIONS: dict[str, frozenset[Role]] = {
    "shell.home": _EVERYONE,
    "shell.preferences": _EVERYONE,
    "shell.styleguide": _ADMINS,
    "orders.view": _EVERYONE,
    "orders.work": _OPERATIONS,
    "orders.cancel": _OPERATIONS,
    "orders.import": _OPERATIONS,
    "orders.view_buyer": _WORKERS,
    "inventory.view": _EVERYONE,
    "inventory.move": _WORKERS,
    "inventory.edit": _OPERATIONS,
    "inventory.import": _OPERATIONS,
    "channels.view": _EVERYONE,
    "channels.sync": _OPERATIONS,
    "channels.pair": _OPERATIONS,
    "channels.offer": _OPERATIONS,
    "channels.manage": _ADMINS,
    "channels.view_raw": _ADMINS,
    "logistics.view": _EVERYONE,
    "logistics.ship": _WORKERS,
    "logistics.arrange": _WORKERS,
    "logistics.label": _WORKERS,
    "logistics.rules": _OPERATIONS,
    "finance.view": _FINANCE,
    "finance.import": _FINANCE,
    "finance.reconcile": _FINANCE,
    "finance.post": _FINANCE,
    "finance.close": _FINANCE,
    "finance.reopen": frozenset({Role.OWNER}),
    "finance.export": _FINANCE,
    "api.schema": _EVERYONE,
    "api.tokens": _ADMINS,
    "webhooks.manage": _ADMINS,
    "sheets.import": _OPERATIONS | _FINANCE,
}
"""Role table. ``public`` is the one action not listed here: it needs nobody to be logged in."""

PUBLIC = "public"

READ_ACTIONS = frozenset(action for action in ACTIONS if action.endswith(".view"))

SCOPES: dict[str, frozenset[str]] = {
    "orders:read": frozenset({"orders.view", "logistics.view"}),
    "orders:write": frozenset({"orders.work", "orders.cancel"}),
    "shipments:write": frozenset(
        {"logistics.ship", "logistics.arrange", "logistics.label", "logistics.view"}
    ),
    "stock:read": frozenset({"inventory.view"}),
    "stock:write": frozenset({"inventory.move"}),
    "skus:write": frozenset({"inventory.edit"}),
    "channels:read": frozenset({"channels.view"}),
    "buyers:read": frozenset({"orders.view_buyer"}),
    "finance:read": frozenset({"finance.view"}),
    "finance:write": frozenset({"finance.import", "finance.reconcile", "finance.post", "finance.export"}),
    "webhooks:manage": frozenset({"webhooks.manage"}),
}
"""What a token's scope adds; a token can never do more than the person it belongs to."""

ANY_TOKEN = frozenset({"api.schema"})
"""What every token may do whatever its scopes."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody acting: a person in the browser, a token of theirs, or the system itself.

    ``shop_ids`` and ``warehouse_ids`` of ``None`` mean all; an empty set means none.
    """

    name: str
    role: Role | None = None
    user_id: int | None = None
    shop_ids: frozenset[int] | None = None
    warehouse_ids: frozenset[int] | None = None
    scopes: frozenset[str] | None = None
    token_id: str | None = None
    _actions: frozenset[str] = field(default=frozenset(), repr=False)

    def may(self, action: str) -> bool:
        """Say whether the actor may do an action of the table."""
        if action == PUBLIC:
            return True
        if self.role is None:
            return action in self._actions
        if self.role not in ACTIONS[action]:
            return False
        if self.scopes is None:
            return True
        return action in ANY_TOKEN or any(action in SCOPES.get(scope, frozenset()) for scope in self.scopes)


SYSTEM = Actor(name="system", _actions=frozenset(ACTIONS))
NOBODY = Actor(name="nobody")


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts in a request; the rights are read anew for each request."""
    held: Actor | None = getattr(request, "actor", None)
    if held is not None:
        return held
    user = request.user
    if not user.is_authenticated:
        return NOBODY
    return user.actor()


def allow(action: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Guard a view by an action of the table and mark the route with it.

    Nobody is sent to the login page; somebody without the right gets 403.
    """
    if action != PUBLIC and action not in ACTIONS:
        raise KeyError(f"{action} is not in the access table")

    def guard(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            actor = actor_of(request)
            if not actor.may(action):
                if actor is NOBODY:
                    login = resolve_url(settings.LOGIN_URL)
                    return redirect(f"{login}?{urlencode({'next': request.get_full_path()})}")
                raise PermissionDenied(_("Your role does not include this. Ask an administrator for it."))
            return view(request, *args, **kwargs)

        guarded.access_action = action  # type: ignore[attr-defined]
        return guarded

    return guard
