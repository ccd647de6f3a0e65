"""Rates and books from the command line, as a person or a script calls it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from finance.models import FxRate, MoneyAccount

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


def test_a_bank_account_is_added_once_and_takes_statements() -> None:
    told = []
    add = ("money_account_add", "Harbor Bank USD", "--holder", "bank", "--provider", "Harbor Bank")
    for more in ((), ("--if-missing",)):
        out = StringIO()
        call_command(*add, "--currency", "usd", "--zone", "UTC", *more, "--json", stdout=out)
        told.append(json.loads(out.getvalue()))
    assert [each["is_new"] for each in told] == [True, False]
    assert told[0]["id"] == told[1]["id"]
    account = MoneyAccount.objects.get(name="Harbor Bank USD")
    assert (account.holder, account.currency, account.zone) == ("bank", "USD", "UTC")
    with pytest.raises(CommandError, match="There is an account named"):
        call_command(*add)


def test_a_money_account_says_what_it_does_not_know() -> None:
    add = ("money_account_add", "Wallet", "--holder", "wallet", "--provider", "PingPong")
    for more, words in (
        (("--currency", "XYZ"), "XYZ is not a currency"),
        (("--zone", "Nowhere"), "Nowhere is not a time zone"),
        (("--company", "nobody"), "no company nobody"),
        (("--shop", "nothing"), "No shop is named nothing"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command(*add, *more)
