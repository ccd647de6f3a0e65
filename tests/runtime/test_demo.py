"""The demo: what it refuses, how its clock goes on, and one whole run."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from ecomhub import clock
from ecomhub.runtime import demo
from ecomhub.runtime.processes import StartFailed, free_port, identity, signal_group
from tests.runtime.test_ground import CHECKOUT
from tests.runtime.test_supervisor import until

GIVEN = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_REPORT_URL", "REDIS_URL", "ECOMHUB_CLOCK_FILE")
LONGEST = 600.0
"""Seconds that end a test whose event never comes; a loaded machine of two cores needs minutes."""


@pytest.fixture
def run_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="ecomhub-demo-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def environment(run_dir: Path, **more: str) -> dict[str, str]:
    """A newcomer's environment: no servers given, a run directory of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ECOMHUB_")}
    for name in GIVEN:
        kept.pop(name, None)
    return kept | {"ECOMHUB_RUN_DIR": str(run_dir)} | more


def test_a_taken_port_is_said_before_anything_starts(run_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = subprocess.run(
            [sys.executable, "-m", "ecomhub", "demo"],
            cwd=CHECKOUT,
            env=environment(run_dir, PORT=str(port)),
            capture_output=True,
            text=True,
            check=False,
        )
    assert result.returncode == 1
    assert f"Port {port} is taken by another program" in result.stderr
    assert f"PORT={port + 1} make demo" in result.stderr
    assert list(run_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PORT", "eighty", "whole numbers"),
        ("PORT", "70000", "no TCP port"),
        ("SEED", "x", "whole numbers"),
        ("SPEED", "0", "out of range"),
        ("SPEED", "fast", "is a number"),
    ],
)
def test_a_wrong_wish_is_refused_in_words(name: str, value: str, message: str) -> None:
    with pytest.raises(StartFailed, match=message):
        demo.read_wish(environment={name: value})


def test_wishes_have_defaults() -> None:
    port = free_port()
    assert demo.read_wish(environment={"PORT": str(port)}) == demo.Wish(port=port, seed=1, speed=60.0)


def test_the_clock_starts_ninety_days_back(tmp_path: Path) -> None:
    anchor = demo.set_clock(path=tmp_path / "clock.json", speed=60)
    assert anchor.real - anchor.app == timedelta(days=90)
    assert clock.read_anchor(tmp_path / "clock.json") == anchor


