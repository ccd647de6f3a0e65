"""The rules of reconciliation and the opening orders in a browser: read, changed, and found by their tabs."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from ecomhub.models import User
from finance.models import MatchRule
from finance.statements import importing, money_accounts
from tests.browser import filled
from tests.browser.looking import DESKTOP, PHONE, complaints, log_in, look_over, person, sideways
from tests.finance.v2 import V2, price

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 4, 2, 12, tzinfo=UTC)
RULES, OPENING = "/finance/reconcile/rules/", "/finance/reconcile/opening/"


@pytest.fixture
def money(tmp_path: Path) -> None:
    """A seller whose books begin in the middle of March: what is older settles opening orders."""
    company = filled.fill(orders=3)
    account = money_accounts.of_channel(channel=company.account, at=AT)
    account.book.currency = "USD"
    account.book.save()
    account.live_on = (datetime(2026, 3, 5, tzinfo=UTC) + timedelta(days=10)).date()
    account.save()
    rows = [price("129.99", order=f"902-000000{number}") for number in range(3)]
    importing.take_in(account=account, path=V2(rows).write(tmp_path), at=AT)


def _shoot(page: Page, name: str) -> None:
    """Keep a picture for a person when a folder is named."""
    folder = os.environ.get("ECOMHUB_SHOTS_DIR", "")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_rules_and_opening_orders_are_readable_and_a_rule_is_changed_in_a_dialog(
    page: Page, live_server: LiveServer, money: None
) -> None:
    log_in(page=page, address=live_server.url, user=person(theme=User.Theme.LIGHT))
    look_over(page, live_server.url, RULES, OPENING)
    page.goto(f"{live_server.url}/finance/reconcile/")
    page.get_by_role("link", name="Opening orders").click()
    expect(page.locator("#reconcile")).to_contain_text("902-0000001")
    expect(page.locator("#reconcile")).to_contain_text("389.97")
    _shoot(page, "opening-orders")
    page.get_by_role("link", name="Rules", exact=True).click()
    rule = MatchRule.objects.get(key="payout_by_amount_less_fee")
    row = page.locator(f"#rule-{rule.pk}")
    expect(row).to_contain_text("20,000")
    _shoot(page, "rules")
    row.get_by_role("button", name="Change").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Cap per month").fill("5000")
    dialog.get_by_label("Reason").fill("Our wallet takes little")
    assert complaints(page, within="#dialog") == []
    _shoot(page, "rule")
    page.set_viewport_size(PHONE)
    assert sideways(page) == 0
    page.set_viewport_size(DESKTOP)
    dialog.get_by_role("button", name="Change the rule").click()
    expect(row).to_contain_text("5,000")
    row.get_by_role("button", name="Change").click()
    dialog.get_by_text("How it was changed").click()
    expect(dialog).to_contain_text("Our wallet takes little")
