"""The tests run on what they say they run on."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import psycopg2
import pytest
import pytest_socket
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import ProgrammingError, connection, connections
from psycopg2.extensions import cursor as Cursor

import tests

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def test_the_tests_package_is_ours_and_not_an_installed_one() -> None:
    assert Path(tests.__file__) == CHECKOUT / "tests" / "__init__.py"


def test_sockets_reach_this_machine_only() -> None:
    with (
        socket.socket() as outside,
        pytest.warns(UserWarning, match="192.0.2.1"),
        pytest.raises(pytest_socket.SocketConnectBlockedError),
    ):
        outside.connect(("192.0.2.1", 80))


@pytest.mark.django_db
def test_the_default_connection_is_the_applications_login() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.ECOMHUB_DB_APP_ROLE,)


@pytest.mark.django_db
def test_the_application_cannot_change_the_schema() -> None:
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE made_by_the_application (id int)")


@pytest.mark.django_db
def test_the_application_works_under_time_limits() -> None:
    with connection.cursor() as cursor:
        for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() != ("0",), name


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", [1, 2])
def test_a_transactional_test_leaves_nothing_behind(round_: int) -> None:
    people = get_user_model().objects
    assert not people.exists()
    people.create(username=f"left-{round_}")
    ContentType.objects.filter(app_label="auth", model="group").update(model="mangled")


@pytest.mark.django_db(transaction=True)
def test_rows_of_migrations_survive_a_transactional_test() -> None:
    assert ContentType.objects.exists()
    assert not ContentType.objects.filter(model="mangled").exists()


def test_the_owner_is_another_login(owner: Cursor) -> None:
    owner.execute("SELECT current_user")
    assert owner.fetchone() == (settings.ECOMHUB_DB_OWNER_ROLE,)


@pytest.mark.django_db(transaction=True)
def test_sixty_four_threads_hold_connections_at_once() -> None:
    together = threading.Barrier(64)
    failures: list[psycopg2.Error] = []

    def hold() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                together.wait(timeout=30)
        except psycopg2.Error as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=hold) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert not together.broken
