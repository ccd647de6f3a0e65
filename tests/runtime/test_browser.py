"""The browser of the tests: it sees errors, reaches this machine only, and its absence is no excuse."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import BrowserContext, Error, Page
from pytest_django.live_server_helper import LiveServer

from tests import browser_fixtures


def test_a_missing_browser_fails_with_the_command_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(pytest.fail.Exception, match="apt-get install -y --no-install-recommends chromium"):
        browser_fixtures.need_chromium()


def test_a_page_reaches_this_machine_only(page: Page, live_server: LiveServer) -> None:
    answer = page.goto(f"{live_server.url}/healthz")
    assert answer
    assert answer.status == 200
    with pytest.raises(Error, match="ERR_FAILED"):
        page.goto("http://192.0.2.1/")


@pytest.mark.parametrize("script", ["console.error('broken')", "throw new Error('broken')"])
def test_an_error_in_the_console_is_seen(browser_context: BrowserContext, script: str) -> None:
    page = browser_context.new_page()
    errors = browser_fixtures.watch(page)
    page.set_content("<!doctype html><title>中文</title>")
    page.add_script_tag(content=f"setTimeout(() => {{ {script} }}, 0)")
    page.wait_for_timeout(500)
    assert any("broken" in error for error in errors), errors


def test_a_quiet_page_is_not_blamed(browser_context: BrowserContext) -> None:
    page = browser_context.new_page()
    errors = browser_fixtures.watch(page)
    page.set_content("<!doctype html><title>中文</title><script>console.log('broken')</script>")
    page.wait_for_timeout(200)
    assert errors == []
