"""What browser tests share: a person logged in, pages checked by axe-core, sideways scroll."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import Page, ViewportSize, expect

from ecomhub.access import Role
from ecomhub.models import User

AXE = Path(__file__).with_name("axe.min.js")
DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
SESSION_AND_USER = 2
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


def logged_in(user: User) -> Client:
    """A client without a browser that has the session of a person."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def statements(client: Client, path: str) -> int:
    """Return how many statements a page costs besides reading the session and the user."""
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(path)
    assert answer.status_code == 200, answer.status_code
    return len(asked) - SESSION_AND_USER


def look_over(page: Page, address: str, *paths: str) -> None:
    """Look at pages in light and dark, on a desktop and a phone, in both languages: no complaint, no page
    wider than its screen.
    """
    found: list[tuple[str, str, object]] = []
    for theme, language in (("light", "en"), ("dark", "en"), ("light", "zh-hans")):
        User.objects.update(theme=theme, language=language)
        for path in paths:
            page.set_viewport_size(DESKTOP)
            page.goto(address + path)
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator(".placeholder-glow")).to_have_count(0)
            found += [(path, theme, one) for one in complaints(page)]
            found += [(path, "desktop", wide) for wide in [sideways(page)] if wide]
            page.set_viewport_size(PHONE)
            found += [(path, "phone", wide) for wide in [sideways(page)] if wide]
            if theme == "light" and language == "en":
                found += [(path, "phone", one) for one in complaints(page)]
    User.objects.update(theme="light", language="en")
    page.set_viewport_size(DESKTOP)
    assert not found, "\n".join(map(str, found[:20]))


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
