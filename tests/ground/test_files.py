"""The file store keeps what it was given, once, and notices when it was touched."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ecomhub import files
from ecomhub.models import StoredFile
from ecomhub.sealed import SealBroken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: object) -> Path:
    """A store of its own."""
    settings.ECOMHUB_FILES_DIR = tmp_path / "files"  # type: ignore[attr-defined]
    return tmp_path / "files"


def keep(data: bytes, *, sealed: bool = False) -> StoredFile:
    """Store some bytes."""
    return files.store(
        data=data, purpose="label", name="../../label.pdf", content_type="application/pdf", sealed=sealed
    )


def on_disk(folder: Path) -> list[Path]:
    """Every file of the store."""
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_same_bytes_are_kept_once_with_a_row_for_each_use(folder: Path) -> None:
    first, second = keep(b"hello"), keep(b"hello")
    assert first.pk != second.pk
    assert [path.name for path in on_disk(folder)] == [hashlib.sha256(b"hello").hexdigest()]
    assert files.read(file=second) == b"hello"
    assert (first.name, first.size) == ("label.pdf", 5)


def test_personal_bytes_are_unreadable_on_disk(folder: Path) -> None:
    row = keep(b"Anna Schmidt, Hauptstrasse 1", sealed=True)
    keep(b"Anna Schmidt, Hauptstrasse 1", sealed=True)
    assert all(b"Anna" not in path.read_bytes() for path in on_disk(folder))
    assert files.read(file=row) == b"Anna Schmidt, Hauptstrasse 1"


@pytest.mark.parametrize(("sealed", "error"), [(False, files.FileDamaged), (True, SealBroken)])
def test_a_file_changed_on_disk_is_not_handed_out(folder: Path, sealed: bool, error: type[Exception]) -> None:
    row = keep(b"hello", sealed=sealed)
    (path,) = on_disk(folder)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(error):
        files.read(file=row)


def test_a_file_that_is_gone_is_said_to_be_gone(folder: Path) -> None:
    row = keep(b"hello")
    on_disk(folder)[0].unlink()
    with pytest.raises(files.FileMissing, match=r"label\.pdf"):
        files.read(file=row)


def test_a_failed_write_leaves_no_half_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ecomhub.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        keep(b"hello")
    assert on_disk(folder) == []
    assert not StoredFile.objects.exists()


def test_only_the_hubs_account_reads_the_store(folder: Path) -> None:
    keep(b"hello")
    assert on_disk(folder)[0].stat().st_mode & 0o077 == 0
