"""Shopee's escrow details: one settlement per order, explained by Shopee's published formula.

Fees are positive costs in the answer, refunds are negative. What the formula leaves of the stated income is a
line of its own that no rule knows, because new fees appear exactly there.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.money_files.json_values import (
    WHOLE,
    Json,
    amount_at,
    instant_at,
    json_keys,
    json_objects,
    missing,
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

_NAMES = frozenset(("", WHOLE))
_ESCROW, _ADJUSTMENT, _REMAINDER = "escrow", "adjustment", "remainder"
_DATED = re.compile(r"([0-9]{2})([01][0-9])([0-3][0-9])[0-9A-Z]{4,}", re.ASCII)

# Shopee's goods value: what buyers owed for goods, before what Shopee itself gives.
_GOODS = (("original_cost_of_goods_sold", 1), ("original_shopee_discount", -1), ("shopee_discount", 1))
_GOODS_BEFORE = ("order_discounted_price", "order_selling_price", "cost_of_goods_sold")
_GIVEN = {
    "seller_return_refund": LineKind.REFUND,
    "buyer_paid_shipping_fee": LineKind.CHARGE,
    "shopee_shipping_rebate": LineKind.CHARGE,
    "shipping_fee_discount_from_3pl": LineKind.CHARGE,
    "rsf_seller_protection_fee_claim_amount": LineKind.ADJUSTMENT,
    "buyer_paid_packaging_fee": LineKind.CHARGE,
}
_GIVEN_ACCOUNTS = {"seller_return_refund": "4100", "rsf_seller_protection_fee_claim_amount": "4900"}
# In Shopee's descriptions but not in its formula: counted where the identity holds with them.
_PERHAPS = ("seller_lost_compensation", "fsf_seller_protection_fee_claim_amount")
_TAKEN = {
    "voucher_from_seller": "4200",
    "seller_coin_cash_back": "4200",
    "trade_in_bonus_by_seller": "4200",
    "actual_shipping_fee": "5300",
    "shipping_fee_sst": "5300",
    "reverse_shipping_fee": "5300",
    "reverse_shipping_fee_sst": "5300",
    "final_return_to_seller_shipping_fee": "5300",
    "overseas_return_service_fee": "5300",
    "commission_fee": "5200",
    "service_fee": "5200",
    "seller_order_processing_fee": "5200",
    "campaign_fee": "5420",
    "order_ams_commission_fee": "5410",
    "ads_escrow_top_up_fee_or_technical_support_fee": "5400",
    "seller_transaction_fee": "5500",
    "fbs_fee": "5210",
    "shipping_seller_protection_fee_amount": "5300",
    "delivery_seller_protection_fee_premium_amount": "5300",
    "escrow_tax": "1310",
    "withholding_tax": "1310",
    "withholding_vat_tax": "1310",
    "withholding_pit_tax": "1310",
    "withholding_cit_tax": "1310",
    "final_escrow_product_gst": "2110",
    "sales_tax_on_lvg": "2110",
    "vat_on_imported_goods": "2110",
    "th_import_duty": "5110",
}
_PRIMARY = (
    ("original_price_pri", 1), ("seller_return_refund_pri", -1), ("commission_fee_pri", -1),
    ("service_fee_pri", -1), ("drc_adjustable_refund_pri", -1),
)  # fmt: skip
_PRIMARY_ACCOUNTS = {
    "original_price_pri": (LineKind.CHARGE, "4000"),
    "seller_return_refund_pri": (LineKind.REFUND, "4100"),
    "drc_adjustable_refund_pri": (LineKind.REFUND, "4100"),
    "commission_fee_pri": (LineKind.FEE, "5200"),
    "service_fee_pri": (LineKind.FEE, "5200"),
}


def recognizes(sample: Sample) -> bool:
    """Say whether the members are those of an order's escrow."""
    return json_keys(sample.head) >= {"order_sn", "order_income"}


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the orders of one answer, of a batch, or of answers after each other."""
    released: dict[str, Json] = {
        text_at(one, "order_sn"): one
        for _name, _record, holder in json_objects(file, _NAMES)
        for one in _released(holder)
    }
    record = 0
    shown: set[str] = set()
    for _name, _number, holder in json_objects(file, _NAMES):
        for detail in _details(holder):
            record += 1
            order_sn = text_at(detail, "order_sn")
            if not order_sn:
                raise missing("order_sn", record)
            shown.add(order_sn)
            order = _Order(detail, released.get(order_sn, {}), record, reading)
            yield from order.values(is_told=bool(released) and order_sn not in released)
    for order_sn, one in released.items():
        if order_sn not in shown:
            yield _unexplained(order_sn, one, reading)


def _details(value: Any) -> Iterator[Json]:
    """Yield the escrow details anywhere in an answer: its own, or a batch's."""
    if isinstance(value, dict):
        if isinstance(value.get("order_income"), dict):
            yield value
            return
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _details(inner)


