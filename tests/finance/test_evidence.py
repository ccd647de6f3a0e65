"""The evidence pack, opened again: what is in it, and that its hashes hold."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation
from psycopg2.extensions import cursor as Cursor

from ecomhub.access import SYSTEM
from ecomhub.models import StoredFile
from finance.closing import period_checks, periods
from finance.closing.period_checks import Weight
from finance.laws import LAWS
from finance.models import ExportJob, MoneyAccount, SourceFile
from orders.models import Order
from tests.finance.exporting import AT, make, pack, read_json, settle

pytestmark = pytest.mark.django_db(transaction=True)

MARCH = {"since": date(2026, 3, 1), "through": date(2026, 3, 31)}


@pytest.fixture
def made(account: MoneyAccount, order: Order, tmp_path: Path) -> ExportJob:
    """The pack of March, in which one settlement came; another one came in April."""
    settle(account, tmp_path)
    settle(account, tmp_path, number="9002", month=4)
    return make("evidence", "zip", **MARCH)


def test_every_file_has_the_hash_that_the_pack_says(made: ExportJob) -> None:
    archive = pack(made)
    assert archive.testzip() is None
    lines = [line.split("  ", 1) for line in archive.read("SHA256SUMS").decode().splitlines()]
    sums = {name: digest for digest, name in lines}
    assert set(sums) == set(archive.namelist()) - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    listed = {entry["path"]: entry for entry in read_json(archive, "manifest.json")["files"]}
    assert set(listed) == set(sums) - {"manifest.json"}
    assert all(len(archive.read(name)) == entry["size"] for name, entry in listed.items())


def test_documents_of_the_days_are_in_it_as_they_came(made: ExportJob, tmp_path: Path) -> None:
    archive = pack(made)
    [name] = [each for each in archive.namelist() if each.startswith("sources/")]
    assert archive.read(name) == (tmp_path / "9001.txt").read_bytes()
    assert SourceFile.objects.get(file__name="9001.txt").digest[:12] in name


def test_reports_are_those_of_the_manifest(made: ExportJob) -> None:
    archive = pack(made)
    manifest = read_json(archive, "manifest.json")
    assert {report["path"] for report in manifest["reports"]} == {
        f"reports/{kind}.{format}"
        for kind in ("reconciliation", "orders", "settlement_lines", "journal", "open_items")
        for format in ("csv", "xlsx")
    }
    detail = next(one for one in manifest["reports"] if one["path"] == "reports/settlement_lines.csv")
    assert (detail["rows"], detail["totals"]["amount"]) == (4, {"USD": "32.84"})
    lines = archive.read(detail["path"]).decode("utf-8-sig").splitlines()
    assert len(lines) == 5
    assert made.rows_total == sum(report["rows"] for report in manifest["reports"])


def test_checks_say_what_holds(made: ExportJob) -> None:
    archive = pack(made)
    laws = read_json(archive, "checks/laws.json")
    assert [law["id"] for law in laws] == [law.id for law in LAWS]
    checks = read_json(archive, "manifest.json")["checks"]
    assert checks["trial_balance_is_zero"] is True
    assert checks["laws_broken"] == [law["id"] for law in laws if law["violations"]]
    findings = {finding["key"]: finding for finding in read_json(archive, "checks/checklist.json")}
    assert findings["suspense"]["count"] == 1
    assert read_json(archive, "checks/periods.json") == []
    balance = archive.read("checks/trial_balance.csv").decode("utf-8-sig").splitlines()
    assert sum(Decimal(line.split(",")[3]) for line in balance[1:]) == 0


def test_a_close_is_told_in_the_language_of_the_pack_and_its_reasons_as_they_were_given(
    account: MoneyAccount, order: Order, tmp_path: Path
) -> None:
    settle(account, tmp_path)
    found = period_checks.look(book=account.book, through=MARCH["through"])
    accepted = {one.key: "The moon" for one in found if one.count and one.weight is Weight.ACCEPTABLE}
    with translation.override("zh-hans"):
        periods.close(book=account.book, through=MARCH["through"], at=AT, actor=SYSTEM, accepted=accepted)
    for language, title in (("en", "No line is unclassified"), ("zh-hans", "没有未分类的明细")):
        archive = pack(make("evidence", "zip", **MARCH, language=language))
        (act,) = read_json(archive, "checks/periods.json")
        for checks in (act["checks"], read_json(archive, "checks/checklist.json")):
            (check,) = (one for one in checks if one["key"] == "suspense")
            assert (check["title"], check.get("accepted", "The moon")) == (title, "The moon")


def test_broken_law_is_named_in_the_pack(
    account: MoneyAccount, order: Order, tmp_path: Path, owner: Cursor
) -> None:
    settle(account, tmp_path)
    owner.execute("ALTER TABLE finance_posting DISABLE TRIGGER USER")
    owner.execute(
        "UPDATE finance_posting SET amount = amount + 1, base_amount = base_amount + 1 "
        "WHERE id = (SELECT min(id) FROM finance_posting)"
    )
    owner.execute("ALTER TABLE finance_posting ENABLE TRIGGER USER")
    archive = pack(make("evidence", "zip", **MARCH))
    assert "I1" in read_json(archive, "manifest.json")["checks"]["laws_broken"]


def test_readme_is_there_in_both_languages_and_names_the_zone(made: ExportJob) -> None:
    archive = pack(made)
    for name in ("README.md", "README.zh-CN.md"):
        text = archive.read(name).decode()
        assert made.zone in text
        assert "sha256sum -c SHA256SUMS" in text


def test_pack_with_personal_documents_is_kept_sealed(
    account: MoneyAccount, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(account, tmp_path)
    sealed = make("evidence", "zip", **MARCH)
    assert sealed.file is not None
    expected = StoredFile.objects.filter(sealed=True, sourcefile__isnull=False).exists()
    assert sealed.file.sealed is expected
    assert pack(sealed).testzip() is None
