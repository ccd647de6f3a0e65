"""Layouts made on the page: mapped, tried out, remembered, and the next file like it is read by itself."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from openpyxl import Workbook

from channels.settlement_messages import Holder
from ecomhub.access import Role
from ecomhub.models import Event
from finance.models import MoneyAccount, RememberedLayout, Settlement, SettlementLine, SourceFile
from finance.statements import money_accounts, uploading
from orders.models import Order
from tests.browser.looking import logged_in, person
from tests.finance.settling import AT, balances
from tests.finance.v2 import ORDER

pytestmark = pytest.mark.django_db(transaction=True)
EDIT = "/finance/layouts/edit/"
MARCH = (
    "Exported for Acme;;;;;\n"
    "Wann;Was;Rein;Raus;Stand;Bestellung\n"
    "02/03/2026;Verkauf;1.000,00;;1.500,00;902-0000001\n"
    "14/03/2026;Spesen;;12,50;1.487,50;\n"
)
APRIL = MARCH.replace("/03/", "/04/").replace("1.000,00", "1.200,00").replace("1.500,00", "1.700,00")
APRIL = APRIL.replace("1.487,50", "1.687,50")
WISH = {
    "name": "Hausbank",
    "column_date": "Wann",
    "column_type": "Was",
    "column_credit": "Rein",
    "column_debit": "Raus",
    "column_balance": "Stand",
    "column_order": "Bestellung",
    "currency_code": "usd",
    "date_order": "day_first",
}


@pytest.fixture
def client(transactional_db: None) -> Client:
    """Mei, the owner."""
    return logged_in(person())


@pytest.fixture
def bank(account: MoneyAccount) -> MoneyAccount:
    """A bank whose export nobody knows."""
    return money_accounts.create(
        name="Hausbank", holder=Holder.BANK, provider="bank", at=AT, legal_entity=account.book.legal_entity
    )


def give(client: Client, account: MoneyAccount, content: bytes, name: str = "export.csv") -> SourceFile:
    """Upload one file, let it be taken in, return it."""
    given = [SimpleUploadedFile(name, content)]
    answer = client.post("/finance/import/", {"account": f"m{account.pk}", "documents": given})
    assert answer.status_code == 302
    work_off()
    return SourceFile.objects.order_by("-pk")[0]


def work_off() -> None:
    """What the clockwork does."""
    for pk in uploading.due_imports():
        uploading.carry_out(import_id=pk, now=lambda: AT)


def edit(client: Client, file: SourceFile, **changes: Any) -> Any:
    """Post the editor's form for a file."""
    wish = {name: value for name, value in {**WISH, **changes}.items() if value != ""}
    return client.post(f"{EDIT}?file={file.pk}", wish)


def test_a_sheet_nobody_knows_is_mapped_tried_out_remembered_and_read(
    client: Client, bank: MoneyAccount
) -> None:
    file = give(client, bank, MARCH.encode())
    assert file.state == SourceFile.State.REFUSED
    assert f"{EDIT}?file={file.pk}" in client.get(f"/finance/files/{file.pk}/").content.decode()
    page = client.get(f"{EDIT}?file={file.pk}")
    assert page.context["place"].row == 2
    assert "Bestellung" in page.content.decode()
    shown = edit(client, file, show="1")
    trial = shown.context["trial"]
    assert (trial.lines, [line.amount for line in trial.shown]) == (
        2,
        [Decimal("1000.00"), Decimal("-12.50")],
    )
    (settlement,) = trial.settlements.values()
    assert (settlement.amount, settlement.difference, settlement.currency) == (Decimal("987.50"), 0, "USD")
    assert not RememberedLayout.objects.exists()
    assert edit(client, file, save="1").status_code == 302
    layout = RememberedLayout.objects.get()
    assert (layout.account, layout.name, layout.version, layout.actor) == (bank, "Hausbank", 1, "mei")
    work_off()
    file.refresh_from_db()
    assert (file.state, file.layout, file.lines) == (SourceFile.State.READ, layout, 2)
    posted = Settlement.objects.get(account=bank)
    assert (posted.state, posted.total) == (Settlement.State.POSTED, Decimal("987.50"))
    assert balances(account="1010") == {"1010": Decimal("987.50")}
    assert SettlementLine.objects.get(amount=1000).order_ref == ORDER
    assert Event.objects.filter(kind="layout_saved", actor="mei").count() == 1
    assert Event.objects.filter(kind="rows_shown", object_id=file.pk).exists()


