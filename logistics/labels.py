"""Labels as the platform made them: checked, kept sealed because they name the buyer, and read again."""

import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import IO

from channels.adapter import Refused, RetryLater
from channels.shipping_messages import ShippingDocument
from ecomhub import files
from ecomhub.models import StoredFile
from ecomhub.sealed import SealBroken
from ecomhub.sentences import kept
from logistics.models import Arrangement, Shipment

LARGEST = 10 * 1024 * 1024
IN_MEMORY = 16 * 1024 * 1024
"""Above this a bundle of labels is written to a file that has no name."""
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
        raise Refused(
            kept(
                "The label is of a kind that is not kept: %(kind)s. Print it on the platform.", kind=kind[:60]
            )
        )
    if not document.data or not document.data.startswith(_STARTS.get(kind, b"")):
        raise RetryLater("the label that came is no whole document")
    if len(document.data) > LARGEST:
        raise Refused(
            kept(
                "The label is larger than %(size)d MB. Print it on the platform.",
                size=LARGEST // 1024 // 1024,
            )
        )
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


def ready(*, shipments: Iterable[Shipment]) -> list[Arrangement]:
    """Return the arrangements of these shipments that have their label, by the shipments' numbers."""
    rows = Arrangement.objects.filter(shipment__in=list(shipments), document__isnull=False)
    return list(rows.select_related("shipment", "document").order_by("shipment__number"))


def bundle(*, rows: Sequence[Arrangement]) -> IO[bytes]:
    """Return a zip of labels, rewound. What cannot be read is named in it instead of missing silently."""
    made: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it
    lost: list[str] = []
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as kept:
        for row in rows:
            try:
                found = read(row=row)
            except (files.FileMissing, files.FileDamaged, SealBroken) as error:
                lost.append(f"{row.shipment.number}: {error}")
                continue
            if found is not None:
                kept.writestr(found[0].name, found[1])
        if lost:
            kept.writestr("NOT-INCLUDED.txt", "\n".join(lost) + "\n")
    made.seek(0)
    return made
