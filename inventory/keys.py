"""Keys of keyset pages as text for addresses: opaque, and harmless when somebody changes them."""

import base64
import binascii


def pack(*, key: tuple[str, int] | None) -> str:
    """Return a key as text for an address."""
    if key is None:
        return ""
    return base64.urlsafe_b64encode(f"{key[1]}:{key[0]}".encode()).decode().rstrip("=")


def unpack(*, text: str) -> tuple[str, int] | None:
    """Return the key of an address, ``None`` when there is none or it is not one."""
    try:
        number, _, word = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
        return (word, int(number)) if text and "\x00" not in word else None
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
