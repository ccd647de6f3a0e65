"""The content-hashed store of files: labels, raw statements, sheets, exports.

Bytes live once under their SHA-256 in ``ECOMHUB_FILES_DIR``, which web and worker share; each use is a row.
Personal content is sealed under its own key, which is sealed under the key ring.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, BinaryIO

from django.conf import settings

from ecomhub.models import StoredFile
from ecomhub.sealed import new_data_key, seal_bytes, unseal_bytes, unwrap_key, wrap_key

PART = 1 << 20
"""Bytes in memory at once while a large file is hashed, kept or opened."""
_IN_PARTS = b"parts1\n"


class FileMissing(Exception):
    """A row has no file: the store was moved or not restored with the database."""


class FileDamaged(Exception):
    """A file's content is not what its row says."""


def store(*, data: bytes, purpose: str, name: str, content_type: str, sealed: bool = False) -> StoredFile:
    """Keep bytes and return their row; ``sealed`` when they are personal.

    The file is complete on disk before the row exists, so a crash leaves at most bytes nobody points at.
    """
    digest = hashlib.sha256(data).hexdigest()
    path = _path(digest, sealed=sealed)
    if sealed or not path.exists():
        _write(path, _seal(data, digest) if sealed else data)
    return StoredFile.objects.create(
        digest=digest,
        purpose=purpose,
        name=Path(name).name[:200],
        content_type=content_type,
        size=len(data),
        sealed=sealed,
    )


def store_path(
    *, path: Path, purpose: str, name: str, content_type: str, sealed: bool = False
) -> tuple[StoredFile, str]:
    """Keep a file of any size without holding it in memory; return its row and its SHA-256.

    The file must not change meanwhile. Raises ``OSError`` when it cannot be read, ``FileDamaged`` when it
    was changed while it was copied.
    """
    digest = hash_of(path=path)
    place = _path(digest, sealed=sealed)
    if sealed or not place.exists():
        _write_by(place, lambda kept: _copy_in(path, kept, digest=digest, sealed=sealed))
    row = StoredFile.objects.create(
        digest=digest,
        purpose=purpose,
        name=Path(name).name[:200],
        content_type=content_type,
        size=path.stat().st_size,
        sealed=sealed,
    )
    return row, digest


def hash_of(*, path: Path) -> str:
    """Return the SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def opened(*, file: StoredFile) -> Iterator[BinaryIO]:
    """Open a kept file of any size for reading and seeking, its content checked first.

    Sealed content is opened into an unnamed temporary file. Raises as ``read`` does.
    """
    path = _path(file.digest, sealed=file.sealed)
    try:
        kept = path.open("rb")
    except FileNotFoundError as error:
        raise FileMissing(f"{file.name} ({file.digest}) is not in {settings.ECOMHUB_FILES_DIR}") from error
    with kept:
        if not file.sealed:
            _check(kept, file)
            yield kept
            return
        with tempfile.TemporaryFile() as plain:
            for part in _parts(kept, file.digest):
                plain.write(part)
            _check(plain, file)
            yield plain


def read(*, file: StoredFile) -> bytes:
    """Return a file's bytes. Raises ``FileMissing``, ``FileDamaged``, ``ecomhub.sealed.SealBroken``."""
    path = _path(file.digest, sealed=file.sealed)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FileMissing(f"{file.name} ({file.digest}) is not in {settings.ECOMHUB_FILES_DIR}") from error
    if file.sealed:
        data = _open(data, file.digest)
    if hashlib.sha256(data).hexdigest() != file.digest:
        raise FileDamaged(f"{file.name} ({file.digest}) was changed on disk")
    return data


def seal_of(*, file: StoredFile) -> str:
    """Return the sealed key of a sealed file. Raises ``FileMissing``."""
    try:
        with _path(file.digest, sealed=True).open("rb") as kept:
            return _seal_read(kept)[1]
    except FileNotFoundError as error:
        raise FileMissing(f"{file.name} ({file.digest}) is not in {settings.ECOMHUB_FILES_DIR}") from error


