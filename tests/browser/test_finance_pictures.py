"""The guide's pictures: the invented market's money on the finance pages, in both languages.

``ECOMHUB_SHOTS_DIR=docs/images`` writes them. The test itself holds that the pages they show are full,
readable, and small enough to be looked at in a text.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from channels.models import ChannelAccount, Pull, ThrottleBucket
from ecomhub import clock, work
from ecomhub.access import SYSTEM
from ecomhub.models import User
from finance.accounting import rates
from finance.closing import period_checks, periods
from finance.exports import exporting
from finance.models import Book, ExportJob, Settlement
from finance.reconciliation import explaining
from finance.statements import money_accounts, pulling
from orders import pulling as order_pulling
from tests.browser.looking import complaints, log_in, person
from tests.channels.making import pull_of
from tests.finance.test_pulling import connect
from tests.sandbox.money_calling import lived, ship, switch
from tests.sandbox_fixture import START, Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

SCREEN: ViewportSize = {"width": 1240, "height": 760}
MOST = 200 * 1024
DAYS = 30
LAST = START + timedelta(days=DAYS)
_PER_EURO = {
    "USD": "1.08", "JPY": "163.5", "GBP": "0.85", "CAD": "1.48", "AUD": "1.63", "SEK": "11.3", "PLN": "4.3",
    "MXN": "19.8", "INR": "96.1", "SGD": "1.45", "CNY": "7.83", "BRL": "6.1", "TRY": "37.2", "AED": "3.97",
    "SAR": "4.05", "EGP": "54.8", "ZAR": "19.7",
}  # fmt: skip


@pytest.fixture
def world(sandbox: Sandbox, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    """Two months of the market's busiest seller, connected, pulled and explained."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    settings.ECOMHUB_FILES_DIR = str(tmp_path)
    _rates()
    lived(sandbox, "busy", days=34, orders=5, plain=True)
    account = connect(sandbox, "busy")
    book = money_accounts.of_channel(channel=account, at=START).book
    Book.objects.filter(pk=book.pk).update(rate_source="ecb", rate_days=31, allows_cross_rates=True)
    for step, moment in enumerate(START + timedelta(days=days) for days in range(0, DAYS + 1, 3)):
        if step == 2:
            switch(sandbox, "busy", "unknown_type", "reserve")
        if step:
            ship(sandbox, "busy")
            sandbox.set_clock(moment)
        _pull(account, moment)
    monkeypatch.setattr(clock, "now", lambda: LAST)
    while not explaining.take_turn(at=LAST, sweeps=True).is_through:
        pass
    book.refresh_from_db()
    return book


def _rates() -> None:
    lines = [",".join(("Date", *_PER_EURO))]
    lines += [
        ",".join((f"{START + timedelta(days=day):%Y-%m-%d}", *_PER_EURO.values()))
        for day in range(-90, 40, 7)
    ]
    rates.import_rates(data="\n".join(lines).encode(), name="eurofxref.csv", source="ecb")


_STREAMS = (
    ("orders_history", order_pulling.pull_orders),
    ("orders", order_pulling.pull_orders),
    ("statements", pulling.pull_statements),
)


def _pull(account: ChannelAccount, moment: datetime) -> None:
    for stream, pull in _STREAMS:
        for _ in range(100):
            ThrottleBucket.objects.filter(account=account).update(burst=1e6, tokens=1e6)
            row = pull_of(account, stream)
            work.ring(model=Pull, pks=[row.pk])
            wait = pull(pull_id=row.pk, now=lambda: moment, turn=600)
            if wait is None or wait.total_seconds() > 1:
                break


def _reports(book: Book) -> None:
    """A closed month, its reports and its pack."""
    through = (START - timedelta(days=1)).date()
    found = period_checks.look(book=book, through=through)
    accepted = {
        one.key: "Seen with the accountant" for one in found if one.weight == "acceptable" and one.count
    }
    periods.close(book=book, through=through, accepted=accepted, at=LAST, actor=SYSTEM)
    for kind, format_ in (("reconciliation", "xlsx"), ("open_items", "csv"), ("evidence", "zip")):
        row = exporting.ask(
            kind=kind,
            format=format_,
            parameters={"since": through.replace(day=1), "through": through, "book": book.legal_entity.code},
            actor=SYSTEM,
            at=LAST,
        )
        assert exporting.carry_out(export_id=row.pk, now=clock.now) == ExportJob.Standing.READY


def test_the_pages_of_the_guide_are_full_and_small(page: Page, live_server: LiveServer, world: Book) -> None:
    _reports(world)
    user = person(theme=User.Theme.LIGHT)
    log_in(page=page, address=live_server.url, user=user)
    page.set_viewport_size(SCREEN)
    settlement = Settlement.objects.filter(state="posted", total__gt=Decimal(50)).order_by("-line_count")[0]
    places = {
        "settlements": ("/finance/", "#settlements-rows tr"),
        "settlement": (f"/finance/settlements/{settlement.pk}/", ".table-way tr"),
        "suspense": ("/finance/suspense/", "section.card"),
        "reconcile": ("/finance/reconcile/?state=waiting", "#reconcile tbody tr"),
        "deferred": ("/finance/deferred/", "#deferred tbody tr"),
        "close": (f"/finance/close/?through={LAST:%Y-%m-%d}", "#checklist .check-line"),
        "exports": ("/finance/exports/", "#exports tbody tr"),
    }
    for language, short in (("en", "en"), ("zh-hans", "zh")):
        User.objects.update(language=language)
        for name, (path, filled) in places.items():
            page.goto(live_server.url + path)
            expect(page.locator("html")).to_have_attribute("lang", language)
            expect(page.locator(filled)).not_to_have_count(0)
            expect(page.locator(".placeholder-glow")).to_have_count(0)
            assert complaints(page) == [], name
            picture = page.screenshot(animations="disabled")
            assert len(picture) <= MOST, (name, len(picture))
            folder = os.environ.get("ECOMHUB_SHOTS_DIR", "")
            if folder:
                (Path(folder) / f"finance-{name}-{short}.png").write_bytes(picture)
