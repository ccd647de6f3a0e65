"""The menu and the home page as the apps compose them, for the one who looks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ecomhub import discovery
from ecomhub.access import NOBODY, Actor, Role
from ecomhub.discovery import MenuEntry, Tile, TileValue
from ecomhub.models import User
from ecomhub.shell import composing
from ecomhub.shell.toasts import add_toast, close_dialog

OWNER = Actor(name="mei", role=Role.OWNER)
VIEWER = Actor(name="lin", role=Role.VIEWER)


def _entry(url_name: str, *, action: str = "shell.home", order: int = 1) -> MenuEntry:
    return MenuEntry(label=url_name, icon="home", url_name=url_name, action=action, order=order)


def _broken(actor: Actor) -> TileValue:
    with connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column FROM ecomhub_user")
    return TileValue(value=1)


def _tile(key: str, *, action: str = "shell.home", broken: bool = False) -> Tile:
    def seven(actor: Actor) -> TileValue:
        return TileValue(value=7, tone="danger", note="3 late")

    return Tile(
        key=key,
        title=key,
        icon="truck",
        url_name="ecomhub:home",
        query="tab=late",
        action=action,
        order=1,
        load=_broken if broken else seven,
    )


def test_the_menu_shows_only_what_the_role_may_open(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [_entry("ecomhub:home"), _entry("ecomhub:styleguide", action="shell.styleguide")]
    monkeypatch.setattr(discovery, "menu", lambda: entries)
    assert len(composing.menu_lines(actor=OWNER, url_name="")) == 2
    assert [line.name for line in composing.menu_lines(actor=VIEWER, url_name="")] == ["ecomhub-home"]
    assert composing.menu_lines(actor=NOBODY, url_name="") == []


def test_a_page_of_an_app_lights_its_menu_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "menu", lambda: [_entry("ecomhub:home"), _entry("ecomhub:home-tiles")])

    def lit(url_name: str) -> list[str]:
        return [line.name for line in composing.menu_lines(actor=OWNER, url_name=url_name) if line.active]

    assert lit("ecomhub:home-tiles") == ["ecomhub-home-tiles"]
    assert lit("ecomhub:styleguide") == ["ecomhub-home"]
    assert lit("orders:detail") == []


def test_a_line_without_a_page_is_left_out_and_takes_no_other_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "menu", lambda: [_entry("ecomhub:nowhere"), _entry("ecomhub:home")])
    assert [line.name for line in composing.menu_lines(actor=OWNER, url_name="")] == ["ecomhub-home"]


def test_every_line_and_every_tile_the_apps_offer_has_a_page() -> None:
    for entry in discovery.menu():
        assert reverse(entry.url_name)
    for tile in discovery.tiles():
        assert reverse(tile.url_name)


@pytest.mark.django_db
def test_a_tile_that_fails_says_so_and_stops_no_other(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [_tile("broken", broken=True), _tile("late"), _tile("hidden", action="shell.styleguide")]
    monkeypatch.setattr(discovery, "tiles", lambda: shown)
    tiles = composing.home_tiles(actor=VIEWER)
    assert [(tile.key, tile.value.value) for tile in tiles] == [("broken", "–"), ("late", 7)]
    assert (tiles[1].color, tiles[1].url) == ("red", f"{reverse('ecomhub:home')}?tab=late")
    assert User.objects.count() == 0  # the connection still answers


@pytest.mark.django_db
def test_the_frame_of_a_page_costs_no_statement(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "tiles", list)
    user = User.objects.create(username="mei", role=Role.OWNER)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get("/").status_code == 200
    tables = [re.findall(r'FROM "(\w+)"', query["sql"]) for query in seen]
    assert tables == [["django_session"], ["ecomhub_user"]]


def test_every_icon_a_page_names_is_there() -> None:
    root = Path(settings.BASE_DIR)
    there = {path.stem for path in (root / "templates" / "icons").glob("*.svg")}
    templates = [*root.glob("templates/**/*.html"), *root.glob("*/templates/**/*.html")]
    named = {name for path in templates for name in re.findall(r'{% icon "([\w-]+)"', path.read_text())}
    offered = {entry.icon for entry in discovery.menu()} | {tile.icon for tile in discovery.tiles()}
    assert len(named) > 20
    assert named | offered <= there


def test_toasts_of_one_answer_are_kept_in_order() -> None:
    response = add_toast(HttpResponse(), text="One")
    close_dialog(add_toast(response, text="Two", level="warning"))
    events = json.loads(response.headers["HX-Trigger"])
    assert [item["text"] for item in events["toasts"]["items"]] == ["One", "Two"]
    assert events["close-dialog"] is True
    with pytest.raises(ValueError, match="loud"):
        add_toast(response, text="x", level="loud")
