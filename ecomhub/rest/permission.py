"""What a caller of the REST API may do: the same table as in the browser, denied by default."""

from collections.abc import Mapping
from typing import Any

from rest_framework import exceptions
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ecomhub.access import ACTIONS, NOBODY, PUBLIC, Actor
from ecomhub.models import AuthToken, User


def api_actor(request: Request) -> Actor:
    """Return who calls: the token's actor, or the logged-in person; read once per request."""
    held: Actor | None = getattr(request, "_hub_actor", None)
    if held is None:
        if isinstance(request.auth, AuthToken):
            held = request.auth.actor()
        else:
            held = request.user.actor() if isinstance(request.user, User) else NOBODY
        request._hub_actor = held  # type: ignore[attr-defined]
    return held


class ActionPermission(BasePermission):
    """Denies by default: a view names its action per method in ``actions`` (``{"GET": "orders.view"}``).

    A route that needs another one says so as its ``right``.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say whether the caller may do what this method does.

        Raises ``MethodNotAllowed`` (405) for a known caller where the address has no such method at all.
        """
        actions: Mapping[str, str] = getattr(view, "actions", {})
        method = "GET" if request.method == "HEAD" else request.method or ""
        action = actions.get(method, actions.get("*", ""))
        action = (getattr(view, "right", "") or action) if action else ""
        if action == PUBLIC:
            return True
        if api_actor(request) is NOBODY:
            return False
        if not action or request.method == "OPTIONS":
            raise exceptions.MethodNotAllowed(request.method or "")
        return action in ACTIONS and api_actor(request).may(action)
