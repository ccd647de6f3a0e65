"""Sheets of wallets and banks with running balances, three periods each; see ``mutable_documents``."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

from tests.finance import mutable_answers as answers
from tests.finance import mutable_documents as documents
from tests.finance.mutable_documents import Document, Row, chained, column

LAYOUT = {
    "columns": {
        "date": ["When"], "type": ["What"], "amount": ["Money"], "balance": ["Left"], "currency": ["Coin"],
        "reference": ["Mark"],
    },
    "headings": ["When", "What", "Money", "Left", "Coin", "Mark"],
}  # fmt: skip
"""How a person said to read the sheet of ``mapped``."""
Build = Callable[[Random], Document]


def _sheet(heading: str, row: Row, *, amounts: tuple[int, ...], **places: int) -> Build:
    """A table by its heading and rows; where its amounts, its ``currency`` and its ``identity`` stand."""
    more: dict[str, Any] = {name: column(place) for name, place in places.items()}

    def build(chance: Random) -> Document:
        return chained(
            chance, lambda *_: (heading + "\n", "\n"), row, amounts=tuple(map(column, amounts)), **more
        )

    return build


def _sides(amount: Decimal) -> str:
    return f"{amount}," if amount > 0 else f",{-amount}"


def _at(day: int) -> str:
    return f"2026-06-{day:02} 10:11:12"


def _paypal(number: int, day: int, amount: Decimal, balance: Decimal) -> str:
    return (
        f"06/{day:02}/2026,10:11:12,UTC,Jane Doe,Express Checkout Payment,Completed,USD,{amount + 1},-1.00,"
        f"{amount},A{number},,I{number},{balance}"
    )


def _pingpong(number: int, day: int, amount: Decimal, balance: Decimal) -> str:
    kind, way = ("入账", "收入") if amount > 0 else ("手续费", "支出")
    return f"{_at(day)},PP{number},{kind},Acme,{way},USD,{abs(amount)},0,{balance},成功"


def _lianlian(number: int, day: int, amount: Decimal, balance: Decimal) -> str:
    kind = "收款" if amount > 0 else "手续费"
    return f"{_at(day)},LL{number},{kind},Acme,USD,{_sides(amount)},0,{balance},成功"


def _payoneer(number: int, day: int, amount: Decimal, balance: Decimal) -> str:
    kind = "Payment received" if amount > 0 else "Fee"
    return f"06/{day:02}/2026,10:11:12,UTC,{number},{kind},{_sides(amount)},USD,Completed,{balance},,Acme"


def _worldfirst(number: int, day: int, amount: Decimal, balance: Decimal) -> str:
    kind = "入账" if amount > 0 else "手续费"
    return f"{_at(day)},WF{number},{kind},Amazon,USD,{amount},0.00,{balance},成功"


def _alipay(number: int, day: int, amount: Decimal, balance: Decimal) -> str:
    kind = "放款" if amount > 0 else "服务费"
    return f"{_at(day)},2026X{number},O-{number},{kind},USD,{_sides(amount)},{balance},"


def _airwallex(number: int, day: int, amount: Decimal, balance: Decimal) -> str:
    kind = "DEPOSIT" if amount > 0 else "FEE"
    return f"2026-06-{day:02}T10:11:12+0000,AW{number},{kind},USD,{amount},{balance},SETTLED"


def _bank(number: int, day: int, amount: Decimal, balance: Decimal) -> str:
    return f"2026-06-{day:02},{amount},{balance},USD,Transfer,a payment,R{number}"


def _mapped(number: int, day: int, amount: Decimal, balance: Decimal) -> str:
    kind = "Deposit" if amount > 0 else "Fee"
    return f"{_at(day)},{kind},{amount},{balance},USD,M{number}"


DOCUMENTS: dict[str, Build] = {
    "amazon_settlement_v2": documents.amazon_v2,
    "amazon_settlement_flat": documents.amazon_flat,
    "amazon_transactions": answers.amazon_transactions,
    "ebay_finances": answers.ebay_finances,
    "ebay_transaction_report": documents.ebay_report,
    "shopify_payouts": answers.shopify_rest,
    "shopify_transactions_csv": documents.shopify_csv,
    "shopify_payouts_csv": documents.shopify_payouts,
    "shopee_escrow": answers.shopee_escrow,
    "shopee_wallet": answers.shopee_wallet,
    "stripe_transactions": answers.stripe,
    "paypal_settlement": documents.paypal_settlement,
    "bank_mt940": documents.mt940,
    "bank_camt053": documents.camt,
    "paypal_activity": _sheet(
        "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,Transaction ID,Reference Txn ID,"
        "Invoice Number,Balance",
        _paypal, amounts=(7, 8), currency=6, identity=10,
    ),
    "pingpong": _sheet(
        "交易时间,PingPong流水号,交易类型,店铺名称,收支方向,币种,交易金额,手续费,账户余额,交易状态",
        _pingpong, amounts=(6,), currency=5, identity=1,
    ),
    "lianlian": _sheet(
        "创建时间,连连流水号,业务类型,店铺,币种,收入金额,支出金额,手续费,余额,状态",
        _lianlian, amounts=(5, 6), currency=4, identity=1,
    ),
    "payoneer": _sheet(
        "Transaction Date,Transaction Time,Time Zone,Transaction ID,Transaction type,Credit Amount,"
        "Debit Amount,Currency,Status,Running Balance,Additional Description,Store Name",
        _payoneer, amounts=(5, 6), currency=7, identity=3,
    ),
    "worldfirst": _sheet(
        "完成时间,万里汇订单号,交易类型,付款方,币种,变动金额,费用,变动后余额,状态",
        _worldfirst, amounts=(5,), currency=4, identity=1,
    ),
    "alipay": _sheet(
        "入账时间,支付宝交易号,商户订单号,业务类型,币种,收入（+）,支出（-）,账户余额,备注",
        _alipay, amounts=(5, 6), currency=4, identity=1,
    ),
    "airwallex": _sheet(
        "Time,Financial Transaction Id,Financial Transaction Type,Wallet Currency,Net Amount,Account Balance,"
        "Status",
        _airwallex, amounts=(4,), currency=3, identity=1,
    ),
    "bank_csv": _sheet(
        "Booking date,Amount,Balance,Currency,Transaction type,Description,Reference",
        _bank, amounts=(1,), currency=3, identity=6,
    ),
    "mapped": _sheet("When,What,Money,Left,Coin,Mark", _mapped, amounts=(2,), currency=4, identity=5),
}  # fmt: skip
"""How to make a document of each source that states a total."""
