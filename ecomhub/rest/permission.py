"""What a caller of the REST API may do: the same table as in the browser, denied by default."""

from collections.abc import Mapping
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from ecomhub.access import ACTIONS, NOBODY, PUBLIC, Actor
from ecomhub.models import AuthToken, User


def api_actor(request: Request) -> Actor:
    """Return who calls: the token's actor, or the logged-in person."""
    if isinstance(request.auth, AuthToken):
        return request.auth.actor()
    return request.user.actor() if isinstance(request.user, User) else NOBODY


class ActionPermission(BasePermission):
    """Denies by default: a view names its action per method in ``actions`` (``{"GET": "orders.view"}``)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Say whether the caller may do what this method does."""
        actions: Mapping[str, str] = getattr(view, "actions", {})
        method = "GET" if request.method == "HEAD" else request.method or ""
        action = actions.get(method, actions.get("*", ""))
        if request.method == "OPTIONS":
            return False
        if action == PUBLIC:
            return True
        return action in ACTIONS and api_actor(request).may(action)
