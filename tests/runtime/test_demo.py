"""The demo: what it refuses, how its clock goes on, and one whole run."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ecomhub import clock
from ecomhub.runtime import demo
from ecomhub.runtime.processes import StartFailed, free_port, identity
from tests.runtime.test_ground import CHECKOUT
from tests.runtime.test_supervisor import until

GIVEN = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_REPORT_URL", "REDIS_URL", "ECOMHUB_CLOCK_FILE")


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

    def wait_ready(self) -> None:
        until(
            lambda: "Ready after" in self.printed() or self.process.poll() is not None,
            what=f"ready:\n{self.printed()}",
            seconds=400,
        )
        assert self.process.poll() is None, self.printed()

    def token(self) -> str:
        found = re.search(r"API token\s+(\S+)", self.printed())
        assert found
        return found.group(1)

    def children(self) -> dict[str, int]:
        recorded = json.loads((self.run_dir / "children.json").read_text())
        return {name: int(pid) for name, (pid, _) in recorded.items()}

    def has_orders(self, token: str) -> bool:
        address = f"http://127.0.0.1:{self.port}/api/v1/orders/"
        request = urllib.request.Request(address, headers={"Authorization": f"Token {token}"})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return bool(json.load(response)["results"])
        except urllib.error.HTTPError:
            return False


def test_a_company_sets_itself_up_survives_a_kill_and_stops_cleanly(run_dir: Path) -> None:
    first = Running(run_dir)
    try:
        first.wait_ready()
        children = first.children()
        assert list(children) == ["postgres", "valkey", "sandbox", "web", "worker", "beat"]
        until(lambda: first.has_orders(first.token()), what="orders", seconds=120)
        first.process.kill()
        first.process.wait(timeout=30)
        until(lambda: not any(identity(pid=pid) for pid in children.values()), what="the children's end")

        second = Running(run_dir)
        second.wait_ready()
        database = second.children()["postgres"]
        os.kill(database, signal.SIGKILL)
        until(lambda: second.children()["postgres"] != database, what="the database's second start")
        until(lambda: second.has_orders(second.token()), what="orders from the restarted database")
        children = second.children()
        assert "opening stock" not in second.printed(), "what was set up is not set up again"
        verified = subprocess.run(
            [sys.executable, "manage.py", "verify", "--json"],
            cwd=CHECKOUT,
            env=environment(run_dir),
            capture_output=True,
            text=True,
            check=False,
        )
        assert json.loads(verified.stdout)["ok"] is True, verified.stdout + verified.stderr
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(timeout=60) == 0, second.printed()
        assert not any(identity(pid=pid) for pid in children.values())
    finally:
        for path in run_dir.glob("logs/*.log"):
            print(f"== {path.name}\n{path.read_text()[-2000:]}")
        first.process.kill()
