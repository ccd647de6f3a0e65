"""An accountant's month in a real browser, in both languages: from a file to a locked period and proof."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from ecomhub import clock
from ecomhub.access import Role
from ecomhub.models import User
from finance.accounting import books
from finance.exports import exporting
from finance.models import (
    Book,
    ExportJob,
    MoneyAccount,
    MoneyException,
    PeriodAct,
    Settlement,
    SettlementLine,
)
from finance.reconciliation import explaining
from finance.statements import money_accounts, uploading
from orders.models import Order
from tests.browser import filled
from tests.browser.filled import Company
from tests.browser.looking import complaints, person
from tests.finance.v2 import V2, Row, fee, other, price

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 4, 2, 12, tzinfo=UTC)
THROUGH = "2026-03-31"
FIRST_OPEN = "2026-04-01"


@pytest.fixture
def company() -> Company:
    """A company with few orders, its book in dollars since the new year."""
    company = filled.fill(orders=6)
    book = money_accounts.of_channel(channel=company.account, at=AT).book
    Book.objects.filter(pk=book.pk).update(currency="USD", opens_on=date(2026, 1, 1))
    MoneyAccount.objects.update(live_on=date(2026, 1, 1))
    Order.objects.update(is_before_go_live=False)
    return company


@pytest.fixture(params=["en", "zh-hans"])
def accountant(request: pytest.FixtureRequest) -> User:
    """Jing, who keeps the books and is nobody's administrator."""
    return person(username="jing", role=Role.FINANCE, language=request.param, theme=User.Theme.LIGHT)


def _rows(company: Company) -> list[Row]:
    first, second = company.orders["shipped"].external_id, company.orders["plain"].external_id
    return [
        price("129.99", order=first),
        fee("-19.50", order=first),
        price("64.50", order=second, day=6),
        fee("-9.68", order=second, day=6),
        price("-64.50", order=second, day=9, kind="Refund"),
        other("-39.99", "Subscription Fee"),
        other("-7.25", "Moon Tax", day=8),
    ]


def _log_in(page: Page, address: str, user: User) -> None:
    page.goto(f"{address}/accounts/login/")
    page.locator("[name=login]").fill(user.username)
    page.locator("[name=password]").fill("correct horse battery")
    page.locator("form [type=submit]").last.click()
    page.wait_for_url(f"{address}/")


def _open(page: Page, address: str, path: str, user: User) -> None:
    page.goto(f"{address}/finance/{path}")
    expect(page.locator("html")).to_have_attribute("lang", user.language)


def _upload(page: Page, address: str, user: User, *files: Path) -> None:
    """Upload files of the platform's account; the worker's part is done here."""
    _open(page, address, "import/", user)
    account = MoneyAccount.objects.get(provider="amazon")
    chosen = page.locator(f"select[name=account] option[value$='{account.pk}']").first
    page.locator("select[name=account]").first.select_option(chosen.get_attribute("value"))
    page.locator("input[type=file]").set_input_files(list(files))
    with page.expect_navigation():
        page.locator("main form:has(input[type=file]) button.btn-primary").click()
    for waiting in uploading.due_imports():
        uploading.carry_out(import_id=waiting, now=clock.now)
    explaining.take_turn(at=clock.now(), sweeps=True)


def _figures(text: str) -> list[str]:
    return re.findall(r"-?[\d,]+\.\d\d", text.replace("−", "-"))


def _save(page: Page, link: Locator, folder: Path) -> Path:
    with page.expect_download() as waiting:
        link.click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def _export(page: Page, address: str, user: User, kind: str, format_: str, folder: Path) -> tuple[Path, Any]:
    """Ask for a report of March on the page, let the worker make it, fetch file and manifest."""
    _open(page, address, "exports/", user)
    form = page.locator("main form:has(select[name=kind])")
    form.locator("select[name=kind]").select_option(kind)
    if format_ != "zip":
        form.locator("select[name=format]").select_option(format_)
    form.locator("input[name=since]").fill("2026-03-01")
    form.locator("input[name=through]").fill(THROUGH)
    form.locator("button.btn-primary").click()
    expect(page.locator("#exports tbody tr")).not_to_have_count(0)
    row = ExportJob.objects.latest("pk")
    assert exporting.carry_out(export_id=row.pk, now=clock.now) == ExportJob.Standing.READY
    shown = page.locator(f"#export-{row.pk}")
    expect(shown.locator(f"a[href$='/{row.pk}/file/']")).to_be_visible()
    file = _save(page, shown.locator(f"a[href$='/{row.pk}/file/']"), folder)
    manifest = _save(page, shown.locator(f"a[href$='/{row.pk}/manifest/']"), folder)
    return file, json.loads(manifest.read_text())


