"""Start in order, restart what crashed, stop in reverse order, leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ecomhub.runtime.processes import Child, Program, StartFailed, identity
from tests.runtime.test_ground import CHECKOUT


def until(condition: Callable[[], bool], *, what: str, seconds: float = 60) -> None:
    """Wait for something that must come; a generous limit only ends a broken test."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not happen: {what}"
        time.sleep(0.02)


class Supervised:
    """A supervisor in a process of its own, and what it printed."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder = folder
        self.out = folder / f"out-{time.monotonic_ns()}"
        with self.out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.runtime.supervised", str(folder), *names],
                cwd=CHECKOUT,
                stdout=out,
                start_new_session=True,
            )

    def printed(self) -> str:
        return self.out.read_text()

    def wait_for(self, text: str) -> None:
        until(lambda: text in self.printed() or self.process.poll() is not None, what=text)
        assert text in self.printed()

    def pids(self) -> dict[str, int]:
        self.wait_for("watching")
        line = next(line for line in self.printed().splitlines() if line.startswith("watching"))
        return {name: int(pid) for name, _, pid in (word.partition("=") for word in line.split()[1:])}

    def grandchild(self, name: str) -> int:
        return int((self.folder / f"{name}.child").read_text())


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(*names: str) -> Supervised:
        started.append(Supervised(tmp_path, *names))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(timeout=30)


def test_ctrl_c_stops_in_reverse_order_and_ends_well(supervise: Callable[..., Supervised]) -> None:
    one = supervise("first", "second", "third")
    pids = one.pids()
    one.process.send_signal(signal.SIGINT)
    assert one.process.wait(timeout=60) == 0
    assert (one.folder / "stopped").read_text().split() == ["third", "second", "first"]
    assert "codes third=0 second=0 first=0" in one.printed()
    assert not any(identity(pid=pid) for pid in pids.values())


def test_a_crashed_child_is_started_again_and_takes_what_it_started_with_it(
    supervise: Callable[..., Supervised],
) -> None:
    one = supervise("first", "second")
    pids, orphan = one.pids(), one.grandchild("second")
    (one.folder / "second.up").unlink()
    os.kill(pids["second"], signal.SIGKILL)
    one.wait_for("second ended with code -9; started again")
    until((one.folder / "second.up").exists, what="the second run")
    assert not identity(pid=orphan)
    assert identity(pid=pids["first"]), "the others keep running"


def test_a_child_that_keeps_ending_stops_everything_and_names_its_log(
    supervise: Callable[..., Supervised],
) -> None:
    one = supervise("first", "failing")
    assert one.process.wait(timeout=60) == 1
    assert "failing ended 6 times within 60 s (last code 7)" in one.printed()
    assert str(one.folder / "logs" / "failing.log") in one.printed()
    assert "first=0" in one.printed()


def test_kill_9_of_the_supervisor_leaves_nothing(supervise: Callable[..., Supervised]) -> None:
    one = supervise("first", "second")
    pids = one.pids()
    one.process.kill()
    one.process.wait(timeout=30)
    until(lambda: not any(identity(pid=pid) for pid in pids.values()), what="the children's end")


def test_the_next_start_stops_children_of_a_killed_supervisor(
    supervise: Callable[..., Supervised], tmp_path: Path
) -> None:
    """Where the kernel sends no signal at the parent's death, the record in the run directory does it."""
    left = subprocess.Popen(["sleep", "300"], start_new_session=True)
    other = subprocess.Popen(["sleep", "300"], start_new_session=True)
    record = (
        f'{{"left": ["{left.pid}", "{identity(pid=left.pid)}"], "reused": ["{other.pid}", "another time"]}}'
    )
    (tmp_path / "children.json").write_text(record)
    try:
        one = supervise("first")
        until(lambda: left.poll() is not None, what="the leftover's end")
        one.pids()
        assert "leftover left" in one.printed()
        assert "leftover reused" not in one.printed()
        assert other.poll() is None, "a process that got the number later is not ours"
    finally:
        other.kill()
        other.wait()
        left.kill()
        left.wait()


def test_everything_a_child_prints_is_in_its_log(tmp_path: Path) -> None:
    child = Child(
        program=Program(
            name="talker",
            argv=(sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr)"),
            ready=lambda: False,
        ),
        log_dir=tmp_path,
    )
    until(lambda: child.exit_code() is not None, what="its end")
    child.stop()
    assert sorted((tmp_path / "talker.log").read_text().split()) == ["err", "out"]


def test_a_program_that_ends_before_it_answers_names_its_log(tmp_path: Path) -> None:
    program = Program(name="brief", argv=(sys.executable, "-c", "pass"), ready=lambda: False)
    child = Child(program=program, log_dir=tmp_path)
    with pytest.raises(StartFailed, match=r"brief ended with code 0; see .*brief\.log"):
        child.wait_ready()
