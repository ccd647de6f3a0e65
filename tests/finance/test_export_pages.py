"""The page of exports: asking, following, fetching."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ecomhub import clock
from ecomhub.access import Role
from finance.exports import exporting
from finance.models import ExportJob, MoneyAccount
from orders.models import Order
from tests.api.calling import make_person
from tests.finance.exporting import settle

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person(account: MoneyAccount, order: Order, tmp_path: Path) -> Client:
    """Somebody of finance, with a settlement there."""
    settle(account, tmp_path)
    client = Client()
    client.force_login(make_person(Role.FINANCE))
    return client


def test_report_is_asked_for_followed_and_fetched(person: Client, account: MoneyAccount) -> None:
    page = reverse("finance:exports")
    wish = {"kind": "journal", "format": "csv", "book": account.book.legal_entity.code, "since": "2026-03-01"}
    assert person.post(page, wish).status_code == 302
    row = ExportJob.objects.get()
    assert "hx-trigger" in person.get(reverse("finance:exports-table")).content.decode()
    assert person.get(reverse("finance:export-file", args=[row.pk])).status_code == 404
    exporting.carry_out(export_id=row.pk, now=clock.now)
    shown = person.get(page).content.decode()
    assert reverse("finance:export-file", args=[row.pk]) in shown
    answer: Any = person.get(reverse("finance:export-file", args=[row.pk]))
    assert b"".join(answer.streaming_content).startswith(b"\xef\xbb\xbf")
    manifest = json.loads(person.get(reverse("finance:export-manifest", args=[row.pk])).content)
    assert manifest["filters"]["since"] == "2026-03-01"


def test_evidence_pack_without_days_says_what_is_missing(person: Client, account: MoneyAccount) -> None:
    wish = {"kind": "evidence", "format": "csv", "book": account.book.legal_entity.code}
    answer = person.post(reverse("finance:exports"), wish)
    assert answer.status_code == 200
    assert "needs both days" in answer.content.decode()
    assert not ExportJob.objects.exists()


def test_waiting_one_is_stopped_and_a_failed_one_tried_again(person: Client, account: MoneyAccount) -> None:
    wish = {"kind": "journal", "format": "xlsx", "book": account.book.legal_entity.code}
    person.post(reverse("finance:exports"), wish)
    row = ExportJob.objects.get()
    person.post(reverse("finance:export-cancel", args=[row.pk]))
    row.refresh_from_db()
    assert row.standing == ExportJob.Standing.CANCELED
    failed = ExportJob.objects.create(
        kind="journal", format="csv", asked_by="x", asked_at=clock.now(), state="quarantined"
    )
    assert (
        reverse("finance:export-again", args=[failed.pk])
        in person.get(reverse("finance:exports")).content.decode()
    )
    person.post(reverse("finance:export-again", args=[failed.pk]))
    failed.refresh_from_db()
    assert failed.standing == ExportJob.Standing.WAITING


def test_somebody_without_the_right_or_limited_to_shops_is_refused(account: MoneyAccount) -> None:
    for user in (make_person(Role.OPERATIONS), make_person(Role.FINANCE, shop_ids=[1])):
        client = Client()
        client.force_login(user)
        assert client.get(reverse("finance:exports")).status_code == 403
