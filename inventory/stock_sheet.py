"""Taking in a sheet of opening stock: each row is one receipt with its cost, received once per file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from ecomhub.money import known_currencies
from ecomhub.sheets import CellRefused, Finding, Job, Outcome, SheetRow, repeated
from inventory import ledger, queries, warehouses
from inventory.ledger import Receipt
from inventory.models import StockMovement, Warehouse
from inventory.warehouses import WarehouseRefused

CREATE_WAREHOUSES = "create_warehouses"


@dataclass(frozen=True, slots=True)
class _Line:
    row: SheetRow
    warehouse: str
    sku: str
    quantity: int
    unit_cost: Decimal
    currency: str

    @property
    def subject(self) -> str:
        return f"{self.sku} @ {self.warehouse}"


def _line(row: SheetRow) -> _Line:
    """Read a row. Raises ``CellRefused``."""
    quantity = row.integer("quantity")
    cost = row.decimal("unit_cost")
    if quantity is None:
        raise CellRefused(_("The quantity is empty; write 0 where nothing lies"))
    if cost is None:
        raise CellRefused(_("The unit cost is empty; finance needs what a unit cost"))
    currency = row.text("currency", longest=3, required=True).upper()
    if currency not in known_currencies():
        raise CellRefused(_("Write a currency as three letters, such as CNY: %s") % currency)
    return _Line(
        row=row,
        warehouse=row.text("warehouse", longest=20, required=True),
        sku=row.text("sku", longest=64, required=True),
        quantity=quantity,
        unit_cost=cost,
        currency=currency,
    )


@dataclass(slots=True)
class _Places:
    """Which SKUs and warehouses the rows name, and which of the warehouses are there or may be made."""

    skus: dict[str, int]
    warehouses: dict[str, int]
    makes: dict[str, str]

    def problem(self, line: _Line) -> str:
        if line.sku not in self.skus:
            return _("There is no SKU %s; import products first") % line.sku
        if line.warehouse in self.warehouses:
            return ""
        if line.warehouse in self.makes:
            return self.makes[line.warehouse]
        return _("There is no warehouse %s; create it first, or let the import create it") % line.warehouse


def _places(lines: Sequence[_Line], job: Job) -> _Places:
    codes = {line.warehouse for line in lines}
    there = dict(Warehouse.objects.filter(code__in=codes).values_list("code", "pk"))
    makes: dict[str, str] = {}
    if job.options.get(CREATE_WAREHOUSES):
        for line in lines:
            if line.warehouse not in there and line.warehouse not in makes:
                makes[line.warehouse] = _refusal_of(line)
    return _Places(
        skus=queries.sku_ids_by_code(codes={line.sku for line in lines}), warehouses=there, makes=makes
    )


def _refusal_of(line: _Line) -> str:
    try:
        _Opening(line).check()
    except (WarehouseRefused, CellRefused) as refusal:
        return str(refusal)
    return ""


class _Opening:
    """A warehouse as the first row that names it describes it. Raises ``CellRefused``."""

    def __init__(self, line: _Line) -> None:
        self.code = line.warehouse
        self.name = line.row.text("warehouse_name", longest=120)
        self.country = line.row.text("warehouse_country", longest=2)
        kind = line.row.text("warehouse_kind").casefold().replace(" ", "_")
        self.kind = kind or Warehouse.Kind.OWN.value
        served = line.row.text("warehouse_serves", longest=600).replace(",", " ").upper()
        self.serves = tuple(dict.fromkeys(served.split()))

    def check(self) -> None:
        """Raises ``WarehouseRefused``."""
        warehouses.check(
            code=self.code,
            name=self.name,
            kind=self.kind,
            country=self.country,
            serves_countries=self.serves,
        )

    def make(self) -> Warehouse:
        """Open it."""
        return warehouses.create(
            code=self.code,
            name=self.name,
            kind=self.kind,
            country=self.country,
            serves_countries=self.serves,
        )


def _read(rows: Sequence[SheetRow], job: Job) -> tuple[list[_Line], dict[int, Finding], _Places]:
    lines: list[_Line] = []
    refused: dict[int, Finding] = {}
    for row in rows:
        try:
            lines.append(_line(row))
        except CellRefused as refusal:
            refused[row.number] = _refused(row, row.values.get("sku", "")[:64], str(refusal))
    places = _places(lines, job)
    for line in lines:
        if problem := places.problem(line):
            refused[line.row.number] = _refused(line.row, line.subject, problem)
    again = repeated(keys=((line.row.number, (line.sku, line.warehouse)) for line in lines))
    for line in lines:
        if line.row.number in again and line.row.number not in refused:
            reason = _("This SKU and warehouse stand in row %d already; add them up or remove one")
            refused[line.row.number] = _refused(line.row, line.subject, reason % again[line.row.number])
    return [line for line in lines if line.row.number not in refused], refused, places


def _refused(row: SheetRow, subject: str, reason: str) -> Finding:
    return Finding(row.number, Outcome.REFUSED, subject, reason)


def _done_before(lines: Iterable[_Line], job: Job) -> set[str]:
    causes = [job.cause(row=line.row) for line in lines]
    moved = StockMovement.objects.filter(cause__in=causes, kind=StockMovement.Kind.RECEIVE)
    return set(moved.values_list("cause", flat=True))


def _finding(line: _Line, *, moved: bool) -> Finding:
    number = line.row.number
    if line.quantity == 0:
        return Finding(number, Outcome.UNCHANGED, line.subject, _("Nothing lies there"))
    if moved:
        return Finding(number, Outcome.CREATED, line.subject, f"+{line.quantity}")
    return Finding(number, Outcome.UNCHANGED, line.subject, _("This row of this file was received before"))


def _findings(
    rows: Sequence[SheetRow], refused: dict[int, Finding], lines: Iterable[_Line], moved: set[int]
) -> list[Finding]:
    found = refused | {line.row.number: _finding(line, moved=line.row.number in moved) for line in lines}
    return [found[row.number] for row in rows]


def check(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Say what each row would receive; writes nothing."""
    lines, refused, _places_named = _read(rows, job)
    before = _done_before(lines, job)
    moved = {line.row.number for line in lines if job.cause(row=line.row) not in before}
    return _findings(rows, refused, lines, moved)


def apply(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Receive the rows' stock with its cost; a row received before is passed over."""
    lines, refused, places = _read(rows, job)
    for line in lines:
        if line.warehouse not in places.warehouses:
            places.warehouses[line.warehouse] = _Opening(line).make().pk
    filled = [line for line in lines if line.quantity]
    receipts = [
        Receipt(
            sku_id=places.skus[line.sku],
            warehouse_id=places.warehouses[line.warehouse],
            quantity=line.quantity,
            unit_cost=line.unit_cost,
            currency=line.currency,
            cause=job.cause(row=line.row),
            note=_("Opening stock"),
        )
        for line in filled
    ]
    answers = ledger.receive_many(receipts=receipts, at=job.at, actor=job.actor)
    moved = {line.row.number for line, now in zip(filled, answers, strict=True) if now}
    return _findings(rows, refused, lines, moved)
