"""A supervisor over three small programs, run as a process of its own by the supervisor's tests."""

from __future__ import annotations

import sys
from pathlib import Path

from ecomhub.runtime.processes import Program, StartFailed
from ecomhub.runtime.supervisor import Supervisor

# Starts a child of its own, says that it runs, and writes down when it is asked to stop.
PROGRAM = """
import pathlib, signal, subprocess, sys, time
name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
child = subprocess.Popen(["sleep", "300"])
def stop(number, frame):
    with (folder / "stopped").open("a") as out:
        out.write(name + chr(10))
    child.terminate()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
(folder / (name + ".child")).write_text(str(child.pid))
print("running", name, flush=True)
(folder / (name + ".up")).write_text("up")
while True:
    time.sleep(0.05)
"""
FAILING = "import sys; sys.exit(7)"


def _program(name: str, folder: Path, text: str) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, "-c", text, name, str(folder)),
        ready=(folder / f"{name}.up").exists if text == PROGRAM else lambda: True,
        cwd=folder,
    )


def main() -> int:
    """Run until told to stop; 1 when a program keeps failing."""
    folder = Path(sys.argv[1])
    names = sys.argv[2:]
    supervisor = Supervisor(run_dir=folder, say=lambda text: print(text, flush=True))
    supervisor.take_signals()
    for name in supervisor.end_leftovers():
        print("leftover", name, flush=True)
    try:
        for name in names:
            supervisor.start([_program(name, folder, FAILING if name == "failing" else PROGRAM)])
        print("watching", *(f"{name}={pid}" for name, pid in supervisor.pids().items()), flush=True)
        supervisor.watch()
    except StartFailed as error:
        print(error, flush=True)
        return 1
    finally:
        print("codes", *(f"{name}={code}" for name, code in supervisor.stop().items()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
