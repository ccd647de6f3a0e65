"""Rates and books from the command line, as a person or a script calls it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from finance.models import FxRate

pytestmark = pytest.mark.django_db

PARITY = "日期,USD/CNY,100JPY/CNY\n2026-03-02,7.0500,4.6100\n2026-02-27,7.0400,4.6000\n"


def test_a_file_of_rates_is_taken_in_once(tmp_path: Path) -> None:
    path = tmp_path / "parity.csv"
    path.write_bytes(PARITY.encode("gb18030"))
    reports = []
    for _ in range(2):
        out = StringIO()
        call_command("import_rates", str(path), json=True, stdout=out)
        reports.append(json.loads(out.getvalue()))
    first = {"file": "parity.csv", "source": "pboc", "rates": 4, "new": 4, "corrected": 0}
    assert {key: reports[0][key] for key in first} == first
    assert (reports[0]["first_on"], reports[0]["last_on"]) == ("2026-02-27", "2026-03-02")
    assert (reports[1]["was_known"], reports[1]["new"]) == (True, 0)
    assert FxRate.objects.filter(source="pboc").count() == 4


def test_what_is_no_file_of_rates_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("buy,milk\n1,2\n")
    with pytest.raises(CommandError, match=r"notes\.csv: Say whose rates"):
        call_command("import_rates", str(path))
    with pytest.raises(CommandError, match=r"gone\.csv"):
        call_command("import_rates", str(tmp_path / "gone.csv"))


def test_a_company_nobody_knows_has_no_book() -> None:
    with pytest.raises(CommandError, match="nobody"):
        call_command("book_open", "--company", "nobody", "--opens-on", "2026-01-01")
    for command in (["trial_balance"], ["period_close", "--through", "2026-01-31"]):
        with pytest.raises(CommandError, match="nobody has no book"):
            call_command(*command, "--company", "nobody")
