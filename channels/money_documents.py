"""Where the content of documents lies while it comes in: small ones in memory, large ones on disk."""

import json
import tempfile
from typing import Any, BinaryIO, cast

from channels.reading import plain

IN_MEMORY = 8 * 1024 * 1024


def document_file() -> BinaryIO:
    """Return an empty file to write a document into, gone when it is closed."""
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))


def json_document(*values: Any) -> BinaryIO:
    """Return JSON values, one after the other, as a document. Amounts that were read come out as text."""
    found = document_file()
    for value in values:
        text = json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))
        found.write(text.encode() + b"\n")
    found.seek(0)
    return found
