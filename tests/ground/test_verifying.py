"""`verify` looks at one moment, writes nothing, and counts everything broken."""

from __future__ import annotations

import json
import re
import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections

from ecomhub import discovery, verifying
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


def test_a_report_gives_each_number_once_with_the_sum_of_its_laws() -> None:
    names = ("I10", "I2.one", "houses.own.law", "I2", "I1.a", "I1.b")
    verdict = verifying.verify(
        laws=[
            Law(
                id=name, title=f"About {name}", checked=f"SELECT {place}", violations=f"SELECT 1 LIMIT {part}"
            )
            for place, (name, part) in enumerate(zip(names, (0, 1, 0, 0, 1, 1), strict=True), start=1)
        ]
    )
    said = [(one.id, one.checked, one.violations, one.title) for one in verdict.chapters]
    assert said == [
        ("I1", 11, 2, "About I1.a; About I1.b"),
        ("I2", 6, 1, "About I2"),
        ("I10", 1, 0, "About I10"),
        ("houses.own.law", 3, 0, "About houses.own.law"),
    ]
    assert [[part.id for part in one.parts] for one in verdict.chapters] == [
        ["I1.a", "I1.b"], ["I2.one"], [], [],
    ]  # fmt: skip
    assert verdict.broken == ["I2.one", "I1.a", "I1.b"]


def test_all_invariants_of_money_are_printed_by_their_number_with_their_count() -> None:
    numbers = [f"I{number}" for number in range(1, 26)]
    printed, told = StringIO(), StringIO()
    call_command("verify", stdout=printed)
    counts = re.findall(r"^ok +(I\d+): \d+ checked, 0 broken\. \w.*\.$", printed.getvalue(), re.MULTILINE)
    assert counts == numbers
    call_command("verify", "--json", stdout=told)
    laws = json.loads(told.getvalue())["laws"]
    assert [law["id"] for law in laws if law["id"] in numbers] == numbers
    assert all(isinstance(law["checked"], int) and law["violations"] == 0 for law in laws)


def test_a_broken_law_is_printed_with_what_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    law = Law(
        id="I5.keys",
        title="Once",
        checked="SELECT 7",
        violations="SELECT 'book ' || n FROM generate_series(1, 2) n",
    )
    monkeypatch.setattr(discovery, "laws", lambda: [law])
    printed = StringIO()
    with pytest.raises(CommandError, match=r"broken: I5\.keys"):
        call_command("verify", stdout=printed)
    assert [line.strip() for line in printed.getvalue().splitlines()] == [
        "BROKEN I5: 7 checked, 2 broken. Once.",
        "I5.keys: 7 checked, 2 broken.",
        "book 1",
        "book 2",
    ]
