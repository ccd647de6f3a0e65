"""One child process: started in a session of its own, logged, and never left behind."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

LOG_LIMIT = 20_000_000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class StartFailed(RuntimeError):
    """A program did not become ready; the message names its log."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """The operating system account a program runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Program:
    """How to run one long-lived program: its command, its readiness check and how it is stopped."""

    name: str
    argv: tuple[str, ...]
    ready: Callable[[], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = Path("/")
    account: Account | None = None
    stdin: bytes | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    start_timeout: float = 60.0


def unprivileged_account() -> Account | None:
    """The account for programs that refuse to run as root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise StartFailed(
        "Postgres refuses to run as root and this system has neither a 'postgres' nor a 'nobody' account. "
        "Create one of them, run as an ordinary user, or set DATABASE_URL."
    )


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(*, port: int, host: str = "127.0.0.1") -> bool:
    """Whether we could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def identity(*, pid: int) -> str:
    """What tells this process from a later one with the same number; empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
        listing = subprocess.run(
            ["ps", "-o", "lstart=,command=", "-p", str(pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return listing.stdout.strip()
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in "ZX" else fields[18]


def signal_group(*, pid: int, number: signal.Signals) -> None:
    """Signal a child and everything it started (each child leads its own session)."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def end_stale(*, pid: int, expected: str, number: signal.Signals, grace: float) -> bool:
    """Stop a process a killed supervisor left behind, if it is still the one that was recorded."""
    if not expected or identity(pid=pid) != expected:
        return False
    signal_group(pid=pid, number=number)
    deadline = time.monotonic() + grace
    while identity(pid=pid) == expected and time.monotonic() < deadline:
        time.sleep(0.05)
    signal_group(pid=pid, number=signal.SIGKILL)
    return True


def _die_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    def prepare() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return prepare


class Child:
    """A started program. Start it from the main thread: the kernel's death signal follows the thread."""

    def __init__(
        self, *, program: Program, log_dir: Path, listener: Callable[[bytes], None] | None = None
    ) -> None:
        self.program = program
        self._listener = listener
        self.log = log_dir / f"{program.name}.log"
        log_dir.mkdir(parents=True, exist_ok=True)
        self._process = self._spawn()
        self.pid = self._process.pid
        self.identity = identity(pid=self.pid)
        self._pump = threading.Thread(target=self._write_log, name=f"log-{program.name}", daemon=True)
        self._pump.start()

    def _spawn(self) -> subprocess.Popen[bytes]:
        program = self.program
        process = subprocess.Popen(
            program.argv,
            stdin=subprocess.PIPE if program.stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(program.env),
            cwd=program.cwd,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), program.stop_signal),
            user=program.account.uid if program.account else None,
            group=program.account.gid if program.account else None,
            extra_groups=[] if program.account else None,
        )
        if program.stdin is not None and process.stdin is not None:
            process.stdin.write(program.stdin)
            process.stdin.close()
        return process

    def _write_log(self) -> None:
        pipe = self._process.stdout
        if pipe is None:
            return
        written = self.log.stat().st_size if self.log.exists() else 0
        out = self.log.open("ab", buffering=0)
        try:
            for line in iter(pipe.readline, b""):
                if written > LOG_LIMIT:
                    out.close()
                    self.log.replace(self.log.with_suffix(".log.1"))
                    out, written = self.log.open("ab", buffering=0), 0
                written += out.write(line)
                if self._listener is not None:
                    self._listener(line)
        finally:
            out.close()

    def exit_code(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.poll()

    def is_ready(self) -> bool:
        """Whether it answers; raises StartFailed when it already ended."""
        code = self.exit_code()
        if code is not None:
            raise StartFailed(f"{self.program.name} ended with code {code}; see {self.log}")
        return self.program.ready()

    def wait_ready(self, *, interrupted: Callable[[], bool] = lambda: False) -> bool:
        """Wait until it answers. False when interrupted; StartFailed when it ends or takes too long."""
        deadline = time.monotonic() + self.program.start_timeout
        while not self.is_ready():
            if interrupted():
                return False
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"{self.program.name} did not answer within {self.program.start_timeout:.0f} s; "
                    f"see {self.log}"
                )
            time.sleep(0.05)
        return True

    def stop(self, *, grace: float | None = None) -> int:
        """Ask it to stop, then make it; returns its exit code."""
        if self.exit_code() is None:
            self._process.send_signal(self.program.stop_signal)
            deadline = time.monotonic() + (self.program.grace if grace is None else grace)
            while self.exit_code() is None and time.monotonic() < deadline:
                time.sleep(0.02)
        signal_group(pid=self.pid, number=signal.SIGKILL)
        code = self._process.wait()
        self._pump.join(timeout=2)
        return code
