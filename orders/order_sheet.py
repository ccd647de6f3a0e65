"""Taking in a sheet of orders of shops nobody speaks for, by the same intake as every platform's orders.

A row is one line of an order; the rows of an order stand together, and are taken in together or not at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from channels.messages import IncomingOrder
from channels.models import ChannelAccount
from ecomhub.sheets import CellRefused, Finding, Job, Outcome, SheetRow
from orders import intake
from orders.intake import Prospect
from orders.sheet_orders import put_together
from orders.sheet_rows import SheetLine, Shops, read_row

Key = tuple[int, str]
"""Account id, order number."""

_OUTCOMES = {
    Prospect.NEW: Outcome.CREATED,
    Prospect.CHANGED: Outcome.UPDATED,
    Prospect.SAME: Outcome.UNCHANGED,
    Prospect.OLDER: Outcome.UNCHANGED,
}


@dataclass(slots=True)
class _Group:
    """The rows of one order number as they stand in the sheet, and the order they make."""

    rows: list[SheetRow] = field(default_factory=list)
    lines: list[SheetLine] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    incoming: IncomingOrder | None = None

    def refuse(self, reason: str) -> None:
        """Refuse every row that has no reason of its own."""
        self.incoming = None
        for row in self.rows:
            self.refused.setdefault(row.number, reason)


def check(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Say what each row would do; writes nothing."""
    groups = _groups(rows, at=job.at)
    prospects: dict[Key, Prospect] = {}
    for account, mine in _by_account(groups):
        prospects |= _weigh(account, mine)
    return _findings(groups, prospects=prospects)


def apply(*, rows: Sequence[SheetRow], job: Job) -> list[Finding]:
    """Take the rows' orders in, inside the caller's transaction."""
    groups = _groups(rows, at=job.at)
    prospects: dict[Key, Prospect] = {}
    for account, mine in _by_account(groups):
        prospects |= _weigh(account, mine)
        orders = {each.incoming.external_id: each for each in mine if each.incoming is not None}
        taken = intake.take_in(
            account=account,
            orders=[each.incoming for each in orders.values() if each.incoming is not None],
            bad=(),
            at=job.at,
        )
        for external_id, reason in taken.reasons:
            if external_id in orders:
                orders[external_id].refuse(_could_not(reason))
    return _findings(groups, prospects=prospects)


def _groups(rows: Sequence[SheetRow], *, at: datetime) -> list[_Group]:
    shops = Shops()
    groups: list[_Group] = []
    before: str | None = None
    for row in rows:
        number = row.values.get("order", "")
        if number != before or not number:
            groups.append(_Group())
        before = number
        _add(groups[-1], row, shops=shops, at=at)
    for group in groups:
        _close(group)
    _refuse_scattered(groups)
    return groups


def _add(group: _Group, row: SheetRow, *, shops: Shops, at: datetime) -> None:
    group.rows.append(row)
    try:
        group.lines.append(read_row(row, shops=shops, at=at))
    except CellRefused as refusal:
        group.refused[row.number] = str(refusal)


def _close(group: _Group) -> None:
    """Put a group's order together, or refuse all of it: half an order would look like a changed one."""
    if group.refused:
        wrong = ", ".join(str(number) for number in group.refused)
        group.refuse(_("Another row of this order is refused: %s. Correct it, then all of it comes") % wrong)
        return
    if len({line.shop.pk for line in group.lines}) > 1:
        group.refuse(_("The rows of this order name different shops"))
        return
    try:
        group.incoming = put_together(group.lines)
    except CellRefused as refusal:
        group.refuse(str(refusal))


def _refuse_scattered(groups: Sequence[_Group]) -> None:
    seen: dict[Key, _Group] = {}
    for group in groups:
        if not group.lines:
            continue
        key = _key(group)
        other = seen.setdefault(key, group)
        if other is not group:
            reason = _("The rows of this order do not stand together. Sort the sheet by order number")
            group.refuse(reason)
            other.refuse(reason)


def _key(group: _Group) -> Key:
    line = group.lines[0]
    return line.shop.account_id, line.order


def _by_account(groups: Iterable[_Group]) -> list[tuple[ChannelAccount, list[_Group]]]:
    found: dict[int, tuple[ChannelAccount, list[_Group]]] = {}
    for group in groups:
        if group.incoming is not None:
            account = group.lines[0].shop.account
            found.setdefault(account.pk, (account, []))[1].append(group)
    return [found[pk] for pk in sorted(found)]


def _weigh(account: ChannelAccount, groups: Sequence[_Group]) -> dict[Key, Prospect]:
    """Say what each order would come to; what cannot be taken in is refused here."""
    orders = [group.incoming for group in groups if group.incoming is not None]
    foreseen = intake.foresee(account=account, orders=orders)
    found: dict[Key, Prospect] = {}
    for group in groups:
        key = _key(group)
        said = foreseen[key[1]]
        if isinstance(said, Prospect):
            found[key] = said
        else:
            group.refuse(_could_not(said))
    return found


def _could_not(reason: str) -> str:
    return _("The order could not be taken in: %s") % reason


def _findings(groups: Sequence[_Group], *, prospects: dict[Key, Prospect]) -> list[Finding]:
    found = []
    for group in groups:
        said = prospects.get(_key(group)) if group.lines else None
        outcome = Outcome.UNCHANGED if said is None else _OUTCOMES[said]
        reason = _("The hub knows a later state of this order") if said is Prospect.OLDER else ""
        for row in group.rows:
            subject = f"{row.values.get('order', '')[:60]} · {row.values.get('listing', '')[:60]}"
            if row.number in group.refused:
                found.append(Finding(row.number, Outcome.REFUSED, subject, group.refused[row.number]))
            else:
                found.append(Finding(row.number, outcome, subject, reason))
    return found
