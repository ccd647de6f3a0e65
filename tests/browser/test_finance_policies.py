"""A book's policy of rates in a browser: what cross rates say of themselves, the dialog that changes it."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from ecomhub.models import User
from finance.models import Book, Settlement
from finance.statements import importing, money_accounts
from tests.browser import filled
from tests.browser.looking import DESKTOP, PHONE, complaints, log_in, look_over, person, sideways
from tests.finance.making import make_rate
from tests.finance.v2 import V2, fee, price

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 4, 2, 12, tzinfo=UTC)


@pytest.fixture
def settlement(tmp_path: Path) -> Settlement:
    """A settlement in dollars in a book in yuan that nobody set up, with the euro's rates alone."""
    company = filled.fill(orders=3)
    account = money_accounts.of_channel(channel=company.account, at=AT)
    for currency, rate in (("USD", "1.25"), ("CNY", "9.00")):
        make_rate("EUR", currency, rate, on=date(2026, 3, 2))
    number = company.orders["shipped"].external_id
    rows = [price("129.99", order=number), fee("-19.50", order=number)]
    importing.take_in(account=account, path=V2(rows).write(tmp_path), at=AT)
    return Settlement.objects.get()


def _shoot(page: Page, name: str) -> None:
    """Keep a picture for a person when a folder is named."""
    folder = os.environ.get("ECOMHUB_SHOTS_DIR", "")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_a_settlement_booked_by_cross_rates_says_so_and_the_policy_is_changed_in_a_dialog(
    page: Page, live_server: LiveServer, settlement: Settlement
) -> None:
    log_in(page=page, address=live_server.url, user=person(theme=User.Theme.LIGHT))
    path = f"/finance/settlements/{settlement.pk}/"
    look_over(page, live_server.url, path, "/finance/rates/")
    page.goto(live_server.url + path)
    expect(page.get_by_text("cross rates")).to_be_visible()
    _shoot(page, "cross-rates")
    page.goto(f"{live_server.url}/finance/rates/")
    page.get_by_role("button", name="Change policy").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Rate of an amount").select_option(label="The rate of the month's first day")
    dialog.get_by_label("Source").select_option(label="Central parity of the renminbi (CFETS)")
    dialog.get_by_label("Days a rate may be old").fill("7")
    dialog.get_by_label("Rates through a third currency").uncheck()
    dialog.get_by_label("Reason").fill("The auditor asks for the central parity")
    assert complaints(page, within="#dialog") == []
    _shoot(page, "policy")
    page.set_viewport_size(PHONE)
    assert sideways(page) == 0
    page.set_viewport_size(DESKTOP)
    dialog.get_by_role("button", name="Change policy").click()
    expect(page.locator("#rates")).to_contain_text(
        "Central parity of the renminbi (CFETS), at most 7 days old"
    )
    page.get_by_role("button", name="Change policy").click()
    dialog.get_by_text("How it was changed").click()
    expect(dialog).to_contain_text("The auditor asks for the central parity")
    assert complaints(page, within="#dialog") == []
    _shoot(page, "policy-history")
    assert Book.objects.get().rate_policy == "month_first"
