"""Amazon's words for money and the accounts they belong to.

Amazon publishes no list; these are the families that settlement reports were seen to contain. The key is
always the triple (transaction type, amount type, description): some descriptions occur under several types.
"""

from collections.abc import Iterator

from channels.settlement_messages import Binding, LineKind, Reserve, TypeRule

REFUNDS = ("Refund", "Chargeback Refund", "A-to-z Guarantee Refund", "Refund_Retrocharge")

SALES = {"Principal": "4000", "Shipping": "4010", "GiftWrap": "4010", "Goodwill": "4000"}
PARTS = {"Principal": "4000", "Shipping": "4010", "GiftWrap": "4010", "ExportCharge": "4010"}
"""What of the sale a refund of this word is of; goodwill and the postage of a return are of no part."""
RETURNED = (
    "Principal",
    "Shipping",
    "GiftWrap",
    "Goodwill",
    "RestockingFee",
    "ReturnShipping",
    "ExportCharge",
)
SALES_OF_SERVICE = {"ExportCharge": "4010", "CODItemCharge": "4010", "RestockingFee": "4010"}
TAXES = (
    "Tax", "ShippingTax", "GiftWrapTax", "ProductTax", "TaxDiscount", "CODItemTax", "ShippingTaxDiscount",
)  # fmt: skip
WITHHELD = tuple(
    f"{scheme}-{part}"
    for scheme in ("MarketplaceFacilitatorTax", "MarketplaceFacilitatorVAT", "LowValueGoodsTax")
    for part in ("Principal", "Shipping", "Giftwrap", "GiftWrap", "Other", "RestockingFee")
)
RECLAIMABLE = ("TCS-CGST", "TCS-SGST", "TCS-IGST", "TCS-UTGST", "TDS", "TDS (Section 194-O)")

ORDER_FEES = {
    "Commission": "5200",
    "FixedClosingFee": "5200",
    "VariableClosingFee": "5200",
    "PerItemFee": "5200",
    "ShippingHB": "5200",
    "DigitalServicesFee": "5200",
    "DigitalServicesFeeFBA": "5200",
    "SalesTaxServiceFee": "5200",
    "SalesTaxCollectionFee": "5200",
    "HighVolumeListingFee": "5200",
    "RenewedProgramFee": "5200",
    "TechnologyFee": "5200",
    "RefundCommission": "5205",
    "FBAPerUnitFulfillmentFee": "5210",
    "FBAPerOrderFulfillmentFee": "5210",
    "FBAWeightBasedFee": "5210",
    "FBAWeightHandlingFee": "5210",
    "FBAPickAndPackFee": "5210",
    "FBAPickPackFee": "5210",
    "FulfillmentNetworkFee": "5210",
    "FBADeliveryServicesFee": "5210",
    "FBA transportation fee": "5210",
    "FBATransportationFee": "5210",
    "ShippingChargeback": "5210",
    "GiftwrapChargeback": "5210",
    "FBACustomerReturnPerUnitFee": "5210",
    "FBACustomerReturnPerOrderFee": "5210",
    "FBACustomerReturnWeightBasedFee": "5210",
    "EasyShipCharges": "5300",
    "Amazon Easy Ship Charges": "5300",
    "MFNPostageFee": "5300",
}
STANDING_FEES = {
    "Subscription Fee": "5220",
    "Subscription": "5220",
    "Storage Fee": "5230",
    "StorageFee": "5230",
    "StorageRenewalBilling": "5230",
    "FBA Inventory Storage Fee": "5230",
    "FBA Long-Term Storage Fee": "5230",
    "FBA Long-Term Storage": "5230",
    "FBAStorageFee": "5230",
    "FBALongTermStorageFee": "5230",
    "LongTermStorageFee": "5230",
    "FBAInboundTransportationFee": "5100",
    "FBAInboundTransportationProgramFee": "5100",
    "FBAInboundConvenienceFee": "5100",
    "FBA Inbound Placement Service Fee": "5100",
    "FBAInternationalInboundFreightFee": "5100",
    "FBAInternationalInboundFreightTaxAndDuty": "5110",
    "Inbound Transportation Fee": "5100",
    "Manual Processing Fee": "5100",
    "RemovalComplete": "5240",
    "FBARemovalFee": "5240",
    "Removal Fee": "5240",
    "DisposalComplete": "5240",
    "FBADisposalFee": "5240",
    "Disposal Fee": "5240",
    "CouponRedemptionFee": "5420",
    "Coupon Redemption Fee": "5420",
    "CouponParticipationFee": "5420",
    "CouponPerformanceFee": "5420",
    "Lightning Deal Fee": "5420",
    "RunLightningDealFee": "5420",
    "DealParticipationFee": "5420",
    "DealPerformanceFee": "5420",
    "Vine Enrollment Fee": "5420",
    "VineFee": "5420",
    "Cost of Advertising": "5400",
    "ProductAdsPayment": "5400",
    "Shipping label purchase": "5300",
    "Shipping label purchase for return": "5300",
    "Shipping Label Purchase": "5300",
    "Label purchase for return": "5300",
    "ReturnPostageBilling_Postage": "5300",
    "ReturnPostageBilling_FuelSurcharge": "5310",
    "Shipping services": "5300",
    "Shipping Services Refund": "5300",
    "CarrierShippingLabelAdjustments": "5310",
    "High return rate fee": "5205",
    "LowInventoryLevelFee": "5210",
    "Low Inventory Level Fee": "5210",
}
REIMBURSEMENTS = (
    "WAREHOUSE_DAMAGE", "WAREHOUSE_DAMAGE_EXCEPTION", "WAREHOUSE_LOST", "WAREHOUSE_LOST_MANUAL",
    "MISSING_FROM_INBOUND", "MISSING_FROM_INBOUND_CLAWBACK", "REVERSAL_REIMBURSEMENT",
    "COMPENSATED_CLAWBACK", "CS_ERROR_ITEMS", "CS_ERROR_NON_ITEMIZED", "FREE_REPLACEMENT_REFUND_ITEMS",
    "REMOVAL_ORDER_LOST", "REMOVAL_ORDER_DAMAGED", "RE_EVALUATION", "INCORRECT_FEES_ITEMS",
    "INCORRECT_FEES_NON_ITEMIZED", "SAFE-T Reimbursement", "SAFE-T reimbursement", "Refund Reimbursal",
    "Manual Processing Fee Reimbursement", "FBA Inventory Reimbursement", "Other concession",
)  # fmt: skip
WHOLE_RESERVES = {
    "Current Reserve Amount": Reserve.STATED,
    "Previous Reserve Amount Balance": Reserve.RETURNED,
}
RESERVES = ("Deferred transaction release", "Deferred transaction hold", "BalanceAdjustment",
            "Balance Adjustment")  # fmt: skip
