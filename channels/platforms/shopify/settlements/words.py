"""Shopify's types of balance transactions and their accounts, in REST's and GraphQL's spelling."""

from collections.abc import Iterator

from channels.settlement_messages import Binding, LineKind, TypeRule

FEE = "fee"
# The payout itself: the money that leaves.
LEAVING = ("payout", "TRANSFER", "transfer")

_SALES = ("charge",)
_RETURNED = ("refund",)
_HELD = (
    "dispute", "dispute_withdrawal", "dispute_reversal", "chargeback", "chargeback_won", "chargeback_hold",
    "chargeback_hold_release", "reserve", "reserved_funds", "reserved_funds_withdrawal",
    "reserved_funds_reversal", "risk_withdrawal", "risk_reversal",
)  # fmt: skip
_RETURNED_PAYOUTS = (
    "payout_failure", "payout_cancellation", "transfer_failure", "transfer_cancel", "transfer_refund",
)  # fmt: skip
_LOANS = (
    "advance", "advance_funding", "lending_debit", "lending_debit_reversal", "lending_credit",
    "lending_credit_reversal", "lending_capital_remittance", "lending_capital_remittance_reversal",
    "lending_credit_remittance", "lending_credit_remittance_reversal", "lending_capital_refund",
    "lending_capital_refund_reversal", "lending_credit_refund", "lending_credit_refund_reversal",
)  # fmt: skip
_FEES = {
    "stripe_fee": "5500",
    "chargeback_fee": "5520",
    "chargeback_fee_refund": "5520",
    "shipping_label": "5300",
    "shipping_label_adjustment": "5310",
    "shipping_label_adjustment_base": "5310",
    "shipping_label_adjustment_surcharge": "5310",
    "shipping_return_to_origin_adjustment": "5310",
    "shipping_other_carrier_charge_adjustment": "5310",
    "customs_duty": "5110",
    "customs_duty_adjustment": "5110",
    "import_tax": "5600",
    "import_tax_adjustment": "5600",
    "import_tax_refund": "5600",
    "referral_fee": "5410",
    "referral_fee_tax": "5410",
    "billing_debit": "5220",
    "billing_debit_reversal": "5220",
    "shop_cash_campaign_billing_debit": "5420",
    "shop_cash_campaign_billing_debit_reversal": "5420",
    "shop_cash_campaign_billing_credit": "5420",
    "shop_cash_campaign_billing_credit_reversal": "5420",
    "marketplace_fee_credit": "5200",
    "marketplace_fee_credit_reversal": "5200",
}
_ADJUSTED = (
    "adjustment", "charge_adjustment", "refund_adjustment", "credit", "merchant_goodwill_credit",
    "merchant_goodwill_credit_reversal", "promotion_credit", "promotion_credit_reversal",
    "seller_protection_credit", "seller_protection_credit_reversal", "chargeback_protection_credit",
    "chargeback_protection_credit_reversal",
)  # fmt: skip


def rules() -> Iterator[TypeRule]:
    """Yield the rules for ``(type, source type, fee or nothing)``."""
    for spelled in (str.lower, str.upper):
        yield from _spelled([spelled(word) for word in _SALES], LineKind.CHARGE, "4000", Binding.ORDER)
        yield from _spelled([spelled(word) for word in _RETURNED], LineKind.REFUND, "4100", Binding.ORDER)
        yield from _spelled([spelled("refund_failure")], LineKind.REFUND, "4100", Binding.ORDER)
        yield from _spelled([spelled(word) for word in _HELD], LineKind.RESERVE, "1115", Binding.ACCOUNT)
        yield from _spelled(
            [spelled(word) for word in _RETURNED_PAYOUTS], LineKind.TRANSFER, "1120", Binding.PAYOUT
        )
        yield from _spelled([spelled(word) for word in _LOANS], LineKind.TRANSFER, "2300", Binding.ACCOUNT)
        for word, account in _FEES.items():
            yield from _spelled([spelled(word)], LineKind.FEE, account, Binding.ACCOUNT)
        yield from _spelled(
            [spelled(word) for word in _ADJUSTED], LineKind.ADJUSTMENT, "4900", Binding.ACCOUNT
        )


def _spelled(words: list[str], kind: LineKind, account: str, binding: Binding) -> Iterator[TypeRule]:
    for word in words:
        bound = Binding.ORDER if binding is Binding.ORDER else Binding.ACCOUNT
        yield TypeRule((word, "*", FEE), LineKind.FEE, "5500", bound)
        yield TypeRule((word, "*", ""), kind, account, binding)
