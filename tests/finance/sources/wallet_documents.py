"""Invented documents of PayPal, Stripe, collection wallets and banks."""

PAYPAL = (
    '"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","Transaction ID",'
    '"Reference Txn ID","Invoice Number","Balance"\n'
    '"06/03/2026","10:11:12","PDT","Jane Doe","Express Checkout Payment","Completed","USD","1,'
    '200.00","-42.30",'
    '"1,157.70","A1","","I1","1,157.70"\n'
    '"06/04/2026","10:11:12","PDT","","General Withdrawal","Completed","USD","-1,000.00","0.00",'
    '"-1,000.00","A2",'
    '"","","157.70"\n'
)

STL = "\n".join(
    (
        '"RH",2026/06/05 05:00:00 -0700,X,ACME,011',
        '"FH",01',
        '"SH",2026/06/04 00:00:00 -0700,2026/06/04 23:59:59 -0700,ACME,',
        '"CH","Transaction ID","Invoice ID","PayPal Reference ID","Transaction Event Code",'
        '"Transaction Completion Date",'
        '"Transaction  Debit or Credit","Gross Transaction Amount","Gross Transaction Currency",'
        '"Fee Debit or Credit",'
        '"Fee Amount","Fee Currency","Custom Field"',
        '"SB","A1","I1","","T0006",2026/06/04 10:11:12 -0700,"CR",120000,USD,"DR",4230,USD,"a '
        'note\nof two lines"',
        '"SB","A2","","A1","T0400",2026/06/04 11:11:12 -0700,"DR",100000,USD,"DR",0,USD,""',
        '"SF",USD,120000,100000,0,4230,0,15770',
        '"SC",2',
        '"RF",USD,120000,100000,0,4230',
        '"RC",2',
        '"FF",2',
        "",
    )
)


def stripe_transactions(currency: str = "usd") -> dict[str, object]:
    rows = [
        ("payout", "payout", -9680, 0, "po_1"),
        ("charge", "charge", 10000, 320, "ch_1"),
    ]
    return {
        "object": "list",
        "data": [
            {
                "id": f"txn_{place}",
                "object": "balance_transaction",
                "amount": amount,
                "fee": fee,
                "net": amount - fee,
                "currency": currency,
                "type": kind,
                "reporting_category": category,
                "source": source,
                "created": 1780480000 + place,
                "available_on": 1780500000,
                "status": "available",
            }
            for place, (kind, category, amount, fee, source) in enumerate(rows)
        ],
    }


STRIPE_CSV = (
    "automatic_payout_id,automatic_payout_effective_at_utc,balance_transaction_id,created_utc,available_on_utc,"
    "currency,gross,fee,net,reporting_category,source_id,description\n"
    "po_1,2026-06-05 00:00:00,txn_1,2026-06-03 10:11:12,2026-06-05 00:00:00,usd,100.00,3.20,"
    "96.80,charge,ch_1,\n"
    "po_1,2026-06-05 00:00:00,txn_2,2026-06-04 10:11:12,2026-06-05 00:00:00,usd,-20.00,0.00,"
    "-20.00,refund,re_1,\n"
)

MT940 = (
    ":20:1\n:25:12345678\n:28C:7/1\n:60F:C260602EUR1000,00\n"
    ":61:2606030603C250,50NTRFNONREF//B1\nACME PAYOUT\n:86:166?00Credit?20Payout P1?21June\n"
    ":61:2606030603D3,NCHGNONREF\n:62F:C260603EUR1247,50\n-\n"
    ":20:2\n:25:12345678\n:28C:8/1\n:60F:C260603EUR1247,50\n:62F:C260604EUR1247,50\n-\n"
)


def camt(version: int = 2, status: str = "<Sts>BOOK</Sts>") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02}">'
        "<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr><Stmt><Id>X1</Id><ElctrncSeqNb>7</ElctrncSeqNb>"
        "<Acct><Id><IBAN>DE02</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        "<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt "
        'Ccy="EUR">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<Dt><Dt>2026-06-02</Dt></Dt></Bal>"
        "<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt "
        'Ccy="EUR">1270.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>'
        "<Dt><Dt>2026-06-03</Dt></Dt></Bal>"
        f'<Ntry><Amt Ccy="EUR">300.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>{status}'
        "<BookgDt><Dt>2026-06-03</Dt></BookgDt>"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>"
        '<TxDtls><Refs><EndToEndId>P1</EndToEndId></Refs><Amt Ccy="EUR">100.00</Amt></TxDtls>'
        "<TxDtls><Refs><EndToEndId>P2</EndToEndId></Refs><Amt "
        'Ccy="EUR">200.00</Amt></TxDtls></NtryDtls></Ntry>'
        f'<Ntry><Amt Ccy="EUR">30.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>{status}'
        "<BookgDt><Dt>2026-06-03</Dt></BookgDt>"
        "<BkTxCd><Domn><Cd>ACMT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn></BkTxCd></Ntry>"
        "</Stmt></BkToCstmrStmt></Document>"
    )


BANK_CSV = (
    "Konto;DE02\n\nBuchungstag;Buchungstext;Verwendungszweck;Betrag;Währung;Saldo\n"
    "03.06.2026;Gutschrift;Payout P1;1.250,50;EUR;2.250,50\n04.06.2026;Entgelt;Kontoführung;-3,"
    "00;EUR;2.247,50\n"
)

PINGPONG = (
    "交易时间,PingPong流水号,交易类型,店铺名称,收支方向,币种,交易金额,手续费,账户余额,交易状态\n"
    "2026-06-03 10:11:12,PP1,入账,Acme US,收入,USD,500.00,0,500.00,成功\n"
    "2026-06-04 10:11:12,PP2,提现,,支出,USD,200.00,2.00,298.00,成功\n"
    "2026-06-05 10:11:12,PP3,提现,,支出,USD,50.00,0,298.00,处理中\n"
)

LIANLIAN = (
    "创建时间,连连流水号,业务类型,店铺,币种,收入金额,支出金额,手续费,余额,状态\n"
    "2026-06-03 10:11:12,LL1,收款,Acme,USD,500.00,,0,500.00,成功\n"
    "2026-06-04 10:11:12,LL2,提现,,USD,,100.00,0,400.00,成功\n"
)

PAYONEER = (
    "Transaction Date,Transaction Time,Time Zone,Transaction ID,Transaction type,Credit Amount,"
    "Debit Amount,Currency,"
    "Status,Running Balance,Additional Description,Store Name\n"
    '06/13/2026,10:11:12,EST,1,Payment received,"1,500.00",,USD,Completed,"1,500.00",,Acme\n'
    '06/14/2026,10:11:12,EST,2,Withdrawal,,200.00,USD,Completed,"1,300.00",,\n'
)

WORLDFIRST = (
    "完成时间,万里汇订单号,交易类型,付款方,币种,变动金额,费用,变动后余额,状态\n"
    "2026-06-03 10:11:12,WF1,入账,Amazon,EUR,+500.00,0.00,500.00,成功\n"
)

ALIPAY = (
    "账务明细\n入账时间,支付宝交易号,商户订单号,业务类型,币种,收入（+）,支出（-）,账户余额,备注\n"
    "2026-06-03 10:11:12,2026X,O-1,放款,USD,88.00,,88.00,\n"
)

AIRWALLEX = (
    "Time,Financial Transaction Id,Financial Transaction Type,Wallet Currency,Net Amount,Account "
    "Balance,Status\n"
    "2026-06-03T10:11:12+0000,AW1,DEPOSIT,USD,500.00,500.00,SETTLED\n"
)