PAYOUTS = ("Failed Disbursement", "FailedDisbursement", "Failed disbursement", "Micro Deposit",
           "MicroDeposit", "Transfer", "Transfer of funds unsuccessful")  # fmt: skip
LOANS = ("Amazon Capital Services", "Loan Repayment", "Loan repayment", "Loan Advance", "LoanServicing")
CARRIES = ("Payable to Amazon",)
CARD_CHARGES = ("Successful charge", "Successful Charge")


def standing_rules(kind: str, amount_type: str, description: str) -> Iterator[TypeRule]:
    """Yield the rules of what belongs to no order; ``{}`` in one of the three stands for the word."""

    def types(word: str) -> tuple[str, str, str]:
        return kind.format(word), amount_type.format(word), description.format(word)

    def rules(words: tuple[str, ...], line: LineKind, account: str, bound: Binding) -> Iterator[TypeRule]:
        for word in words:
            yield TypeRule(types(word), line, account, bound)

    yield from rules(CARRIES, LineKind.TRANSFER, "1110", Binding.CARRY)
    yield from rules(CARD_CHARGES, LineKind.TRANSFER, "1140", Binding.ACCOUNT)
    for word, whole in WHOLE_RESERVES.items():
        yield TypeRule(types(word), LineKind.RESERVE, "1115", reserve=whole)
    yield from rules(RESERVES, LineKind.RESERVE, "1115", Binding.ACCOUNT)
    yield from rules(PAYOUTS, LineKind.TRANSFER, "1120", Binding.PAYOUT)
    yield from rules(LOANS, LineKind.TRANSFER, "2300", Binding.ACCOUNT)
    yield from rules(REIMBURSEMENTS, LineKind.ADJUSTMENT, "4900", Binding.ACCOUNT)
    for word, account in STANDING_FEES.items():
        yield from rules((word,), LineKind.FEE, account, Binding.ACCOUNT)


def item_rules(price: str, fee: str, promotion: str) -> Iterator[TypeRule]:
    """Yield the rules of what belongs to an order's items, under the given names of the amount types."""
    for refund in REFUNDS:
        for word in RETURNED:
            yield TypeRule(
                (refund, price, word), LineKind.REFUND, "4100", Binding.ORDER, gives_back=PARTS.get(word, "")
            )
    for word in TAXES:
        for column in (price, promotion):
            yield TypeRule(("*", column, word), LineKind.TAX, "2110")
    for word, account in (SALES | SALES_OF_SERVICE).items():
        yield TypeRule(("*", price, word), LineKind.CHARGE, account, Binding.ORDER)
    for column in ("ItemWithheldTax", fee):
        for word in WITHHELD:
            yield TypeRule(("*", column, word), LineKind.TAX, "2110")
        for word in RECLAIMABLE:
            yield TypeRule(("*", column, word), LineKind.TAX, "1310")
    for word, account in ORDER_FEES.items():
        yield TypeRule(("*", fee, word), LineKind.FEE, account, Binding.ORDER)
    for word in ("Principal", "Shipping", "GiftWrap"):
        yield TypeRule(("*", promotion, word), LineKind.ADJUSTMENT, "4200", Binding.ORDER)