def test_the_clock_goes_on_where_it_stood_and_never_back(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    stopped = datetime(2026, 5, 1, tzinfo=UTC)
    clock.write_anchor(
        path=path, anchor=clock.Anchor(real=stopped, app=stopped - timedelta(days=40), speed=60)
    )
    anchor = demo.set_clock(path=path, speed=10)
    gap = anchor.app - (stopped - timedelta(days=40))
    assert timedelta(0) < gap < timedelta(minutes=10), "the days it was switched off did not pass"
    assert anchor.speed == 10


def test_a_clock_that_reached_the_present_stays_there(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    now = clock.real_now()
    clock.write_anchor(path=path, anchor=clock.Anchor(real=now, app=now, speed=60))
    anchor = demo.set_clock(path=path, speed=60)
    assert anchor.app <= anchor.real
    assert anchor.speed_at(clock.real_now() + timedelta(minutes=1)) == 1.0


class Running:
    """A demo in a process of its own."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir, self.port = run_dir, free_port()
        self.out = run_dir / f"printed-{self.port}"
        with self.out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ecomhub", "demo"],
                cwd=CHECKOUT,
                env=environment(run_dir, PORT=str(self.port)),
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def printed(self) -> str:
        return self.out.read_text()

    def reach(self, what: str, condition: Callable[[], bool], *, seconds: float = LONGEST) -> None:
        """Wait for something that must come while the demo runs; a limit only ends a broken test."""
        deadline = time.monotonic() + seconds
        while not condition():
            ended = self.process.poll()
            assert ended is None, f"the demo ended with {ended} before: {what}\n{self.printed()}"
            assert time.monotonic() < deadline, f"not reached in {seconds:.0f} s: {what}\n{self.printed()}"
            time.sleep(0.2)

    def wait_ready(self) -> None:
        self.reach("ready", lambda: "Ready after" in self.printed())

    def token(self) -> str:
        found = re.search(r"API token\s+(\S+)", self.printed())
        assert found, self.printed()
        return found.group(1)

    def children(self) -> dict[str, int]:
        recorded = json.loads((self.run_dir / "children.json").read_text())
        return {name: int(pid) for name, (pid, _) in recorded.items()}

    def read(self, address: str, **headers: str) -> Any:
        """Return what an address answers as JSON; ``None`` while it answers nothing good."""
        try:
            with urllib.request.urlopen(
                urllib.request.Request(address, headers=headers), timeout=60
            ) as found:
                return json.load(found)
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def orders(self, **query: str) -> list[dict[str, Any]]:
        """Return the newest orders; none while the hub cannot say."""
        address = f"http://127.0.0.1:{self.port}/api/v1/orders/?{urlencode(query)}"
        found = self.read(address, Authorization=f"Token {self.token()}")
        return found["results"] if found else []

    def has_orders(self, **query: str) -> bool:
        return bool(self.orders(**query))

    def market(self, path: str) -> Any:
        """Return what the market says of itself."""
        port = (self.run_dir / "sandbox-port").read_text()
        found = self.read(f"http://127.0.0.1:{port}/{path}")
        assert found, f"the market did not answer {path}"
        return found

    def platforms(self) -> list[str]:
        """Return every platform on which the company sells, as the market tells."""
        return sorted({each["platform"] for each in self.market("seller-center/sellers.json")["sellers"]})

    def wait_for_new_orders(self) -> None:
        """Wait until buyers who come from now on have placed an order on every platform."""
        now = self.market("_control/status")["now"]
        for platform in self.platforms():
            fetch = partial(self.has_orders, platform=platform, placed_after=now)
            self.reach(f"a new order of {platform}, placed after {now}", fetch)

    def kill(self) -> None:
        """End it, whatever happened to it, and everything it started."""
        children = self.children() if (self.run_dir / "children.json").exists() else {}
        self.process.kill()
        self.process.wait(timeout=LONGEST)
        for pid in children.values():
            signal_group(pid=pid, number=signal.SIGKILL)


@contextmanager
def explained(run_dir: Path) -> Iterator[list[Running]]:
    """Start demos inside; on a failure everything they printed and logged is shown, and all of it ends."""
    started: list[Running] = []
    try:
        yield started
    except BaseException:
        for running in started:
            print(f"== printed on port {running.port}\n{running.printed()}")
        for path in sorted(run_dir.glob("logs/*.log")):
            print(f"== {path.name}\n{path.read_text(errors='replace')[-6000:]}")
        raise
    finally:
        for running in started:
            running.kill()


def alive(children: dict[str, int]) -> list[str]:
    """Return the names of children that still run."""
    return [name for name, pid in children.items() if identity(pid=pid)]


def test_a_company_sets_itself_up_survives_a_kill_and_stops_cleanly(run_dir: Path) -> None:
    with explained(run_dir) as started:
        first = Running(run_dir)
        started.append(first)
        first.wait_ready()
        children = first.children()
        assert list(children) == ["postgres", "valkey", "sandbox", "web", "worker", "beat"]
        assert "amazon" in first.platforms()
        first.wait_for_new_orders()
        first.process.kill()
        first.process.wait(timeout=LONGEST)
        until(lambda: not alive(children), what=f"the end of {children}", seconds=LONGEST)

        second = Running(run_dir)
        started.append(second)
        second.wait_ready()
        database = second.children()["postgres"]
        os.kill(database, signal.SIGKILL)
        second.reach("the database's second start", lambda: second.children()["postgres"] != database)
        second.reach("orders from the restarted database", lambda: bool(second.orders()))
        assert "opening stock" not in second.printed(), "what was set up is not set up again"
        verified = subprocess.run(
            [sys.executable, "manage.py", "verify", "--json"],
            cwd=CHECKOUT,
            env=environment(run_dir),
            capture_output=True,
            text=True,
            check=False,
        )
        assert verified.returncode == 0, f"{verified.stdout}\n{verified.stderr}"
        assert json.loads(verified.stdout)["ok"] is True, verified.stdout
        children = second.children()
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(timeout=LONGEST) == 0, second.printed()
        assert not alive(children)
