"""Taking orders in: a page in one savepoint, each order exactly once, none able to stop the rest.

The only way an order comes into the hub, whoever delivers it: a pull, a replayed file, a retried failure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog
from django.db import (
    DataError,
    IntegrityError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
    connection,
    transaction,
)

from channels import documents, failures
from channels.listings import ResolvedListing, WantedListing, resolve
from channels.messages import BadItem, FulfillmentMethod, IncomingOrder, OrderState
from channels.models import ChannelAccount, Shop
from ecomhub.sealed import SealBroken
from inventory.ledger import LedgerRefused
from orders.allocation import lay_out
from orders.choosing import Board, Components
from orders.intake_checks import Unreadable, Weighed, check, weigh
from orders.intake_page import write_page
from orders.intake_rows import Desk
from orders.models import Allocation, Order
from orders.opened import NotAllowed
from orders.renumbering import gone_numbers, note_former, renumber, replaced

log = structlog.get_logger(__name__)

ADVISORY_CLASS = 0x0D0E
"""Names the advisory locks of this house; the second half of such a lock is the account."""

_POISON = (
    DataError,
    IntegrityError,
    InternalError,
    NotSupportedError,
    ProgrammingError,
    LedgerRefused,
    NotAllowed,
    SealBroken,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
)
"""What an order can break by itself. A deadlock, a time-out or a lost connection is not among them."""


@dataclass(slots=True)
class IntakeResult:
    """What became of a page's orders; ``reasons`` are (external id, reason) of the quarantined ones."""

    seen: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    reasons: list[tuple[str, str]] = field(default_factory=list)

    def add(self, other: "IntakeResult") -> None:
        """Add another page's counts."""
        self.seen += other.seen
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.quarantined += other.quarantined
        self.reasons += other.reasons


@dataclass(frozen=True, slots=True)
class _Known:
    """What is compared of an order we have."""

    pk: int
    source_updated_at: datetime
    content_hash: bytes


def take_in(
    *, account: ChannelAccount, orders: Sequence[IncomingOrder], bad: Sequence[BadItem], at: datetime
) -> IntakeResult:
    """Take one page of orders in, inside the caller's transaction; returns what became of each.

    Unchanged and older pictures of orders write nothing. An order that breaks is quarantined with its
    reason and the rest is taken. Raises ``OperationalError`` for a deadlock, a lock time-out or a lost
    connection: then the caller retries the whole page in a new transaction.
    """
    result = IntakeResult(seen=len(orders) + len(bad))
    for item in bad:
        _quarantine(
            result, account=account, external_id=item.external_id, reason=item.reason, raw=item.raw, at=at
        )
    _only_intake_of(account_id=account.pk)
    latest = _latest(orders)
    result.unchanged += len(orders) - len(latest)
    latest = _renumbered(result, account=account, latest=latest, at=at)
    known = _known(account_id=account.pk, external_ids=list(latest))
    todo: list[Weighed] = []
    for incoming in latest.values():
        try:
            weighed = _look(incoming, known.get(incoming.external_id))
        except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
            _refuse(result, account=account, incoming=incoming, reason=_reason(error), at=at)
            continue
        if weighed is None:
            result.unchanged += 1
        else:
            todo.append(weighed)
    fresh = _unseen(todo, account_id=account.pk)
    result.unchanged += len(todo) - len(fresh)
    if fresh:
        _work(result, account=account, todo=fresh, at=at)
        note_former(account_id=account.pk, orders=[each.incoming for each in fresh])
    log.info(
        "orders.intake.page",
        account=account.pk,
        seen=result.seen,
        created=result.created,
        updated=result.updated,
        quarantined=result.quarantined,
    )
    return result


class Prospect(StrEnum):
    """What taking an order in would come to."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    OLDER = "older"


def foresee(*, account: ChannelAccount, orders: Sequence[IncomingOrder]) -> dict[str, Prospect | str]:
    """Say of each order, by its external id, what ``take_in`` would come to, or why it cannot be taken in.

    Writes nothing. What an order can break only while it is written is not seen.
    """
    known = _known(account_id=account.pk, external_ids=[each.external_id for each in orders])
    found: dict[str, Prospect | str] = {}
    changed: list[Weighed] = []
    for incoming in orders:
        held = known.get(incoming.external_id)
        try:
            weighed = _look(incoming, held)
        except Unreadable as error:
            found[incoming.external_id] = str(error)
            continue
        if weighed is not None:
            found[incoming.external_id] = Prospect.NEW if held is None else Prospect.CHANGED
            changed.append(weighed)
        else:
            is_older = held is not None and incoming.updated_at < held.source_updated_at
            found[incoming.external_id] = Prospect.OLDER if is_older else Prospect.SAME
    fresh = {each.incoming.external_id for each in _unseen(changed, account_id=account.pk)}
    for each in changed:
        if each.incoming.external_id not in fresh:
            found[each.incoming.external_id] = Prospect.OLDER
    return found


def _only_intake_of(*, account_id: int) -> None:
    """Let one page of an account be written at a time: then no two deliverers meet on a new order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_CLASS, account_id])


