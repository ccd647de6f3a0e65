"""The cost of goods whose sale is income only once its order is completed: it waits on 1230 until then.

Income and cost belong to the same day. In a book that recognizes sales at delivery, goods that left for an
order stand on 1230 (goods sent), and when the order is completed all that stands there becomes its cost.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from ecomhub.models import Event
from finance.accounting import books, plan
from finance.accounting.ledger import Leg
from finance.models import Book, Journal
from finance.reconciliation import batching
from finance.reconciliation.batching import Entry
from orders.models import Order
from orders.states import Status

_SENT = """
SELECT j.book_id, p.order_id, p.shop_id, p.sku_id, p.currency, p.rate_id, sum(p.amount), sum(p.base_amount),
       max(p.id)
  FROM finance_posting p JOIN finance_journal j ON j.id = p.journal_id
 WHERE p.order_id = ANY(%s) AND p.account_id = %s
 GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(p.amount) <> 0 OR sum(p.base_amount) <> 0
 ORDER BY 1, 2, 4, 5, 6
"""


def completed_at(*, orders: Sequence[int]) -> dict[int, datetime]:
    """Return when orders were completed, as far as somebody said so."""
    rows = Event.objects.filter(object_kind="order", object_id__in=orders, kind="complete")
    return dict(rows.order_by("sequence").values_list("object_id", "at"))


def cost_account(*, book: Book, order: Order) -> str:
    """Return where the cost of goods that leave for an order stands now."""
    waits = book.recognition == Book.Recognition.DELIVERED
    is_income = order.status == Status.COMPLETED or order.is_before_go_live
    return plan.GOODS_SENT if waits and not is_income else plan.COST


def recognize(*, orders: Sequence[int]) -> int:
    """Make what was sent for completed orders their cost, on the day of completion; return how many entries.

    Runs in the caller's transaction, which holds the orders' rows of money. What is there already counts as
    nothing to do.
    """
    completed = Order.objects.filter(pk__in=orders, status=Status.COMPLETED).in_bulk()
    if not completed:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_SENT, [list(completed), plan.GOODS_SENT])
        sent = cursor.fetchall()
    if not sent:
        return 0
    told = completed_at(orders=list(completed))
    held = Book.objects.in_bulk({row[0] for row in sent})
    entries: dict[tuple[int, int], list[Leg]] = {}
    latest: dict[tuple[int, int], int] = {}
    for book_id, order_id, shop_id, sku_id, currency, rate_id, amount, base, posting in sent:
        place = (book_id, order_id)
        latest[place] = max(posting, latest.get(place, 0))
        entries.setdefault(place, []).extend(
            Leg(
                account, currency, sign * amount, sign * base, rate_id,
                shop_id=shop_id, order_id=order_id, sku_id=sku_id,
            )
            for account, sign in ((plan.COST, 1), (plan.GOODS_SENT, -1))
        )  # fmt: skip
    made = 0
    for pk, book in sorted(held.items()):
        mine = []
        for (book_id, order_id), legs in entries.items():
            if book_id != pk:
                continue
            instant = told.get(order_id, completed[order_id].updated_at)
            day = books.open_day(book=book, day=books.day_of(book=book, instant=instant))
            key = f"delivered:{order_id}:{latest[pk, order_id]}"
            mine.append(Entry(day, Journal.Kind.COST, key, legs))
        made += len(batching.post_many(book=book, entries=mine))
    return made
