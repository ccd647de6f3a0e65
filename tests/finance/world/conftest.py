"""Half a year of the market, settled once through the hub for all tests of this folder's module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import TransactionTestCase, override_settings
from pytest_django import DjangoDbBlocker

from tests.finance.world import bank, closing, hub, market, rates
from tests.finance.world.figures import fingerprint, lines
from tests.finance.world.files import Kept, pulled
from tests.sandbox_fixture import START, Sandbox


@dataclass(frozen=True)
class World:
    """The market, the documents that were pulled from it, and what the books said then with its hash."""

    market: Sandbox
    documents: list[Kept]
    lines: list[str]
    figures: str


@pytest.fixture(scope="module")
def world(
    sandbox_process: Sandbox,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """Drive the market by its clock, and let the hub pull and explain every fortnight of it.

    The bank's statements come month by month, and when the half year is over its months are closed. The
    database is emptied behind the module's last test, not behind each.
    """
    kept, folder = str(tmp_path_factory.mktemp("files")), tmp_path_factory.mktemp("bank")
    given = override_settings(ECOMHUB_SANDBOX_URL=sandbox_process.url, ECOMHUB_FILES_DIR=kept)
    with django_db_blocker.unblock(), given, pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: None)
        try:
            sandbox_process.faults_off()
            rates.published()
            market.born(sandbox_process)
            accounts = hub.connect_all(sandbox_process)
            before = market.BIRTH
            for moment in market.steps(sandbox_process):
                for account in accounts:
                    hub.catch_up(account, moment)
                bank.take_in(sandbox_process, since=before, until=moment, folder=folder)
                hub.explain(moment)
                before = moment
            assert moment == START
            bank.match_the_rest()
            closing.keep_stock()
            hub.explain(START)
            said = list(lines(company="main"))
            made = World(sandbox_process, pulled(), said, fingerprint(company="main"))
            closing.close_months()
            yield made
        finally:
            patch.undo()
            TransactionTestCase()._fixture_teardown()  # type: ignore[attr-defined]
