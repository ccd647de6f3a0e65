"""The READMEs name every command, kind of sheet and bench there is, in both languages, and lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from ecomhub import discovery

ROOT = Path(settings.BASE_DIR)
READMES = ("README.md", "README.zh-CN.md")


def text_of(name: str) -> str:
    """One README."""
    return (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("name", READMES)
def test_every_command_is_named(name: str) -> None:
    text = text_of(name)
    ours = {command for command, app in get_commands().items() if app in settings.ECOMHUB_APPS}
    assert {"verify", "period_close", "reseal"} <= ours
    assert {command for command in ours if not re.search(rf"\b{command}\b", text)} <= {"bench"}


@pytest.mark.parametrize("name", READMES)
def test_every_bench_and_kind_of_sheet_is_named(name: str) -> None:
    text = text_of(name)
    assert [
        bench for bench in discovery.benches() if f"`{bench}`" not in text and f"={bench}" not in text
    ] == []
    kinds = re.search(r"import_sheet (\S+) FILE", text)
    assert kinds is not None
    assert set(kinds[1].split("\\|")) == set(discovery.importers())


@pytest.mark.parametrize("name", READMES)
def test_links_lead_to_files(name: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text_of(name))
    assert len(links) > 8
    assert [link for link in links if not (ROOT / link).exists()] == []
