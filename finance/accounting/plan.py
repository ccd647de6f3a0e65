"""The account plan: one for every book, as data.

Codes below 2000 are assets, 2000 liabilities, 3000 equity, 4000 income, 5000 expenses, 7000 exchange results.
*Monetary* accounts hold claims and debts of fixed money: they are revalued at a period's end. Accounts that
*take lines* are what a person may book a type of settlement line to.
"""

from typing import NamedTuple

from finance.models.ledger import Account

_ASSET = Account.Nature.ASSET
_LIABILITY = Account.Nature.LIABILITY
_EQUITY = Account.Nature.EQUITY
_INCOME = Account.Nature.INCOME
_EXPENSE = Account.Nature.EXPENSE

BANK = "1010"
WALLET = "1020"
UNSETTLED = "1105"
OPENING_ORDERS = "1106"
CLEARING = "1110"
RESERVE = "1115"
PAYOUTS = "1120"
WITHDRAWALS = "1130"
STOCK = "1200"
GOODS_IN_TRANSIT = "1210"
GOODS_SENT = "1230"
TRADING = "1800"
SUSPENSE = "1900"
ROUNDING_RESIDUAL = "1910"
COLLECTED_TAX = "2110"
OPENING = "3000"
COST = "5000"
COLLECTION_FEES = "5510"
REALIZED = "7100"
UNREALIZED = "7110"
SPREAD = "7120"


class Entry(NamedTuple):
    """One account as the plan has it; ``money``: it is monetary, ``lines``: it takes lines."""

    code: str
    name: str
    name_zh: str
    nature: Account.Nature
    money: bool = False
    lines: bool = False


