"""The thread that sends the market's pushes, in the order they are due, and tries again what was refused."""

import heapq
import http.client
import sys
import threading
import time
import traceback
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from channels.sandbox.pushing import ReadyPush, checked_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from channels.sandbox.world import World

MOST_WAITING = 2000
WAITS = (2.0, 8.0, 30.0)
PATIENCE = 5.0
TICK = 1.0


class PushSender:
    """Sends pushes one after another in a thread of its own, started by the first one.

    ``tick`` is called about once a second while somebody listens, so that time passes for the subscribers
    also when nobody calls.
    """

    def __init__(self, *, world: "World", tick: "Callable[[], None]") -> None:
        self._world = world
        self._tick = tick
        self._waiting: list[tuple[float, int, int, ReadyPush]] = []
        self._numbers = count()
        self._bell = threading.Condition()
        self._busy = 0
        self._thread: threading.Thread | None = None

    def send(self, pushes: "Iterable[ReadyPush]") -> None:
        """Take pushes to send; the newest are left out when too many wait."""
        with self._bell:
            for ready in pushes:
                if len(self._waiting) < MOST_WAITING:
                    entry = (time.monotonic() + ready.wait, next(self._numbers), 0, ready)
                    heapq.heappush(self._waiting, entry)
            self._bell.notify_all()
        self.start()

    def start(self) -> None:
        """Start the thread when it does not run yet."""
        with self._bell:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pushes", daemon=True)
                self._thread.start()

    def forget(self) -> None:
        """Send nothing of what still waits: the market was born anew."""
        with self._bell:
            self._waiting.clear()

    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        with self._bell:
            return not self._waiting and not self._busy

    def _next(self) -> tuple[int, ReadyPush] | None:
        with self._bell:
            wait = min(TICK, self._waiting[0][0] - time.monotonic()) if self._waiting else TICK
            if wait > 0:
                self._bell.wait(wait)
            if not self._waiting or self._waiting[0][0] > time.monotonic():
                return None
            _, _, tries, ready = heapq.heappop(self._waiting)
            self._busy += 1
            return tries, ready

    def _run(self) -> None:
        ticked = time.monotonic()
        while True:
            due = self._next()
            try:
                if due is not None:
                    self._deliver(*due)
                if time.monotonic() - ticked >= TICK:
                    ticked = time.monotonic()
                    self._tick()
            except Exception:
                traceback.print_exc(file=sys.stderr)  # one mistake must not silence all that follow
            finally:
                if due is not None:
                    with self._bell:
                        self._busy -= 1

    def _deliver(self, tries: int, ready: ReadyPush) -> None:
        status, answer = post(ready)
        with self._world.lock:
            self._world.db.execute(
                "update pushes set tries = tries + 1, status = ?, answer = ? where id = ?",
                (status, answer, ready.number),
            )
        if (status == 0 or status >= 500 or status == 429) and tries < len(WAITS):
            with self._bell:
                entry = (time.monotonic() + WAITS[tries], next(self._numbers), tries + 1, replace(ready))
                heapq.heappush(self._waiting, entry)


def post(ready: ReadyPush) -> tuple[int, str]:
    """Send one push; returns the status (0 without an answer) and the beginning of what was answered."""
    push = ready.push
    parts = urlsplit(checked_address(push.url))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    line = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=PATIENCE)
    try:
        line.request(push.method, path, body=push.body or None, headers=dict(push.headers))
        answer = line.getresponse()
        return answer.status, answer.read(500).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, f"{type(error).__name__}: {error}"
    finally:
        line.close()
