"""The page shell as a person meets it: looks, keys, languages, dialogs, lists that stay still."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from ecomhub import discovery
from ecomhub.access import Actor, Role
from ecomhub.discovery import MenuEntry, Tile, TileValue
from ecomhub.models import User
from tests.browser.looking import complaints, log_in, person, sideways

pytestmark = pytest.mark.django_db(transaction=True)

GUIDE = "/styleguide/"
LIST = "/styleguide/?list"
PHONE: ViewportSize = {"width": 390, "height": 844}


def _seven(actor: Actor) -> TileValue:
    return TileValue(value=7, tone="danger", note="3 late")


@pytest.fixture(autouse=True)
def composition(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shell with a menu and a home page of its own, whatever the apps offer."""
    entries = [
        MenuEntry(
            label=label,
            icon="home",
            url_name=name,
            action=action,
            order=order,
            badge=(lambda actor: 1234) if order else None,
        )
        for order, (label, name, action) in enumerate(
            [("Home", "ecomhub:home", "shell.home"), ("Guide", "ecomhub:styleguide", "shell.styleguide")]
        )
    ]
    tile = Tile(
        key="late",
        title="Late",
        icon="clock",
        url_name="ecomhub:home",
        query="tab=late",
        action="shell.home",
        order=1,
        load=_seven,
    )
    monkeypatch.setattr(discovery, "menu", lambda: entries)
    monkeypatch.setattr(discovery, "tiles", lambda: [tile])
    monkeypatch.setattr(discovery, "panels", lambda place: [])


@pytest.fixture
def mei(page: Page, live_server: LiveServer) -> User:
    """Mei, the owner, logged in."""
    user = person(theme=User.Theme.LIGHT)
    log_in(page=page, address=live_server.url, user=user)
    return user


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_components_have_no_accessibility_complaints(
    page: Page, live_server: LiveServer, mei: User, theme: str
) -> None:
    User.objects.update(theme=theme)
    for address in (f"{GUIDE}?errors", LIST, "/"):
        page.goto(live_server.url + address)
        assert complaints(page) == []
        assert sideways(page) == 0
    page.set_viewport_size(PHONE)
    for address in (GUIDE, LIST, "/", "/accounts/password/change/", "/accounts/2fa/"):
        page.goto(live_server.url + address)
        assert complaints(page) == []
        assert sideways(page) == 0


