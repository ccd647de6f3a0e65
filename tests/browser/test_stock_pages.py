"""The product and stock pages: finding, writing, receiving, correcting, importing."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from ecomhub.access import Role
from ecomhub.models import User
from inventory import imports
from inventory.models import SheetImport, Sku, StockLevel, StockMovement, Warehouse
from tests.browser import filled
from tests.browser.filled import Company
from tests.browser.looking import PHONE, log_in, logged_in, look_over, person, sideways, statements

pytestmark = pytest.mark.django_db(transaction=True)

SHEET = """sku,name_en,name_zh,category,weight_g
BOWL-OAK,Oak bowl,橡木碗,Kitchen,420
LAMP-WOOD-01,Bedside lamp of beech,榉木床头灯,Lighting,
BOWL-ASH,Ash bowl,白蜡木碗,Kitchen,heavy
"""


@pytest.fixture
def company() -> Company:
    """A company with few orders."""
    return filled.fill(orders=6)


@pytest.fixture
def mei(page: Page, live_server: LiveServer) -> User:
    """Mei, the owner, logged in."""
    user = person(theme=User.Theme.LIGHT)
    log_in(page=page, address=live_server.url, user=user)
    return user


def _on_hand(company: Company, code: str, house: str) -> int:
    return StockLevel.objects.get(sku=company.skus[code], warehouse=company.warehouses[house]).on_hand


def test_bare_lists_cost_six_statements_at_most_whatever_their_size() -> None:
    client = logged_in(person())
    filled.fill(orders=2)
    few = {path: statements(client, path) for path in ("/stock/", "/stock/journal/", "/stock/warehouses/")}
    Sku.objects.bulk_create(Sku(code=f"MORE-{number}") for number in range(80))
    assert {path: statements(client, path) for path in few} == few
    assert max(few.values()) <= 6


def test_a_viewer_sees_no_forbidden_button_and_is_refused_by_every_door(company: Company) -> None:
    client = logged_in(person(username="lin", role=Role.VIEWER))
    sku, house = company.skus["PEN-BRASS"], company.warehouses["SZ"]
    for path in ("/stock/", f"/stock/{sku.pk}/", "/stock/journal/", "/stock/warehouses/"):
        html = client.get(path).content.decode()
        for forbidden in (
            "/receive/",
            "/adjust/",
            "/edit/",
            "/new/",
            f"/warehouses/{house.pk}/",
            'href="/stock/imports/',
        ):
            assert forbidden not in html, (path, forbidden)
    doors = (
        "new/",
        f"{sku.pk}/edit/",
        f"{sku.pk}/receive/",
        f"{sku.pk}/adjust/",
        "imports/",
        "warehouses/new/",
    )
    for door in (*doors, f"warehouses/{house.pk}/"):
        assert client.get(f"/stock/{door}").status_code == 403, door
        assert client.post(f"/stock/{door}").status_code == 403, door
    assert client.post("/stock/imports/1/apply/").status_code == 403


def test_what_nobody_can_mean_breaks_nothing(company: Company) -> None:
    client = logged_in(person())
    for query in (
        "after=%%%",
        "before=bm9uc2Vuc2U",
        "stock=x&status=y&category=z",
        "q=%00",
        "q=" + "x" * 500,
    ):
        assert client.get(f"/stock/?{query}").status_code == 200, query
        assert client.get(f"/stock/journal/?{query}&warehouse=abc&kind=q").status_code == 200, query
    assert client.get("/stock/999999/").status_code == 404


def test_products_are_found_by_code_names_in_both_languages_and_barcode(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/stock/")
    expect(page.locator("#products-rows [data-row]")).to_have_count(16)
    search = page.get_by_label("SKU, name or barcode")
    for text, code in (("kite", "KITE-DELTA"), ("移动电源", "POWER-20K"), ("6901234500011", "SOAP-OLIVE-6")):
        search.fill(text)
        expect(page.locator("#products-rows [data-row]")).to_have_count(1)
        expect(page.locator("#products-rows")).to_contain_text(code)
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("#products-rows [data-row]")).to_have_count(16)
    page.wait_for_load_state()
    page.get_by_label("Stock", exact=True).select_option("out")
    expect(page).to_have_url(re.compile("stock=out"))
    expect(page.locator("#products-rows [data-row]")).to_have_count(1)
    expect(page.locator("#products-rows")).to_contain_text("BAG-CANVAS-S")
    search.fill("nothing like it")
    expect(page.get_by_text("No SKU matches")).to_be_visible()
    page.get_by_role("link", name="Clear the filters").click()
    expect(page.locator("#products-rows [data-row]")).to_have_count(16)
    page.wait_for_load_state()
    page.get_by_label("Category").select_option("Toys")
    expect(page.locator("#products-rows [data-row]")).to_have_count(2)


def test_pages_of_products_lead_on_and_back(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    Sku.objects.bulk_create(Sku(code=f"MORE-{number:03}") for number in range(60))
    page.goto(f"{live_server.url}/stock/")
    codes = page.locator("#products-rows a[data-open]")
    first = codes.all_inner_texts()
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("after="))
    expect(codes.first).not_to_have_text(first[0])
    second = codes.all_inner_texts()
    assert sorted(first + second) == sorted(Sku.objects.values_list("code", flat=True))
    page.get_by_role("link", name="Previous").click()
    expect(codes.first).to_have_text(first[0])


def test_a_new_sku_is_written_down_and_what_is_wrong_is_said_at_its_field(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/stock/")
    page.get_by_role("link", name="New SKU").click()
    page.get_by_label("SKU code").fill("PEN-BRASS")
    page.get_by_label("English name").fill("Brass pen, fine")
    page.get_by_label("Country of origin").fill("XX")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".invalid-feedback").first).to_be_visible()
    page.get_by_label("Country of origin").fill("cn")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("SKU code")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("SKU code").fill("PEN-BRASS-F")
    page.get_by_label("Barcodes").fill("6909999900001, 6909999900002")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("PEN-BRASS-F")
    made = Sku.objects.get(code="PEN-BRASS-F")
    assert (made.origin_country, made.barcodes) == ("CN", ["6909999900001", "6909999900002"])
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("English name")).to_have_value("Brass pen, fine")
    page.get_by_label("English name").fill("Brass pen, extra fine")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".facts").first).to_contain_text("Brass pen, extra fine")
    expect(page.locator(".story")).to_contain_text("Changed")


def test_units_are_received_once_however_often_the_button_is_pressed(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    sku = company.skus["PEN-BRASS"]
    page.goto(f"{live_server.url}/stock/{sku.pk}/")
    page.get_by_role("button", name="Receive").click()
    dialog = page.locator("#dialog")
    dialog.locator("form").evaluate("form => { form.noValidate = true; }")
    dialog.get_by_role("button", name="Receive").click()
    expect(dialog.locator(".invalid-feedback").first).to_be_visible()
    dialog.get_by_label("Warehouse").select_option(label="SZ")
    expect(dialog.get_by_label("Warehouse").locator("option")).to_have_count(3)  # an empty one, SZ, LA
    dialog.get_by_label("Units received").fill("12")
    dialog.get_by_label("Cost per unit").fill("28.75")
    dialog.get_by_label("Currency").fill("QQQ")
    dialog.get_by_role("button", name="Receive").click()
    expect(dialog).to_contain_text("Write a currency as three letters")
    dialog.get_by_label("Currency").fill("cny")
    dialog.get_by_role("button", name="Receive").dblclick()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.get_by_role("row", name=re.compile("^SZ")).first).to_contain_text("100")
    assert _on_hand(company, "PEN-BRASS", "SZ") == 100
    assert StockMovement.objects.filter(sku=sku, on_hand_delta=12).count() == 1


def test_the_same_form_sent_twice_moves_stock_once(company: Company) -> None:
    client = logged_in(person())
    sku, house = company.skus["PEN-BRASS"], company.warehouses["SZ"]
    form = {
        "warehouse": house.pk,
        "quantity": 5,
        "unit_cost": "1.50",
        "currency": "CNY",
        "token": uuid4().hex,
    }
    for _press in range(2):
        assert client.post(f"/stock/{sku.pk}/receive/", form).status_code == 204
    change = {"warehouse": house.pk, "delta": -2, "reason": "Counted", "token": uuid4().hex}
    for _press in range(2):
        assert client.post(f"/stock/{sku.pk}/adjust/", change).status_code == 204
    assert _on_hand(company, "PEN-BRASS", "SZ") == 88 + 5 - 2


def test_stock_is_corrected_with_a_reason_and_never_below_what_is_there(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    sku = company.skus["KITE-DELTA"]
    page.goto(f"{live_server.url}/stock/{sku.pk}/")
    page.get_by_role("button", name="Adjust").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Warehouse").select_option(label="SZ")
    dialog.get_by_label("Units to add or take").fill("-21")
    dialog.get_by_label("Reason").fill("Wind took some")
    dialog.get_by_role("button", name="Adjust").click()
    expect(dialog).to_contain_text("So many are not on hand there.")
    dialog.get_by_label("Units to add or take").fill("0")
    dialog.get_by_role("button", name="Adjust").click()
    expect(dialog).to_contain_text("Write how many units")
    dialog.get_by_label("Units to add or take").fill("-3")
    dialog.get_by_role("button", name="Adjust").click()
    expect(dialog).to_be_hidden()
    journal = page.locator("section").filter(has_text="Stock journal")
    expect(journal).to_contain_text("Wind took some")
    expect(journal).to_contain_text("-3")
    assert _on_hand(company, "KITE-DELTA", "SZ") == 17


def test_a_menu_of_a_row_receives_without_leaving_the_list(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/stock/?stock=out")
    row = page.locator(f"#sku-{company.skus['BAG-CANVAS-S'].pk}")
    row.get_by_role("button", name="Actions").click()
    page.get_by_role("button", name="Receive").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("Receive BAG-CANVAS-S")
    dialog.get_by_label("Warehouse").select_option(label="LA")
    dialog.get_by_label("Units received").fill("40")
    dialog.get_by_label("Cost per unit").fill("7")
    dialog.get_by_role("button", name="Receive").click()
    expect(row).to_have_count(0)
    assert _on_hand(company, "BAG-CANVAS-S", "LA") == 40


def test_the_journal_is_narrowed_by_sku_warehouse_and_movement(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/stock/journal/")
    page.get_by_label("Movement", exact=True).select_option("ship")
    expect(page.locator("#movements-rows [data-row]")).to_have_count(1)
    expect(page.locator("#movements-rows")).to_contain_text("CABLE-USBC-2M")
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("#movements-rows [data-row]")).not_to_have_count(1)
    page.wait_for_load_state()
    page.get_by_label("SKU code").fill("KITE-DELTA")
    expect(page.locator("#movements-rows [data-row]")).to_have_count(1)
    page.get_by_label("Warehouse", exact=True).select_option(label="LA")
    expect(page.get_by_text("Nothing moved")).to_be_visible()


def test_warehouses_are_opened_and_changed(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/stock/warehouses/")
    page.get_by_role("button", name="New warehouse").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Code", exact=True).fill("SZ")
    dialog.get_by_label("Name", exact=True).fill("Łódź hall 2")
    dialog.get_by_label("Country", exact=True).fill("pl")
    dialog.get_by_label("Countries it ships to first").fill("DE, pl")
    dialog.get_by_role("button", name="Open").click()
    expect(dialog).to_contain_text("There is a warehouse SZ already")
    dialog.get_by_label("Code", exact=True).fill("LODZ")
    dialog.get_by_role("button", name="Open").click()
    expect(page.get_by_text("Łódź hall 2")).to_be_visible()
    made = Warehouse.objects.get(code="LODZ")
    assert made.serves_countries == ["DE", "PL"]
    page.locator(f"#warehouse-{made.pk}").get_by_role("button", name="Edit").click()
    dialog.get_by_label("Priority").fill("5")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("[data-row]").first).to_contain_text("LODZ")


def test_a_sheet_is_looked_at_before_it_is_taken_in_and_shows_its_progress(
    page: Page, live_server: LiveServer, company: Company, mei: User, tmp_path: Path
) -> None:
    sheet = tmp_path / "produkte.csv"
    sheet.write_text(SHEET, encoding="utf-8")
    page.goto(f"{live_server.url}/stock/imports/")
    page.get_by_label("What it holds").select_option("skus")
    page.locator("input[type=file]").set_input_files(sheet)
    expect(page.locator(".drop")).to_contain_text("produkte.csv")
    page.get_by_role("button", name="Check the sheet").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("produkte.csv")
    expect(page.locator("#import")).to_contain_text("Refused 1")
    expect(page.locator("#import")).to_contain_text("BOWL-OAK")
    assert not Sku.objects.filter(code="BOWL-OAK").exists()  # only looked at
    page.get_by_role("button", name="Take it in").click()
    expect(page.locator("#import")).to_contain_text("Rows taken in")
    [row] = SheetImport.objects.all()
    claimed = imports.claim(import_id=row.pk)
    assert claimed is not None
    assert imports.apply_claimed(row=claimed, at=company.at)
    expect(page.locator("#import")).to_contain_text("Created 1", timeout=15_000)
    expect(page.get_by_role("button", name="Take it in")).to_have_count(0)
    assert page.locator("#import").get_attribute("hx-get") is None
    assert Sku.objects.get(code="BOWL-OAK").name_zh == "橡木碗"
    page.goto(f"{live_server.url}/stock/imports/")
    expect(page.get_by_role("link", name="produkte.csv")).to_be_visible()


def test_a_file_that_is_no_sheet_is_refused_with_words(
    page: Page, live_server: LiveServer, company: Company, mei: User, tmp_path: Path
) -> None:
    wrong = tmp_path / "photo.xlsx"
    wrong.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)
    page.goto(f"{live_server.url}/stock/imports/")
    page.locator("input[type=file]").set_input_files(wrong)
    page.get_by_role("button", name="Check the sheet").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_role("button", name="Take it in")).to_have_count(0)


def test_stock_pages_look_well_in_every_look(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    sku = company.skus["POWER-20K"]
    row = imports.upload(kind="skus", name="sheet.csv", data=SHEET.encode(), at=company.at, actor="mei")
    imports.preview(import_id=row.pk, at=company.at)
    look_over(
        page,
        live_server.url,
        "/stock/",
        "/stock/?q=nothing",
        f"/stock/{sku.pk}/",
        f"/stock/{sku.pk}/edit/",
        "/stock/journal/",
        "/stock/warehouses/",
        "/stock/imports/",
        f"/stock/imports/{row.pk}/",
    )


def test_the_dialogs_fit_a_phone(page: Page, live_server: LiveServer, company: Company, mei: User) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/stock/{company.skus['POWER-20K'].pk}/")
    page.get_by_role("button", name="Receive").click()
    expect(page.locator("#dialog")).to_be_visible()
    assert sideways(page) == 0
    inside = (
        "() => { const box = document.querySelector('#dialog'); return box.scrollWidth - box.clientWidth; }"
    )
    assert page.evaluate(inside) == 0
