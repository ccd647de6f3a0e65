"""A real browser for pages: console errors fail the test, and so does a machine without a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect, sync_playwright

# How busy a machine is decides no test: what has to come may take its time.
expect.set_options(timeout=20_000)

CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-wqy-microhei")
INSTALL = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(PACKAGES)}"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LOCAL = ("http://localhost", "http://127.0.0.1", "data:", "blob:")


def find_chromium() -> str | None:
    """Return the path of a Chromium, if there is one."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        return chosen if Path(chosen).exists() else None
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin", "/usr/local/bin", "/snap/bin"])
    return next((found for name in CANDIDATES if (found := shutil.which(name, path=path))), None)


def _with_system_path() -> dict[str, str]:
    """Return the environment with the system's programs findable: Chromium's launcher is a script."""
    return {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"}


def _install() -> None:
    """Install Chromium and a Chinese font where that is ours to do: as root on Debian and its kin."""
    apt = shutil.which("apt-get", path="/usr/bin:/bin")
    if os.geteuid() != 0 or apt is None:
        return
    subprocess.run(
        ["/bin/sh", "-c", INSTALL],
        env=_with_system_path() | {"DEBIAN_FRONTEND": "noninteractive"},
        check=False,
        stdout=subprocess.DEVNULL,
    )


def need_chromium() -> str:
    """The path of a Chromium; installs one where it may, else fails with the command to run."""
    found = find_chromium()
    if found is None:
        _install()
        found = find_chromium()
    if found is None:
        pytest.fail(
            "No Chromium found: the browser tests need one. On Debian or Ubuntu run as root:\n"
            f"    {INSTALL}\n"
            "elsewhere install Chromium or Chrome and set CHROMIUM to its path.",
            pytrace=False,
        )
    return found


def watch(page: Page) -> list[str]:
    """Collect what the page's console shows as an error, from now on."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return errors


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless browser for the whole run."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=need_chromium(), headless=True, args=ARGUMENTS, env={**_with_system_path()}
        )
        yield started
        started.close()


@pytest.fixture
def browser_context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile on a desktop screen that reaches this machine only."""

    def only_local(route: Route) -> None:
        if route.request.url.startswith(LOCAL):
            route.continue_()
        else:
            route.abort()

    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
    context.set_default_timeout(15_000)
    context.route("**/*", only_local)
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Iterator[Page]:
    """A page that fails its test when the console shows an error."""
    opened = browser_context.new_page()
    errors = watch(opened)
    yield opened
    assert not errors, f"the browser's console shows errors: {errors}"
