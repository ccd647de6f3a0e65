"""``make demo``: servers, tables, an invented market, a company that sets itself up, web, worker and beat."""

from __future__ import annotations

import json
import os
import queue
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ecomhub import clock
from ecomhub.runtime import i18n, launch, passwords, programs, servers
from ecomhub.runtime.launch import CHECKOUT
from ecomhub.runtime.processes import Child, Program, StartFailed, free_port, port_is_free
from ecomhub.runtime.supervisor import Supervisor

HISTORY = timedelta(days=90)
SAVE_EVERY = 2.0


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the person who starts the demo may choose."""

    port: int
    seed: int
    speed: float


class Steps:
    """Says each step with the time it took."""

    def __init__(self) -> None:
        self._begun = self._last = time.monotonic()

    def done(self, text: str, *, seconds: float | None = None) -> None:
        """Print a finished step; the time since the one before unless told."""
        now = time.monotonic()
        print(f"  {text:<64} {now - self._last if seconds is None else seconds:6.1f} s", flush=True)
        self._last = now

    def total(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun


def read_wish(*, environment: Mapping[str, str]) -> Wish:
    """PORT, SEED and SPEED. Raises StartFailed with what to correct."""
    try:
        wish = Wish(
            port=int(environment.get("PORT") or 8000),
            seed=int(environment.get("SEED") or 1),
            speed=float(environment.get("SPEED") or 60),
        )
    except ValueError as error:
        raise StartFailed(f"PORT and SEED are whole numbers and SPEED is a number ({error}).") from None
    if not 1 <= wish.port <= 65535:
        raise StartFailed(f"PORT={wish.port} is no TCP port. Choose one between 1 and 65535.")
    if not 1 <= wish.speed <= 3600:
        raise StartFailed(f"SPEED={wish.speed:g} is out of range: 1 is real time, 3600 the most.")
    if not port_is_free(port=wish.port):
        raise StartFailed(
            f"Port {wish.port} is taken by another program. Stop that one, or start the demo on another "
            f"port: PORT={wish.port + 1} make demo"
        )
    return wish


def set_clock(*, path: Path, speed: float) -> clock.Anchor:
    """Start the application clock 90 days back, or go on where the demo stopped or was killed.

    The position is saved every two seconds; going on a little later than that keeps time from turning back.
    """
    real = clock.real_now()
    try:
        saved = clock.read_anchor(path)
        app = saved.at(saved.real + timedelta(seconds=2 * SAVE_EVERY))
    except (FileNotFoundError, ValueError):
        app = real - HISTORY
    anchor = clock.Anchor(real=real, app=min(app, real), speed=speed)
    clock.write_anchor(path=path, anchor=anchor)
    return anchor


def save_clock(*, path: Path, anchor: clock.Anchor) -> None:
    """Write down where the application clock stands now."""
    real = clock.real_now()
    clock.write_anchor(path=path, anchor=clock.Anchor(real=real, app=anchor.at(real), speed=anchor.speed))


def environment_of(*, wish: Wish, run_dir: Path, sandbox_port: int, made: servers.Plan) -> dict[str, str]:
    """The environment every process of the demo runs with."""
    secrets = passwords.read_or_make(run_dir=run_dir)
    return made.environment | {
        "DJANGO_SETTINGS_MODULE": "ecomhub.settings",
        "PYTHONUNBUFFERED": "1",
        "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
        "SECRET_KEY": secrets["secret_key"],
        "ECOMHUB_ENV": "demo",
        "ECOMHUB_CLOCK_FILE": str(run_dir / "clock.json"),
        "ECOMHUB_FILES_DIR": str(run_dir / "files"),
        "ECOMHUB_KEYRING": secrets["keyring"],
        "ECOMHUB_METRICS_TOKEN": secrets["metrics"],
        "ECOMHUB_ORIGIN": f"http://127.0.0.1:{wish.port}",
        "ECOMHUB_RUN_DIR": str(run_dir),
        "ECOMHUB_SANDBOX_URL": f"http://127.0.0.1:{sandbox_port}",
        "ECOMHUB_STATIC_ROOT": str(run_dir / "static"),
    }


def sandbox_port(*, run_dir: Path) -> int:
    """The market's port: the same at every start, since accounts store its address, while it is free."""
    path = run_dir / "sandbox-port"
    known = int(path.read_text()) if path.exists() else 0
    port = known if known and port_is_free(port=known) else free_port()
    path.write_text(str(port))
    return port


