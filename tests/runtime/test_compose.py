"""The container files: valid, closed, and every service's own command works with production settings."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ecomhub.runtime import passwords, programs, servers
from ecomhub.runtime.processes import Child, Program, free_port
from tests.runtime.test_ground import CHECKOUT
from tests.runtime.test_supervisor import until

COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "beat")
OPTIONAL = (
    "CACHE_URL",
    "ECOMHUB_API_PER_MINUTE",
    "ECOMHUB_CALL_SECONDS",
    "ECOMHUB_LOG_LEVEL",
    "ECOMHUB_PROXIES",
)
VARIABLE = re.compile(r"\$\{(\w+)(:[?-])?([^}]*)\}")


def _image_environment() -> dict[str, str]:
    """What the image's ENV lines set for every container."""
    lines = (CHECKOUT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    words = [word for line in lines if line.startswith("ENV ") for word in line[4:].split()]
    return dict(word.split("=", 1) for word in words if not word.startswith("PATH="))


def test_the_services_are_the_ones_of_the_demo() -> None:
    assert set(SERVICES) == {"postgres", "valkey", *OURS}


def test_no_port_but_the_webs_is_published() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"web"}
    assert SERVICES["web"]["ports"] == ["${ECOMHUB_PUBLISH:-127.0.0.1:8000}:8000"]


def test_every_lasting_service_has_a_health_check_and_waits_for_what_it_needs() -> None:
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) is (name != "migrate"), name
    for name in ("web", "worker", "beat"):
        conditions = {needed: how["condition"] for needed, how in SERVICES[name]["depends_on"].items()}
        assert conditions == {
            "postgres": "service_healthy",
            "valkey": "service_healthy",
            "migrate": "service_completed_successfully",
        }


def _example_for_compose() -> str:
    """The part of .env.example that docker compose reads, of which every variable has to reach somebody."""
    example = (CHECKOUT / ".env.example").read_text()
    ours, mark, _rest = example.partition("# --- outside docker compose ---")
    assert mark
    return ours


def test_every_value_from_outside_is_required_or_optional_and_explained() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text()
    example = _example_for_compose()
    found = VARIABLE.findall(text)
    assert found
    for name, kind, meaning in found:
        mark = "# " if name in OPTIONAL else ""
        assert re.search(rf"^{mark}{name}=", example, re.MULTILINE), f"{name} is missing from .env.example"
        assert meaning or name in OPTIONAL, f"{name} says nothing when it is missing"
        assert kind == (":-" if name in (*OPTIONAL, "ECOMHUB_PUBLISH") else ":?"), name


def test_every_variable_of_the_example_reaches_the_services() -> None:
    named = re.findall(r"^(?:# )?([A-Z_]{6,})=", _example_for_compose(), re.MULTILINE)
    assert set(OPTIONAL) <= set(named)
    everywhere = str(COMPOSE["services"])
    assert [name for name in named if f"${{{name}:" not in everywhere] == []
    for name in OURS:
        given = SERVICES[name]["environment"]
        assert {one: given.get(one) for one in OPTIONAL} == {one: f"${{{one}:-}}" for one in OPTIONAL}, name


def test_no_secret_stands_in_the_files() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|KEYRING|BLIND", variable):
                assert value.startswith("${"), f"{name}: {variable}"
            assert not re.search(r"//[^$/@]*:(?!\$)[^@/]+@", value), f"{name}: {variable}"
    example = (CHECKOUT / ".env.example").read_text()
    for variable in (
        "SECRET_KEY",
        "ECOMHUB_KEYRING",
        "ECOMHUB_BLIND_KEY",
        "ECOMHUB_METRICS_TOKEN",
        "VALKEY_PASSWORD",
    ):
        assert re.search(rf"^{variable}=$", example, re.MULTILINE), variable


def test_only_the_migration_gets_the_owners_and_the_administrators_login() -> None:
    for name in OURS:
        held = {"DATABASE_ADMIN_URL", "DATABASE_OWNER_URL"} & set(SERVICES[name]["environment"])
        assert bool(held) is (name == "migrate"), name


