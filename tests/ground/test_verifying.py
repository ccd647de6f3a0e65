"""`verify` looks at one moment, writes nothing, and counts everything broken."""

from __future__ import annotations

import threading

import pytest
from django.db import DatabaseError, connection, connections

from ecomhub import verifying
from ecomhub.discovery import Law
from ecomhub.models import LegalEntity

pytestmark = pytest.mark.django_db(transaction=True)

ENTITIES = "SELECT count(*) FROM ecomhub_legalentity"


def test_all_laws_of_all_houses_hold_on_an_empty_database() -> None:
    assert verifying.verify().broken == []


def test_laws_are_checked_in_one_snapshot() -> None:
    def add_company() -> None:
        LegalEntity.objects.create(code="late", name="Late", country="CN", currency="CNY")
        connections.close_all()

    before = Law(id="a", title="", checked=ENTITIES, violations="SELECT 1 WHERE false")
    after = Law(id="b", title="", checked=ENTITIES, violations="SELECT 1 WHERE false")
    seen: list[int] = []
    original = verifying._check

    def look(law: Law) -> verifying.LawResult:
        result = original(law)
        seen.append(result.checked)
        if law.id == "a":
            thread = threading.Thread(target=add_company)
            thread.start()
            thread.join()
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifying, "_check", look)
        verifying.verify(laws=[before, after])
    assert seen == [0, 0]
    assert LegalEntity.objects.count() == 1


def test_a_law_cannot_write() -> None:
    law = Law(
        id="x",
        title="",
        checked="INSERT INTO ecomhub_legalentity (code, name, country, currency) VALUES ('x','x','CN','CNY') "
        "RETURNING 1",
        violations="SELECT 1",
    )
    with pytest.raises(DatabaseError, match="read-only"):
        verifying.verify(laws=[law])


def test_all_violations_are_counted_and_some_are_named() -> None:
    law = Law(
        id="x", title="", checked="SELECT 99", violations="SELECT 'thing ' || n FROM generate_series(1, 99) n"
    )
    result = verifying.verify(laws=[law]).laws[0]
    assert (result.checked, result.violations, len(result.examples)) == (99, 99, verifying.SHOWN)
    assert result.examples[0] == "thing 1"


def test_time_limits_of_the_application_do_not_stop_a_long_law() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '50ms'")
    law = Law(id="x", title="", checked="SELECT 1 FROM pg_sleep(0.2)", violations="SELECT 1 WHERE false")
    try:
        assert verifying.verify(laws=[law]).ok
    finally:
        connection.close()