def test_dialogs_and_selections_have_no_accessibility_complaints(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(live_server.url + LIST)
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("[data-row] .cell-acts .tool").nth(4).click()
    expect(page.locator(".dropdown-menu.show")).to_be_visible()
    assert complaints(page, within=".dropdown-menu.show") == []
    page.keyboard.press("Escape")
    expect(page.locator("[data-bulk]")).to_be_visible()
    assert complaints(page) == []
    page.goto(live_server.url + GUIDE)
    page.get_by_role("button", name="Open as a dialog").click()
    expect(page.locator("#dialog")).to_be_visible()
    assert complaints(page) == []


def test_axe_would_find_a_nameless_button(page: Page, live_server: LiveServer, mei: User) -> None:
    page.goto(live_server.url + "/")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert any(line.startswith("button-name") for line in complaints(page))


def test_logging_in_by_hand_leads_to_the_page_that_was_asked_for(page: Page, live_server: LiveServer) -> None:
    person(username="lin", role=Role.PICKER)
    page.goto(live_server.url + "/?from=bookmark")
    assert complaints(page) == []
    page.get_by_label("Login").fill("lin")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    assert page.url.endswith("/?from=bookmark")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_nobody_signs_up_by_themselves(page: Page, live_server: LiveServer) -> None:
    page.goto(live_server.url + "/accounts/signup/")
    expect(page.get_by_role("heading", name="By invitation")).to_be_visible()
    assert page.locator("input[type=password]").count() == 0


def test_at_least_eighteen_rows_are_in_view_on_a_desktop(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(live_server.url + LIST)
    seen = page.evaluate(
        """() => {
            const box = document.querySelector('.sheet-scroll').getBoundingClientRect();
            const end = Math.min(box.bottom, innerHeight);
            return [...document.querySelectorAll('[data-row]')]
                .map((row) => row.getBoundingClientRect())
                .filter((row) => row.top >= box.top && row.bottom <= end).length;
        }"""
    )
    assert seen >= 18
    expect(page.get_by_role("link", name="Next")).to_be_in_viewport()


def test_comfortable_rows_are_a_choice_that_is_kept(page: Page, live_server: LiveServer, mei: User) -> None:
    page.goto(live_server.url + LIST)
    height = "document.querySelector('[data-row]').getBoundingClientRect().height"
    compact = page.evaluate(height)
    page.get_by_role("button", name="How the pages look").click()
    page.get_by_role("button", name="Comfortable").click()
    expect(page.locator("html")).to_have_attribute("data-density", "comfortable")
    expect(page.locator("[data-row]").first).to_be_visible()
    assert page.evaluate(height) > compact
    mei.refresh_from_db()
    assert mei.density == User.Density.COMFORTABLE


def test_the_theme_follows_the_device_until_one_is_chosen(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    User.objects.update(theme=User.Theme.AUTO)
    page.emulate_media(color_scheme="dark")
    page.goto(live_server.url + "/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    page.get_by_role("button", name="How the pages look").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    mei.refresh_from_db()
    assert mei.theme == User.Theme.DARK


def test_the_language_is_switched_on_the_same_page_and_kept(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(live_server.url + LIST)
    page.get_by_role("button", name="中文").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    assert page.url.endswith(LIST)
    mei.refresh_from_db()
    assert mei.language == "zh-hans"
    page.get_by_role("button", name="English").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_keyboard_walks_selects_and_opens_rows(page: Page, live_server: LiveServer, mei: User) -> None:
    page.goto(live_server.url + LIST)
    rows = page.locator("[data-row]")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("[data-bulk-count]")).to_have_text("3")
    page.keyboard.press("Escape")
    expect(page.locator("[data-bulk]")).to_be_hidden()
    number = rows.nth(3).get_attribute("id")
    page.keyboard.press("e")
    expect(page).to_have_url(re.compile(f"#{number}$"))


def test_keys_lead_to_search_help_and_home_but_not_while_typing(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(live_server.url + LIST)
    page.keyboard.press("/")
    search = page.locator("[data-search]")
    expect(search).to_be_focused()
    page.keyboard.type("j?gh")
    expect(search).to_have_value("j?gh")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def test_selecting_a_row_moves_no_row(page: Page, live_server: LiveServer, mei: User) -> None:
    page.goto(live_server.url + LIST)
    row = page.locator("[data-row]").nth(5)
    before = row.bounding_box()
    row.locator("input[data-select]").check()
    expect(page.locator("[data-bulk]")).to_be_visible()
    assert row.bounding_box() == before


def test_typing_in_the_filter_narrows_the_list_and_keeps_the_focus(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(live_server.url + LIST)
    page.keyboard.press("/")
    with page.expect_response(re.compile("q=114")):
        page.keyboard.type("114", delay=20)
    expect(page).to_have_url(re.compile("q=114"))
    expect(page.locator("[data-search]")).to_be_focused()
    with page.expect_response(re.compile("q=1149")):
        page.keyboard.type("9")
    expect(page.locator("[data-search]")).to_have_value("1149")


def test_new_rows_come_in_by_themselves_while_nobody_works_on_the_list(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(f"{live_server.url}{LIST}&coming=3")
    expect(page.locator("#row-40")).to_be_visible()
    expect(page.locator("#row-43")).to_be_visible(timeout=20_000)
    expect(page.locator("[data-row].is-new")).to_have_count(3)


def test_new_rows_wait_behind_their_bar_while_a_row_is_selected(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(f"{live_server.url}{LIST}&coming=3")
    row = page.locator("#row-40")
    row.locator("input[data-select]").check()
    before = row.bounding_box()
    bar = page.get_by_role("button", name="3 new orders")
    expect(bar).to_be_visible(timeout=20_000)
    page.wait_for_timeout(2500)  # longer than the list waits before it shows rows by itself
    expect(page.locator("#row-43")).to_have_count(0)
    assert row.bounding_box() == before
    bar.click()
    expect(page.locator("#row-43")).to_be_visible()
    expect(row.locator("input[data-select]")).to_be_checked()


def test_the_menu_counts_what_waits_after_the_page_is_there(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(live_server.url + "/")
    expect(page.get_by_role("link", name="Guide").locator(".side-count")).to_have_text("1,234")
    expect(page.locator("#tile-late")).to_contain_text("3 late")


def test_a_refused_form_stays_in_its_dialog_and_a_good_one_closes_it(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(live_server.url + GUIDE)
    opener = page.get_by_role("button", name="Open as a dialog")
    opener.click()
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    dialog.locator("form").evaluate("form => { form.noValidate = true; }")
    dialog.get_by_role("button", name="Receive").click()
    expect(dialog.locator(".invalid-feedback").first).to_be_visible()
    assert dialog.get_by_label("Quantity").get_attribute("aria-invalid") == "true"
    dialog.get_by_label("Quantity").fill("5")
    dialog.get_by_label("Counted").check()
    dialog.get_by_role("button", name="Receive").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#toasts")).to_contain_text("Received.")
    expect(opener).to_be_focused()


def test_a_dangerous_act_asks_first_and_tells_the_outcome(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(live_server.url + GUIDE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    act = page.locator("form").get_by_role("button", name="Cancel order")
    act.click()
    page.get_by_role("dialog", name="Please confirm").get_by_role("button", name="Cancel").click()
    assert not any("toast" in url for url in asked)
    act.click()
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.locator("#toasts .note")).to_have_count(2)


def test_a_polled_bar_stops_asking_when_the_work_is_done(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(live_server.url + GUIDE)
    expect(page.locator("#sg-progress")).to_contain_text("100 of 100", timeout=30_000)
    assert page.locator("#sg-progress").get_attribute("hx-get") is None


def test_the_menu_of_a_phone_opens_over_the_page_and_closes_by_escape(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.set_viewport_size(PHONE)
    page.goto(live_server.url + "/")
    home = page.get_by_role("navigation", name="Main menu").get_by_role("link", name="Home")
    expect(home).to_be_hidden()
    page.get_by_role("button", name="Open the menu").click()
    expect(home).to_be_visible()
    expect(page.locator("#side")).to_be_focused()
    page.keyboard.press("Escape")
    expect(home).to_be_hidden()


def test_a_session_that_ended_leads_to_the_login_instead_of_a_broken_page(
    page: Page, live_server: LiveServer, mei: User
) -> None:
    page.goto(live_server.url + GUIDE)
    page.context.clear_cookies()
    page.get_by_role("button", name="Open as a dialog").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_the_demo_clock_is_shown_and_runs_at_its_speed(
    page: Page, live_server: LiveServer, mei: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.goto(live_server.url + "/")
    expect(page.locator(".clock-chip")).to_have_count(0)
    anchor = {"real": "2026-01-01T00:00:00+00:00", "app": "2025-10-03T00:00:00+00:00", "speed": 1.01}
    (tmp_path / "clock.json").write_text(json.dumps(anchor))
    monkeypatch.setenv("ECOMHUB_CLOCK_FILE", str(tmp_path / "clock.json"))
    page.goto(live_server.url + "/")
    expect(page.locator(".clock-chip")).to_contain_text("Demo clock")


def test_a_page_forbids_inline_scripts_and_styles(live_server: LiveServer, mei: User) -> None:
    client = Client()
    client.force_login(mei, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get(GUIDE)
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    html = response.content.decode()
    assert not re.search(r"\sstyle=|\son[a-z]+=|hx-on|javascript:", html)
    assert not re.search(r"<script(?![^>]*(src=|application/json))", html)


def test_an_unknown_look_is_refused_and_nothing_is_kept(mei: User) -> None:
    client = Client()
    client.force_login(mei, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/shell/preferences", {"theme": "dark", "density": "tiny"})
    assert answer.status_code == 400
    mei.refresh_from_db()
    assert (mei.theme, mei.density) == (User.Theme.LIGHT, User.Density.COMPACT)
    assert client.post("/shell/language", {"language": "xx"}).status_code == 400


def test_the_way_back_never_leaves_the_hub(mei: User) -> None:
    client = Client()
    client.force_login(mei, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/shell/preferences", {"theme": "dark", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"


def test_a_picker_does_not_see_the_style_guide(page: Page, live_server: LiveServer) -> None:
    client = Client()
    client.force_login(
        person(username="lin", role=Role.PICKER), backend="django.contrib.auth.backends.ModelBackend"
    )
    answer = client.get(GUIDE)
    assert answer.status_code == 403
    assert "Ask an administrator" in answer.content.decode()
