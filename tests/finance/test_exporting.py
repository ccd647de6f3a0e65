"""Exports: what their files hold, that they add up, and that each is made once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from psycopg2.extensions import cursor as Cursor

from ecomhub.access import Actor, Role
from ecomhub.models import Event, StoredFile
from finance import queries
from finance.accounting import balances
from finance.exports import exporting, making
from finance.exports.catalog import REPORTS
from finance.exports.open_items import ACCOUNTS
from finance.exports.shapes import Wish
from finance.exports.snapshot import taken
from finance.exports.writing import SHEETS, CsvSheet
from finance.models import ExportJob, MoneyAccount, Posting, Settlement, SettlementLine
from orders.models import Order
from tests.finance.exporting import (
    AT,
    NASTY,
    ask,
    content,
    heading,
    make,
    settle,
    summed,
    table,
    workbook,
)

pytestmark = pytest.mark.django_db(transaction=True)

MARCH: dict[str, Any] = {"since": date(2026, 3, 1), "through": date(2026, 3, 31)}


@pytest.fixture
def settled(account: MoneyAccount, order: Order, tmp_path: Path) -> MoneyAccount:
    """An account with two settlements."""
    settle(account, tmp_path)
    settle(account, tmp_path, number="9002", first=15)
    return account


def test_settlement_detail_is_every_line_and_adds_up_to_the_settlements(settled: MoneyAccount) -> None:
    row = make("settlement_lines")
    rows = table(row)
    assert len(rows) == SettlementLine.objects.count() == row.manifest["rows"] == row.rows_done == 8
    held = Settlement.objects.aggregate(Sum("lines_total"))["lines_total__sum"]
    assert (
        summed(rows, "amount") == held == Decimal(row.manifest["totals"]["amount"]["USD"]) == Decimal("65.68")
    )
    known = next(one for one in rows if one["order"] == "902-0000001" and one["amount"] == "30.00")
    assert (known["booked_to"], known["settlement"], known["document"]) == ("4000", "9001", "9001.txt")
    assert next(one for one in rows if one["amount"] == "-5.00")["booked_to"] == "1900"


def test_instants_are_shown_in_the_zone_that_the_heading_names(settled: MoneyAccount) -> None:
    row = make("settlement_lines", zone="Asia/Tokyo")
    assert "Time on the statement (Asia/Tokyo)" in heading(row)
    assert row.manifest["time_zone"] == "Asia/Tokyo"
    assert table(row)[0]["posted_at"] == "2026-03-05 17:14:22"


def test_manifest_has_the_hash_the_snapshot_and_the_filters(settled: MoneyAccount) -> None:
    row = make("settlement_lines", currency=["USD"], **MARCH)
    data = content(row)
    assert row.manifest["sha256"] == hashlib.sha256(data).hexdigest()
    assert row.manifest["size"] == len(data)
    assert row.manifest["filters"] == {"currency": ["USD"], "since": "2026-03-01", "through": "2026-03-31"}
    assert datetime.fromisoformat(row.manifest["snapshot_at"]).tzinfo is not None
    assert row.file is not None
    assert not row.file.sealed


def test_filters_leave_out_the_rest(settled: MoneyAccount) -> None:
    first = Settlement.objects.get(external_id="9001")
    assert {one["settlement"] for one in table(make("settlement_lines", settlement=[first.pk]))} == {"9001"}
    assert table(make("settlement_lines", currency=["EUR"])) == []
    assert table(make("settlement_lines", since=date(2026, 4, 1))) == []
    assert len(table(make("settlement_lines", account=[settled.name]))) == 8


def test_journal_balances_and_is_what_the_ledger_holds(settled: MoneyAccount) -> None:
    row = make("journal", **MARCH)
    rows = table(row)
    assert len(rows) == Posting.objects.count()
    assert summed(rows, "debit") == summed(rows, "credit") > 0
    held = Posting.objects.filter(amount__gt=0).aggregate(Sum("amount"))["amount__sum"]
    assert Decimal(row.manifest["totals"]["debit"]["USD"]) == held
    assert row.manifest["totals"]["base_debit"] == row.manifest["totals"]["base_credit"]
    clearing = [one for one in rows if one["account"] == "1110"]
    assert summed(clearing, "debit") - summed(clearing, "credit") == sum(
        balance.amount for balance in balances.balances(book=settled.book, accounts={"1110"})
    )


def test_open_items_add_up_to_the_trial_balance(settled: MoneyAccount) -> None:
    row = make("open_items", through=date(2026, 3, 31))
    rows = table(row)
    for account in ACCOUNTS:
        held = balances.balances(book=settled.book, through=date(2026, 3, 31), accounts={account})
        items = [one for one in rows if one["account"] == account]
        assert summed(items, "amount") == sum(balance.amount for balance in held), account
    suspended = next(one for one in rows if one["account"] == "1900")
    assert (suspended["days"], suspended["age"]) == ("26", "0–30")
    assert table(make("open_items", through=date(2026, 6, 30)))[0]["age"] == "91–180"


def test_last_day_of_open_items_is_today_of_the_book_unless_given(settled: MoneyAccount) -> None:
    assert make("open_items").manifest["filters"]["through"] == "2026-04-02"


def test_reconciliation_says_what_is_stated_and_what_is_left(settled: MoneyAccount) -> None:
    row = make("reconciliation")
    rows = table(row)
    assert [one["settlement"] for one in rows] == ["9001", "9002"]
    assert {(one["stated"], one["lines_total"], one["difference"], one["suspense"]) for one in rows} == {
        ("32.84", "32.84", "0.00", "-5.00")
    }
    assert row.manifest["totals"]["stated"] == {"USD": "65.68"}
    left = queries.unexplained(settlements=list(Settlement.objects.all()))
    assert row.manifest["totals"]["unexplained"] == {"USD": f"{sum(left.values()):.2f}"}
    assert {(one["clearing"], one["payout"], one["payout_state"]) for one in rows} == {
        ("0.00", "32.84", "On its way")
    }


def test_orders_show_ours_the_settlements_and_the_difference(settled: MoneyAccount) -> None:
    rows = table(make("orders"))
    [mine] = [one for one in rows if one["order"] == "902-0000001"]
    assert (mine["expected"], mine["settled"], mine["open"]) == ("0.00", "51.00", "-51.00")


@pytest.mark.parametrize("kind", sorted(REPORTS))
def test_workbook_says_the_same_as_the_csv(settled: MoneyAccount, kind: str) -> None:
    rows = table(make(kind))
    row = make(kind, "xlsx")
    book = workbook(row)
    lines = list(book["Rows"].iter_rows(values_only=True))
    assert len(lines) - 1 == len(rows) == row.manifest["rows"]
    columns = row.manifest["columns"]
    report = REPORTS[kind]
    for column in report.totaled:
        values = [line[columns.index(column.key)] for line in lines[1:]]
        assert all(value is None or isinstance(value, int | float) for value in values)
        wanted = sum(Decimal(one[column.key] or 0) for one in rows)
        assert sum(Decimal(str(value or 0)) for value in values) == wanted
    about = {line[0]: line[1] for line in book["About"].iter_rows(values_only=True)}
    assert about["Time zone"] == row.zone
    assert about["Rows"] == str(len(rows))


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_no_cell_is_a_formula(format: str, settled: MoneyAccount, owner: Cursor) -> None:
    lines = SettlementLine.objects.order_by("pk").values_list("pk", flat=True)
    for pk, text in zip(lines, NASTY, strict=False):
        owner.execute(
            "UPDATE finance_settlementline SET note = %s, reference = %s, sku_code = %s WHERE id = %s",
            [text, text, text, pk],
        )
    row = make("settlement_lines", format)
    if format == "csv":
        cells = [value for line in table(row) for value in line.values()]
    else:
        found = [cell for line in workbook(row)["Rows"].iter_rows() for cell in line]
        assert not [cell for cell in found if cell.data_type == "f"]
        cells = [cell.value for cell in found if isinstance(cell.value, str)]
    acting = [
        cell for cell in cells if cell[:1] in tuple("=+-@\t\r") and not cell[1:].replace(".", "").isdigit()
    ]
    assert not acting
    assert sum(cell.startswith("'") for cell in cells) >= 3 * len(NASTY)


def test_order_numbers_of_digits_stay_text_in_a_workbook(settled: MoneyAccount, owner: Cursor) -> None:
    number = "00450012341234567890"
    owner.execute("UPDATE finance_settlementline SET order_ref = %s", [number])
    lines = list(workbook(make("settlement_lines", "xlsx"))["Rows"].iter_rows(min_row=2, values_only=True))
    place = [column.key for column in REPORTS["settlement_lines"].columns].index("order")
    assert {line[place] for line in lines} == {number}
    assert {one["order"] for one in table(make("settlement_lines"))} == {number}


def test_control_characters_do_not_stop_a_workbook(settled: MoneyAccount, owner: Cursor) -> None:
    owner.execute("UPDATE finance_settlementline SET note = %s", ["a\x0bb"])
    assert make("settlement_lines", "xlsx").standing == ExportJob.Standing.READY


def test_rows_beyond_one_sheet_go_on_on_the_next(
    settled: MoneyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finance.exports.writing.SHEET_ROWS", 4)
    book = workbook(make("settlement_lines", "xlsx"))
    assert [book[name].max_row - 1 for name in book.sheetnames[1:]] == [3, 3, 2]


def test_everything_is_of_one_snapshot(settled: MoneyAccount, tmp_path: Path) -> None:
    report, wish = REPORTS["settlement_lines"], Wish(zone="UTC")
    with taken() as snapshot:
        before = making.expected(snapshot=snapshot, report=report, wish=wish)
        settle(settled, tmp_path, number="9003", first=16)
        assert [len(rows) for rows in snapshot.batches(report.rows, wish.given())] == [before.rows]
    assert SettlementLine.objects.count() == before.rows + 4


def test_report_that_does_not_add_up_is_not_handed_out(
    settled: MoneyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Losing(CsvSheet):
        def add(self, rows: Iterable[Sequence[Any]]) -> int:
            return super().add(list(rows)[1:])

    monkeypatch.setitem(SHEETS, "csv", Losing)
    row = ask("settlement_lines")
    assert exporting.carry_out(export_id=row.pk, now=lambda: AT) == ExportJob.Standing.FAILED
    row.refresh_from_db()
    assert row.file is None
    assert "7 rows" in row.last_error
    monkeypatch.undo()
    exporting.again(export_id=row.pk)
    assert exporting.carry_out(export_id=row.pk, now=lambda: AT) == ExportJob.Standing.READY


def test_job_killed_midway_begins_again_and_ends_once(
    settled: MoneyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask("settlement_lines")

    class Killed(BaseException):
        pass

    def die(*given: object, **more: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(making, "write", die)
        with pytest.raises(Killed):
            exporting.carry_out(export_id=row.pk, now=lambda: AT)
    row.refresh_from_db()
    assert row.standing == ExportJob.Standing.RUNNING
    assert exporting.carry_out(export_id=row.pk, now=lambda: AT) is None, "its lease is still held"
    ExportJob.objects.update(lease_until=AT - timedelta(days=3650))
    assert exporting.due_exports() == [row.pk]
    assert exporting.carry_out(export_id=row.pk, now=lambda: AT) == ExportJob.Standing.READY
    assert exporting.carry_out(export_id=row.pk, now=lambda: AT) is None
    assert StoredFile.objects.filter(purpose="export").count() == 1
    assert Event.objects.filter(object_kind="export", object_id=row.pk, kind="ready").count() == 1


def test_worker_that_lost_its_lease_writes_nothing(
    settled: MoneyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask("settlement_lines")
    write = making.write

    def slow(**given: object) -> making.Made:
        made = write(**given)  # type: ignore[arg-type]
        ExportJob.objects.update(lease_epoch=99)
        return made

    monkeypatch.setattr(making, "write", slow)
    exporting.carry_out(export_id=row.pk, now=lambda: AT)
    assert not StoredFile.objects.filter(purpose="export").exists()


def test_canceled_export_stops_and_leaves_no_file(
    settled: MoneyAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask("settlement_lines")
    write = making.write

    def slow(**given: object) -> making.Made:
        made = write(**given)  # type: ignore[arg-type]
        assert exporting.cancel(export_id=row.pk, at=AT)
        return made

    monkeypatch.setattr(making, "write", slow)
    assert exporting.carry_out(export_id=row.pk, now=lambda: AT) == ExportJob.Standing.CANCELED
    assert not StoredFile.objects.filter(purpose="export").exists()
    assert exporting.due_exports() == []
    assert not exporting.cancel(export_id=row.pk, at=AT)


def test_chinese_reports_have_chinese_account_names(settled: MoneyAccount) -> None:
    rows = table(make("settlement_lines", language="zh-hans"))
    assert "未分类明细" in {one["booked_to_name"] for one in rows}


@pytest.mark.parametrize(
    ("kind", "format", "parameters", "code"),
    [
        ("nothing", "csv", {}, "no_such_report"),
        ("journal", "zip", {}, "wrong_format"),
        ("evidence", "csv", MARCH, "wrong_format"),
        ("evidence", "zip", {}, "since_needed"),
        ("journal", "csv", {"book": "nobody"}, "no_such_book"),
        ("journal", "csv", {"account": ["nobody"]}, "no_such_account"),
        ("journal", "csv", {"settlement": [10**9]}, "no_such_settlement"),
        ("journal", "csv", {"zone": "Nowhere/Here"}, "no_such_zone"),
        ("journal", "csv", {"since": date(2026, 3, 2), "through": date(2026, 3, 1)}, "days_reversed"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_reason(
    account: MoneyAccount, kind: str, format: str, parameters: dict[str, object], code: str
) -> None:
    with pytest.raises(exporting.ExportRefused) as refused:
        ask(kind, format, **parameters)
    assert refused.value.code == code
    assert not ExportJob.objects.exists()


def test_somebody_limited_to_shops_gets_no_report_of_the_company(account: MoneyAccount) -> None:
    limited = Actor(name="limited", role=Role.FINANCE, shop_ids=frozenset({1}))
    with pytest.raises(exporting.ExportRefused):
        exporting.ask(kind="journal", format="csv", parameters={}, actor=limited, at=AT)


def test_snapshot_leaves_no_connection_behind(settled: MoneyAccount) -> None:
    make("journal")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE state LIKE 'idle in transaction%%' AND datname = current_database()"
        )
        assert cursor.fetchone() == (0,)


def test_instant_of_the_snapshot_is_the_databases(settled: MoneyAccount) -> None:
    row = make("journal")
    assert abs(datetime.fromisoformat(row.manifest["snapshot_at"]) - datetime.now(UTC)) < timedelta(minutes=5)
