"""What is done once that half year is over: goods are counted, and its months closed one after another."""

from __future__ import annotations

from ecomhub.access import SYSTEM
from finance.closing import period_checks, periods
from finance.closing.period_checks import Weight
from finance.laws import LAWS
from finance.models import Book
from inventory import ledger
from tests.finance.world.bank import ends
from tests.inventory.making import AT, make_sku, make_warehouse, stock
from tests.sandbox_fixture import START

REASON = "Seen with the seller."


def keep_stock() -> None:
    """Goods that came in at two prices, and some that a count did not find."""
    warehouse = make_warehouse()
    for number in range(3):
        sku = make_sku()
        stock(sku, warehouse, 40, cost="12.35")
        stock(sku, warehouse, 7, cost="13.01")
        ledger.adjust(
            sku_id=sku.pk, warehouse_id=warehouse.pk, delta=-41 - number, reason="Not there",
            cause=f"count:{sku.pk}", at=AT,
        )  # fmt: skip


def close_months() -> None:
    """Close every month of the market's book; what a person may accept is accepted where it is found."""
    book = Book.objects.get(legal_entity__code="main")
    acceptable = {check.key: REASON for check in period_checks.CHECKS if check.weight is Weight.ACCEPTABLE}
    *earlier, last = ends()
    for day in earlier:
        periods.close(book=book, through=day, at=START, actor=SYSTEM, accepted=acceptable)
    periods.close(book=book, through=last, at=START, actor=SYSTEM, accepted=acceptable, laws=LAWS)
