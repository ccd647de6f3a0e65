"""Answers of eBay's Finances API: transactions and payouts.

Amounts there have no sign, ``bookingEntry`` is the sign. Whether a transaction's amount is before or after
its fees differs, so its own identity decides: fee basis less fees is net, the fee basis itself is gross.
"""

from collections.abc import Iterator
from dataclasses import dataclass
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
    needed_amount,
    text_at,
)
from channels.settlement_messages import (
    Binding,
    Holder,
    LineKind,
    MoneyLine,
    Reading,
    Sample,
    Source,
    Statement,
    StatementUnreadable,
    TypeRule,
)

PAID = "SUCCEEDED"
_PAID_OUT = ("PAYOUT", "COMPLETED")
_SIGNS = {"CREDIT": Decimal(1), "DEBIT": Decimal(-1)}
_REST = "fees not itemized"


def recognizes(sample: Sample) -> bool:
    """Say whether the members are those of the Finances API's transactions or payouts."""
    keys = json_keys(sample.head)
    has_transactions = keys >= {"transactions", "bookingEntry", "transactionType"}
    return has_transactions or keys >= {"payouts", "payoutId", "payoutStatus"}


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the transactions of all answers in the document; every payout's statement comes at the end."""
    payouts: dict[str, _Payout] = {}
    for name, record, one in json_objects(file, frozenset({"transactions", "payouts"})):
        if name == "payouts":
            _take_payout(payouts, one, record)
        else:
            yield from _transaction(payouts, one, record, reading)
    for identity, payout in payouts.items():
        yield payout.statement(identity)


@dataclass(slots=True)
class _Payout:
    """What is known of one payout so far; kept small, a document has few."""

    currency: str
    total: Decimal | None = None
    status: str = ""
    paid_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_paid_out: bool = True
    reference: str = ""

    def saw(self, at: datetime) -> None:
        """Widen the period by one transaction."""
        self.starts_at = at if self.starts_at is None else min(at, self.starts_at)
        self.ends_at = at if self.ends_at is None else max(at, self.ends_at)

    def statement(self, identity: str) -> Statement:
        """Return what is stated about the payout."""
        return Statement(
            settlement_id=identity,
            currency=self.currency,
            total=self.total,
            starts_at=self.starts_at or self.paid_at,
            ends_at=self.ends_at or self.paid_at,
            deposited_at=self.paid_at,
            payout_id=self.reference,
            platform_status=self.status,
            pays=self.status == PAID if self.status else self.is_paid_out,
        )


def _take_payout(payouts: dict[str, _Payout], one: Json, record: int) -> None:
    identity = text_at(one, "payoutId")
    currency = text_at(one, "amount", "currency")
    if not identity or not currency:
        raise missing("amount.currency" if identity else "payoutId", record)
    total = needed_amount(one, "amount", "value", record=record)
    known = payouts.setdefault(identity, _Payout(currency))
    if known.total is not None and known.total != total:
        raise StatementUnreadable(
            _("The document states two amounts for payout %(payout)s. Get it once more from eBay.")
            % {"payout": identity},
            row=record,
        )
    known.currency, known.total = currency, total
    known.status = text_at(one, "payoutStatus")
    known.paid_at = instant_at(one, "payoutDate", record=record)
    known.reference = text_at(one, "bankReference") or identity


def _transaction(
    payouts: dict[str, _Payout], one: Json, record: int, reading: Reading
) -> Iterator[MoneyLine]:
    currency = text_at(one, "amount", "currency")
    posted_at = instant_at(one, "transactionDate", record=record)
    sign = _SIGNS.get(text_at(one, "bookingEntry"))
    if posted_at is None or not currency or sign is None:
        raise missing("transactionDate, amount.currency or bookingEntry", record)
    payout_id = text_at(one, "payoutId")
    settlement = payout_id or f"open:{reading.account}:{currency}"
    payout = payouts.setdefault(
        settlement, _Payout(currency, reference=payout_id, is_paid_out=bool(payout_id))
    )
    payout.saw(posted_at)
    if text_at(one, "transactionStatus") not in _PAID_OUT:
        payout.is_paid_out = False
    kind = text_at(one, "transactionType")
    gross, total_fee = _gross_and_fee(one, record)
    line = MoneyLine(
        settlement,
        currency,
        record,
        (kind, text_at(one, "feeType"), ""),
        sign * gross,
        posted_at,
        order_id=text_at(one, "orderId"),
        reference=text_at(one, "transactionId"),
        note=_item(one),
    )
    yield line
    itemized = Decimal(0)
    for line_id, fee in _fees(one) if total_fee else ():
        amount = needed_amount(fee, "amount", "value", record=record)
        itemized += amount
        yield line._replace(
            currency=text_at(fee, "amount", "currency") or currency,
            types=(kind, text_at(fee, "feeType"), ""),
            amount=-sign * amount,
            line_id=line_id,
        )
    if itemized != total_fee:
        yield line._replace(types=(kind, _REST, ""), amount=-sign * (total_fee - itemized))