def test_the_demo_runs_the_same_commands() -> None:
    assert tuple(SERVICES["web"]["command"]) == programs.web_command(host="0.0.0.0", port=8000)
    assert tuple(SERVICES["worker"]["command"]) == programs.worker_command()
    assert tuple(SERVICES["beat"]["command"]) == programs.beat_command(schedule=Path("/tmp/beat-schedule"))
    image = (CHECKOUT / "Dockerfile").read_text()
    assert str(SERVICES["web"]["command"]).replace("'", '"') in image


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What an image and a network would give the services: files, servers, values."""

    root: Path
    image: Path
    values: dict[str, str]
    hosts: dict[str, str]

    def fill(self, text: str) -> str:
        """Compose's own substitution, then the network's names."""
        filled = VARIABLE.sub(self._value, text)
        for name, place in self.hosts.items():
            filled = filled.replace(name, place)
        return filled.replace("/tmp/beat-schedule", str(self.root / "beat-schedule"))

    def _value(self, match: re.Match[str]) -> str:
        """What stands for a variable: its value, or its default where it may be missing."""
        name, kind, default = match.groups()
        return self.values.get(name, default) if kind == ":-" else self.values[name]

    def environment(self, name: str) -> dict[str, str]:
        """A container's environment: nothing from this process but where programs lie."""
        given = {key: self.fill(value) for key, value in SERVICES[name]["environment"].items()}
        path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        files = {
            "ECOMHUB_FILES_DIR": str(self.root / "files"),
            "ECOMHUB_STATIC_ROOT": str(self.root / "static"),
        }
        return _image_environment() | given | files | {"PATH": path, "HOME": str(self.root)}

    def run(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside the service's container."""
        return subprocess.run(
            [self.fill(word) for word in command],
            cwd=self.image,
            env=self.environment(name),
            capture_output=True,
            text=True,
            check=False,
        )

    def healthy(self, name: str) -> bool:
        """Run the service's health check."""
        check = SERVICES[name]["healthcheck"]["test"]
        assert check[0] == "CMD"
        return self.run(name, *check[1:]).returncode == 0

    def start(self, name: str) -> Child:
        """Start the service's own command."""
        program = Program(
            name=name,
            argv=tuple(self.fill(word) for word in SERVICES[name]["command"]),
            ready=lambda: self.healthy(name),
            env=self.environment(name),
            cwd=self.image,
        )
        return Child(program=program, log_dir=self.root / "logs")


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Empty servers, a copy of what the image holds, its static files, and the migrated database."""
    root = Path(tempfile.mkdtemp(prefix="ecomhub-compose-"))
    root.chmod(0o711)
    ignored = (CHECKOUT / ".dockerignore").read_text().split()
    image = root / "image"
    shutil.copytree(
        CHECKOUT,
        image,
        ignore=lambda folder, names: {
            name
            for name in names
            for pattern in ignored
            if Path(os.path.relpath(Path(folder) / name, CHECKOUT)).match(pattern.removeprefix("**/"))
        },
    )
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("DATABASE_URL", "REDIS_URL"):
            patch.delenv(variable)
        made = servers.plan(run_dir=root / "run", durable=False)
    running = servers.start(made=made)
    values = {
        name: secrets.token_urlsafe(48) for name, kind, _ in VARIABLE.findall(str(COMPOSE)) if kind == ":?"
    }
    database = made.admin.rpartition("/")[0]
    values |= {
        "ALLOWED_HOSTS": "hub.example.com",
        "ECOMHUB_ORIGIN": "https://hub.example.com",
        "ECOMHUB_KEYRING": passwords.new_keyring(),
        "POSTGRES_ADMIN_PASSWORD": database.rpartition("@")[0].rpartition(":")[2],
        "VALKEY_PASSWORD": made.environment["REDIS_URL"].rpartition("@")[0].rpartition(":")[2],
    }
    hosts = {
        "postgres:5432": database.rpartition("@")[2],
        "//postgres:": "//ecomhub_admin:",
        "valkey:6379": made.environment["REDIS_URL"].rpartition("@")[2].rpartition("/")[0],
        "0.0.0.0": "127.0.0.1",
        "8000": str(free_port()),
    }
    prepared = Machine(root=root, image=image, values=values, hosts=hosts)
    try:
        collected = prepared.run(
            "web", "python", "manage.py", "collectstatic", "--noinput", "--verbosity", "0"
        )
        assert collected.returncode == 0, collected.stderr
        migrated = prepared.run("migrate", *SERVICES["migrate"]["command"])
        assert migrated.returncode == 0, migrated.stderr
        yield prepared
    finally:
        running.stop()
        servers.remove(made=made)
        shutil.rmtree(root, ignore_errors=True)


def test_migrating_again_changes_nothing(machine: Machine) -> None:
    again = machine.run("migrate", *SERVICES["migrate"]["command"])
    assert again.returncode == 0, again.stderr
    assert "No migrations to apply" in again.stdout


def test_the_web_service_answers_behind_its_proxy_only(machine: Machine) -> None:
    child = machine.start("web")
    try:
        assert child.wait_ready(), (machine.root / "logs" / "web.log").read_text()
        port = machine.hosts["8000"]

        def get(path: str, **headers: str) -> int:
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=20) as response:
                    return int(response.status)
            except urllib.error.HTTPError as error:
                return error.code

        assert get("/readyz", Host="hub.example.com") == 200
        assert get("/accounts/login/", **{"Host": "hub.example.com", "X-Forwarded-Proto": "https"}) == 200
        assert get("/readyz", Host="elsewhere.example.com") == 400
    finally:
        assert child.stop() == 0


def test_the_worker_service_answers_its_health_check(machine: Machine) -> None:
    child = machine.start("worker")
    try:
        assert child.wait_ready(), (machine.root / "logs" / "worker.log").read_text()
    finally:
        assert child.stop() == 0


def test_the_beat_service_writes_its_schedule(machine: Machine) -> None:
    assert machine.healthy("beat") is False, "nothing was written yet"
    child = machine.start("beat")
    try:
        until(lambda: machine.healthy("beat"), what="beat's schedule")
        assert child.exit_code() is None
    finally:
        assert child.stop() == 0


SETTINGS = """
from django.conf import settings as s
print(s.ECOMHUB_API_PER_MINUTE, s.ECOMHUB_CALL_SECONDS, s.ALLAUTH_TRUSTED_PROXY_COUNT)
print(s.CACHES["default"]["LOCATION"] == s.REDIS_URL)
"""


def test_optional_values_reach_the_settings_and_have_their_defaults_without(machine: Machine) -> None:
    without = machine.run("worker", "python", "-c", SETTINGS)
    assert without.stdout.split() == ["600", "25", "1", "True"], without.stderr
    chosen = {
        "CACHE_URL": "redis://cache.example.com:6379/0",
        "ECOMHUB_API_PER_MINUTE": "61",
        "ECOMHUB_CALL_SECONDS": "7",
        "ECOMHUB_LOG_LEVEL": "WARNING",
        "ECOMHUB_PROXIES": "3",
    }
    assert set(chosen) == set(OPTIONAL)
    told = replace(machine, values=machine.values | chosen).run("worker", "python", "-c", SETTINGS)
    assert told.stdout.split() == ["61", "7", "3", "False"], told.stderr
    odd = replace(machine, values=machine.values | chosen | {"ECOMHUB_LOG_LEVEL": "LOUD"})
    assert "ECOMHUB_LOG_LEVEL is one of" in odd.run("worker", "python", "-c", SETTINGS).stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECRET_KEY", "short"),
        ("ALLOWED_HOSTS", "*"),
        ("ECOMHUB_ORIGIN", "http://hub.example.com"),
        ("ECOMHUB_SANDBOX_URL", "http://127.0.0.1:9000"),
        ("ECOMHUB_KEYRING", ""),
        ("ECOMHUB_KEYRING", "changeme"),
        ("ECOMHUB_BLIND_KEY", "short"),
        ("DATABASE_URL", ""),
    ],
)
def test_unsafe_values_stop_the_start(machine: Machine, variable: str, value: str) -> None:
    refused = subprocess.run(
        ["python", "manage.py", "check"],
        cwd=machine.image,
        env=machine.environment("web") | {variable: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode != 0
    assert "ImproperlyConfigured" in refused.stderr


def _read_by_settings() -> dict[str, str]:
    """Every variable the settings read, with its default where that is a plain number."""
    source = (CHECKOUT / "ecomhub" / "settings.py").read_text()
    found = re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"(?:, (\d+)\))?", source)
    return dict(found)


def test_every_variable_the_settings_read_is_in_the_example() -> None:
    example = (CHECKOUT / ".env.example").read_text()
    read = _read_by_settings()
    assert {"DATABASE_URL", "ECOMHUB_KEYRING", "ECOMHUB_LOG_LEVEL"} <= set(read)
    assert [name for name in read if not re.search(rf"\b{name}\b", example)] == []
    named = {
        name for name in re.findall(r"^(?:# )?([A-Z_]{6,})=", example, re.MULTILINE) if "ECOMHUB" in name
    }
    assert named - {*read, "ECOMHUB_PUBLISH", "ECOMHUB_PASSWORD"} == set(), "nobody reads these"


def test_defaults_in_the_example_are_those_of_the_settings() -> None:
    example = (CHECKOUT / ".env.example").read_text()
    numbers = {name: number for name, number in _read_by_settings().items() if number}
    assert "ECOMHUB_CALL_SECONDS" in numbers
    for name, number in numbers.items():
        assert re.search(rf"\(default {number}\)\.\n# {name}={number}$", example, re.MULTILINE), name