def _csv_rows(content: bytes, columns: Sequence[str]) -> list[dict[str, str]]:
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return [dict(zip(columns, line, strict=True)) for line in lines[1:]]


def test_from_a_file_to_a_locked_month_and_its_proof(
    page: Page, live_server: LiveServer, company: Company, accountant: User, tmp_path: Path
) -> None:
    address, user = live_server.url, accountant
    _log_in(page, address, user)
    document = V2(_rows(company)).write(tmp_path)
    _upload(page, address, user, document)
    settlement = Settlement.objects.get(external_id="9001")

    _open(page, address, "", user)
    row = page.locator(f"#settlement-{settlement.pk}")
    assert _figures(row.inner_text()) == ["53.57", "-7.25"]
    row.locator("a[data-open]").click()
    assert _figures(page.locator(".chain").first.inner_text()) == ["53.57", "53.57", "0.00", "-7.25"]
    assert complaints(page) == []

    _classify(page, address, user)
    _open(page, address, f"settlements/{settlement.pk}/", user)
    assert _figures(page.locator(".chain").first.inner_text()) == ["53.57", "53.57", "0.00", "0.00"]

    _reconcile(page, address, user, company)
    _close(page, address, user)
    _bring_a_late_fact(page, address, user, company, tmp_path)
    _fetch_the_report(page, address, user, tmp_path)
    _fetch_the_pack(page, address, user, tmp_path, document)


def _classify(page: Page, address: str, user: User) -> None:
    _open(page, address, "suspense/", user)
    card = page.locator("section.card").filter(has_text="Moon Tax")
    expect(card).to_contain_text("7.25")
    card.locator("button[hx-get]").first.click()
    dialog = page.locator("#dialog")
    dialog.locator("[name=account]").select_option("5290")
    dialog.locator("[name=reason]").fill("月球收取 The moon charges it")
    dialog.locator("button[name=show]").click()
    expect(dialog.locator("button[name=save]")).to_be_visible()
    expect(dialog).to_contain_text("1900")
    assert complaints(page, within="#dialog") == []
    dialog.locator("button[name=save]").click()
    expect(page.get_by_text("Moon Tax")).to_have_count(0)


def _reconcile(page: Page, address: str, user: User, company: Company) -> None:
    order = company.orders["shipped"]
    _open(page, address, f"reconcile/?q={order.external_id}", user)
    shown = page.locator(f"#money-{order.pk}")
    ours, settled, difference, _left = _figures(shown.inner_text())
    assert Decimal(settled) == Decimal("110.49")
    assert Decimal(settled.replace(",", "")) - Decimal(ours.replace(",", "")) == Decimal(difference)
    assert complaints(page) == []
    _open(page, address, "exceptions/", user)
    exception = MoneyException.objects.filter(state="open", order=order).order_by("pk")[0]
    page.locator(f"#exception-{exception.pk} [data-select]").check()
    page.locator("[data-bulk] button[name=action], [data-bulk] button").last.click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text(order.external_id)
    dialog.locator("[name=reason]").fill("平台已承认 The platform admits it")
    dialog.locator("button[name=save]").click()
    expect(page.locator(f"#exception-{exception.pk}")).to_have_count(0)
    exception.refresh_from_db()
    assert (exception.state, exception.closed_by) == ("accepted", "jing")
    _open(page, address, "exceptions/?state=accepted", user)
    expect(page.locator(f"#exception-{exception.pk}")).to_contain_text("The platform admits it")


