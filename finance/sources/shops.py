"""Statements of shops that have no adapter: Lazada, TikTok Shop, AliExpress and Temu, by preset layouts."""

from collections.abc import Iterator

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from channels.settlement_messages import Binding, Holder, LineKind, Source, TypeRule
from finance.sources.layouts import Layout
from finance.sources.mapped import FEE, WITHHELD, by_layout, reader, recognizer

KEY = "mapped_shop"
"""The source that reads a shop's statement by the layout of the reading."""

_LAZADA = Layout(
    columns={
        "date": ("Transaction Date",),
        "type": ("Transaction Type",),
        "detail": ("Fee Name",),
        "reference": ("Transaction Number",),
        "amount": ("Amount",),
        "withheld": ("WHT Amount",),
        "withheld_included": ("WHT included in Amount",),
        "settlement": ("Statement",),
        "status": ("Paid Status",),
        "order": ("Order No.", "Order Number"),
        "line": ("Order Item No.", "Order Item Number"),
        "sku": ("Seller SKU",),
        "note": ("Comment",),
    },
    done=("Paid", "paid", "已付款", ""),
    needed=("detail", "settlement", "order"),
)
_TIKTOK = Layout(
    columns={
        "date": ("Order settled time", "Order settled time(UTC)", "订单结算时间"),
        "type": ("Type", "类型"),
        "amount": ("Total settlement amount", "总结算金额"),
        "currency": ("Currency", "币种"),
        "order": ("Order/adjustment ID", "订单/调整 ID"),
        "settlement": ("Statement ID", "结算单 ID"),
    },
    parts=("Total revenue", "总收入", "Total fees", "总费用", "Adjustment amount", "调整金额"),
    needed=("order", "type"),
)
_ALIEXPRESS = Layout(
    columns={
        "date": ("放款时间", "Release time"),
        "type": ("放款类型", "Release type"),
        "amount": ("放款金额", "Released amount"),
        "currency": ("币种", "Currency"),
        "order": ("订单号", "Order ID"),
        "settlement": ("结算批次", "Settlement batch"),
    },
    parts=(
        "订单金额", "Order amount", "平台佣金", "Platform commission", "联盟佣金", "Affiliate commission",
        "退款金额", "Refund amount",
    ),
    needed=("order",),
)  # fmt: skip
_TEMU = Layout(
    columns={
        "date": ("账务时间", "Accounting time"),
        "type": ("账务类型", "Accounting type"),
        "credit": ("收入金额", "Income amount"),
        "debit": ("支出金额", "Expense amount"),
        "currency": ("币种", "Currency"),
        "order": ("订单编号", "PO number"),
        "sku": ("SKU货号", "SKU ID"),
        "settlement": ("结算单号", "Statement number"),
        "note": ("备注", "Remark"),
    },
    needed=("type", "settlement"),
)

LAYOUTS = (_LAZADA, _TIKTOK, _ALIEXPRESS, _TEMU)
"""What shops without an adapter call their columns."""