class Setup:
    """The company's own process: watched while it migrates and calls the commands of its users."""

    def __init__(self, *, environment: Mapping[str, str], run_dir: Path, password: str) -> None:
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._is_live = self._said = False
        program = Program(
            name="company",
            argv=(sys.executable, "-m", "ecomhub.runtime.company"),
            ready=lambda: True,
            env=os.environ | environment | {"ECOMHUB_DEMO_PASSWORD": password},
            cwd=CHECKOUT,
        )
        self.child = Child(program=program, log_dir=run_dir / "logs", listener=self._lines.put)

    def reports(self) -> list[dict[str, Any]]:
        """What it reported since the last call."""
        found = []
        while not self._lines.empty():
            line = self._lines.get()
            if line.startswith(b"@"):
                found.append(json.loads(line[1:]))
        self._is_live |= any("live" in report for report in found)
        return found

    def say_rest(self, *, steps: Steps) -> None:
        """Say what finished since, and when every account is. Raises StartFailed when a step failed."""
        self.ended()
        for report in self.reports():
            if "step" in report:
                steps.done(report["step"], seconds=report["seconds"])
        if self._is_live and not self._said:
            self._said = True
            steps.done("every account is live", seconds=steps.total())

    def ended(self) -> bool:
        """Whether it has finished. Raises StartFailed when it failed."""
        code = self.child.exit_code()
        if code:
            lines = self.child.log.read_text().splitlines()
            reason = next(
                (line for line in reversed(lines) if re.match(r"[\w.]+(Error|Exception|Failed)\b", line)), ""
            )
            raise StartFailed(f"The company could not be set up. {reason}\nAll of it: {self.child.log}")
        return code is not None


def run() -> int:
    """Run the demo until Ctrl-C; the exit code of the program."""
    try:
        wish = read_wish(environment=os.environ)
        run_dir = launch.run_dir()
        lock = servers.lock_run_dir(run_dir=run_dir)
    except StartFailed as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1
    supervisor = Supervisor(run_dir=run_dir, say=lambda text: print(f"  {text}", flush=True))
    supervisor.take_signals()
    try:
        _run(wish=wish, run_dir=run_dir, supervisor=supervisor)
        code = 0
    except StartFailed as error:
        print(f"\n{error}\n", file=sys.stderr)
        code = 1
    finally:
        launch.withdraw()
        begun = time.monotonic()
        supervisor.stop()
        lock.close()
    print(f"  stopped after {time.monotonic() - begun:.1f} s", flush=True)
    return code


