"""Keeps a set of programs running: ordered start, restart after a crash, clean stop."""

from __future__ import annotations

import json
import signal
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from ecomhub.runtime.processes import Child, Program, StartFailed, end_stale

EXITS_ALLOWED = 5
EXITS_WITHIN = 60.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Starts, watches and stops children. Use it from the main thread only.

    Signals only raise a flag: a handler that waits for a child deadlocks with the main thread's own wait.
    """

    def __init__(self, *, run_dir: Path, say: Callable[[str], None]) -> None:
        self._log_dir = run_dir / "logs"
        self._record = run_dir / "children.json"
        self._say = say
        self._children: dict[str, Child] = {}
        self._exits: dict[str, deque[float]] = defaultdict(deque)
        self._again_at: dict[str, float] = {}
        self._stop_requests = 0

    def take_signals(self) -> None:
        """Let Ctrl-C, SIGTERM and a closed terminal ask for a stop; a second time hurries it."""
        for number in STOP_SIGNALS:
            signal.signal(number, self._request_stop)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop_requests += 1

    def stop_requested(self) -> bool:
        """Whether somebody asked us to stop."""
        return self._stop_requests > 0

    def end_leftovers(self) -> list[str]:
        """Stop children of a supervisor that was killed; returns their names."""
        if not self._record.exists():
            return []
        recorded: dict[str, list[str]] = json.loads(self._record.read_text())
        ended = [
            name
            for name, (pid, identity) in recorded.items()
            if end_stale(pid=int(pid), expected=identity, number=signal.SIGTERM, grace=5)
        ]
        self._record.unlink()
        return ended

    def _remember(self) -> None:
        running = {name: [str(child.pid), child.identity] for name, child in self._children.items()}
        half = self._record.with_suffix(".half")
        half.write_text(json.dumps(running))
        half.replace(self._record)

    def spawn(self, program: Program) -> Child:
        """Start one program without waiting for it."""
        child = Child(program=program, log_dir=self._log_dir)
        self._children[program.name] = child
        self._remember()
        return child

    def start(self, programs: Iterable[Program]) -> bool:
        """Start programs side by side and wait until all answer; False when a stop was asked for."""
        return self.wait([self.spawn(program) for program in programs])

    def wait(self, children: Iterable[Child]) -> bool:
        """Wait until these children answer; False when a stop was asked for."""
        return all(child.wait_ready(interrupted=self.stop_requested) for child in children)

    def pids(self) -> dict[str, int]:
        """The running children by name."""
        return {name: child.pid for name, child in self._children.items()}

    def tend(self) -> None:
        """Restart every child that ended, at once the first time. StartFailed when one keeps ending."""
        for name, child in list(self._children.items()):
            code = child.exit_code()
            if code is None:
                continue
            now = time.monotonic()
            if name not in self._again_at:
                child.stop()  # what it had started goes with it
                self._again_at[name] = now + self._pause(name=name, code=code, log=child.log, now=now)
            if now >= self._again_at[name]:
                del self._again_at[name]
                self._say(f"{name} ended with code {code}; started again (log: {child.log})")
                self.spawn(child.program)

    def _pause(self, *, name: str, code: int, log: Path, now: float) -> float:
        """Count an exit; seconds to wait before the next start, longer each time."""
        exits = self._exits[name]
        exits.append(now)
        while exits[0] < now - EXITS_WITHIN:
            exits.popleft()
        if len(exits) > EXITS_ALLOWED:
            raise StartFailed(
                f"{name} ended {len(exits)} times within {EXITS_WITHIN:.0f} s (last code {code}). "
                f"Its log says why: {log}"
            )
        return float(len(exits) - 1)

    def watch(self, *, every: Callable[[], None] = lambda: None, period: float = 5.0) -> None:
        """Tend the children until a stop is asked for, calling ``every`` each ``period`` seconds."""
        due = 0.0
        while not self.stop_requested():
            self.tend()
            if time.monotonic() >= due:
                every()
                due = time.monotonic() + period
            time.sleep(0.1)

    def stop(self) -> dict[str, int]:
        """Stop every child in reverse order; returns exit codes by name."""
        codes: dict[str, int] = {}
        for name, child in reversed(list(self._children.items())):
            hurry = 1.0 if self._stop_requests > 1 else None
            codes[name] = child.stop(grace=hurry)
            del self._children[name]
            self._remember()
        self._record.unlink(missing_ok=True)
        return codes
