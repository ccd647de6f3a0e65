"""Raw documents: what a platform said, compressed and sealed under the data key of the object it is about.

Deleting an object's data key makes every document of it unreadable, in backups too.
"""

import hmac
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from channels.models import DataKey, RawDocument
from ecomhub import sealed

_JSON = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)

_INSERT_KEYS = """
INSERT INTO channels_datakey (account_id, external_id, sealed)
SELECT %s, given.external_id, given.sealed
  FROM unnest(%s::text[], %s::text[]) AS given(external_id, sealed)
ON CONFLICT DO NOTHING
RETURNING external_id
"""

_DESTROY_KEYS = """
INSERT INTO channels_datakey AS held (account_id, external_id, sealed, redacted_at)
SELECT %s, given.external_id, '', %s FROM unnest(%s::text[]) AS given(external_id)
ON CONFLICT (account_id, external_id) DO UPDATE SET sealed = '', redacted_at = excluded.redacted_at
 WHERE held.redacted_at IS NULL
RETURNING external_id
"""

_INSERT_DOCUMENTS = """
INSERT INTO channels_rawdocument (account_id, kind, external_id, content_hash, sealed, received_at)
SELECT %s, %s, given.external_id, given.content_hash, given.sealed, %s
  FROM unnest(%s::text[], %s::bytea[], %s::bytea[]) AS given(external_id, content_hash, sealed)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Document:
    """One opened document: when it came and the platform's own object."""

    received_at: datetime
    data: Any


def data_keys(*, account_id: int, external_ids: Iterable[str]) -> dict[str, bytes]:
    """Return the data key of each object, creating missing ones in one statement.

    An object whose key was destroyed (its personal data was redacted) is left out: what comes about it
    later must be stored without personal data.
    """
    wanted = sorted(set(external_ids))
    keys = _stored_keys(account_id=account_id, external_ids=wanted)
    missing = [external_id for external_id in wanted if external_id not in keys]
    if missing:
        keys.update(_created_keys(account_id=account_id, external_ids=missing))
        left = [external_id for external_id in missing if external_id not in keys]
        keys.update(_stored_keys(account_id=account_id, external_ids=left))
    return {external_id: key for external_id, key in keys.items() if key is not None}


def _stored_keys(*, account_id: int, external_ids: Sequence[str]) -> dict[str, bytes | None]:
    if not external_ids:
        return {}
    rows = DataKey.objects.filter(account_id=account_id, external_id__in=external_ids)
    return {
        external_id: _open_key(account_id=account_id, external_id=external_id, blob=blob)
        if redacted_at is None
        else None
        for external_id, blob, redacted_at in rows.values_list("external_id", "sealed", "redacted_at")
    }


def _open_key(*, account_id: int, external_id: str, blob: str) -> bytes:
    return sealed.unwrap_key(context=_key_context(account_id, external_id), blob=blob)


def _created_keys(*, account_id: int, external_ids: Sequence[str]) -> dict[str, bytes]:
    fresh = {external_id: sealed.new_data_key() for external_id in external_ids}
    wrapped = [
        sealed.wrap_key(context=_key_context(account_id, external_id), key=key)
        for external_id, key in fresh.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_KEYS, [account_id, list(fresh), wrapped])
        return {external_id: fresh[external_id] for (external_id,) in cursor.fetchall()}


def _key_context(account_id: int, external_id: str) -> str:
    return f"channels.data_key:{account_id}:{external_id}"


def document_context(*, account_id: int, kind: str, external_id: str) -> str:
    """Return the place a sealed document belongs to."""
    return f"channels.document:{account_id}:{kind}:{external_id}"


def content(raw: Any) -> bytes:
    """Return the canonical bytes of a raw object: the same object always gives the same bytes."""
    if isinstance(raw, bytes):
        return raw
    if isinstance(raw, str):
        return raw.encode()
    return _JSON.encode(raw).encode(errors="surrogatepass")


def seal_raw(*, account_id: int, kind: str, external_id: str, raw: Any, key: bytes) -> bytes:
    """Compress and seal one raw object under its data key."""
    place = document_context(account_id=account_id, kind=kind, external_id=external_id)
    return sealed.seal_bytes(key=key, context=place, data=zlib.compress(content(raw), 6))


def open_raw(*, account_id: int, kind: str, external_id: str, blob: bytes, key: bytes) -> Any:
    """Open a sealed raw object; JSON is parsed, anything else comes back as text. Raises ``SealBroken``."""
    place = document_context(account_id=account_id, kind=kind, external_id=external_id)
    plain = zlib.decompress(sealed.unseal_bytes(key=key, context=place, blob=blob))
    text = plain.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def store(
    *,
    account_id: int,
    kind: str,
    documents: Sequence[tuple[str, Any]],
    keys: Mapping[str, bytes],
    at: datetime,
) -> None:
    """Store raw objects in one statement; the same content of the same object is stored once.

    ``documents`` are (external id, raw object); an object without a key in ``keys`` is not stored. The
    content hash is keyed by the data key, so that it says nothing once the key is gone.
    """
    names, hashes, blobs = [], [], []
    for external_id, raw in sorted(documents, key=lambda document: document[0]):
        key = keys.get(external_id)
        if key is None:
            continue
        plain = content(raw)
        names.append(external_id)
        hashes.append(hmac.digest(key, plain, "sha256"))
        blobs.append(seal_raw(account_id=account_id, kind=kind, external_id=external_id, raw=plain, key=key))
    if names:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT_DOCUMENTS, [account_id, kind, at, names, hashes, blobs])


def known(
    *, account_id: int, kind: str, documents: Sequence[tuple[str, Any]], keys: Mapping[str, bytes]
) -> set[str]:
    """Return the ids of those objects whose very content was stored before."""
    hashes = {
        external_id: hmac.digest(keys[external_id], content(raw), "sha256")
        for external_id, raw in documents
        if external_id in keys
    }
    rows = RawDocument.objects.filter(
        account_id=account_id, kind=kind, external_id__in=list(hashes), content_hash__in=list(hashes.values())
    )
    return {
        external_id
        for external_id, held in rows.values_list("external_id", "content_hash")
        if bytes(held) == hashes[external_id]
    }


def read(*, account_id: int, kind: str, external_id: str) -> list[Document]:
    """Return every document of one object, oldest first; nothing when its data key is gone."""
    stored = _stored_keys(account_id=account_id, external_ids=[external_id])
    key = stored.get(external_id)
    if key is None:
        return []
    rows = RawDocument.objects.filter(account_id=account_id, kind=kind, external_id=external_id).order_by(
        "pk"
    )
    return [
        Document(
            received_at=row.received_at,
            data=open_raw(
                account_id=account_id, kind=kind, external_id=external_id, blob=bytes(row.sealed), key=key
            ),
        )
        for row in rows
    ]


def destroy_keys(*, account_id: int, external_ids: Iterable[str], at: datetime) -> int:
    """Destroy the data keys of objects: every document sealed under them is unreadable from now on.

    The rows stay as tombstones, also for objects never seen, so that what comes about them later is stored
    without personal data. Belongs into the transaction that removes the rest. Returns how many were new.
    """
    names = sorted(set(external_ids))
    with connection.cursor() as cursor:
        cursor.execute(_DESTROY_KEYS, [account_id, at, names])
        return len(cursor.fetchall())