def _run(*, wish: Wish, run_dir: Path, supervisor: Supervisor) -> None:
    steps = Steps()
    print(f"\necomhub demo (files in {run_dir})\n", flush=True)
    for name in supervisor.end_leftovers():
        steps.done(f"stopped a {name} that an earlier start left behind")
    made = servers.plan(run_dir=run_dir)
    for remark in made.remarks:
        print(f"  {remark}")
    i18n.compile_catalogs()
    market_port = sandbox_port(run_dir=run_dir)
    environment = environment_of(wish=wish, run_dir=run_dir, sandbox_port=market_port, made=made)
    clock_file = Path(environment["ECOMHUB_CLOCK_FILE"])
    Path(environment["ECOMHUB_STATIC_ROOT"]).mkdir(exist_ok=True)
    anchor = set_clock(path=clock_file, speed=wish.speed)

    def save() -> None:
        save_clock(path=clock_file, anchor=anchor)

    # The market builds its history while the database comes up and migrates.
    storage = [supervisor.spawn(program) for program in made.programs]
    market = supervisor.spawn(
        programs.sandbox(environment=environment, run_dir=run_dir, port=market_port, seed=wish.seed)
    )
    if not supervisor.wait(storage):
        return
    steps.done("servers answer")
    servers.bootstrap_roles(made=made)
    steps.done("database and logins")
    launch.publish(environment=environment)
    service = {name: value for name, value in environment.items() if name != "DATABASE_OWNER_URL"}
    processes = [
        programs.web(environment=service, port=wish.port),
        programs.worker(environment=service),
        programs.beat(environment=service, run_dir=run_dir),
    ]
    secrets = passwords.read_or_make(run_dir=run_dir)
    setup = Setup(environment=environment, run_dir=run_dir, password=secrets["sign_in"])
    try:
        outcome = _open(supervisor=supervisor, setup=setup, market=market, processes=processes, steps=steps)
        if outcome is None:
            return
        _welcome(wish=wish, market_port=market_port, outcome=outcome, seconds=steps.total(), run_dir=run_dir)

        def every() -> None:
            save()
            setup.say_rest(steps=steps)

        supervisor.watch(every=every, period=SAVE_EVERY)
    finally:
        setup.child.stop()
    save()
    print("\n  stopping ...", flush=True)


def _open(
    *, supervisor: Supervisor, setup: Setup, market: Child, processes: list[Program], steps: Steps
) -> dict[str, Any] | None:
    """Start web, worker and beat once the tables are there, while the company goes on setting itself up.

    Returns the login and token once they all answer and the first account is live.
    """
    outcome: dict[str, Any] = {}
    starting = [market]
    while not supervisor.stop_requested():
        setup.ended()
        for report in setup.reports():
            if "step" in report:
                steps.done(report["step"], seconds=report["seconds"])
            if report.get("migrated"):
                starting += [supervisor.spawn(program) for program in processes]
            if "token" in report:
                outcome = report
        for child in [child for child in starting if child.is_ready()]:
            starting.remove(child)
            steps.done(f"{child.program.name} answers", seconds=steps.total())
        supervisor.tend()
        if outcome and not starting:
            return outcome
        time.sleep(0.05)
    return None


def _welcome(
    *, wish: Wish, market_port: int, outcome: Mapping[str, Any], seconds: float, run_dir: Path
) -> None:
    address = f"http://127.0.0.1:{wish.port}"
    print(
        f"""
  Ready after {seconds:.1f} s.

    Open         {address}/
    Sign in      {outcome["login"]}  /  {outcome["password"]}
    API token    {outcome["token"]}
    Market       http://127.0.0.1:{market_port}/seller-center/   (the other side: what the marketplace sees)

  Try
    * Orders: new ones arrive every few seconds from every marketplace; open one, ship it with a carrier and
      a tracking number, and see the seller center hold that number. Where the marketplace gives the number,
      arrange the shipment instead: number and label come by themselves.
    * Products & stock: receive goods and watch the new quantity reach every listing of the SKU.
    * Channels: connect the seller named empty by hand with the credentials the seller center shows.
    * Finance: what the platforms paid out arrives at the bank. Download its newest statement in the seller
      center (any seller, Bank), import it into the account of its currency, and see the payouts arrive.
    * curl -H 'Authorization: Token {outcome["token"]}' {address}/api/v1/orders/
    * .venv/bin/python manage.py verify      (the laws of stock and orders, checked)
    * somebody who packs and ships through the API, for ten minutes:
      .venv/bin/python manage.py sandbox staff --for 600 --url {address} --token {outcome["token"]}

  One hour of the company passes in {3600 / wish.speed:.0f} s. Logs: {run_dir / "logs"}
  Ctrl-C stops everything; the next start goes on where this one ended.
""",
        flush=True,
    )
