"""Invented documents of eBay, Shopify, Shopee and of shops without an adapter."""


def ebay_sale(identity: str, amount: str, fee: str, basis: str, **more: object) -> dict[str, object]:
    def money(value: str) -> dict[str, str]:
        return {"value": value, "currency": "USD"}

    sale: dict[str, object] = {
        "transactionId": identity,
        "transactionType": "SALE",
        "transactionStatus": "PAYOUT",
        "bookingEntry": "CREDIT",
        "payoutId": "P1",
        "orderId": f"O-{identity}",
        "transactionDate": "2026-06-03T10:11:12.000Z",
        "amount": money(amount),
        "totalFeeAmount": money(fee),
        "totalFeeBasisAmount": money(basis),
        "orderLineItems": [
            {"lineItemId": "L1", "marketplaceFees": [{"feeType": "FINAL_VALUE_FEE", "amount": money(fee)}]}
        ],
    }
    return sale | more


def ebay_payout(amount: str, status: str = "SUCCEEDED") -> dict[str, object]:
    return {
        "payoutId": "P1",
        "payoutStatus": status,
        "payoutDate": "2026-06-05T00:00:00.000Z",
        "amount": {"value": amount, "currency": "USD"},
    }


EBAY_REPORT_EN = (
    "Transaction report\nSeller,acme\n\n"
    "Transaction creation date,Type,Order number,Net amount,Payout currency,Payout date,Payout "
    "ID,Payout status,"
    "Custom label,Quantity,Final Value Fee - fixed,Final Value Fee - variable,Gross transaction amount,"
    "Transaction currency,Exchange rate\n"
    '"Jun 3, 2026",Order,O-1,85.00,USD,"Jun 5, 2026",P1,Funds sent,CUP,1,-0.30,-14.70,100.00,USD,--\n'
    '"Jun 4, 2026",Refund,O-0,-20.00,USD,"Jun 5, 2026",P1,Funds sent,--,--,--,--,-20.00,USD,--\n'
    '"Jun 5, 2026",Payout,--,-65.00,USD,"Jun 5, 2026",P1,Funds sent,--,--,--,--,--,USD,--\n'
)

EBAY_REPORT_DE = (
    "Transaktionsbericht\nVerkäufer;acme\n"
    "Datum der Transaktionserstellung;Typ;Bestellnummer;Betrag abzügl. Kosten;Auszahlungswährung;"
    "Auszahlungsdatum;Auszahlung Nr.;Auszahlungsstatus;Fixer Anteil der Verkaufsprovision;"
    "Variabler Anteil der Verkaufsprovision;Bruttobetrag der Transaktion;Transaktionswährung\n"
    "03.06.2026;Bestellung;O-1;1.085,00;EUR;05.06.2026;P1;Überwiesen;-0,30;-114,70;1.200,00;EUR\n"
    "05.06.2026;Auszahlung;--;-1.085,00;EUR;05.06.2026;P1;Überwiesen;--;--;--;EUR\n"
)


def shopify_rest(**changes: object) -> dict[str, object]:
    rows = [
        ("charge", "100.00", "3.20", "96.80", 9001),
        ("refund", "-20.00", "0.00", "-20.00", 9000),
        ("payout", "-76.80", "0.00", "-76.80", None),
    ]
    payout: dict[str, object] = {
        "id": 7,
        "status": "paid",
        "date": "2026-06-05",
        "currency": "USD",
        "amount": "76.80",
        "summary": {"charges_gross_amount": "100.00", "charges_fee_amount": "3.20"},
    }
    return {
        "payout": payout | changes,
        "transactions": [
            {
                "id": place,
                "type": kind,
                "payout_id": 7,
                "payout_status": "paid",
                "currency": "USD",
                "amount": amount,
                "fee": fee,
                "net": net,
                "source_order_id": order,
                "source_type": kind,
                "processed_at": "2026-06-03T10:11:12-04:00",
            }
            for place, (kind, amount, fee, net, order) in enumerate(rows, start=1)
        ],
    }


