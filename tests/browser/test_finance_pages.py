"""The finance pages in a browser: from a file to a locked period, down to the row, in light and dark."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from ecomhub.models import User
from finance.models import Book, MoneyAccount, MoneyException, Payout, Settlement, SettlementLine
from finance.reconciliation import explaining, reconciling
from finance.statements import importing, money_accounts, remembering, uploading
from orders.models import Order
from tests.browser import filled
from tests.browser.filled import Company
from tests.browser.looking import DESKTOP, PHONE, complaints, log_in, look_over, person, sideways
from tests.finance.making import make_rate
from tests.finance.receiving import bank, pay
from tests.finance.v2 import V2, Row, fee, other, price

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 4, 2, 12, tzinfo=UTC)


@pytest.fixture
def company() -> Company:
    """A company with few orders, its book in dollars."""
    company = filled.fill(orders=6)
    book = money_accounts.of_channel(channel=company.account, at=AT).book
    Book.objects.filter(pk=book.pk).update(currency="USD", opens_on=date(2026, 1, 1))
    MoneyAccount.objects.update(live_on=date(2026, 1, 1))
    Order.objects.update(is_before_go_live=False)
    return company


@pytest.fixture
def mei(page: Page, live_server: LiveServer) -> User:
    """Mei, the owner, logged in."""
    user = person(theme=User.Theme.LIGHT)
    log_in(page=page, address=live_server.url, user=user)
    return user


def _work_off() -> None:
    """What the clockwork does with uploads."""
    for pk in uploading.due_imports():
        uploading.carry_out(import_id=pk, now=lambda: AT)


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
        other("-12.00", "Current Reserve Amount"),
    ]


@pytest.fixture
def posted(company: Company, tmp_path: Path) -> Settlement:
    """A posted settlement, a staged one, one that ends below zero; rates and exceptions."""
    account = MoneyAccount.objects.get(channel=company.account)
    shipped = company.orders["shipped"].external_id
    files = [
        V2(_rows(company)),
        V2([price("50.00", order=shipped)], number="9002", total="48.00", month=2),
        V2([other("-39.99", "Subscription Fee")], number="9003", month=1),
    ]
    for file in files:
        importing.take_in(account=account, path=file.write(tmp_path), at=AT)
    make_rate("EUR", "USD", "1.0842", on=date(2026, 3, 2))
    make_rate("USD", "JPY", "149.12", on=date(2026, 3, 2), source="platform")
    explaining.take_turn(at=datetime(2026, 11, 22, tzinfo=UTC), sweeps=True)
    return Settlement.objects.get(external_id="9001")


@pytest.fixture
def payout(company: Company, posted: Settlement, tmp_path: Path) -> Payout:
    """One payout that arrived, less a fee, and one that waits with receipts it may be."""
    account = MoneyAccount.objects.get(channel=company.account)
    found = pay(account, tmp_path, "80.00", number="9010")
    waiting = pay(account, tmp_path, "250.00", number="9011")
    icbc = bank(account, tmp_path, name="ICBC Shenzhen")
    icbc.says("79.20", note="AMAZON PAYMENTS EUROPE 9010")
    icbc.says("120.00", day=17, note="first half")
    icbc.says("127.50", day=18, note="second half")
    icbc.send()
    reconciling.match_payouts(at=AT)
    found.refresh_from_db()
    assert found.state == "arrived"
    return waiting


def _shoot(page: Page, name: str) -> None:
    """Keep a picture for a person when a folder is named."""
    folder = os.environ.get("ECOMHUB_SHOTS_DIR", "")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_pages_are_readable_in_light_and_dark_on_desktop_and_phone_in_both_languages(
    page: Page,
    live_server: LiveServer,
    company: Company,
    mei: User,
    posted: Settlement,
    payout: Payout,
) -> None:
    paths = (
        "/finance/",
        f"/finance/settlements/{posted.pk}/",
        f"/finance/settlements/{posted.pk}/orders/",
        "/finance/import/",
        "/finance/suspense/",
        "/finance/ledger/",
        "/finance/ledger/accounts/1105/",
        f"/finance/ledger/entries/{_entry(posted)}/",
        "/finance/rates/",
        "/finance/close/?through=2026-03-31",
        "/finance/reconcile/",
        "/finance/exceptions/",
        "/finance/payouts/",
        f"/finance/payouts/{payout.pk}/",
        f"/finance/payouts/{_arrived().pk}/",
        f"/finance/payouts/{payout.pk}/match/",
        f"/finance/payouts/{payout.pk}/match/?{_receipts()}",
        f"/orders/{company.orders['shipped'].pk}/",
    )
    look_over(page, live_server.url, *paths)
    if os.environ.get("ECOMHUB_SHOTS_DIR"):
        for theme, language in (("light", "en"), ("dark", "zh-hans")):
            User.objects.update(theme=theme, language=language)
            for screen, size in (("desktop", DESKTOP), ("phone", PHONE)):
                page.set_viewport_size(size)
                for path in paths:
                    page.goto(live_server.url + path)
                    expect(page.locator(".placeholder-glow:visible")).to_have_count(0)
                    name = re.sub(r"\W+", "-", path.split("?")[0]).strip("-")
                    _shoot(page, f"{name}-{screen}-{theme}")


def _arrived() -> Payout:
    return Payout.objects.get(reference="9010")


def _receipts() -> str:
    notes = ("first half", "second half")
    rows = SettlementLine.objects.filter(note__in=notes).order_by("pk").values_list("pk", flat=True)
    return "&".join(f"line={pk}" for pk in rows)


SHEET = (
    "Wann;Was;Rein;Raus;Stand;Bestellung\n"
    "02/03/2026;Verkauf an einen Kunden mit einem sehr langen Namen;1.000,00;;1.500,00;902-0000001\n"
    "14/03/2026;Spesen;;12,50;1.487,50;\n"
)


def test_pages_of_imports_layouts_and_decisions_are_readable_everywhere(
    page: Page, live_server: LiveServer, company: Company, mei: User, posted: Settlement, tmp_path: Path
) -> None:
    account = MoneyAccount.objects.get(channel=company.account)
    sheet = tmp_path / "a-bank-export-with-quite-a-long-name-2026-03-01-2026-03-31.csv"
    sheet.write_text(SHEET)
    job = uploading.upload(account=account, path=sheet, name=sheet.name, at=AT, actor="mei")
    letter = V2([price("77.00")], number="9004", total="78.00").write(tmp_path)
    uploading.upload(account=account, path=letter, name=letter.name, at=AT, actor="mei")
    _work_off()
    waiting = V2([price("5.00")], number="9005").write(tmp_path)
    uploading.upload(account=account, path=waiting, name=waiting.name, at=AT, actor="mei")
    layout = remembering.save(account=account, name="Corner", layout=LAYOUT, at=AT, actor="mei")
    paths = (
        "/finance/import/",
        "/finance/layouts/",
        f"/finance/layouts/edit/?file={job.document_id}",
        f"/finance/layouts/edit/?layout={layout.pk}&file={job.document_id}",
        f"/finance/files/{job.document_id}/",
        f"/finance/settlements/{Settlement.objects.get(external_id='9004').pk}/",
    )
    look_over(page, live_server.url, *paths)


LAYOUT = {
    "columns": {"date": ["Wann"], "type": ["Was"], "credit": ["Rein"], "debit": ["Raus"]},
    "currency": "USD",
}


def test_an_unknown_sheet_is_mapped_and_a_document_that_does_not_agree_is_accepted(
    page: Page, live_server: LiveServer, company: Company, mei: User, tmp_path: Path
) -> None:
    account = MoneyAccount.objects.get(channel=company.account)
    sheet = tmp_path / "export.csv"
    sheet.write_text(SHEET)
    short = V2([price("50.00")], number="9002", total="48.00").write(tmp_path)
    for path in (sheet, short):
        uploading.upload(account=account, path=path, name=path.name, at=AT, actor="mei")
    _work_off()
    page.goto(f"{live_server.url}/finance/import/")
    page.get_by_role("link", name="Say what it is").click()
    expect(page.get_by_label("It is", exact=True)).to_be_visible()
    page.get_by_role("link", name="Map its columns").click()
    page.get_by_label("Name of the layout").fill("Corner bank")
    for label, column in (
        ("Date", "Wann"),
        ("Money in", "Rein"),
        ("Money out", "Raus"),
        ("Type of movement", "Was"),
        ("Order number", "Bestellung"),
    ):
        page.get_by_label(re.compile(f"^{label}( \\(optional\\))?$")).select_option(column)
    page.get_by_label("Currency of all rows").fill("USD")
    page.get_by_role("button", name="Show what would be read").click()
    expect(page.locator("section").filter(has_text="What would be read").first).to_contain_text("987.50")
    assert complaints(page) == []
    _shoot(page, "layout-trial")
    page.set_viewport_size(PHONE)
    assert sideways(page) == 0
    page.set_viewport_size(DESKTOP)
    page.get_by_role("button", name="Remember it and read the document").click()
    expect(page.get_by_text("It begins in a moment")).to_be_visible()
    _work_off()
    expect(page.locator("article.taken").first).to_contain_text("Posted", timeout=15_000)
    page.goto(f"{live_server.url}/finance/import/")
    page.get_by_role("button", name="Decide").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("-2.00")
    dialog.get_by_label("Accept it").check()
    dialog.get_by_label("Reason").fill("The platform rounds")
    assert complaints(page, within="#dialog") == []
    _shoot(page, "decide")
    dialog.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("It begins in a moment")).to_be_visible()
    _work_off()
    expect(page.get_by_text("A person accepted it").first).to_be_visible(timeout=15_000)
    accepted = Settlement.objects.get(external_id="9002")
    assert (accepted.state, accepted.accepted_reason) == ("posted", "The platform rounds")


def _entry(settlement: Settlement) -> int:
    posting = settlement.postings.order_by("pk").first()
    assert posting is not None
    return posting.journal_id


def test_a_settlement_opens_down_to_the_row_of_its_file(
    page: Page, live_server: LiveServer, company: Company, mei: User, posted: Settlement
) -> None:
    page.goto(f"{live_server.url}/finance/")
    expect(page.locator("#settlements-rows [data-row]")).to_have_count(3)
    page.get_by_role("link", name="9001").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("9001")
    expect(page.locator(".chain").first).to_contain_text("41.57")
    drill = page.locator(".drill")
    drill.locator("summary").filter(has_text="Referral commission").click()
    drill.locator("summary").filter(has_text=re.compile("ItemFees / Commission")).click()
    order = company.orders["shipped"].external_id
    drill.locator("summary").filter(has_text=order).click()
    expect(drill.get_by_role("cell", name="-19.50")).to_be_visible()
    assert complaints(page) == []
    drill.get_by_role("button", name="Row of the file").first.click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("As it stands in the file")
    expect(dialog).to_contain_text("amount-description")
    expect(dialog).to_contain_text("5200")
    assert complaints(page, within="#dialog") == []
    _shoot(page, "line-dialog")
    page.set_viewport_size(PHONE)
    assert sideways(page) == 0
    page.set_viewport_size(DESKTOP)


def test_the_way_from_a_file_over_suspense_to_a_locked_period(
    page: Page, live_server: LiveServer, company: Company, mei: User, tmp_path: Path
) -> None:
    page.goto(f"{live_server.url}/finance/import/")
    good = V2(_rows(company)).write(tmp_path)
    short = V2([price("50.00")], number="9002", total="48.00", month=2).write(tmp_path)
    bad = tmp_path / "letter.txt"
    bad.write_text("Dear finance, hello.")
    page.get_by_label("Account").select_option(label="Nordlicht Home · Platform")
    page.locator("input[type=file]").set_input_files([good, short, bad])
    expect(page.get_by_text("9001.txt, 9002.txt, letter.txt")).to_be_visible()
    page.get_by_role("button", name="Take them in").click()
    expect(page.get_by_text("It begins in a moment")).to_have_count(3)
    assert complaints(page) == []
    _work_off()
    expect(page.locator("article.taken")).to_have_count(3, timeout=15_000)
    expect(page.locator("article.taken").nth(2)).to_contain_text("Posted")
    expect(page.locator("article.taken").nth(1)).to_contain_text("do not add up")
    expect(page.locator("article.taken").nth(0)).to_contain_text("Refused")
    expect(page.locator("#imports-live[hx-get]")).to_have_count(0)
    assert complaints(page) == []
    _shoot(page, "imported")
    page.get_by_role("link", name="Suspense").click()
    card = page.locator("section.card").filter(has_text="Moon Tax")
    expect(card).to_contain_text("-7.25")
    card.get_by_role("button", name="Classify").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Account of the plan").select_option("5290")
    dialog.get_by_label("Reason").fill("The moon charges it")
    dialog.get_by_role("button", name="Show what would move").click()
    expect(dialog).to_contain_text("1900 Unclassified lines")
    expect(dialog).to_contain_text("5290 Other platform fees")
    assert complaints(page, within="#dialog") == []
    _shoot(page, "map-type")
    dialog.get_by_role("button", name="Book it so").click()
    expect(page.get_by_text("Every line is classified")).to_be_visible()
    reissued = V2([price("50.00"), fee("-2.00")], number="9002", month=2).write(tmp_path, "9002-again.txt")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("Account").select_option(label="Nordlicht Home · Platform")
    page.locator("input[type=file]").set_input_files(reissued)
    page.get_by_role("button", name="Take them in").click()
    expect(page.get_by_text("It begins in a moment")).to_have_count(1)
    _work_off()
    expect(page.locator("article.taken").first).to_contain_text("Posted", timeout=15_000)
    page.get_by_role("link", name="Close", exact=True).click()
    page.get_by_label("Through").fill("2026-03-31")
    page.get_by_role("button", name="Look", exact=True).click()
    lock = page.get_by_role("button", name="Close through 2026-03-31")
    expect(page.locator("#checklist")).to_contain_text("No line is unclassified")
    expect(page.locator("#checklist")).not_to_contain_text("in the way")
    for field in page.get_by_label("Accept with a reason").all():
        field.fill("Seller central answers in April")
    assert complaints(page) == []
    _shoot(page, "checklist")
    lock.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("closed through 2026-03-31")
    assert str(Book.objects.get().locked_through) == "2026-03-31"
    page.get_by_role("button", name="Open again").click()
    page.locator("#dialog").get_by_label("Reason").fill("A file came late")
    assert complaints(page, within="#dialog") == []
    page.locator("#dialog").get_by_role("button", name="Open again").click()
    expect(page.locator(".story")).to_contain_text("A file came late")
    assert Book.objects.get().locked_through is None


def test_exceptions_are_accepted_together(
    page: Page, live_server: LiveServer, company: Company, mei: User, posted: Settlement
) -> None:
    page.goto(f"{live_server.url}/finance/exceptions/")
    rows = page.locator("#exceptions-rows [data-row]")
    expect(rows.first).to_be_visible()
    before = MoneyException.objects.filter(state="open").count()
    rows.first.get_by_role("button", name="Note").click()
    page.locator("#dialog").get_by_label("Note").fill("Asked the platform")
    page.locator("#dialog").get_by_role("button", name="Save").click()
    expect(rows.first).to_contain_text("Asked the platform")
    page.get_by_label("Select all exceptions of this page").check()
    page.get_by_role("button", name="Accept with a reason").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Reason").fill("Small, and the platform admits it")
    assert complaints(page, within="#dialog") == []
    dialog.get_by_role("button", name="Accept", exact=True).click()
    expect(page.get_by_text("Nothing here")).to_be_visible()
    assert before
    assert not MoneyException.objects.filter(state="open").exists()


def test_a_rate_is_typed_and_a_wallet_added_in_dialogs(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/finance/rates/")
    page.get_by_role("button", name="Type a rate").click()
    dialog = page.locator("#dialog")
    expect(dialog.get_by_label("So many")).to_have_value("1")
    dialog.get_by_label("of", exact=True).fill("USD")
    dialog.get_by_label("cost").fill("7.1203")
    dialog.get_by_label("in", exact=True).fill("CNY")
    dialog.get_by_label("On", exact=True).fill("2026-03-01")
    dialog.get_by_label("Reason").fill("Month's rate")
    assert complaints(page, within="#dialog") == []
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#rates")).to_contain_text("7.1203")
    page.goto(f"{live_server.url}/finance/import/")
    page.get_by_role("button", name="Add an account").click()
    dialog.get_by_label("Name").fill("PingPong")
    dialog.get_by_label("Provider").fill("pingpong")
    assert complaints(page, within="#dialog") == []
    _shoot(page, "add-account")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("select[name=account] option:checked")).to_contain_text("PingPong")
    assert MoneyAccount.objects.get(name="PingPong").settlements.count() == Decimal(0)
