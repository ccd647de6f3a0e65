"""The answers of the Finances API 2024-06-19: what is expected, what is deferred and what was released.

Every transaction is a statement of its own, keyed by its id, since a deferred one later comes again as
released. The leaves of its breakdowns are the lines; they must sum to its total. Nothing here is posted: the
settlement report posts the same money.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext_lazy

from channels.money_files.json_values import (
    Json,
    amount_at,
    instant_at,
    json_keys,
    json_objects,
    missing,
    needed_amount,
    text_at,
)
from channels.settlement_messages import Holder, MoneyLine, Reading, Sample, Source, Statement

_DEFERRED = "DEFERRED"
_GROUPS = ("FINANCIAL_EVENT_GROUP_ID", "SETTLEMENT_ID", "DISBURSEMENT_ID")
_TIES = ("DEFERRED_TRANSACTION_ID", "RELEASE_TRANSACTION_ID")
_CAUSES = ("REFUND_ID", "SHIPMENT_ID")
_ITEM_IDS = ("ORDER_ADJUSTMENT_ITEM_ID", "ORDER_ITEM_ID", "ORDER_ITEM_CODE")


def recognizes(sample: Sample) -> bool:
    """Say whether the members are those of ``listTransactions``."""
    return json_keys(sample.head) >= {"transactions", "transactionType", "currencyAmount", "totalAmount"}


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the transactions of one answer or of many that follow each other."""
    for _name, record, transaction in json_objects(file, frozenset({"transactions"})):
        identity = text_at(transaction, "transactionId") or f"{reading.account}:{record}"
        status = text_at(transaction, "transactionStatus")
        currency = text_at(transaction, "totalAmount", "currencyCode")
        posted_at = instant_at(transaction, "postedDate", record=record)
        if not currency or posted_at is None:
            raise missing("postedDate" if currency else "totalAmount.currencyCode", record)
        yield Statement(
            settlement_id=identity,
            currency=currency,
            total=needed_amount(transaction, "totalAmount", "currencyAmount", record=record),
            starts_at=posted_at,
            ends_at=posted_at,
            deposited_at=_matures_at(transaction, record),
            payout_id=_related(transaction, "relatedIdentifier", _GROUPS),
            platform_status=status,
            pays=status != _DEFERRED,
        )
        yield from _Lines(transaction, identity, currency, posted_at, record).lines()


def _list(holder: Json, name: str) -> list[Json]:
    value = holder.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _related(holder: Json, prefix: str, names: tuple[str, ...]) -> str:
    """Return the first of the wanted identifiers."""
    found = {
        text_at(one, f"{prefix}Name"): text_at(one, f"{prefix}Value") for one in _list(holder, f"{prefix}s")
    }
    return next((found[name] for name in names if found.get(name)), "")


def _context(holder: Json, name: str) -> str:
    return next((text for one in _list(holder, "contexts") if (text := text_at(one, name))), "")


def _matures_at(transaction: Json, record: int) -> datetime | None:
    for one in _list(transaction, "contexts"):
        if (at := instant_at(one, "maturityDate", record=record)) is not None:
            return at
    return None


class _Lines:
    """The lines of one transaction: its items' leaves where they carry the whole of it, else its own."""

    def __init__(
        self, transaction: Json, identity: str, currency: str, posted_at: datetime, record: int
    ) -> None:
        self._transaction, self._identity = transaction, identity
        self._currency, self._posted_at, self._record = currency, posted_at, record
        self._kind = text_at(transaction, "transactionType")
        self._order = _related(transaction, "relatedIdentifier", ("ORDER_ID",))
        self._tie = _related(transaction, "relatedIdentifier", _TIES)
        self._cause = _related(transaction, "relatedIdentifier", _CAUSES)
        self._marketplace = text_at(transaction, "marketplaceDetails", "marketplaceId")

    def lines(self) -> Iterator[MoneyLine]:
        total = needed_amount(self._transaction, "totalAmount", "currencyAmount", record=self._record)
        items = _list(self._transaction, "items")
        amounts = [amount_at(item, "totalAmount", "currencyAmount", record=self._record) for item in items]
        if items and sum((amount or Decimal(0) for amount in amounts), Decimal(0)) == total:
            for item in items:
                yield from self._of(item)
        else:
            yield from self._of(self._transaction)

    def _of(self, holder: Json) -> Iterator[MoneyLine]:
        roots = _list(holder, "breakdowns")
        if not roots:
            amount = needed_amount(holder, "totalAmount", "currencyAmount", record=self._record)
            yield self._line(holder, ("", ""), amount, self._currency)
        for root in roots:
            for path, leaf in _leaves(root, ""):
                amount = needed_amount(leaf, "breakdownAmount", "currencyAmount", record=self._record)
                currency = text_at(leaf, "breakdownAmount", "currencyCode") or self._currency
                yield self._line(holder, (path, text_at(leaf, "breakdownType")), amount, currency)

    def _line(self, holder: Json, types: tuple[str, str], amount: Decimal, currency: str) -> MoneyLine:
        quantity = _context(holder, "quantityShipped")
        return MoneyLine(
            self._identity,
            currency,
            self._record,
            (self._kind, *types),
            amount,
            self._posted_at,
            self._order,
            _related(holder, "itemRelatedIdentifier", _ITEM_IDS),
            _context(holder, "sku"),
            int(quantity) if quantity.isdigit() else 0,
            self._tie,
            self._marketplace,
            self._cause,
        )


def _leaves(breakdown: Json, path: str) -> Iterator[tuple[str, Json]]:
    """Yield the breakdowns without children, each with the kind of its parent."""
    children = _list(breakdown, "breakdowns")
    if not children:
        yield path, breakdown
    for child in children:
        yield from _leaves(child, text_at(breakdown, "breakdownType"))


SOURCE = Source(
    key="amazon_transactions",
    title=gettext_lazy("Amazon Finances transactions"),
    holder=Holder.CHANNEL,
    platform="amazon",
    recognizes=recognizes,
    read=read,
    is_evidence=True,
    announces=True,
)
