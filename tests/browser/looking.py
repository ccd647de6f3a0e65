"""What browser tests share: a person logged in, pages checked by axe-core, sideways scroll."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from ecomhub.access import Role
from ecomhub.models import User

AXE = Path(__file__).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def person(*, role: Role = Role.OWNER, **fields: Any) -> User:
    """Make a person who can log in with the password ``correct horse battery``."""
    user = User(username=fields.pop("username", "mei"), email="mei@example.com", role=role.value, **fields)
    user.set_password("correct horse battery")
    user.save()
    return user


def log_in(*, page: Page, address: str, user: User) -> None:
    """Give the browser the session of a person, without typing a password."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])


def complaints(page: Page, *, within: str = "html") -> list[str]:
    """Return what axe-core finds wrong (WCAG A and AA) on the page or a part of it, in readable lines."""
    page.evaluate(AXE.read_text() + "\nnull")
    run = "async ([within, tags]) => (await axe.run(within, {runOnly: tags})).violations"
    found = page.evaluate(run, [within, RULES])
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
    ]


def sideways(page: Page) -> int:
    """Return by how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
