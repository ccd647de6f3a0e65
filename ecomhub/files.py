"""The content-hashed store of files: labels, raw statements, sheets, exports.

Bytes live once under their SHA-256 in ``ECOMHUB_FILES_DIR``, which web and worker share; each use is a row.
Personal content is sealed under its own key, which is sealed under the key ring.
"""

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings

from ecomhub.models import StoredFile
from ecomhub.sealed import new_data_key, seal_bytes, unseal_bytes, unwrap_key, wrap_key


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


def _path(digest: str, *, sealed: bool) -> Path:
    folder = Path(settings.ECOMHUB_FILES_DIR) / digest[:2] / digest[2:4]
    return folder / (f"{digest}.sealed" if sealed else digest)


def _seal(data: bytes, digest: str) -> bytes:
    key = new_data_key()
    wrapped = wrap_key(context=f"ecomhub.file:{digest}", key=key)
    return wrapped.encode() + b"\n" + seal_bytes(key=key, context=digest, data=data)


def _open(blob: bytes, digest: str) -> bytes:
    wrapped, _, body = blob.partition(b"\n")
    key = unwrap_key(context=f"ecomhub.file:{digest}", blob=wrapped.decode(errors="replace"))
    return unseal_bytes(key=key, context=digest, blob=body)


def _write(path: Path, data: bytes) -> None:
    """Write so that a reader, or a crash, sees the whole file or none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=".half-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
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