def test_the_next_file_with_the_same_headings_is_recognized_by_the_page_and_the_command(
    client: Client, bank: MoneyAccount, tmp_path: Path
) -> None:
    edit(client, give(client, bank, MARCH.encode()), save="1")
    work_off()
    april = give(client, bank, APRIL.encode("utf-16"))
    assert (april.state, april.source) == (SourceFile.State.READ, "mapped")
    path = tmp_path / "may.csv"
    path.write_text(APRIL.replace("/04/", "/05/"), encoding="utf-8")
    out = io.StringIO()
    call_command("import_settlement", str(path), account="Hausbank", json=True, stdout=out)
    said = json.loads(out.getvalue())
    assert (said["state"], said["lines"], said["lines_total"]) == ("posted", 2, "1187.50")
    other = give(client, bank, MARCH.replace("Wann", "Tag").encode())
    assert other.state == SourceFile.State.REFUSED


def test_a_layout_is_of_its_account_alone(client: Client, bank: MoneyAccount, account: MoneyAccount) -> None:
    edit(client, give(client, bank, MARCH.encode()), save="1")
    work_off()
    twin = money_accounts.create(
        name="Zweitbank", holder=Holder.BANK, provider="bank", at=AT, legal_entity=account.book.legal_entity
    )
    assert give(client, twin, MARCH.encode()).state == SourceFile.State.REFUSED


def test_a_workbook_is_mapped_like_any_other_sheet(client: Client, bank: MoneyAccount) -> None:
    book = Workbook()
    sheet = book.create_sheet(index=0)
    for cells in (["Day", "What", "Sum", "Cur"], ["2026-03-02", "Sale", 12.5, "USD"]):
        sheet.append(cells)
    written = io.BytesIO()
    book.save(written)
    file = give(client, bank, written.getvalue(), "export.xlsx")
    wish = {
        "name": "Book",
        "column_date": "Day",
        "column_type": "What",
        "column_amount": "Sum",
        "column_currency": "Cur",
        "save": "1",
    }
    assert client.post(f"{EDIT}?file={file.pk}", wish).status_code == 302
    work_off()
    assert Settlement.objects.get(account=bank).lines_total == Decimal("12.50")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"column_date": "Bestellung", "column_order": ""}, "is not a date"),
        ({"column_credit": "Was"}, "chosen twice"),
        ({"column_credit": ""}, "money in and money out"),
        ({"column_amount": "Stand"}, "not all three"),
        ({"column_type": "", "column_credit": "Was"}, "is not an amount"),
        ({"currency_code": ""}, "names no currency"),
        ({"currency_code": "QQQ"}, "is not a currency"),
        ({"date_order": "month_first"}, "Row 4"),
        ({"column_sign": "Was", "column_type": ""}, "which words mean money in"),
        ({"name": ""}, "name"),
    ],
)
def test_a_bad_mapping_says_what_is_wrong_and_loses_nothing(
    client: Client, bank: MoneyAccount, changes: dict[str, str], words: str
) -> None:
    file = give(client, bank, MARCH.encode())
    answer = edit(client, file, save="1", **changes)
    assert answer.status_code == 200
    errors = " ".join(error for found in answer.context["form"].errors.values() for error in found)
    assert words in errors or set(answer.context["form"].errors) == {words}
    assert 'value="Stand" selected' in answer.content.decode()
    assert not RememberedLayout.objects.exists()
    assert not Settlement.objects.filter(account=bank).exists()
    assert edit(client, file, save="1").status_code == 302


def test_the_row_of_the_headings_can_be_chosen_and_is_kept_where_it_is_not_found_by_itself(
    client: Client, bank: MoneyAccount
) -> None:
    twice = "Wann;Was;Rein;Raus;Stand;Bestellung\nsee below;;;;;\n" + MARCH.split("\n", 1)[1]
    file = give(client, bank, twice.encode())
    answer = client.post(f"{EDIT}?file={file.pk}&row=3", {**WISH, "save": "1"})
    assert answer.status_code == 302
    assert RememberedLayout.objects.get().layout["header_row"] == 3
    work_off()
    assert Settlement.objects.get(account=bank).line_count == 2


