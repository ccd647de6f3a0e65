"""Files of any size in the store: kept part by part, opened as they were, damage noticed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from ecomhub import files
from ecomhub.sealed import SealBroken

pytestmark = pytest.mark.django_db
CONTENT = os.urandom(1 << 10) * 2500 + b"end"


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A store of this test's own."""
    settings.ECOMHUB_FILES_DIR = str(tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of more than two parts."""
    path = tmp_path / "statement.txt"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("sealed", [True, False])
def test_a_large_file_comes_out_as_it_went_in(folder: Path, path: Path, sealed: bool) -> None:
    row, digest = files.store_path(
        path=path, purpose="statement", name="a/b.txt", content_type="text/plain", sealed=sealed
    )
    assert (row.digest, row.size, row.name) == (digest, len(CONTENT), "b.txt")
    assert digest == files.hash_of(path=path)
    with files.opened(file=row) as content:
        assert content.read(10) == CONTENT[:10]
        content.seek(-3, os.SEEK_END)
        assert content.read() == b"end"
    assert files.read(file=row) == CONTENT


def test_sealed_parts_show_nothing_and_cannot_be_changed_or_cut(folder: Path, path: Path) -> None:
    row, _digest = files.store_path(
        path=path, purpose="statement", name="b", content_type="text/plain", sealed=True
    )
    (kept,) = (each for each in folder.rglob("*") if each.is_file())
    sealed = kept.read_bytes()
    assert CONTENT[:64] not in sealed
    kept.write_bytes(sealed[:-5] + b"xxxxx")
    with pytest.raises(SealBroken), files.opened(file=row):
        pass
    last = len(CONTENT) % files.PART + 12 + 16 + 4
    kept.write_bytes(sealed[:-last])
    with pytest.raises(files.FileDamaged), files.opened(file=row):
        pass


def test_a_changed_plain_file_is_noticed(folder: Path, path: Path) -> None:
    row, _digest = files.store_path(path=path, purpose="statement", name="b", content_type="text/plain")
    (kept,) = (each for each in folder.rglob("*") if each.is_file())
    kept.write_bytes(CONTENT[:-1])
    with pytest.raises(files.FileDamaged), files.opened(file=row):
        pass
    kept.unlink()
    with pytest.raises(files.FileMissing), files.opened(file=row):
        pass
    assert files.store(data=b"whole", purpose="label", name="x", content_type="text/plain", sealed=True)


def test_what_was_sealed_whole_is_opened_as_well(folder: Path) -> None:
    row = files.store(data=b"whole", purpose="label", name="x", content_type="text/plain", sealed=True)
    with files.opened(file=row) as content:
        assert content.read() == b"whole"
