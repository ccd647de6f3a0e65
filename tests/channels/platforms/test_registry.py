"""Platforms are found by their folders; a folder that does not hold together stops the start."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from channels.adapter import Capability, Rate
from channels.registry import platform, platforms
from tests.platforms_fake import PLATFORM as FAKE

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> ModuleType:
    """A folder beside the known ones, named anew so that nothing of it is remembered."""
    module = ModuleType(f"folder_{os.urandom(4).hex()}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.ECOMHUB_EXTRA_PLATFORMS = [module.__name__]
    return module


def test_hubs_own_folders_are_found() -> None:
    assert "amazon" in platforms()
    assert platform("amazon").name == "Amazon"
    with pytest.raises(LookupError, match="nowhere"):
        platform("nowhere")


def test_extra_folder_is_found_without_an_edit_elsewhere(settings: Settings) -> None:
    assert "fake" not in platforms()
    settings.ECOMHUB_EXTRA_PLATFORMS = ["tests.platforms_fake"]
    assert platform("fake") is FAKE
    mentions = [
        path
        for house in ("channels", "ecomhub", "inventory", "orders", "logistics")
        for path in (ROOT / house).rglob("*.py")
        if "platforms_fake" in path.read_text()
    ]
    assert mentions == []


def test_folder_without_platform_stops_with_its_name(folder: ModuleType) -> None:
    with pytest.raises(ImproperlyConfigured, match=folder.__name__):
        platforms()


def test_folder_that_cannot_be_imported_stops_with_its_name(settings: Settings) -> None:
    settings.ECOMHUB_EXTRA_PLATFORMS = ["tests.no_such_platform"]
    with pytest.raises(ImproperlyConfigured, match=r"tests\.no_such_platform cannot be imported"):
        platforms()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"key": "amazon"}, "taken already"),
        ({"key": "A b"}, "small letters"),
        ({"marketplaces": ()}, "no marketplaces"),
        ({"marketplaces": FAKE.marketplaces * 2}, "same id"),
        ({"endpoints": {}}, "no endpoints"),
        ({"operations": {}}, "without naming its operation"),
        ({"capabilities": FAKE.capabilities | {Capability.CHANNEL_STOCK}}, "channel_stock"),
        ({"rates": {}}, "has no rate"),
        ({"buckets": {"fetch_order": "points"}}, "'points' of 'fetch_order' has no rate"),
        ({"costs": {"fetch_order": 21.0}}, "more than its bucket holds"),
        ({"costs": {"fetch_order": 0.0}}, "costs nothing"),
        ({"rates": {**FAKE.rates, "check": Rate(0.0, 1)}}, "lets no call through"),
    ],
)
def test_declaration_that_contradicts_itself_stops_with_the_reason(
    folder: ModuleType, changes: dict[str, object], reason: str
) -> None:
    folder.PLATFORM = replace(FAKE, **changes)  # type: ignore[attr-defined, arg-type]
    with pytest.raises(ImproperlyConfigured, match=reason):
        platforms()


def test_bad_folder_stops_the_start() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=ROOT,
        env={**os.environ, "ECOMHUB_EXTRA_PLATFORMS": "tests.answering"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode != 0
    assert "platform folder tests.answering has no PLATFORM" in ran.stderr


def test_amazon_declares_what_it_can_do_and_no_more() -> None:
    amazon = platform("amazon")
    assert Capability.CANCEL_ORDER not in amazon.capabilities
    assert Capability.ARRANGE_SHIPMENT not in amazon.capabilities
    assert {"na", "eu", "fe", "na-sandbox", "eu-sandbox", "fe-sandbox"} == set(amazon.endpoints)
    assert all(address.startswith("https://") for address in amazon.endpoints.values())
    assert len({place.country for place in amazon.marketplaces}) == len(amazon.marketplaces) == 23
    assert amazon.rates["fetch_orders"] == Rate(0.0056, 20)
    assert [field.key for field in amazon.credential_fields if field.secret] == [
        "client_secret",
        "refresh_token",
    ]
