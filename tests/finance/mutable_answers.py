"""Answers of platforms and wallets, cut into their objects; see ``mutable_documents``."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from tests.finance.mutable_documents import ROWS, Document, chained, money, signed
from tests.finance.sources.shop_documents import ebay_payout, ebay_sale


def objects(document: Any, path: Sequence[str], **more: Any) -> Document:
    """A JSON document cut at the list that a path leads to."""
    holder = document
    for name in path[:-1]:
        holder = holder[name]
    listed, holder[path[-1]] = holder[path[-1]], ["@"]
    head, tail = json.dumps(document).split('"@"')
    rows = tuple(json.dumps(one).encode() for one in listed)
    return Document(head=head.encode(), rows=rows, tail=tail.encode(), join=b", ", **more)


def amazon_transactions(chance: Random) -> Document:
    """One transaction's parts: a transaction states its own total, and nothing states how many there are."""
    amounts = [signed(chance) for _ in range(ROWS)]
    parts = [
        {"breakdownType": "Commission", "breakdownAmount": _coin(amount), "breakdowns": []}
        for amount in amounts
    ]
    transaction = {
        "transactionId": "T1", "transactionType": "Shipment", "transactionStatus": "RELEASED",
        "postedDate": "2026-06-03T10:11:12Z", "totalAmount": _coin(sum(amounts, Decimal(0))),
        "breakdowns": parts,
    }  # fmt: skip
    document = {"payload": {"transactions": transaction}}
    made = objects(
        document, ("payload", "transactions", "breakdowns"),
        amounts=(re.compile(rb'"currencyAmount": (-?[0-9.]+)'),),
        currency=re.compile(rb'"currencyCode": "([A-Z]+)"'),
    )  # fmt: skip
    head = made.head.replace(b'"transactions": {', b'"transactions": [{', 1)
    return replace(made, head=head, tail=made.tail.replace(b"]}", b"]}]", 1))


def _coin(amount: Decimal) -> dict[str, object]:
    return {"currencyCode": "USD", "currencyAmount": float(amount)}


def ebay_finances(chance: Random) -> Document:
    sales, total = [], Decimal(0)
    for number in range(ROWS):
        net, fee = money(chance, 2000), money(chance, 100, 900)
        total += net
        sales.append(ebay_sale(f"{number}", f"{net}", f"{fee}", f"{net + fee}"))
    amount = rb'"amount": \{"value": "%s", "currency": "%s"\}'
    return objects(
        {"payouts": [ebay_payout(f"{total}")], "transactions": sales}, ("transactions",),
        amounts=(re.compile(amount % (rb"([0-9.]+)", rb"[A-Z]+")),
                 re.compile(rb'"totalFeeAmount": \{"value": "([0-9.]+)"')),
        currency=re.compile(amount % (rb"[0-9.]+", rb"([A-Z]+)")),
        identity=re.compile(rb'"transactionId": "([0-9]+)"'),
    )  # fmt: skip


def shopify_rest(chance: Random) -> Document:
    listed: list[dict[str, object]] = []
    total = Decimal(0)
    for number in range(ROWS):
        kind = chance.choice(("charge", "charge", "refund"))
        amount, fee = money(chance, 2000), money(chance, 100, 900)
        amount, fee = (amount, fee) if kind == "charge" else (-amount, Decimal(0))
        total += amount - fee
        listed.append(_shopify_row(number, kind, amount, fee))
    listed.append(_shopify_row(99, "payout", -total, Decimal(0)))
    payout = {
        "id": 7, "status": "paid", "date": "2026-06-05", "currency": "USD", "amount": f"{total}",
        "summary": {"charges_gross_amount": "100.00", "charges_fee_amount": "3.20"},
    }  # fmt: skip
    return objects(
        {"payout": payout, "transactions": listed}, ("transactions",),
        amounts=(re.compile(rb'"amount": "(-?[0-9.]+)"'), re.compile(rb'"fee": "(-?[0-9.]+)"')),
        currency=re.compile(rb'"currency": "([A-Z]+)"'), identity=re.compile(rb'"id": ([0-9]+)'),
    )  # fmt: skip


