"""Answers of Shopify's API about payouts and balance transactions, GraphQL's shape and REST's.

Net is the amount less the fee. The payout is a row among the others: it is what leaves, and all the others of
its payout must sum to it. Only a paid payout is money.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.money_files.json_values import (
    Json,
    amount_at,
    instant_at,
    json_keys,
    json_objects,
    missing,
    text_at,
)
from channels.platforms.shopify.settlements.words import FEE, LEAVING, rules
from channels.settlement_messages import (
    Holder,
    MoneyLine,
    Reading,
    Sample,
    Source,
    Statement,
    StatementUnreadable,
)

_NAMES = frozenset(("payout", "payouts", "transactions", "nodes", "node"))
_PAID = "paid"


def recognizes(sample: Sample) -> bool:
    """Say whether the members are Shopify's, of a payout or of its balance transactions."""
    keys = json_keys(sample.head)
    is_graphql = "shopifyPaymentsAccount" in keys
    is_rest = keys >= {"payout_id", "payout_status", "fee", "net"}
    return is_graphql or is_rest or keys >= {"payouts", "charges_gross_amount", "charges_fee_amount"}


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the balance transactions; the payouts' statements come at the end."""
    payouts: dict[str, _Payout] = {}
    record = 0
    for _name, _number, found in json_objects(file, _NAMES):
        for one in _nodes(found):
            if _is_transaction(one):
                record += 1
                yield from _transaction(payouts, one, record, reading)
            elif _is_payout(one):
                _take_payout(payouts, one)
    for identity, payout in payouts.items():
        yield payout.statement(identity)


@dataclass(slots=True)
class _Payout:
    """What is known of one payout so far."""

    currency: str
    total: Decimal | None = None
    left: Decimal | None = None
    left_currencies: set[str] = field(default_factory=set)
    has_rows: bool = False
    status: str = ""
    issued_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    reference: str = ""

    def saw(self, at: datetime) -> None:
        """Widen the period by one transaction."""
        self.has_rows = True
        self.starts_at = at if self.starts_at is None else min(at, self.starts_at)
        self.ends_at = at if self.ends_at is None else max(at, self.ends_at)

    def statement(self, identity: str) -> Statement:
        """Return what is stated: the payout's own amount, else what its row says left.

        ``payout_amount`` is what the payout's row says left, zero where a stated payout has rows but not
        its own: then the document is not whole, and the two amounts must not agree.
        """
        left = self.left if self.left_currencies <= {self.currency} else None
        if left is None and self.total is not None and self.has_rows:
            left = Decimal(0)
        return Statement(
            settlement_id=identity,
            currency=self.currency,
            total=self.total if self.total is not None else left,
            starts_at=self.starts_at or self.issued_at,
            ends_at=self.ends_at or self.issued_at,
            deposited_at=self.issued_at,
            payout_id=self.reference,
            payout_amount=left,
            payout_currency=self.currency if left is not None else "",
            platform_status=self.status,
            pays=self.status.lower() == _PAID,
        )


def _nodes(found: Json) -> Iterator[Json]:
    """Yield the objects of a GraphQL connection, or the object itself."""
    nodes, edges = found.get("nodes"), found.get("edges")
    if isinstance(nodes, list):
        yield from (node for node in nodes if isinstance(node, dict))
    elif isinstance(edges, list):
        held = (edge.get("node") for edge in edges if isinstance(edge, dict))
        yield from (node for node in held if isinstance(node, dict))
    else:
        yield found


def _is_transaction(one: Json) -> bool:
    return "type" in one and "net" in one and "fee" in one


def _is_payout(one: Json) -> bool:
    return "status" in one and ("amount" in one or "net" in one) and "type" not in one


def _tail(identity: str) -> str:
    """Return the number at the end of a global id."""
    return identity.rsplit("/", 1)[-1].split("?", 1)[0]


def _money(one: Json, name: str, record: int) -> Decimal | None:
    """Return an amount written as text (REST) or as a money object (GraphQL)."""
    if isinstance(one.get(name), dict):
        return amount_at(one, name, "amount", record=record)
    return amount_at(one, name, record=record)


def _take_payout(payouts: dict[str, _Payout], one: Json) -> None:
    identity = text_at(one, "legacyResourceId") or _tail(text_at(one, "id"))
    name = "net" if isinstance(one.get("net"), dict) else "amount"
    currency = text_at(one, "currency") or text_at(one, name, "currencyCode")
    total = _money(one, name, 0)
    if not identity or not currency or total is None:
        raise missing("id, amount or currency", 0)
    if text_at(one, "transactionType") == "WITHDRAWAL" and total > 0:
        total = -total
    known = payouts.setdefault(identity, _Payout(currency))
    if known.total is not None and known.total != total:
        raise StatementUnreadable(
            _("The document states two amounts for payout %(payout)s. Get it once more from Shopify.")
            % {"payout": identity}
        )
    known.currency, known.total = currency, total
    known.status = text_at(one, "status")
    known.issued_at = instant_at(one, "issuedAt") or instant_at(one, "date")
    known.reference = text_at(one, "externalTraceId") or identity


def _transaction(
    payouts: dict[str, _Payout], one: Json, record: int, reading: Reading
) -> Iterator[MoneyLine]:
    amount = _money(one, "amount", record)
    currency = text_at(one, "currency") or text_at(one, "amount", "currencyCode")
    posted_at = instant_at(one, "processed_at", record=record) or instant_at(
        one, "transactionDate", record=record
    )
    if amount is None or posted_at is None or not currency:
        raise missing("amount, currency or processed_at", record)
    fee = _money(one, "fee", record) or Decimal(0)
    net = _money(one, "net", record)
    payout_id = text_at(one, "payout_id") or _tail(text_at(one, "associatedPayout", "id"))
    kind = text_at(one, "type")
    if one.get("test") is True:
        settlement = f"test:{reading.account}:{currency}"
    else:
        settlement = payout_id or f"open:{reading.account}:{currency}"
    payout = payouts.setdefault(settlement, _Payout(currency))
    payout.saw(posted_at)
    payout.reference = payout.reference or payout_id
    if not payout.status and one.get("test") is not True and payout_id:
        payout.status = text_at(one, "payout_status") or text_at(one, "associatedPayout", "status")
    if kind in LEAVING and payout_id:
        payout.left = (payout.left or Decimal(0)) - (amount - fee)
        payout.left_currencies.add(currency)
        return
    types = kind, text_at(one, "source_type") or text_at(one, "sourceType")
    order_id = text_at(one, "source_order_id") or _tail(text_at(one, "associatedOrder", "id"))
    reference = text_at(one, "source_order_transaction_id") or text_at(one, "sourceOrderTransactionId")
    note = "" if net is None or net == amount - fee else f"net={net}"
    line = MoneyLine(
        settlement, currency, record, (*types, ""), amount, posted_at, order_id,
        reference=reference or text_at(one, "id"), note=note,
    )  # fmt: skip
    yield line
    if fee:
        yield line._replace(types=(*types, FEE), amount=-fee)


SOURCE = Source(
    key="shopify_payouts",
    title=gettext_lazy("Shopify Payments: payouts and transactions (API)"),
    holder=Holder.CHANNEL,
    platform="shopify",
    recognizes=recognizes,
    read=read,
    rules=tuple(rules()),
)
