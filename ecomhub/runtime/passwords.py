"""Secrets of a local run: made once, kept in one file that only its owner can read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

FILE = "secrets.json"
NAMES = ("admin", "owner", "app", "report", "valkey", "secret_key", "metrics")


def read_or_make(*, run_dir: Path) -> dict[str, str]:
    """The run directory's secrets by name; ``keyring`` is in the form the settings read."""
    path = run_dir / FILE
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in NAMES if name not in known]
    if not missing and "sign_in" in known:
        return known
    known |= {name: secrets.token_urlsafe(48 if name == "secret_key" else 24) for name in missing}
    known.setdefault("keyring", new_keyring())
    known.setdefault("sign_in", "-".join(secrets.token_hex(2) for _ in range(4)))  # for people to type
    write_private(path=path, text=json.dumps(known, indent=1))
    return known


def new_keyring() -> str:
    """A key ring with one fresh Fernet key."""
    return f"k1:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}"


def write_private(*, path: Path, text: str) -> None:
    """Write a file that only its owner can read, all at once."""
    half = path.with_name(f"{path.name}.half")
    half.unlink(missing_ok=True)
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(text)
    half.replace(path)
