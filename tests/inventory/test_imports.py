"""Sheets of SKUs and opening stock: looked at first, applied once, bad rows stop only themselves."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from openpyxl import Workbook

from ecomhub import discovery, verifying, work
from ecomhub.models import Event
from ecomhub.sheets import Finding, Outcome, read_table, template
from ecomhub.work import WorkState
from inventory import imports, tasks
from inventory.laws import LAWS
from inventory.models import CostLayer, SheetImport, Sku, StockLevel, StockMovement, Warehouse
from tests.inventory.making import AT, level, make_sku, make_warehouse

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, settings: object) -> None:
    settings.ECOMHUB_FILES_DIR = tmp_path / "files"  # type: ignore[attr-defined]


def look(kind: str, text: str | bytes, **options: bool) -> SheetImport:
    """Upload and preview."""
    data = text.encode() if isinstance(text, str) else text
    row = imports.upload(kind=kind, name="sheet.csv", data=data, at=AT, actor="li", options=options)
    return imports.preview(import_id=row.pk, at=AT)


def findings(row: SheetImport) -> list[tuple[int, str, str]]:
    """(row, outcome, subject) of what is kept."""
    return [(one.row, str(one.outcome), one.subject) for one in imports.findings_of(report=row.report)]


def take(kind: str, text: str | bytes, **options: bool) -> SheetImport:
    """Upload, preview and apply."""
    row = look(kind, text, **options)
    imports.begin(import_id=row.pk)
    claimed = imports.claim(import_id=row.pk)
    assert claimed is not None
    assert imports.apply_claimed(row=claimed, at=AT)
    row.refresh_from_db()
    return row


SKUS = """\
SKU编码,中文名,name_en,barcode,weight_g,has_battery,declared_value,declared_currency,origin_country
CUP-1,蓝杯子,Blue cup,6901234567892 4006381333931,320,否,4.50,USD,cn
CUP-2,红杯子,Red cup,,x,no,,,CN
,无编码,,,,,,,
CUP-1,again,,,,,,,
CUP-3,充电杯,Cup with battery,,450,是,5,,CN
CUP-4,好杯子,Good cup,,,,,,ZZ
CUP-5,五号,,,1200,,,,
"""


def test_a_dry_run_says_what_each_row_would_do_and_writes_nothing() -> None:
    row = look("skus", SKUS)
    assert findings(row) == [
        (2, "created", "CUP-1"),
        (3, "refused", "CUP-2"),
        (4, "refused", ""),
        (5, "refused", "CUP-1"),
        (6, "refused", "CUP-3"),
        (7, "refused", "CUP-4"),
        (8, "created", "CUP-5"),
    ]
    reasons = {one.row: one.reason for one in imports.findings_of(report=row.report)}
    assert "not a number" in reasons[3]
    assert "row 2" in reasons[5]
    assert "currency" in reasons[6]
    assert row.step == SheetImport.Step.PREVIEWED
    assert not Sku.objects.exists()


def test_good_rows_are_taken_in_beside_bad_ones() -> None:
    row = take("skus", SKUS)
    assert row.step == SheetImport.Step.APPLIED
    assert row.report["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "refused": 5}
    cup = Sku.objects.get(code="CUP-1")
    assert (cup.name_zh, cup.name_en, cup.weight_g) == ("蓝杯子", "Blue cup", 320)
    assert cup.barcodes == ["6901234567892", "4006381333931"]
    assert (cup.declared_value, cup.declared_currency, cup.origin_country) == (Decimal("4.5"), "USD", "CN")
    assert set(Sku.objects.values_list("code", flat=True)) == {"CUP-1", "CUP-5"}
    assert Event.objects.filter(object_kind="sku", kind="created").count() == 2


def test_importing_the_same_products_again_changes_nothing() -> None:
    take("skus", SKUS)
    before = list(Sku.objects.order_by("pk").values())
    row = take("skus", SKUS)
    assert row.report["counts"]["unchanged"] == 2
    assert list(Sku.objects.order_by("pk").values()) == before


def test_an_update_touches_only_what_the_sheet_fills_in() -> None:
    make_sku("A", name_en="Old", name_zh="旧", weight_g=5)
    row = take("skus", "code,name_en,name_zh,weight_g\nA,New,,7\n")
    (finding,) = imports.findings_of(report=row.report)
    assert finding == Finding(2, Outcome.UPDATED, "A", "name_en, weight_g")
    sku = Sku.objects.get()
    assert (sku.name_en, sku.name_zh, sku.weight_g) == ("New", "旧", 7)


def test_a_workbook_is_taken_in_like_a_text_file() -> None:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(["SKU编码", "重量(克)", "条码"])
    sheet.append([10023, 320.0, 6901234567892])
    out = io.BytesIO()
    made.save(out)
    take("skus", out.getvalue())
    sku = Sku.objects.get()
    assert (sku.code, sku.weight_g, sku.barcodes) == ("10023", 320, ["6901234567892"])


STOCK = """\
warehouse,sku,quantity,unit_cost,currency
SZ-01,A,"1.200","12,50",CNY
SZ-01,B,5,"3,00",CNY
SZ-01,A,7,"1,00",CNY
LA-01,A,4,"2,25",USD
SZ-01,C,4,"2,25",USD
SZ-01,B,4,"2,25",XXZ
"""


def test_opening_stock_comes_in_with_its_cost() -> None:
    first, second, warehouse = make_sku("A"), make_sku("B"), make_warehouse("SZ-01")
    row = take("stock", STOCK)
    reasons = {one.row: one.reason for one in imports.findings_of(report=row.report)}
    assert findings(row)[:2] == [(2, "created", "A @ SZ-01"), (3, "created", "B @ SZ-01")]
    assert "row 2" in reasons[4]
    assert "create it first" in reasons[5]
    assert "import products first" in reasons[6]
    assert row.report["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "refused": 4}
    assert level(first, warehouse) == (1200, 0)
    assert level(second, warehouse) == (5, 0)
    assert CostLayer.objects.get(sku=first).unit_cost == Decimal("12.5")
    assert verifying.verify(laws=LAWS).ok


def test_one_file_of_stock_is_received_once_however_often_it_is_imported() -> None:
    sku, warehouse = make_sku("A"), make_warehouse("SZ-01")
    text = "warehouse,sku,quantity,unit_cost,currency\nSZ-01,A,10,1.5,CNY\n"
    take("stock", text)
    assert findings(look("stock", text)) == [(2, "unchanged", "A @ SZ-01")]
    take("stock", text)
    assert level(sku, warehouse) == (10, 0)
    take("stock", text.replace("10", "11"))
    assert level(sku, warehouse) == (21, 0)


def test_unknown_warehouses_are_made_only_when_asked_for() -> None:
    make_sku("A")
    text = (
        "warehouse,sku,quantity,unit_cost,currency,warehouse_name,warehouse_country,warehouse_kind,"
        "warehouse_serves\n"
        "LA-01,A,10,1.5,CNY,Los Angeles,us,overseas,us ca\nDE-01,A,0,1.5,CNY,,QQ,,\n"
        "DE-02,A,1,1.5,CNY,,DE,,Germany\n"
    )
    assert look("stock", text).report["counts"]["refused"] == 3
    row = take("stock", text, create_warehouses=True)
    assert row.report["counts"] == {"created": 1, "updated": 0, "unchanged": 0, "refused": 2}
    warehouse = Warehouse.objects.get()
    assert warehouse.serves_countries == ["CA", "US"]
    assert (warehouse.code, warehouse.name, warehouse.country, warehouse.kind) == (
        "LA-01",
        "Los Angeles",
        "US",
        "overseas",
    )


def many(number: int) -> str:
    """A sheet of this many SKUs."""
    return "code,name_en\n" + "".join(f"S{place:05},Thing {place}\n" for place in range(number))


def test_a_long_sheet_is_applied_in_chunks_and_goes_on_where_a_dead_worker_stopped() -> None:
    row = look("skus", many(1250))
    imports.begin(import_id=row.pk)
    first = imports.claim(import_id=row.pk)
    assert first is not None
    assert not imports.apply_claimed(row=first, at=AT, seconds=0)
    assert Sku.objects.count() == 500
    row.refresh_from_db()
    assert (row.rows_done, row.step) == (500, SheetImport.Step.APPLYING)
    assert imports.due_imports() == [row.pk]
    second = imports.claim(import_id=row.pk)
    assert second is not None
    assert imports.apply_claimed(row=second, at=AT)
    row.refresh_from_db()
    assert (row.rows_done, row.step, row.state) == (1250, SheetImport.Step.APPLIED, WorkState.DONE)
    assert row.report["counts"]["created"] == Sku.objects.count() == 1250


def test_a_worker_whose_lease_ran_out_writes_nothing_more() -> None:
    row = look("skus", many(3))
    imports.begin(import_id=row.pk)
    sleeper = imports.claim(import_id=row.pk)
    assert sleeper is not None
    assert imports.claim(import_id=row.pk) is None
    SheetImport.objects.update(lease_epoch=sleeper.lease_epoch + 1)
    with pytest.raises(work.LeaseLost):
        imports.apply_claimed(row=sleeper, at=AT)
    assert not Sku.objects.exists()


def test_a_row_the_database_refuses_stops_only_itself() -> None:
    sku, other, warehouse = make_sku("A"), make_sku("B"), make_warehouse("SZ-01")
    head = "warehouse,sku,quantity,unit_cost,currency\n"
    take("stock", head + "SZ-01,A,1500000000,1,CNY\n")
    row = take("stock", head + "SZ-01,A,1500000000,1,CNY\nSZ-01,B,3,1,CNY\n")
    assert row.report["counts"] == {"created": 1, "updated": 0, "unchanged": 0, "refused": 1}
    assert level(sku, warehouse) == (1_500_000_000, 0)
    assert level(other, warehouse) == (3, 0)


def test_statements_do_not_grow_with_the_rows() -> None:
    def statements(number: int) -> int:
        row = look("skus", many(number).replace("S", f"S{number}-"))
        imports.begin(import_id=row.pk)
        claimed = imports.claim(import_id=row.pk)
        assert claimed is not None
        with CaptureQueriesContext(connection) as captured:
            imports.apply_claimed(row=claimed, at=AT)
        return len(captured)

    assert statements(3) == statements(300)


def test_an_unusable_file_ends_refused_and_cannot_be_applied() -> None:
    row = look("skus", "name_en\nx\n")
    assert row.step == SheetImport.Step.REFUSED
    assert row.report["error"]["code"] == "column_missing"
    with pytest.raises(imports.ImportRefused):
        imports.begin(import_id=row.pk)


def test_an_import_is_applied_once_and_not_looked_at_again_meanwhile() -> None:
    row = look("skus", many(2))
    imports.begin(import_id=row.pk)
    with pytest.raises(imports.ImportRefused):
        imports.begin(import_id=row.pk)
    with pytest.raises(imports.ImportRefused):
        imports.preview(import_id=row.pk, at=AT)


def test_an_unknown_kind_is_refused_with_the_kinds_there_are() -> None:
    with pytest.raises(imports.ImportRefused, match="skus"):
        imports.upload(kind="nothing", name="x", data=b"", at=AT, actor="li")


def test_findings_speak_the_language_of_the_person_who_uploaded() -> None:
    with translation.override("zh-hans"):
        row = imports.upload(kind="skus", name="x.csv", data=many(1).encode(), at=AT, actor="li")
    assert row.language == "zh-hans"


def test_the_clockwork_finishes_an_import_nobody_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "ring", lambda task, *given: task(*given))
    row = look("skus", many(3))
    tasks.tick()
    assert not Sku.objects.exists()
    imports.begin(import_id=row.pk)
    tasks.tick()
    row.refresh_from_db()
    assert row.step == SheetImport.Step.APPLIED
    assert Sku.objects.count() == 3
    tasks.tick()


@pytest.mark.parametrize("kind", ["skus", "stock"])
def test_the_template_of_each_sheet_is_a_sheet_it_takes(kind: str) -> None:
    importer = discovery.importers()[kind]
    table = read_table(data=template(importer=importer), columns=importer.columns)
    assert table.ignored == ()
    assert len(table.found) == len(importer.columns)
    if kind == "skus":
        assert take(kind, template(importer=importer)).report["counts"]["created"] == 1


def run(*words: str) -> tuple[dict[str, object], bool]:
    """Run ``import_sheet --json``: what it printed, and whether it ended well."""
    out = StringIO()
    try:
        call_command("import_sheet", *words, "--json", stdout=out)
    except CommandError:
        return json.loads(out.getvalue()), False
    return json.loads(out.getvalue()), True


def test_the_command_imports_and_says_what_it_did(tmp_path: Path) -> None:
    sheet = tmp_path / "skus.csv"
    sheet.write_text(SKUS)
    report, fine = run("skus", str(sheet), "--dry-run")
    assert (report["step"], fine, Sku.objects.count()) == ("previewed", False, 0)
    report, fine = run("skus", str(sheet))
    assert (report["step"], fine, Sku.objects.count()) == ("applied", False, 2)
    sheet.write_text("code\nNEW-1\n")
    assert run("skus", str(sheet))[1]
    out = StringIO()
    call_command("import_sheet", "skus", str(sheet), stdout=out)
    assert "1 unchanged" in out.getvalue()


def test_the_command_makes_warehouses_when_told(tmp_path: Path) -> None:
    make_sku("A")
    sheet = tmp_path / "stock.csv"
    sheet.write_text("warehouse,sku,quantity,unit_cost,currency\nSZ-01,A,5,2,CNY\n")
    assert not run("stock", str(sheet))[1]
    assert run("stock", str(sheet), "--create-warehouses")[1]
    assert StockLevel.objects.get().on_hand == 5
    call_command("warehouse_add", "DE-01", "--country", "DE", "--kind", "overseas", stdout=StringIO())
    assert Warehouse.objects.get(code="DE-01").country == "DE"
    with pytest.raises(CommandError, match="already"):
        call_command("warehouse_add", "DE-01", stdout=StringIO())


def test_the_command_names_a_missing_file() -> None:
    with pytest.raises(CommandError, match="nowhere"):
        call_command("import_sheet", "skus", "/nowhere.csv", stdout=StringIO())
    assert not StockMovement.objects.exists()


def test_a_sheet_of_another_kind_is_named_as_that_and_takes_nothing_in() -> None:
    stock_sheet = "warehouse,sku,quantity,unit_cost,currency\nW,CUP-1,5,1.00,CNY\n"
    row = look("skus", stock_sheet)
    assert row.step == SheetImport.Step.REFUSED
    assert row.report["error"]["code"] == "other_kind"
    assert "Opening stock" in row.report["error"]["message"]
    assert not Sku.objects.exists()