def change_seal(*, file: StoredFile, change: Callable[[str], str]) -> None:
    """Seal the key of a sealed file anew; its content stays as it is. Raises ``FileMissing``."""
    path = _path(file.digest, sealed=True)
    try:
        kept = path.open("rb")
    except FileNotFoundError as error:
        raise FileMissing(f"{file.name} ({file.digest}) is not in {settings.ECOMHUB_FILES_DIR}") from error
    with kept:
        form, wrapped = _seal_read(kept)
        head = form + change(wrapped).encode() + b"\n"

        def put(half: IO[bytes]) -> None:
            half.write(head)
            shutil.copyfileobj(kept, half, PART)

        _write_by(path, put)


def _seal_read(kept: IO[bytes]) -> tuple[bytes, str]:
    """Read a sealed file up to its content: how it is kept, and its sealed key."""
    first = kept.readline()
    form, line = (first, kept.readline()) if first == _IN_PARTS else (b"", first)
    return form, line.rstrip(b"\n").decode(errors="replace")


def _path(digest: str, *, sealed: bool) -> Path:
    folder = Path(settings.ECOMHUB_FILES_DIR) / digest[:2] / digest[2:4]
    return folder / (f"{digest}.sealed" if sealed else digest)


def _seal(data: bytes, digest: str) -> bytes:
    key = new_data_key()
    wrapped = wrap_key(context=f"ecomhub.file:{digest}", key=key)
    return wrapped.encode() + b"\n" + seal_bytes(key=key, context=digest, data=data)


def _open(blob: bytes, digest: str) -> bytes:
    if blob.startswith(_IN_PARTS):
        return b"".join(_parts(BytesIO(blob), digest))
    wrapped, _, body = blob.partition(b"\n")
    key = unwrap_key(context=f"ecomhub.file:{digest}", blob=wrapped.decode(errors="replace"))
    return unseal_bytes(key=key, context=digest, blob=body)


def _copy_in(source: Path, kept: IO[bytes], *, digest: str, sealed: bool) -> None:
    """Copy a file part by part, each part sealed for its place in this file."""
    key = new_data_key()
    if sealed:
        kept.write(_IN_PARTS + wrap_key(context=f"ecomhub.file:{digest}", key=key).encode() + b"\n")
    seen = hashlib.sha256()
    with source.open("rb") as file:
        number = 0
        while part := file.read(PART):
            seen.update(part)
            if sealed:
                part = seal_bytes(key=key, context=f"{digest}:{number}", data=part)
                kept.write(len(part).to_bytes(4, "big"))
            kept.write(part)
            number += 1
    if seen.hexdigest() != digest:
        raise FileDamaged(f"{source.name} was changed while it was copied")


def _parts(kept: IO[bytes], digest: str) -> Iterator[bytes]:
    """Open what was sealed, part by part; files sealed whole are one part."""
    if kept.read(len(_IN_PARTS)) != _IN_PARTS:
        kept.seek(0)
        yield _open(kept.read(), digest)
        return
    wrapped = kept.readline().rstrip(b"\n")
    key = unwrap_key(context=f"ecomhub.file:{digest}", blob=wrapped.decode(errors="replace"))
    number = 0
    while size := kept.read(4):
        blob = kept.read(int.from_bytes(size, "big"))
        yield unseal_bytes(key=key, context=f"{digest}:{number}", blob=blob)
        number += 1


def _check(content: IO[bytes], file: StoredFile) -> None:
    content.seek(0)
    if hashlib.file_digest(content, "sha256").hexdigest() != file.digest:  # type: ignore[arg-type]
        raise FileDamaged(f"{file.name} ({file.digest}) was changed on disk")
    content.seek(0)


def _write(path: Path, data: bytes) -> None:
    """Write bytes so that a reader, or a crash, sees the whole file or none."""

    def put(kept: IO[bytes]) -> None:
        kept.write(data)

    _write_by(path, put)


def _write_by(path: Path, put: Callable[[IO[bytes]], None]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=".half-")
    try:
        with os.fdopen(handle, "wb") as file:
            put(file)
            file.flush()
            os.fsync(file.fileno())
        Path(half).replace(path)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
