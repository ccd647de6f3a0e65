"""What we install may be used by everybody: no GPL, and what has duties is named."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distributions

import pytest

from tests.runtime.test_ground import CHECKOUT

NOTICES = (CHECKOUT / "THIRD_PARTY_NOTICES").read_text()
# What a package says of itself, and the title of the licence it encloses; running text may mention the GPL.
DECLARED_GPL = re.compile(r"(?<![LA-Za-z])A?GPL|GNU (Affero )?General Public", re.IGNORECASE)
ENCLOSED_GPL = re.compile(r"^\s*GNU (AFFERO )?GENERAL PUBLIC LICENSE", re.MULTILINE)
LESSER = re.compile(r"LGPL|GNU (LIBRARY|LESSER)|Library or Lesser", re.IGNORECASE)
TO_NAME = re.compile(
    r"CDDL|COMMON DEVELOPMENT|LGPL|LESSER GENERAL|\bMPL|Mozilla Public|\bOFL|Open Font", re.IGNORECASE
)
# A licence file opens with its name; a later mention may only say what it is compatible with.
OPENING = 400


def _declared(distribution: Distribution) -> str:
    """The licence by the package's own words: expression, field, classifiers."""
    metadata = distribution.metadata
    field = "".join(metadata.get_all("License") or []).strip().splitlines()
    classifiers = [text for text in metadata.get_all("Classifier") or [] if text.startswith("License")]
    return " | ".join([*(metadata.get_all("License-Expression") or []), *field[:1], *classifiers]).strip(" |")


def _files(distribution: Distribution, *words: str) -> list[str]:
    """The opening of every licence file a package installed."""
    found = []
    for path in distribution.files or []:
        in_metadata = any(part.endswith(".dist-info") for part in path.parts)
        if in_metadata and any(word in path.name.upper() for word in words):
            found.append(path.locate().read_text(errors="replace")[:OPENING])  # type: ignore[attr-defined]
    return found


def _is_gpl(declared: str) -> bool:
    return bool(DECLARED_GPL.search(LESSER.sub("", declared))) and not LESSER.search(declared)


INSTALLED = sorted(distributions(), key=lambda one: one.metadata["Name"].lower())


@pytest.mark.parametrize("distribution", INSTALLED, ids=lambda one: one.metadata["Name"])
def test_every_package_has_a_licence_we_may_use(distribution: Distribution) -> None:
    declared = _declared(distribution)
    texts = _files(distribution, "LICEN", "COPYING")
    assert declared or texts, "no licence declared and none enclosed"
    assert not _is_gpl(declared), declared
    assert not any(map(ENCLOSED_GPL.search, texts)), "it encloses the GPL"


@pytest.mark.parametrize("distribution", INSTALLED, ids=lambda one: one.metadata["Name"])
def test_packages_with_duties_are_named(distribution: Distribution) -> None:
    duties = TO_NAME.search(_declared(distribution)) or any(
        map(TO_NAME.search, _files(distribution, "LICEN", "COPYING"))
    )
    if duties or _files(distribution, "NOTICE"):
        assert f"  {distribution.metadata['Name']} " in NOTICES


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("GPL-3.0-or-later", True),
        ("AGPLv3", True),
        ("License :: OSI Approved :: GNU General Public License v2 (GPLv2)", True),
        ("LGPL with exceptions", False),
        ("GNU Library or Lesser General Public License (LGPL)", False),
        ("MIT", False),
    ],
)
def test_the_check_tells_the_gpl_from_the_lgpl(text: str, refused: bool) -> None:
    assert _is_gpl(text) is refused


def test_the_title_of_an_enclosed_gpl_is_recognised() -> None:
    assert ENCLOSED_GPL.search("      GNU GENERAL PUBLIC LICENSE\n      Version 3")
    assert ENCLOSED_GPL.search("\nGNU AFFERO GENERAL PUBLIC LICENSE")
    assert not ENCLOSED_GPL.search("  GNU LESSER GENERAL PUBLIC LICENSE")
    assert not ENCLOSED_GPL.search("the BSD License, compatible with the GNU GENERAL PUBLIC LICENSE")


def test_vendored_files_bring_their_licence() -> None:
    vendor = CHECKOUT / "ecomhub" / "static" / "vendor"
    for folder in sorted(path for path in vendor.iterdir() if path.is_dir()):
        assert any(path.name.upper().startswith("LICEN") for path in folder.iterdir()), folder.name
        assert f"vendor/{folder.name}" in NOTICES
