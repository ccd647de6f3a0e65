"""What about money needs a look: raised once for each cause, solved when the cause is gone, never hidden.

An accepted exception stays quiet while its amount is what was accepted; another amount raises it anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from ecomhub import events
from ecomhub.events import Happening
from ecomhub.limits import lift_limits
from finance.models import MatchRule, MoneyException, OrderMoney
from finance.reconciliation import exception_causes

Kind = MoneyException.Kind
State = MoneyException.State
_DAYS = {
    "never_paid": 30, "unknown_order": 3, "refund_without_return": 30, "unmatched_payout": 7,
    "unknown_receipt": 2,
}  # fmt: skip
"""How long things may take where no rule says otherwise."""
_BOOKED = ":booked:"


class ExceptionRefused(Exception):
    """An exception cannot be accepted or noted like that; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong now. ``key`` names its cause; ``amount`` is in ``currency``."""

    kind: str
    key: str
    book_id: int
    amount: Decimal
    currency: str
    since: date
    shop_id: int | None = None
    money_account_id: int | None = None
    order_id: int | None = None
    settlement_id: int | None = None
    payout_id: int | None = None
    line_id: int | None = None
    line_type_id: int | None = None
    component: str = ""
    reference: str = ""


_NAMES = tuple(field.name for field in fields(Found))
_COLUMNS = ", ".join(_NAMES)
_TYPES = {"kind": "text", "key": "text", "currency": "text", "component": "text", "reference": "text",
          "amount": "numeric", "since": "date"}  # fmt: skip
_GIVEN = ", ".join(f"%({name})s::{_TYPES.get(name, 'bigint')}[]" for name in _NAMES)
_TYPED = ", ".join(f"{name}::{_TYPES.get(name, 'bigint')} AS {name}" for name in _NAMES)
_TABLE = f"""
DROP TABLE IF EXISTS pg_temp.money_found;
CREATE TEMP TABLE money_found ON COMMIT DROP AS
SELECT {_TYPED} FROM ({{found}}) AS f({_COLUMNS})
"""  # noqa: S608
_VALUES = f"SELECT * FROM unnest({_GIVEN})"  # noqa: S608
_SOLVE = """
UPDATE finance_moneyexception e SET state = 'solved', closed_at = %(at)s, closed_by = 'system'
 WHERE e.kind = ANY(%(kinds)s) AND (%(orders)s::bigint[] IS NULL OR e.order_id = ANY(%(orders)s))
   AND CASE e.state
       WHEN 'open' THEN NOT EXISTS (SELECT FROM money_found f WHERE f.key = e.key)
       WHEN 'accepted' THEN EXISTS (SELECT FROM money_found f WHERE f.key = e.key AND f.amount <> e.amount)
       ELSE false END
RETURNING e.id
"""
_CHANGE = """
UPDATE finance_moneyexception e SET amount = f.amount, reference = f.reference
  FROM money_found f
 WHERE e.key = f.key AND e.state = 'open' AND (e.amount, e.reference) <> (f.amount, f.reference)
"""
_RAISE = f"""
INSERT INTO finance_moneyexception ({_COLUMNS}, state, owner, note, reason, opened_at, closed_by)
SELECT {_COLUMNS}, 'open', '', '', '', %(at)s, '' FROM money_found f
 WHERE NOT EXISTS (SELECT FROM finance_moneyexception e WHERE e.key = f.key AND e.state <> 'solved')
 ORDER BY f.key ON CONFLICT DO NOTHING RETURNING id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Changed:
    """How many exceptions were raised and how many solved."""

    raised: int = 0
    solved: int = 0

    def __add__(self, other: "Changed") -> "Changed":
        return Changed(self.raised + other.raised, self.solved + other.solved)


def record(
    *, kinds: Iterable[str], found: Sequence[Found], at: datetime, orders: Sequence[int] | None = None
) -> Changed:
    """Bring the queue's exceptions of some kinds (of some orders, where given) to what was found now."""
    values: dict[str, Any] = {name: [getattr(each, name) for each in found] for name in _NAMES}
    values["kind"] = [str(each.kind) for each in found]
    return _apply(kinds=kinds, sql=_VALUES, values=values, at=at, orders=orders)


