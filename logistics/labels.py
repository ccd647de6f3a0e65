"""Labels as the platform made them: checked, kept sealed because they name the buyer, and read again."""

from collections.abc import Mapping

from channels.adapter import Refused, RetryLater
from channels.shipping_messages import ShippingDocument
from ecomhub import files
from ecomhub.models import StoredFile
from logistics.models import Arrangement, Shipment

LARGEST = 10 * 1024 * 1024
_ENDINGS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "application/zip": "zip",
    "text/plain": "txt",
    "application/octet-stream": "bin",
}
_STARTS: Mapping[str, bytes] = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n",
    "image/jpeg": b"\xff\xd8\xff",
    "application/zip": b"PK",
}
SHOWN = frozenset({"application/pdf", "image/png", "image/jpeg"})
"""What a browser may show by itself; anything else is only handed out as a file."""


def keep(*, document: ShippingDocument, shipment: Shipment) -> StoredFile:
    """Store a label sealed and return its row; no transaction is needed.

    Raises ``RetryLater`` for what is not a whole document, ``Refused`` for a kind that is not kept.
    """
    kind = document.media_type.partition(";")[0].strip().lower()
    if kind not in _ENDINGS:
        raise Refused(f"the label is of a kind that is not kept: {kind[:60]}")
    if not document.data or not document.data.startswith(_STARTS.get(kind, b"")):
        raise RetryLater("the label that came is no whole document")
    if len(document.data) > LARGEST:
        raise Refused(f"the label is larger than {LARGEST // 1024 // 1024} MB")
    return files.store(
        data=document.data,
        purpose="label",
        name=f"{shipment.number}.{_ENDINGS[kind]}",
        content_type=kind,
        sealed=True,
    )


def read(*, row: Arrangement) -> tuple[StoredFile, bytes] | None:
    """Return an arrangement's label, ``None`` while there is none. Raises the store's errors."""
    if row.document is None:
        return None
    return row.document, files.read(file=row.document)
