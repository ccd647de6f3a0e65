"""One small invented document per source, as its platform, wallet or bank would send it."""

import json
from collections.abc import Iterable

from channels.settlement_messages import MoneyLine, Reading, Sample, Statement
from finance.sources import registry
from tests.finance.sources.amazon_documents import V2, WIDE, amazon_transaction, date_range
from tests.finance.sources.shop_documents import (
    ALIEXPRESS,
    EBAY_REPORT_EN,
    LAZADA,
    SHOPIFY_CSV,
    SHOPIFY_PAYOUTS_CSV,
    TEMU,
    TIKTOK,
    ebay_payout,
    ebay_sale,
    shopee_answer,
    shopee_order,
    shopee_wallet,
    shopify_rest,
)
from tests.finance.sources.wallet_documents import (
    AIRWALLEX,
    ALIPAY,
    BANK_CSV,
    LIANLIAN,
    MT940,
    PAYONEER,
    PAYPAL,
    PINGPONG,
    STL,
    STRIPE_CSV,
    WORLDFIRST,
    camt,
    stripe_transactions,
)

READING = Reading(name="file", account="Acme", time_zone="UTC", currency="USD")


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


DOCUMENTS: dict[str, bytes] = {
    "amazon_settlement_v2": V2.encode(),
    "amazon_settlement_flat": WIDE.encode(),
    "amazon_date_range": date_range("en").encode(),
    "amazon_transactions": _json({"payload": {"transactions": [amazon_transaction()], "nextToken": None}}),
    "ebay_finances": _json(
        {"transactions": [ebay_sale("1", "162.36", "32.64", "195.00")], "payouts": [ebay_payout("162.36")]}
    ),
    "ebay_transaction_report": EBAY_REPORT_EN.encode(),
    "shopify_payouts": _json(shopify_rest()),
    "shopify_transactions_csv": SHOPIFY_CSV.encode(),
    "shopify_payouts_csv": SHOPIFY_PAYOUTS_CSV.encode(),
    "shopee_escrow": _json(shopee_answer(shopee_order())),
    "shopee_wallet": _json(shopee_wallet()),
    "paypal_activity": PAYPAL.encode(),
    "paypal_settlement": STL.encode(),
    "stripe_transactions": _json(stripe_transactions()),
    "stripe_payouts": STRIPE_CSV.encode(),
    "bank_mt940": MT940.encode(),
    "bank_camt053": camt().encode(),
    "bank_csv": BANK_CSV.encode(),
    "pingpong": PINGPONG.encode(),
    "lianlian": LIANLIAN.encode(),
    "payoneer": PAYONEER.encode(),
    "worldfirst": WORLDFIRST.encode(),
    "alipay": ALIPAY.encode(),
    "airwallex": AIRWALLEX.encode(),
    "lazada_statement": LAZADA.encode(),
    "tiktok_statement": TIKTOK.encode(),
    "aliexpress_statement": ALIEXPRESS.encode(),
    "temu_statement": TEMU.encode(),
}


def sample(content: bytes, name: str = "file") -> Sample:
    return Sample(name=name, head=content[: registry.HEAD_BYTES], size=len(content))


def split(values: Iterable[Statement | MoneyLine]) -> tuple[dict[str, Statement], list[MoneyLine]]:
    """Return the statements by settlement and currency-free id, and the lines in their order."""
    statements: dict[str, Statement] = {}
    lines: list[MoneyLine] = []
    for value in values:
        if isinstance(value, Statement):
            assert (value.settlement_id, value.currency) not in {
                (known.settlement_id, known.currency) for known in statements.values()
            }
            statements[value.settlement_id] = value
        else:
            lines.append(value)
    return statements, lines