def _close(page: Page, address: str, user: User) -> None:
    _open(page, address, f"close/?through={THROUGH}", user)
    checks = page.locator("#checklist .check-line")
    expect(checks).not_to_have_count(0)
    for field in page.locator("#checklist input[name^=accept_]").all():
        field.fill("四月再问 Asked again in April")
    assert complaints(page) == []
    page.locator("#checklist button.btn-primary").click()
    expect(page.locator(".story")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text(THROUGH)
    book = Book.objects.get()
    assert (str(book.locked_through), PeriodAct.objects.get().actor) == (THROUGH, "jing")
    # Opening a closed month again is the owner's act alone.
    assert page.locator("[hx-get*='close/reopen']").count() == 0


def _bring_a_late_fact(page: Page, address: str, user: User, company: Company, folder: Path) -> None:
    order = company.orders["plain"].external_id
    late = V2(
        [price("20.00", order=order, day=30), fee("-3.00", order=order, day=30)], number="9002", first=15
    )
    _upload(page, address, user, late.write(folder))
    settlement = Settlement.objects.get(external_id="9002")
    assert settlement.state == "posted"
    lines = SettlementLine.objects.filter(settlement=settlement)
    assert {str(line.effective_on) for line in lines} == {"2026-03-30"}
    assert str(books.open_day(book=Book.objects.get(), day=date(2026, 3, 30))) == FIRST_OPEN
    _open(page, address, f"settlements/{settlement.pk}/", user)
    journals = page.locator("section[aria-labelledby=journals-title] a.ref")
    assert {link.inner_text() for link in journals.all()} == {FIRST_OPEN}
    assert Decimal(_figures(page.locator(".chain").first.inner_text())[0]) == Decimal("17.00")


def _fetch_the_report(page: Page, address: str, user: User, folder: Path) -> None:
    """The reconciliation report as CSV and as a workbook says what the pages say."""
    _open(page, address, "?month=2026-03", user)
    shown = {
        link.inner_text(): Decimal(_figures(row.inner_text())[0])
        for row in page.locator("#settlements-rows tr").all()
        for link in row.locator("a[data-open]").all()
    }
    file, manifest = _export(page, address, user, "reconciliation", "csv", folder)
    content = file.read_bytes()
    assert hashlib.sha256(content).hexdigest() == manifest["sha256"]
    rows = _csv_rows(content, manifest["columns"])
    assert {row["settlement"]: Decimal(row["stated"]) for row in rows} == shown
    assert sum(shown.values()) == Decimal(manifest["totals"]["stated"]["USD"])
    assert all(Decimal(row["difference"]) == 0 for row in rows)
    assert len(rows) == manifest["rows"] == 2
    assert manifest["time_zone"]

    file, manifest = _export(page, address, user, "reconciliation", "xlsx", folder)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == manifest["sha256"]
    tables = [list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(file).worksheets]
    [table] = [each for each in tables if any("9001" in line for line in each)]
    start = next(place for place, line in enumerate(table) if "9001" in line)
    places = {key: place for place, key in enumerate(manifest["columns"])}
    found = {
        line[places["settlement"]]: Decimal(str(line[places["stated"]])).quantize(Decimal("0.01"))
        for line in table[start:]
        if line[places["settlement"]] in shown
    }
    assert found == shown
    headings = "".join(str(cell) for cell in table[start - 1])
    assert bool(re.search(r"[\u4e00-\u9fff]", headings)) == (user.language == "zh-hans")


def _fetch_the_pack(page: Page, address: str, user: User, folder: Path, document: Path) -> None:
    """Everything in the evidence pack has the hash it says, and its sums are those of the books."""
    file, shown = _export(page, address, user, "evidence", "zip", folder)
    assert hashlib.sha256(file.read_bytes()).hexdigest() == shown["sha256"]
    archive = zipfile.ZipFile(file)
    assert archive.testzip() is None
    sums = dict(line.split("  ", 1)[::-1] for line in archive.read("SHA256SUMS").decode().splitlines())
    assert set(sums) == set(archive.namelist()) - {"SHA256SUMS"}
    assert all(hashlib.sha256(archive.read(name)).hexdigest() == digest for name, digest in sums.items())
    assert any(archive.read(name) == document.read_bytes() for name in sums if name.startswith("sources/"))
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["checks"]["trial_balance_is_zero"] is True
    assert manifest["checks"]["checklist"]["suspense"] == 0
    periods = json.loads(archive.read("checks/periods.json"))
    assert [(act["kind"], act["through"], act["actor"]) for act in periods] == [("close", THROUGH, "jing")]
    balance = list(csv.reader(io.StringIO(archive.read("checks/trial_balance.csv").decode("utf-8-sig"))))[1:]
    held = {line[0]: Decimal(line[3]) for line in balance}
    assert sum(held.values()) == 0
    assert held["1900"] == 0
    assert held["5290"] == Decimal("7.25")
    _open(page, address, f"ledger/?book={Book.objects.get().pk}&through={THROUGH}", user)
    expect(page.locator("main")).to_contain_text("5290")
    said = page.locator("tr").filter(has_text="5290").first.inner_text()
    assert "7.25" in _figures(said)
