"""Shopee's wallet: one settlement per account and month, held together by the running balance."""

from collections.abc import Iterator
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.money_files.balances import Chain
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
from channels.money_files.zones import zone_of
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

_NAMES = frozenset(("transaction_list",))
_OUT = ("MINUS", "DEDUCT", "CHARGE", "WITHDRAWAL_CREATED", "SELLER_FEE")
_IN = ("ADD", "REFUND", "DISBURSE", "CANCELLED")
# The balance moved when the withdrawal was made; its completion is only told.
_TOLD = ("WITHDRAWAL_COMPLETED", "202")
_DONE = ("", "COMPLETED")
_NUMBERS = {
    "101": "ESCROW_VERIFIED_ADD", "102": "ESCROW_VERIFIED_MINUS", "201": "WITHDRAWAL_CREATED",
    "202": "WITHDRAWAL_COMPLETED", "203": "WITHDRAWAL_CANCELLED", "401": "ADJUSTMENT_ADD",
    "402": "ADJUSTMENT_MINUS", "404": "FBS_ADJUSTMENT_ADD", "405": "FBS_ADJUSTMENT_MINUS",
    "406": "ADJUSTMENT_CENTER_ADD", "407": "ADJUSTMENT_CENTER_DEDUCT", "408": "FSF_COST_PASSING_DEDUCT",
    "409": "PERCEPTION_VAT_TAX_DEDUCT", "410": "PERCEPTION_TURNOVER_TAX_DEDUCT", "450": "PAID_ADS_CHARGE",
    "451": "PAID_ADS_REFUND", "452": "FAST_ESCROW_DISBURSE", "455": "AFFILIATE_ADS_SELLER_FEE",
    "456": "AFFILIATE_ADS_SELLER_FEE_REFUND", "458": "FAST_ESCROW_DEDUCT",
    "459": "FAST_ESCROW_DISBURSE_REMAIN", "460": "AFFILIATE_FEE_DEDUCT",
}  # fmt: skip


def recognizes(sample: Sample) -> bool:
    """Say whether the members are those of the wallet's transactions."""
    return json_keys(sample.head) >= {"transaction_list", "transaction_type", "create_time"}


def read(file: BinaryIO, reading: Reading) -> Iterator[Statement | MoneyLine]:
    """Stream the transactions; the months' statements come at the end."""
    if not reading.currency:
        raise StatementUnreadable(
            _("Shopee names no currency here. Set the currency of the account and import the document again.")
        )
    zone = zone_of(reading.time_zone, reading.time_zone)
    months: dict[str, Chain] = {}
    for _name, record, one in json_objects(file, _NAMES):
        at = instant_at(one, "create_time", record=record)
        if at is None:
            raise missing("create_time", record)
        month = f"wallet:{reading.account}:{at.astimezone(zone):%Y-%m}"
        kind = text_at(one, "transaction_type")
        amount = _signed(one, kind, record)
        running = amount_at(one, "current_balance", record=record)
        is_told = text_at(one, "status") not in _DONE or kind in _TOLD
        settlement = f"{month}#told" if is_told else month
        months.setdefault(settlement, Chain()).add(amount, None if is_told else running, at)
        yield MoneyLine(
            settlement, reading.currency, record, (kind, text_at(one, "withdrawal_type"), ""), amount, at,
            text_at(one, "order_sn"), reference=text_at(one, "withdrawal_id") or text_at(one, "refund_sn"),
            note=text_at(one, "reason") or text_at(one, "txn_title"), running=None if is_told else running,
        )  # fmt: skip
    for settlement, chain in months.items():
        yield Statement(
            settlement_id=settlement,
            currency=reading.currency,
            total=chain.total,
            starts_at=chain.starts_at,
            ends_at=chain.ends_at,
            opening=chain.opening,
            closing=chain.closing,
            pays=not settlement.endswith("#told"),
        )


def _signed(one: Json, kind: str, record: int) -> Decimal:
    """Return what the transaction does to the balance: Shopee signs some types and not others."""
    amount = needed_amount(one, "amount", record=record)
    flow = text_at(one, "money_flow")
    word = _NUMBERS.get(kind, kind)
    goes_in = flow == "MONEY_IN" or (not flow and any(part in word for part in _IN))
    goes_out = not goes_in and (flow == "MONEY_OUT" or any(part in word for part in _OUT))
    return -amount if goes_out and amount > 0 else amount


_ACCOUNTS: dict[str, tuple[LineKind, str, Binding]] = {
    "ESCROW_VERIFIED_ADD": (LineKind.TRANSFER, "1120", Binding.PAYOUT),
    "ESCROW_VERIFIED_MINUS": (LineKind.TRANSFER, "1120", Binding.PAYOUT),
    "FAST_ESCROW_DISBURSE": (LineKind.TRANSFER, "1120", Binding.PAYOUT),
    "FAST_ESCROW_DISBURSE_REMAIN": (LineKind.TRANSFER, "1120", Binding.PAYOUT),
    "FAST_ESCROW_DEDUCT": (LineKind.TRANSFER, "1120", Binding.PAYOUT),
    "WITHDRAWAL_CREATED": (LineKind.TRANSFER, "1130", Binding.PAYOUT),
    "WITHDRAWAL_CANCELLED": (LineKind.TRANSFER, "1130", Binding.PAYOUT),
    "ADJUSTMENT_ADD": (LineKind.ADJUSTMENT, "4900", Binding.ACCOUNT),
    "ADJUSTMENT_MINUS": (LineKind.ADJUSTMENT, "4900", Binding.ACCOUNT),
    "ADJUSTMENT_CENTER_ADD": (LineKind.ADJUSTMENT, "4900", Binding.ACCOUNT),
    "ADJUSTMENT_CENTER_DEDUCT": (LineKind.ADJUSTMENT, "4900", Binding.ACCOUNT),
    "FBS_ADJUSTMENT_ADD": (LineKind.ADJUSTMENT, "5210", Binding.ACCOUNT),
    "FBS_ADJUSTMENT_MINUS": (LineKind.ADJUSTMENT, "5210", Binding.ACCOUNT),
    "FSF_COST_PASSING_DEDUCT": (LineKind.FEE, "5300", Binding.ACCOUNT),
    "PERCEPTION_VAT_TAX_DEDUCT": (LineKind.TAX, "1310", Binding.ACCOUNT),
    "PERCEPTION_TURNOVER_TAX_DEDUCT": (LineKind.TAX, "1310", Binding.ACCOUNT),
    "PAID_ADS_CHARGE": (LineKind.FEE, "5400", Binding.ACCOUNT),
    "PAID_ADS_REFUND": (LineKind.FEE, "5400", Binding.ACCOUNT),
    "AFFILIATE_ADS_SELLER_FEE": (LineKind.FEE, "5410", Binding.ACCOUNT),
    "AFFILIATE_ADS_SELLER_FEE_REFUND": (LineKind.FEE, "5410", Binding.ACCOUNT),
    "AFFILIATE_FEE_DEDUCT": (LineKind.FEE, "5410", Binding.ACCOUNT),
}


def _rules() -> Iterator[TypeRule]:
    spelled = {name: number for number, name in _NUMBERS.items()}
    for name, (kind, account, binding) in _ACCOUNTS.items():
        for word in (name, spelled[name]):
            yield TypeRule((word, "*", ""), kind, account, binding)


SOURCE = Source(
    key="shopee_wallet",
    title=gettext_lazy("Shopee wallet"),
    holder=Holder.WALLET,
    platform="shopee",
    recognizes=recognizes,
    read=read,
    rules=tuple(_rules()),
)