_ORDER, _ACCOUNT, _PAYOUT = Binding.ORDER, Binding.ACCOUNT, Binding.PAYOUT
_LAZADA_FEES: dict[str, tuple[LineKind, str, Binding]] = {
    "Item Price Credit": (LineKind.CHARGE, "4000", _ORDER),
    "Shipping Fee Paid by Customer": (LineKind.CHARGE, "4010", _ORDER),
    "Shipping Fee (Paid By Customer)": (LineKind.CHARGE, "4010", _ORDER),
    "Reversal Item Price": (LineKind.REFUND, "4100", _ORDER),
    "Reversal shipping Fee (Paid by Customer)": (LineKind.REFUND, "4100", _ORDER),
    "Commission": (LineKind.FEE, "5200", _ORDER),
    "Reversal Commission": (LineKind.FEE, "5200", _ORDER),
    "Payment Fee": (LineKind.FEE, "5500", _ORDER),
    "Shipping Fee Paid by Seller": (LineKind.FEE, "5300", _ORDER),
    "Shipping Fee (Charged by Lazada)": (LineKind.FEE, "5300", _ORDER),
    "Promotional Charges Vouchers": (LineKind.ADJUSTMENT, "4200", _ORDER),
    "Promotional Charges Flexi-Combo": (LineKind.ADJUSTMENT, "4200", _ORDER),
    "Lost Claim": (LineKind.ADJUSTMENT, "4900", _ACCOUNT),
    "Damaged Claim": (LineKind.ADJUSTMENT, "4900", _ACCOUNT),
    "Sponsored Product Fee": (LineKind.FEE, "5400", _ACCOUNT),
    "Sponsored Discovery - Top up": (LineKind.FEE, "5400", _ACCOUNT),
    "Penalty": (LineKind.FEE, "5700", _ACCOUNT),
}
_LAZADA_GIVES_BACK = {
    "Reversal Item Price": "4000",
    "Reversal shipping Fee (Paid by Customer)": "4010",
}
_PARTS: dict[tuple[str, ...], tuple[LineKind, str, Binding]] = {
    ("Total revenue", "总收入", "订单金额", "Order amount"): (LineKind.CHARGE, "4000", _ORDER),
    ("Total fees", "总费用", "平台佣金", "Platform commission"): (LineKind.FEE, "5200", _ORDER),
    ("联盟佣金", "Affiliate commission"): (LineKind.FEE, "5410", _ORDER),
    ("退款金额", "Refund amount"): (LineKind.REFUND, "4100", _ORDER),
    ("Adjustment amount", "调整金额"): (LineKind.ADJUSTMENT, "4900", _ACCOUNT),
}
_TYPES: dict[tuple[str, ...], tuple[LineKind, str, Binding]] = {
    ("销售回款", "交易收入", "Sales payment", "放款", "Release"): (LineKind.CHARGE, "4000", _ORDER),
    ("售后退款", "销售冲回", "Refund", "Sales chargeback"): (LineKind.REFUND, "4100", _ORDER),
    ("运费回款", "Shipping payment"): (LineKind.CHARGE, "4010", _ORDER),
    ("罚款", "违规罚款", "Penalty"): (LineKind.FEE, "5700", _ACCOUNT),
    ("赔付", "Compensation"): (LineKind.ADJUSTMENT, "4900", _ACCOUNT),
    ("提现", "Withdrawal", "Payout"): (LineKind.TRANSFER, "1120", _PAYOUT),
}


def _rules() -> Iterator[TypeRule]:
    yield TypeRule(("*", "*", FEE), LineKind.FEE, "5200")
    yield TypeRule(("*", "*", WITHHELD), LineKind.TAX, "1310")
    for word, (kind, account, binding) in _LAZADA_FEES.items():
        given = _LAZADA_GIVES_BACK.get(word, "")
        yield TypeRule(("*", word, ""), kind, account, binding, gives_back=given)
    for words, (kind, account, binding) in _PARTS.items():
        for word in words:
            yield TypeRule(("*", "*", word), kind, account, binding)
    for words, (kind, account, binding) in _TYPES.items():
        for word in words:
            yield TypeRule((word, "", ""), kind, account, binding)


def _shop(platform: str, title: str | Promise, layout: Layout) -> Source:
    return Source(
        key=f"{platform}_statement",
        title=title,
        holder=Holder.CHANNEL,
        platform=platform,
        recognizes=recognizer(layout),
        read=reader(layout),
        rules=tuple(_rules()),
    )


SOURCES = (
    _shop("lazada", gettext_lazy("Lazada statement"), _LAZADA),
    _shop("tiktok", gettext_lazy("TikTok Shop statement"), _TIKTOK),
    _shop("aliexpress", gettext_lazy("AliExpress release statement"), _ALIEXPRESS),
    _shop("temu", gettext_lazy("Temu statement"), _TEMU),
    by_layout(KEY, gettext_lazy("Shop statement by a remembered layout"), Holder.CHANNEL, tuple(_rules())),
)