def test_a_layout_that_is_changed_is_a_new_version_and_documents_keep_theirs(
    client: Client, bank: MoneyAccount
) -> None:
    file = give(client, bank, MARCH.encode())
    edit(client, file, save="1")
    work_off()
    first = RememberedLayout.objects.get()
    page = client.get(f"{EDIT}?layout={first.pk}")
    assert page.context["form"]["column_balance"].value() == "Stand"
    wish = {**WISH, "column_note": "Bestellung", "column_order": "", "save": "1"}
    assert client.post(f"{EDIT}?layout={first.pk}", wish).status_code == 302
    first.refresh_from_db()
    second = RememberedLayout.objects.get(ended_at=None)
    assert (first.ended_at is None, second.version, second.name) == (False, 2, "Hausbank")
    file.refresh_from_db()
    assert file.layout == first
    april = give(client, bank, APRIL.encode())
    assert april.layout == second


def test_a_forgotten_layout_recognizes_nothing_any_more(client: Client, bank: MoneyAccount) -> None:
    edit(client, give(client, bank, MARCH.encode()), save="1")
    work_off()
    layout = RememberedLayout.objects.get()
    assert "Hausbank" in client.get("/finance/layouts/").content.decode()
    assert client.post(f"/finance/layouts/{layout.pk}/forget/").status_code == 302
    assert give(client, bank, APRIL.encode()).state == SourceFile.State.REFUSED
    assert client.post(f"/finance/layouts/{layout.pk}/forget/").status_code == 404
    assert Settlement.objects.filter(account=bank).count() == 1


def test_two_layouts_with_the_same_headings_are_asked_about(client: Client, bank: MoneyAccount) -> None:
    file = give(client, bank, MARCH.encode())
    edit(client, file, save="1")
    work_off()
    first = RememberedLayout.objects.get()
    again = edit(client, file, save="1", name="Twin")
    assert again.status_code == 302
    april = give(client, bank, APRIL.encode())
    assert april.state == SourceFile.State.REFUSED
    assert "Hausbank, Twin" in (april.reasons or {})["en"]
    client.post(f"/finance/files/{april.pk}/read-as/", {"read_as": f"layout:{first.pk}"})
    work_off()
    april.refresh_from_db()
    assert (april.state, april.layout) == (SourceFile.State.READ, first)


def test_a_shop_without_an_adapter_is_read_by_a_layout_with_its_orders(
    client: Client, account: MoneyAccount, order: Order
) -> None:
    shop = money_accounts.create(
        name="Corner shop", holder=Holder.CHANNEL, provider="corner", at=AT, shop=order.shop, currency="USD"
    )
    sheet = "Tag,Art,Betrag,Auftrag\n2026-03-02,Sales payment,20.00,902-0000001\n"
    file = give(client, shop, sheet.encode())
    wish = {
        "name": "Corner",
        "column_date": "Tag",
        "column_type": "Art",
        "column_amount": "Betrag",
        "column_order": "Auftrag",
        "save": "1",
    }
    assert client.post(f"{EDIT}?file={file.pk}", wish).status_code == 302
    work_off()
    line = SettlementLine.objects.get(settlement__account=shop)
    assert line.order == order
    assert line.settlement.state == Settlement.State.POSTED
    assert balances(order=order, account="1105") == {"1105": Decimal("-20.00")}


def test_what_is_no_sheet_and_who_may_not_look(client: Client, bank: MoneyAccount, order: Order) -> None:
    file = give(client, bank, b"%PDF-1.7 hello")
    assert "is no table" in client.get(f"{EDIT}?file={file.pk}").content.decode()
    assert client.get(EDIT).status_code == 404
    assert client.get(f"{EDIT}?file=999999&layout=x&row=-1").status_code == 404
    limited = logged_in(person(username="fang", role=Role.FINANCE, shop_ids=[order.shop_id]))
    assert limited.get(f"{EDIT}?file={file.pk}").status_code == 404
    viewer = logged_in(person(username="vera", role=Role.VIEWER))
    for path in (f"{EDIT}?file={file.pk}", "/finance/layouts/"):
        assert viewer.get(path).status_code == 403
    assert viewer.post("/finance/layouts/1/forget/").status_code == 403