def _released(value: Any) -> Iterator[Json]:
    """Yield the rows of an escrow list anywhere in an answer: they say when orders were released."""
    if isinstance(value, dict):
        if "escrow_release_time" in value and "order_income" not in value:
            yield value
            return
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _released(inner)


def _unexplained(order_sn: str, released: Json, reading: Reading) -> Statement:
    """Return what the list of a document says of an order whose details are not in it."""
    at, paid_out = instant_at(released, "escrow_release_time"), amount_at(released, "payout_amount")
    return Statement(
        settlement_id=order_sn,
        currency=reading.currency,
        total=paid_out,
        starts_at=at,
        ends_at=at,
        deposited_at=at,
        payout_id=order_sn,
        platform_status="released",
    )


class _Order:
    """One order's escrow: its statement, and the formula's terms as lines."""

    def __init__(self, detail: Json, released: Json, record: int, reading: Reading) -> None:
        self._income: Json = detail["order_income"]
        self._order_sn = text_at(detail, "order_sn")
        self._record = record
        self._pri = (
            text_at(self._income, "pri_currency") if self._amount("escrow_amount_pri") is not None else ""
        )
        self._currency = self._pri or reading.currency
        self._released = instant_at(released, "escrow_release_time", record=record) or instant_at(
            detail, "escrow_release_time", record=record
        )
        self._paid_out = amount_at(released, "payout_amount", record=record)
        if not self._currency:
            raise StatementUnreadable(
                _(
                    "Shopee names no currency here. Set the currency of the account and "
                    "import the document again."
                )
            )

    def values(self, *, is_told: bool) -> Iterator[Statement | MoneyLine]:
        """Yield the statement and its lines, which sum to it; told is what a list of releases lacks."""
        at = self._released or self._ordered_on()
        total = self._total()
        yield Statement(
            settlement_id=self._order_sn,
            currency=self._currency,
            total=total,
            starts_at=at,
            ends_at=at,
            deposited_at=self._released,
            payout_id=self._order_sn,
            payout_amount=self._paid_out,
            payout_currency=self._currency if self._paid_out is not None else "",
            platform_status="released" if self._released else "",
            pays=not is_told,
        )
        lines = [*self._terms(total), *self._adjustments()]
        remainder = total - sum((amount for _types, amount, _at in lines), Decimal(0))
        if remainder:
            lines.append(((_ESCROW, _REMAINDER, ""), remainder, None))
        for types, amount, moment in lines:
            yield MoneyLine(
                self._order_sn, self._currency, self._record, types, amount, moment or at, self._order_sn,
                note="" if self._released else "date of the order, the release is not stated",
            )  # fmt: skip

    def _amount(self, name: str) -> Decimal | None:
        return amount_at(self._income, name, record=self._record)

    def _ordered_on(self) -> datetime:
        found = _DATED.fullmatch(self._order_sn)
        try:
            if found is not None:
                return datetime(2000 + int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
        except ValueError:
            pass
        raise missing("escrow_release_time", self._record)

    def _total(self) -> Decimal:
        """Return what is stated as the order's income: after adjustments where there are any."""
        suffix = "_pri" if self._pri else ""
        after = self._amount("escrow_amount_after_adjustment") if not self._pri else None
        if after is not None:
            return after
        escrow = self._amount(f"escrow_amount{suffix}")
        if escrow is None:
            raise missing(f"order_income.escrow_amount{suffix}", self._record)
        adjusted = self._amount("total_adjustment_amount") if not self._pri else None
        return escrow + (adjusted or Decimal(0))

    def _terms(self, total: Decimal) -> list[tuple[tuple[str, str, str], Decimal, datetime | None]]:
        """Return the formula's terms that are not zero, signed."""
        if self._pri:
            signed = [(name, sign, self._amount(name)) for name, sign in _PRIMARY]
        else:
            signed = [*self._goods(), *((name, 1, self._amount(name)) for name in _GIVEN)]
            signed += [(name, -1, self._amount(name)) for name in _TAKEN]
            adjusted = sum((amount for _types, amount, _at in self._adjustments()), Decimal(0))
            perhaps = [(name, 1, self._amount(name)) for name in _PERHAPS]
            if _sum(signed) != total - adjusted:
                signed += perhaps
        return [
            ((_ESCROW, name, ""), sign * amount, None) for name, sign, amount in signed if amount
        ]  # a term that is absent or zero says nothing

    def _goods(self) -> list[tuple[str, int, Decimal | None]]:
        if self._amount("original_cost_of_goods_sold") is not None:
            return [(name, sign, self._amount(name)) for name, sign in _GOODS]
        for name in _GOODS_BEFORE:
            if (amount := self._amount(name)) is not None:
                return [(name, 1, amount)]
        return []

    def _adjustments(self) -> list[tuple[tuple[str, str, str], Decimal, datetime | None]]:
        rows = self._income.get("order_adjustment")
        return [
            (
                (_ADJUSTMENT, text_at(row, "adjustment_reason"), ""),
                amount_at(row, "amount", record=self._record) or Decimal(0),
                instant_at(row, "date", record=self._record),
            )
            for row in (rows if isinstance(rows, list) and not self._pri else ())
            if isinstance(row, dict)
        ]


def _sum(signed: list[tuple[str, int, Decimal | None]]) -> Decimal:
    return sum((sign * amount for _name, sign, amount in signed if amount), Decimal(0))


def _rules() -> Iterator[TypeRule]:
    goods = (*(name for name, _sign in _GOODS[:1]), *_GOODS_BEFORE)
    for name in goods:
        yield TypeRule((_ESCROW, name, ""), LineKind.CHARGE, "4000", Binding.ORDER)
    for name in ("original_shopee_discount", "shopee_discount"):
        yield TypeRule((_ESCROW, name, ""), LineKind.ADJUSTMENT, "4030", Binding.ORDER)
    for name, kind in _GIVEN.items():
        yield TypeRule((_ESCROW, name, ""), kind, _GIVEN_ACCOUNTS.get(name, "4010"), Binding.ORDER)
    for name in _PERHAPS:
        yield TypeRule((_ESCROW, name, ""), LineKind.ADJUSTMENT, "4900", Binding.ORDER)
    for name, account in _TAKEN.items():
        is_tax = account in ("1310", "2110")
        yield TypeRule(
            (_ESCROW, name, ""),
            LineKind.TAX if is_tax else LineKind.ADJUSTMENT if account == "4200" else LineKind.FEE,
            account,
            Binding.ACCOUNT if is_tax else Binding.ORDER,
        )
    for name, (kind, account) in _PRIMARY_ACCOUNTS.items():
        yield TypeRule((_ESCROW, name, ""), kind, account, Binding.ORDER)
    yield TypeRule((_ADJUSTMENT, "*", ""), LineKind.ADJUSTMENT, "4900", Binding.ORDER)


SOURCE = Source(
    key="shopee_escrow",
    title=gettext_lazy("Shopee escrow of orders"),
    holder=Holder.CHANNEL,
    platform="shopee",
    recognizes=recognizes,
    read=read,
    rules=tuple(_rules()),
)