def sweep(*, at: datetime, since: tuple[int, int] = (0, 0)) -> Changed:
    """Look through everything that needs no order's own computation, a kind after the other.

    ``since`` is the last entry (its transaction and key) that was looked through before: money is compared
    with other money only where something was booked since.
    """
    days = _DAYS | dict(
        MatchRule.objects.filter(scope=MatchRule.Scope.EXCEPTION, is_active=True, platform="").values_list(
            "condition", "days"
        )
    )
    changed = Changed()
    for kind, sql in exception_causes.QUERIES.items():
        values = {"at": at, "days": days.get(kind, 0), "number": str(since[0]), "row": since[1]}
        changed += _apply(kinds=[kind], sql=sql, values=values, at=at, orders=None)
    return changed


def _apply(
    *, kinds: Iterable[str], sql: str, values: Mapping[str, Any], at: datetime, orders: Sequence[int] | None
) -> Changed:
    given = dict(values) | {
        "at": at,
        "kinds": [str(kind) for kind in kinds],
        "orders": None if orders is None else list(orders),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        if orders is None:
            lift_limits()
        cursor.execute(_TABLE.format(found=sql), given)
        cursor.execute(_SOLVE, given)
        solved = [row for (row,) in cursor.fetchall()]
        cursor.execute(_CHANGE, given)
        cursor.execute(_RAISE, given)
        raised = [row for (row,) in cursor.fetchall()]
        cursor.execute("DROP TABLE pg_temp.money_found")
        _tell(raised, "raised", at=at)
        _tell(solved, "solved", at=at)
    return Changed(len(raised), len(solved))


def _tell(ids: Sequence[int], kind: str, *, at: datetime, actor: str = "system", **data: Any) -> None:
    events.record_many(happenings=[Happening("money_exception", pk, kind, at, data, actor) for pk in ids])


def accept(*, ids: Sequence[int], reason: str, at: datetime, actor: str) -> int:
    """Accept open exceptions as they are, with a reason; return how many were open.

    The difference of an order is booked by the next turn. Raises ``ExceptionRefused`` without a reason.
    """
    if not reason.strip():
        raise ExceptionRefused(_("Say why: the reason is kept with the exception."))
    with transaction.atomic():
        asked = MoneyException.objects.filter(pk__in=ids, state=State.OPEN, order__isnull=False)
        orders = OrderMoney.objects.filter(pk__in=asked.values("order")).order_by("pk")
        # Orders before exceptions, as a turn of explaining does.
        money = [row.pk for row in orders.select_for_update(no_key=True)]
        rows = list(
            MoneyException.objects.select_for_update(no_key=True)
            .filter(pk__in=ids, state=State.OPEN)
            .order_by("pk")
        )
        held = [row.pk for row in rows]
        MoneyException.objects.filter(pk__in=held).update(
            state=State.ACCEPTED, reason=reason.strip()[:200], closed_at=at, closed_by=actor[:160]
        )
        OrderMoney.objects.filter(pk__in=money).update(is_due=True, checked_at=None)
        _tell(held, "accepted", at=at, actor=actor, reason=reason.strip()[:200])
    return len(held)


def note(*, exception_id: int, at: datetime, actor: str, owner: str = "", text: str = "") -> MoneyException:
    """Give an open exception an owner and a note. Raises ``ExceptionRefused`` when it is closed."""
    with transaction.atomic():
        row = MoneyException.objects.select_for_update(no_key=True).get(pk=exception_id)
        if row.state != State.OPEN:
            raise ExceptionRefused(_("This exception is closed. Reload the page."))
        row.owner, row.note = owner[:160], text[:500]
        row.save(update_fields=["owner", "note"])
        _tell([row.pk], "noted", at=at, actor=actor, owner=row.owner)
    return row


def open_ones(*, kinds: Iterable[str] | None = None) -> QuerySet[MoneyException]:
    """Return the open exceptions, the oldest first."""
    rows = MoneyException.objects.filter(state=State.OPEN)
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    return rows.order_by("since", "pk")


def accepted_for(*, orders: Sequence[int], kinds: Iterable[str]) -> dict[tuple[int, str], MoneyException]:
    """Return what was accepted about orders and is not booked yet, by (order, kind), the latest of each."""
    rows = _accepted(orders, kinds)
    return {(row.order_id, row.kind): row for row in rows.order_by("pk") if row.order_id is not None}


def note_booked(*, orders: Sequence[int], kinds: Iterable[str]) -> None:
    """Remember that what was accepted about orders is booked: the same difference again is a new one."""
    _accepted(orders, kinds).update(key=Concat("key", Value(_BOOKED), Cast("pk", CharField())))


def _accepted(orders: Sequence[int], kinds: Iterable[str]) -> QuerySet[MoneyException]:
    return MoneyException.objects.filter(
        order__in=list(orders), kind__in=[str(kind) for kind in kinds], state=State.ACCEPTED
    ).exclude(key__contains=_BOOKED)