def _latest(orders: Iterable[IncomingOrder]) -> dict[str, IncomingOrder]:
    """Return one picture of each order: the newest, of the same time the one that shows lines."""
    latest: dict[str, IncomingOrder] = {}
    for incoming in orders:
        held = latest.get(incoming.external_id)
        if held is None or (incoming.updated_at, bool(incoming.lines)) >= (held.updated_at, bool(held.lines)):
            latest[incoming.external_id] = incoming
    return latest


def _renumbered(
    result: IntakeResult, *, account: ChannelAccount, latest: dict[str, IncomingOrder], at: datetime
) -> dict[str, IncomingOrder]:
    """Let known orders follow to their new numbers; returns the orders that are still to be looked at."""
    left = dict(latest)
    for order_id, incoming in replaced(account_id=account.pk, orders=latest.values()):
        try:
            renumber(account=account, order_id=order_id, incoming=incoming, at=at)
        except _POISON as error:
            if left.pop(incoming.external_id, None) is not None:
                _refuse(result, account=account, incoming=incoming, reason=_reason(error), at=at)
    named = {former for incoming in left.values() for former in incoming.replaces if former in left}
    for number in named | gone_numbers(account_id=account.pk, orders=left.values()):
        del left[number]
        result.unchanged += 1
    return left


def _known(*, account_id: int, external_ids: Sequence[str]) -> dict[str, _Known]:
    asked = [external_id for external_id in external_ids if "\x00" not in external_id]
    rows = Order.objects.filter(account_id=account_id, external_id__in=asked)
    return {
        external_id: _Known(pk, updated_at, bytes(content_hash))
        for pk, external_id, updated_at, content_hash in rows.values_list(
            "pk", "external_id", "source_updated_at", "content_hash"
        )
    }


def _look(incoming: IncomingOrder, known: _Known | None) -> Weighed | None:
    """Return the order to be written, or ``None`` when it is older than ours or the same."""
    if known is None:
        check(incoming=incoming)
        return weigh(incoming=incoming)
    if incoming.updated_at.tzinfo is not None and incoming.updated_at < known.source_updated_at:
        return None
    same_time = incoming.updated_at == known.source_updated_at
    weighed = weigh(incoming=incoming, order_id=known.pk, is_same_time=same_time)
    if weighed.content_hash == known.content_hash:
        return None
    check(incoming=incoming)
    return weighed


def _unseen(todo: Sequence[Weighed], *, account_id: int) -> Sequence[Weighed]:
    """Leave out orders of the same time whose very content was taken in before, in another layout's turn."""
    doubtful = [(each.incoming.external_id, each.document) for each in todo if each.is_same_time]
    if not doubtful:
        return todo
    keys = documents.data_keys(account_id=account_id, external_ids=[name for name, _raw in doubtful])
    seen = documents.known(account_id=account_id, kind="order", documents=doubtful, keys=keys)
    return [each for each in todo if not (each.is_same_time and each.incoming.external_id in seen)]


def _work(result: IntakeResult, *, account: ChannelAccount, todo: Sequence[Weighed], at: datetime) -> None:
    listings = _resolve(result, account=account, todo=todo, at=at)
    shops = {shop.marketplace: shop for shop in Shop.objects.filter(account_id=account.pk)}
    sound = []
    for weighed in todo:
        missing = _unplaced(weighed.incoming, shops=shops, listings=listings)
        if missing:
            _refuse(result, account=account, incoming=weighed.incoming, reason=missing, at=at)
        else:
            sound.append(weighed)
    board = _lock(sound, listings=listings)
    desk = Desk(account=account, at=at, shops=shops, listings=listings, board=board, keys={})
    if sound:
        _halve(result, desk=desk, batch=sound)