def _shopify_row(number: int, kind: str, amount: Decimal, fee: Decimal) -> dict[str, object]:
    return {
        "id": number, "type": kind, "payout_id": 7, "payout_status": "paid", "currency": "USD",
        "amount": f"{amount}", "fee": f"{fee}", "net": f"{amount - fee}", "source_order_id": 9000 + number,
        "source_type": kind, "processed_at": "2026-06-03T10:11:12-04:00",
    }  # fmt: skip


def shopee_escrow(chance: Random) -> Document:
    details, listed = [], []
    for number in range(ROWS):
        goods, taken, fee = money(chance, 2000), money(chance, 100, 900), money(chance, 100, 900)
        income = {
            "escrow_amount": float(goods - taken - fee), "original_cost_of_goods_sold": float(goods),
            "commission_fee": float(taken), "seller_transaction_fee": float(fee),
        }  # fmt: skip
        name = f"2606{number + 1:02}ABCDEF"
        details.append({"escrow_detail": {"order_sn": name, "order_income": income}})
        released = {"order_sn": name, "payout_amount": income["escrow_amount"]}
        listed.append({**released, "escrow_release_time": 1780500000 + number})
    made = objects(
        {"response": details}, ("response",),
        amounts=(re.compile(rb'"[a-z_]+": ([0-9.]+)'),),
        identity=re.compile(rb'"order_sn": "2606[0-9]{2}([A-Z]+)"'),
    )  # fmt: skip
    head = json.dumps({"response": {"escrow_list": listed}}).encode()
    return replace(made, head=head + b"\n" + made.head)


def stripe(chance: Random) -> Document:
    listed, total = [], 0
    for number in range(ROWS):
        amount, fee = chance.randint(2000, 90000), chance.randint(100, 900)
        total += amount - fee
        listed.append(_stripe_row(number, "charge", amount, fee, "usd"))
    made = objects(
        {"object": "list", "data": listed}, ("data",),
        amounts=(re.compile(rb'"amount": (-?[0-9]+)'), re.compile(rb'"fee": (-?[0-9]+)')),
        currency=re.compile(rb'"currency": "([a-z]+)"'), identity=re.compile(rb'"id": "txn_([0-9]+)"'),
    )  # fmt: skip
    paid = json.dumps(_stripe_row(99, "payout", -total, 0, "usd")).encode()
    return replace(made, tail=b", " + paid + made.tail)


def _stripe_row(number: int, kind: str, amount: int, fee: int, currency: str) -> dict[str, object]:
    return {
        "id": f"txn_{number}", "object": "balance_transaction", "amount": amount, "fee": fee,
        "net": amount - fee, "currency": currency, "type": kind, "reporting_category": kind,
        "source": f"{kind[:2]}_{number}", "created": 1780480000 + number, "available_on": 1780500000,
        "status": "available",
    }  # fmt: skip


def shopee_wallet(chance: Random) -> Document:
    """Months of a wallet; Shopee names no currency there."""

    def row(number: int, day: int, amount: Decimal, balance: Decimal) -> str:
        month, inside = divmod(number, 100)
        return json.dumps(
            {
                "transaction_type": "ADJUSTMENT_ADD" if amount > 0 else "ADJUSTMENT_MINUS",
                "status": "COMPLETED", "money_flow": "MONEY_IN" if amount > 0 else "MONEY_OUT",
                "amount": float(amount), "current_balance": float(balance),
                "create_time": 1777680000 + month * 2_678_400 + inside * 86400,
                "withdrawal_id": number, "order_sn": "",
            }
        )  # fmt: skip

    return chained(
        chance, lambda *_: ('{"response": {"transaction_list": [', "]}}"), row, join=b", ",
        amounts=(re.compile(rb'"amount": (-?[0-9.]+)'),), identity=re.compile(rb'"withdrawal_id": ([0-9]+)'),
    )  # fmt: skip
