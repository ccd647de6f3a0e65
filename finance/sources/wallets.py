"""Collection wallets: their exports by preset layouts; where one differs, a person's layout takes over."""

from dataclasses import replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from channels.settlement_messages import Holder, Source
from finance.sources.layouts import Layout
from finance.sources.mapped import reader, recognizer, wallet_rules

_DONE = (
    "成功",
    "已完成",
    "完成",
    "交易成功",
    "提现成功",
    "已入账",
    "Completed",
    "Success",
    "Successful",
    "Settled",
    "SETTLED",
    "COMPLETED",
    "Done",
    "",
)

_PINGPONG = Layout(
    columns={
        "date": ("交易时间", "Transaction time"),
        "type": ("交易类型", "Transaction type"),
        "amount": ("交易金额", "Transaction amount"),
        "sign": ("收支方向", "Direction"),
        "fee": ("手续费", "Fee"),
        "balance": ("账户余额", "Account balance"),
        "currency": ("币种", "Currency"),
        "status": ("交易状态", "Transaction status"),
        "reference": ("PingPong流水号", "PingPong reference"),
        "marketplace": ("店铺名称", "Store name"),
        "original_amount": ("目标金额", "Target amount"),
        "original_currency": ("目标币种", "Target currency"),
    },
    in_words=("收入", "入账", "In"),
    out_words=("支出", "出账", "Out"),
    done=_DONE,
)
_LIANLIAN = Layout(
    columns={
        "date": ("创建时间", "Created time"),
        "type": ("业务类型", "Business type"),
        "credit": ("收入金额", "Income"),
        "debit": ("支出金额", "Expense"),
        "fee": ("手续费", "Fee"),
        "balance": ("余额", "Balance"),
        "currency": ("币种", "Currency"),
        "status": ("状态", "Status"),
        "reference": ("连连流水号", "LianLian transaction no."),
        "marketplace": ("店铺", "Store"),
    },
    done=_DONE,
)
_PAYONEER = Layout(
    columns={
        "date": ("Transaction Date", "Date"),
        "time": ("Transaction Time",),
        "zone": ("Time Zone",),
        "type": ("Transaction type", "Description Type"),
        "credit": ("Credit Amount",),
        "debit": ("Debit Amount",),
        "balance": ("Running Balance",),
        "currency": ("Currency",),
        "status": ("Status",),
        "reference": ("Transaction ID", "Payoneer reference"),
        "note": ("Additional Description",),
        "marketplace": ("Store Name",),
    },
    done=_DONE,
    marks=("Running Balance", "Credit Amount"),
)
_WORLDFIRST = Layout(
    columns={
        "date": ("完成时间", "Completion time"),
        "type": ("交易类型", "Transaction type"),
        "amount": ("变动金额", "Movement amount"),
        "fee": ("费用", "Charges"),
        "balance": ("变动后余额", "Balance after"),
        "currency": ("币种", "Currency"),
        "status": ("状态", "Status"),
        "reference": ("万里汇订单号", "WorldFirst order no."),
        "marketplace": ("付款方", "Payer"),
    },
    done=_DONE,
)
_ALIPAY = Layout(
    columns={
        "date": ("入账时间", "Posting time"),
        "type": ("业务类型", "Business type"),
        "credit": ("收入（+）", "Income (+)"),
        "debit": ("支出（-）", "Expense (-)"),
        "balance": ("账户余额", "Account balance"),
        "currency": ("币种", "Currency"),
        "fee": ("服务费",),
        "reference": ("支付宝交易号", "Alipay transaction no."),
        "order": ("商户订单号", "Merchant order no."),
        "note": ("备注", "Remark"),
    },
)
_AIRWALLEX = Layout(
    columns={
        "date": ("Time", "Created At"),
        "type": ("Financial Transaction Type", "Transaction Type"),
        "amount": ("Net Amount", "Amount"),
        "balance": ("Account Balance",),
        "currency": ("Wallet Currency", "Currency"),
        "status": ("Status",),
        "reference": ("Transaction Id", "Financial Transaction Id"),
        "original_amount": ("Transaction Amount",),
        "original_currency": ("Transaction Currency",),
        "note": ("Reference", "Description"),
    },
    done=_DONE,
    fee_included=True,
)


LAYOUTS = (_PINGPONG, _LIANLIAN, _PAYONEER, _WORLDFIRST, _ALIPAY, _AIRWALLEX)
"""What wallets call their columns."""


def _wallet(platform: str, title: str | Promise, layout: Layout, *roles: str) -> Source:
    fitted = replace(layout, needed=roles)
    return Source(
        key=platform,
        title=title,
        holder=Holder.WALLET,
        platform=platform,
        recognizes=recognizer(fitted),
        read=reader(fitted),
        rules=tuple(wallet_rules()),
        numbered_by="reference",
    )


SOURCES = (
    _wallet("pingpong", gettext_lazy("PingPong statement"), _PINGPONG, "reference", "type"),
    _wallet("lianlian", gettext_lazy("LianLian statement"), _LIANLIAN, "reference", "type"),
    _wallet("payoneer", gettext_lazy("Payoneer statement"), _PAYONEER, "balance"),
    _wallet("worldfirst", gettext_lazy("WorldFirst statement"), _WORLDFIRST, "reference", "balance"),
    _wallet("alipay", gettext_lazy("Alipay international statement"), _ALIPAY, "reference", "type"),
    _wallet("airwallex", gettext_lazy("Airwallex statement"), _AIRWALLEX, "type", "reference", "balance"),
)