PLAN = (
    Entry(BANK, "Bank", "银行存款", _ASSET, money=True),
    Entry(WALLET, "Collection wallet", "收款账户", _ASSET, money=True),
    Entry(UNSETTLED, "Unsettled orders", "未结算订单", _ASSET, money=True, lines=True),
    Entry(OPENING_ORDERS, "Opening orders", "期初订单", _ASSET, money=True),
    Entry(CLEARING, "Channel clearing", "平台清算", _ASSET, money=True),
    Entry(RESERVE, "Channel reserves and holds", "平台预留与冻结", _ASSET, money=True, lines=True),
    Entry(PAYOUTS, "Payouts in transit", "在途放款", _ASSET, money=True, lines=True),
    Entry(WITHDRAWALS, "Wallet withdrawals in transit", "在途提现", _ASSET, money=True, lines=True),
    Entry("1140", "Card charged by a platform", "平台扣卡在途", _ASSET, money=True, lines=True),
    Entry("1150", "Prepaid advertising", "预付广告费", _ASSET, money=True, lines=True),
    Entry("1160", "Claims on carriers and platforms", "对承运商与平台的索赔", _ASSET, money=True, lines=True),
    Entry(STOCK, "Inventory", "库存商品", _ASSET),
    Entry(GOODS_IN_TRANSIT, "Goods in transit", "头程在途", _ASSET),
    Entry("1220", "Returns awaiting check", "待检退货", _ASSET),
    Entry(GOODS_SENT, "Goods sent, not delivered", "发出商品", _ASSET),
    Entry("1300", "Input VAT", "进项税额", _ASSET, money=True, lines=True),
    Entry("1310", "Withheld tax receivable", "应收代扣税款", _ASSET, money=True, lines=True),
    Entry(TRADING, "Currency trading", "货币兑换", _ASSET),
    Entry(SUSPENSE, "Unclassified lines", "未分类明细", _ASSET),
    Entry(ROUNDING_RESIDUAL, "Rounding residual", "尾差", _ASSET),
    Entry("2010", "Suppliers", "应付供应商", _LIABILITY, money=True),
    Entry("2020", "Carriers", "应付承运商", _LIABILITY, money=True),
    Entry("2030", "Accrued platform fees", "应计平台费用", _LIABILITY, money=True, lines=True),
    Entry("2100", "Output VAT and GST", "销项税额", _LIABILITY, money=True, lines=True),
    Entry(COLLECTED_TAX, "Marketplace-collected tax", "平台代收代缴税款", _LIABILITY, money=True, lines=True),
    Entry("2120", "IOSS VAT payable", "应交 IOSS 增值税", _LIABILITY, money=True, lines=True),
    Entry("2130", "Import duty payable", "应交进口关税", _LIABILITY, money=True, lines=True),
    Entry("2200", "Refunds payable", "应付退款", _LIABILITY, money=True, lines=True),
    Entry("2210", "Provision for chargebacks", "拒付准备", _LIABILITY, money=True, lines=True),
    Entry("2300", "Platform loans", "平台贷款", _LIABILITY, money=True, lines=True),
    Entry(OPENING, "Opening balances", "期初余额", _EQUITY),
    Entry("3100", "Retained earnings", "未分配利润", _EQUITY),
    Entry("4000", "Product sales", "商品销售收入", _INCOME, lines=True),
    Entry("4010", "Shipping income", "运费收入", _INCOME, lines=True),
    Entry("4020", "Gift wrap income", "礼品包装收入", _INCOME, lines=True),
    Entry("4030", "Discounts paid by the platform", "平台承担的折扣", _INCOME, lines=True),
    Entry("4100", "Refunds", "退款", _INCOME, lines=True),
    Entry("4200", "Seller promotions", "卖家促销折扣", _INCOME, lines=True),
    Entry("4900", "Reimbursements", "平台赔偿", _INCOME, lines=True),
    Entry(COST, "Cost of goods sold", "销售成本", _EXPENSE),
    Entry("5010", "Stock loss and write-down", "存货损失与跌价", _EXPENSE),
    Entry("5100", "Inbound freight", "头程运费", _EXPENSE, lines=True),
    Entry("5110", "Import duty", "进口关税", _EXPENSE, lines=True),
    Entry("5200", "Referral commission", "销售佣金", _EXPENSE, lines=True),
    Entry("5205", "Refund administration", "退款管理费", _EXPENSE, lines=True),
    Entry("5210", "Fulfillment", "配送费", _EXPENSE, lines=True),
    Entry("5220", "Subscription", "订阅费", _EXPENSE, lines=True),
    Entry("5230", "Storage", "仓储费", _EXPENSE, lines=True),
    Entry("5240", "Removal and disposal", "移除与弃置费", _EXPENSE, lines=True),
    Entry("5290", "Other platform fees", "其他平台费用", _EXPENSE, lines=True),
    Entry("5300", "Outbound shipping", "尾程运费", _EXPENSE, lines=True),
    Entry("5310", "Shipping surcharges", "运费附加费", _EXPENSE, lines=True),
    Entry("5400", "Advertising", "广告费", _EXPENSE, lines=True),
    Entry("5410", "Affiliates", "联盟佣金", _EXPENSE, lines=True),
    Entry("5420", "Deals and coupons", "秒杀与优惠券费", _EXPENSE, lines=True),
    Entry("5500", "Payment fees", "支付手续费", _EXPENSE, lines=True),
    Entry(COLLECTION_FEES, "Collection and withdrawal fees", "收款与提现费", _EXPENSE, lines=True),
    Entry("5520", "Chargeback fees", "拒付费用", _EXPENSE, lines=True),
    Entry("5600", "Irrecoverable VAT", "不可抵扣增值税", _EXPENSE, lines=True),
    Entry("5700", "Penalties", "罚款", _EXPENSE, lines=True),
    Entry(REALIZED, "Realized exchange result", "已实现汇兑损益", _EXPENSE, lines=True),
    Entry(UNREALIZED, "Unrealized exchange result", "未实现汇兑损益", _EXPENSE),
    Entry(SPREAD, "Conversion spread", "换汇点差", _EXPENSE, lines=True),
    Entry("7200", "Rounding", "尾差损益", _EXPENSE, lines=True),
)
"""Every account, by its code."""

CODES = frozenset(entry.code for entry in PLAN)