def shopify_graphql() -> dict[str, object]:
    def money(amount: str) -> dict[str, str]:
        return {"amount": amount, "currencyCode": "USD"}

    payout_id = "gid://shopify/ShopifyPaymentsPayout/7"
    transactions = [
        {
            "id": f"gid://shopify/ShopifyPaymentsBalanceTransaction/{kind}",
            "type": kind,
            "test": False,
            "amount": money(amount),
            "fee": money(fee),
            "net": money(net),
            "sourceType": "CHARGE",
            "transactionDate": "2026-06-03T14:11:12Z",
            "associatedPayout": {"id": payout_id, "status": "PAID"},
            "associatedOrder": {"id": "gid://shopify/Order/9001", "name": "#1"} if kind == "CHARGE" else None,
        }
        for kind, amount, fee, net in (
            ("CHARGE", "80.00", "3.20", "76.80"),
            ("TRANSFER", "-76.80", "0.00", "-76.80"),
        )
    ]
    payout = {
        "id": payout_id,
        "legacyResourceId": "7",
        "status": "PAID",
        "issuedAt": "2026-06-05T00:00:00Z",
        "net": money("76.80"),
    }
    return {
        "data": {
            "shopifyPaymentsAccount": {
                "payouts": {"nodes": [payout]},
                "balanceTransactions": {"edges": [{"node": one} for one in transactions]},
            }
        }
    }


SHOPIFY_CSV = (
    "Transaction Date,Type,Order,Card Brand,Payout Status,Payout Date,Payout ID,Amount,Fee,Net,"
    "Checkout,Currency\n"
    "2026-06-03 10:11:12 -0400,charge,#1,visa,paid,2026-06-05,7,100.00,3.20,96.80,#9,USD\n"
    "2026-06-04 10:11:12 -0400,refund,#0,visa,paid,2026-06-05,7,-20.00,0.00,-20.00,#8,USD\n"
)

SHOPIFY_PAYOUTS_CSV = (
    "Payout Date,Status,Charges,Refunds,Adjustments,Reserved Funds,Fees,Retried Amount,Total,Currency\n"
    "2026-06-05,paid,100.00,-20.00,0.00,0.00,3.20,0.00,76.80,USD\n"
)


def shopee_order(order_sn: str = "260603ABCDEF", **changes: object) -> dict[str, object]:
    income: dict[str, object] = {
        "escrow_amount": 88.5,
        "original_cost_of_goods_sold": 100,
        "voucher_from_seller": 4,
        "commission_fee": 5,
        "seller_transaction_fee": 2.5,
        "actual_shipping_fee": 3,
        "shopee_shipping_rebate": 3,
    }
    return {"order_sn": order_sn, "order_income": income | changes}


def shopee_answer(*orders: dict[str, object]) -> dict[str, object]:
    inner: object = orders[0] if len(orders) == 1 else [{"escrow_detail": order} for order in orders]
    return {"error": "", "message": "", "response": inner}


def shopee_wallet() -> dict[str, object]:
    rows = [
        ("WITHDRAWAL_COMPLETED", "COMPLETED", 60, 40, 1780500000),
        ("WITHDRAWAL_CREATED", "COMPLETED", -60, 40, 1780400000),
        ("ESCROW_VERIFIED_ADD", "COMPLETED", 88.5, 100, 1780300000),
    ]
    listed = [
        {
            "transaction_type": kind,
            "status": status,
            "amount": amount,
            "current_balance": balance,
            "create_time": at,
            "order_sn": "260603ABCDEF" if kind.startswith("ESCROW") else "",
        }
        for kind, status, amount, balance, at in rows
    ]
    return {"error": "", "response": {"transaction_list": listed, "more": False}}


LAZADA = (
    "Transaction Date,Transaction Type,Fee Name,Transaction Number,Details,Seller SKU,Amount,VAT "
    "in Amount,WHT Amount,"
    "WHT included in Amount,Statement,Paid Status,Order No.,Order Item No.\n"
    "03 Jun 2026,Orders-Sales,Item Price Credit,L1,,CUP,100.00,0.00,0.00,No,01 Jun 2026 - 07 Jun "
    "2026,Paid,O-1,I-1\n"
    "03 Jun 2026,Orders-Sales,Commission,L2,,CUP,-5.00,0.00,-0.25,No,01 Jun 2026 - 07 Jun 2026,Paid,O-1,I-1\n"
)

TIKTOK = (
    "Order/adjustment ID,Type,Order created time,Order settled time,Currency,Total settlement "
    "amount,Total revenue,"
    "Total fees,Adjustment amount,Statement ID\nO-1,Order,2026/06/01,2026/06/03,USD,20.00,30.00,10.00,0,ST1\n"
    "O-2,Order,2026/06/01,2026/06/03,USD,21.00,30.00,-10.00,0,ST1\n"
)

ALIEXPRESS = (
    "订单号,放款时间,放款类型,币种,订单金额,平台佣金,放款金额\n"
    "O-1,2026-06-03 10:11:12,放款,USD,100.00,8.00,92.00\n"
)

TEMU = (
    "账务时间,账务类型,订单编号,SKU货号,币种,收入金额,支出金额,结算单号\n"
    "2026-06-03 10:11:12,销售回款,O-1,CUP,CNY,88.00,,T1\n"
)