def _resolve(
    result: IntakeResult, *, account: ChannelAccount, todo: Sequence[Weighed], at: datetime
) -> dict[tuple[str, str], ResolvedListing]:
    wanted = [
        WantedListing(
            marketplace=weighed.incoming.marketplace,
            listing_id=line.listing_id,
            title=line.title[:500],
            product_id=line.product_id[:60],
        )
        for weighed in todo
        for line in weighed.incoming.lines
    ]
    return resolve(account_id=account.pk, wanted=wanted, at=at)


def _unplaced(
    incoming: IncomingOrder,
    *,
    shops: Mapping[str, Shop],
    listings: Mapping[tuple[str, str], ResolvedListing],
) -> str:
    if incoming.marketplace not in shops:
        return f"the account has no shop on marketplace {incoming.marketplace[:40]!r}"
    if any((incoming.marketplace, line.listing_id) not in listings for line in incoming.lines):
        return "a line names a listing that could not be made"
    return ""


def _lock(batch: Sequence[Weighed], *, listings: dict[tuple[str, str], ResolvedListing]) -> Board:
    """Lock the known orders, then every stock level the page may touch, both in primary-key order.

    Before the savepoint: a lock taken inside it would be let go and taken again out of order.
    """
    order_ids = [weighed.order_id for weighed in batch if weighed.order_id is not None]
    held: set[tuple[int, int]] = set()
    if order_ids:
        list(Order.objects.filter(pk__in=order_ids).order_by("pk").select_for_update().values_list("pk"))
        claims = Allocation.objects.filter(line__order_id__in=order_ids)
        held = set(claims.values_list("sku_id", "warehouse_id"))
    sku_ids = {sku_id for sku_id, _warehouse_id in held}
    for weighed in batch:
        if weighed.order_id is None and not _may_be_worked(weighed.incoming):
            continue
        for line in weighed.incoming.lines:
            parts = listings[(weighed.incoming.marketplace, line.listing_id)].components
            sku_ids.update(sku_id for sku_id, _units in parts)
    components: dict[int, Components] = {resolved.id: resolved.components for resolved in listings.values()}
    return lay_out(components=components, sku_ids=sku_ids, held=held)


def _may_be_worked(incoming: IncomingOrder) -> bool:
    return incoming.fulfillment_method is FulfillmentMethod.BY_SELLER and incoming.state in (
        OrderState.OPEN,
        OrderState.PARTLY_SHIPPED,
    )


def _halve(result: IntakeResult, *, desk: Desk, batch: Sequence[Weighed]) -> None:
    """Write a batch in one savepoint; when it breaks, halve it down to the order that broke it."""
    mark = desk.board.levels.mark()
    try:
        with transaction.atomic():
            created, updated = write_page(desk=desk, batch=batch)
    except _POISON as error:
        desk.board.levels.reset(mark)
        desk.board.taken.clear()
        if len(batch) == 1:
            incoming = batch[0].incoming
            _refuse(result, account=desk.account, incoming=incoming, reason=_reason(error), at=desk.at)
            return
        middle = len(batch) // 2
        _halve(result, desk=desk, batch=batch[:middle])
        _halve(result, desk=desk, batch=batch[middle:])
        return
    desk.board.taken.clear()  # the levels count it as reserved now
    result.created += created
    result.updated += updated
    result.unchanged += len(batch) - created - updated


def _reason(error: BaseException) -> str:
    """Return why an order broke, without the values a database puts into its details."""
    if isinstance(error, Unreadable):
        return str(error)
    diagnosis = getattr(error.__cause__, "diag", None)
    said = getattr(diagnosis, "message_primary", None) or str(error) or type(error).__name__
    return f"{type(error).__name__}: {said.splitlines()[0]}"[:500]


def _refuse(
    result: IntakeResult, *, account: ChannelAccount, incoming: IncomingOrder, reason: str, at: datetime
) -> None:
    _quarantine(
        result, account=account, external_id=incoming.external_id, reason=reason, raw=incoming.raw, at=at
    )


def _quarantine(
    result: IntakeResult, *, account: ChannelAccount, external_id: str, reason: str, raw: Any, at: datetime
) -> None:
    name = external_id.replace("\x00", "")[:120] or "(no id)"
    failures.quarantine(
        account_id=account.pk,
        kind="order",
        external_id=name,
        reason=reason.replace("\x00", ""),
        raw=raw,
        at=at,
    )
    result.quarantined += 1
    result.reasons.append((name, reason))
