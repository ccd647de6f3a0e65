"""Fees and opening balances come by sheet from people of finance, and nobody's stock does."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from ecomhub.access import Role
from finance.models import Tariff
from inventory import imports, tasks
from inventory.models import SheetImport
from tests.browser.looking import logged_in, person
from tests.finance.settling import AT

pytestmark = pytest.mark.django_db(transaction=True)
TARIFF = (
    "platform,marketplace,category,fee,percent,base,fixed,minimum,currency,valid_from\n"
    "amazon,*,*,Commission,15,charges,0,0.30,USD,2026-01-01\n"
)


def _kinds(client: Client) -> set[str]:
    answer = client.get(reverse("inventory:imports"))
    assert answer.status_code == 200
    return {kind for kind, _title in answer.context["form"].fields["kind"].choices}


@pytest.fixture
def lan(transactional_db: None) -> Client:
    """Lan, of finance."""
    return logged_in(person(username="lan", role=Role.FINANCE))


def test_each_role_is_offered_the_sheets_of_its_own_work(lan: Client) -> None:
    ben = logged_in(person(username="ben", role=Role.OPERATIONS))
    assert _kinds(lan) == {"tariff", "opening"}
    assert {"skus", "stock"} <= _kinds(ben)
    assert not {"tariff", "opening"} & _kinds(ben)
    kit = logged_in(person(username="kit", role=Role.PICKER))
    assert kit.get(reverse("inventory:imports")).status_code == 403


def test_finance_takes_a_sheet_of_fees_in(lan: Client) -> None:
    sheet = SimpleUploadedFile("fees.csv", TARIFF.encode())
    answer = lan.post(reverse("inventory:imports"), {"kind": "tariff", "file": sheet})
    row = SheetImport.objects.get()
    assert answer.headers["Location"] == reverse("inventory:import", args=[row.pk])
    assert lan.post(reverse("inventory:import-apply", args=[row.pk])).status_code == 302
    tasks.apply_import(row.pk)
    assert Tariff.objects.filter(platform="amazon", fee="Commission", actor__startswith="lan").exists()


def test_finance_can_neither_bring_nor_open_a_sheet_of_products(lan: Client) -> None:
    sheet = SimpleUploadedFile("skus.csv", b"sku,title\nA,Mug\n")
    answer = lan.post(reverse("inventory:imports"), {"kind": "skus", "file": sheet})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    other = imports.upload(kind="skus", name="skus.csv", data=b"sku,title\nA,Mug\n", at=AT, actor="ben")
    assert lan.get(reverse("inventory:import", args=[other.pk])).status_code == 404
    assert lan.post(reverse("inventory:import-apply", args=[other.pk])).status_code == 404
