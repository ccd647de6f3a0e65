"""Servers and database for every test; the browser lives in its own plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import TransactionTestCase
from psycopg2.extensions import cursor as Cursor

from ecomhub.runtime import servers
from tests.database import Cleaner, become_application, become_owner, connect_owner
from tests.environment import PLAN

pytest_plugins = ["tests.browser_fixtures"]
if (Path(__file__).parent / "sandbox_fixture.py").exists():
    pytest_plugins.append("tests.sandbox_fixture")

_running: list[servers.Servers] = []


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once for the whole run, or once in each process it is spread over."""
    only_hands_out = bool(config.getoption("numprocesses", None)) and not hasattr(config, "workerinput")
    if not config.option.collectonly and not only_hands_out:
        _running.append(servers.start(made=PLAN))
        servers.bootstrap_roles(made=PLAN, may_create_databases=True)


def pytest_report_header() -> list[str]:
    """Say which servers the tests use."""
    return PLAN.remarks


def pytest_unconfigure() -> None:
    """Stop the servers."""
    while _running:
        _running.pop().stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let the owner create and migrate the test database."""
    become_owner()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Hand the migrated database to the application's login; the owner cleans up between tests."""
    become_application()
    cleaner = Cleaner()
    with pytest.MonkeyPatch.context() as patch:
        # The application may not TRUNCATE, so Django's own flush cannot work.
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: cleaner.clean())
        yield
    cleaner.close()
    become_owner()


@pytest.fixture
def owner(transactional_db: None) -> Iterator[Cursor]:
    """A cursor of the database's owner, autocommitting: for breaking laws by raw SQL."""
    connection = connect_owner()
    with connection.cursor() as cursor:
        yield cursor
    connection.close()