def _gross_and_fee(one: Json, record: int) -> tuple[Decimal, Decimal]:
    """Return the amount before fees and the fees, by which of the two equations holds."""
    amount = needed_amount(one, "amount", "value", record=record)
    fee = amount_at(one, "totalFeeAmount", "value", record=record) or Decimal(0)
    basis = amount_at(one, "totalFeeBasisAmount", "value", record=record)
    if fee and basis is not None and amount == basis:
        return amount, fee
    return amount + fee, fee


def _fees(one: Json) -> Iterator[tuple[str, Json]]:
    lines = one.get("orderLineItems")
    for line in lines if isinstance(lines, list) else ():
        fees = line.get("marketplaceFees") if isinstance(line, dict) else None
        for fee in fees if isinstance(fees, list) else ():
            if isinstance(fee, dict):
                yield text_at(line, "lineItemId"), fee


def _item(one: Json) -> str:
    """Return what a charge is for: the item it names."""
    references = one.get("references")
    return "; ".join(
        f"{text_at(reference, 'referenceType')}={text_at(reference, 'referenceId')}"
        for reference in (references if isinstance(references, list) else ())
        if isinstance(reference, dict)
    )


SELLING_FEES = (
    "FINAL_VALUE_FEE", "FINAL_VALUE_FEE_FIXED_PER_ORDER", "FINAL_VALUE_SHIPPING_FEE", "INTERNATIONAL_FEE",
    "REGULATORY_OPERATING_FEE", "BELOW_STANDARD_FEE", "BELOW_STANDARD_SHIPPING_FEE", "COMMISSION_FEE",
    "HIGH_ITEM_NOT_AS_DESCRIBED_FEE", "DEPOSIT_PROCESSING_FEE",
)  # fmt: skip
_LISTING_FEES = (
    "INSERTION_FEE", "BOLD_FEE", "SUBTITLE_FEE", "GALLERY_FEE", "GALLERY_PLUS_FEE", "LISTING_UPGRADE_FEE",
    "RESERVE_PRICE_FEE", "AUCTION_END_EARLY_FEE", "INTERNATIONAL_LISTING_FEE",
)  # fmt: skip
_OTHER_FEES = {
    "PAYMENT_DISPUTE_FEE": "5500",
    "PAYMENT_PROCESSING_FEE": "5500",
    "AD_FEE": "5400",
    "AD_FEES": "5400",
    "PREMIUM_AD_FEES": "5400",
    "OFFSITE_AD_FEES": "5400",
    "STORE_SUBSCRIPTION_FEE": "5220",
    "SUBSCRIPTION_FEE": "5220",
    "STORE_SUBSCRIPTION_EARLY_TERMINATION_FEE": "5220",
}
_WITHHELD = ("VAT_WITHHOLDING", "INCOME_TAX_WITHHOLDING", "TAX_DEDUCTION_AT_SOURCE")


def _rules() -> Iterator[TypeRule]:
    for word in SELLING_FEES:
        yield TypeRule(("*", word, ""), LineKind.FEE, "5200", Binding.ORDER)
    for word in _LISTING_FEES:
        yield TypeRule(("*", word, ""), LineKind.FEE, "5200")
    for word, account in _OTHER_FEES.items():
        yield TypeRule(("*", word, ""), LineKind.FEE, account)
    for word in _WITHHELD:
        yield TypeRule(("*", word, ""), LineKind.TAX, "1310")
    yield TypeRule(("SALE", "", ""), LineKind.CHARGE, "4000", Binding.ORDER)
    yield TypeRule(("REFUND", "", ""), LineKind.REFUND, "4100", Binding.ORDER)
    yield TypeRule(("CREDIT", "", ""), LineKind.ADJUSTMENT, "4900")
    yield TypeRule(("DISPUTE", "", ""), LineKind.RESERVE, "1115")
    yield TypeRule(("SHIPPING_LABEL", "", ""), LineKind.FEE, "5300")
    yield TypeRule(("TRANSFER", "", ""), LineKind.TRANSFER, "1140")
    yield TypeRule(("WITHDRAWAL", "", ""), LineKind.TRANSFER, "1120", Binding.PAYOUT)
    yield TypeRule(("LOAN_REPAYMENT", "", ""), LineKind.TRANSFER, "2300")


SOURCE = Source(
    key="ebay_finances",
    title=gettext_lazy("eBay Finances: transactions and payouts"),
    holder=Holder.CHANNEL,
    platform="ebay",
    recognizes=recognizes,
    read=read,
    rules=tuple(_rules()),
)
