"""Published fees by sheet: dated, found by their words, never twice."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from finance.models import Tariff
from finance.reconciliation import tariffs

pytestmark = pytest.mark.django_db(transaction=True)
SHEET = """platform,marketplace,category,fee,percent,base,fixed,minimum,currency,valid_from,valid_until
amazon,ATVPDKIKX0DER,*,Commission,15.00,charges,0.00,0.30,USD,2025-01-01,2026-03-01
amazon,ATVPDKIKX0DER,*,Commission,15.50,charges,0.00,0.30,USD,2026-03-01,
amazon,ATVPDKIKX0DER,*,FBAPerUnitFulfillmentFee,0.00,units,3.86,0.00,USD,2025-01-01,
amazon,ATVPDKIKX0DER,*,Subscription Fee,0.00,months,39.99,0.00,USD,2025-01-01,
ebay,EBAY_US,*,FINAL_VALUE_FEE,13.25,total,0.00,0.00,USD,2025-01-01,
shopify,US,*,CHARGE,2.90,total,0.30,0.00,USD,2025-01-01,
shopee,SG,*,commission_fee,6.00,charges,0.00,0.00,SGD,2025-01-01,
"""


def test_the_fees_the_market_publishes_are_taken_in_with_their_accounts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tariff.csv"
    path.write_text(SHEET, encoding="utf-8-sig")
    call_command("tariff_import", str(path), "--json")
    assert json.loads(capsys.readouterr().out)["counts"]["created"] == 7
    accounts = dict(Tariff.objects.values_list("fee", "account"))
    assert accounts == {
        "Commission": "5200",
        "FBAPerUnitFulfillmentFee": "5210",
        "Subscription Fee": None,
        "FINAL_VALUE_FEE": "5200",
        "CHARGE": "5500",
        "commission_fee": "5200",
    }
    call_command("tariff_import", str(path), "--json")
    assert json.loads(capsys.readouterr().out)["counts"]["unchanged"] == 7


def test_an_end_that_comes_later_changes_its_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tariff.csv"
    path.write_text(SHEET, encoding="utf-8")
    call_command("tariff_import", str(path))
    path.write_text(SHEET.replace("SGD,2025-01-01,", "SGD,2025-01-01,2026-06-01"), encoding="utf-8")
    call_command("tariff_import", str(path))
    assert Tariff.objects.get(platform="shopee").valid_until == date(2026, 6, 1)
    assert Tariff.objects.count() == 7


def test_a_row_that_cannot_be_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tariff.csv"
    path.write_text(SHEET.replace("2.90,total", "2.90,moonlight"), encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("tariff_import", str(path), "--json")
    said = json.loads(capsys.readouterr().out)
    assert [row["row"] for row in said["refused"]] == [7]
    assert Tariff.objects.count() == 6


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tariff.csv"
    path.write_text(SHEET, encoding="utf-8")
    call_command("tariff_import", str(path), "--dry-run")
    assert not Tariff.objects.exists()


def test_a_share_of_all_the_buyer_pays_and_a_fixed_amount_once_an_order(tmp_path: Path) -> None:
    path = tmp_path / "tariff.csv"
    path.write_text(SHEET, encoding="utf-8")
    call_command("tariff_import", str(path))
    part = tariffs.Sold("", Decimal("10.00"), Decimal("1.00"), Decimal(0), 1)
    sale = tariffs.Sale("shopify", "US", "USD", [part, part], date(2026, 3, 3), date(2026, 3, 1))
    (found,) = tariffs.FeeTable(platforms=["shopify"]).fees(sale)
    assert (found.account, found.amount) == ("5500", Decimal("0.94"))
