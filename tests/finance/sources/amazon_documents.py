"""Amazon's documents, invented: settlement reports of both layouts, date range reports, API answers."""

from collections.abc import Iterable

V2_HEADINGS = [
    "settlement-id",
    "settlement-start-date",
    "settlement-end-date",
    "deposit-date",
    "total-amount",
    "currency",
    "transaction-type",
    "order-id",
    "merchant-order-id",
    "adjustment-id",
    "shipment-id",
    "marketplace-name",
    "amount-type",
    "amount-description",
    "amount",
    "fulfillment-id",
    "posted-date",
    "posted-date-time",
    "order-item-code",
    "merchant-order-item-id",
    "merchant-adjustment-item-id",
    "sku",
    "quantity-purchased",
    "promotion-id",
]

WIDE_HEADINGS = [
    "settlement-id",
    "settlement-start-date",
    "settlement-end-date",
    "deposit-date",
    "total-amount",
    "currency",
    "transaction-type",
    "order-id",
    "merchant-order-id",
    "adjustment-id",
    "shipment-id",
    "marketplace-name",
    "shipment-fee-type",
    "shipment-fee-amount",
    "order-fee-type",
    "order-fee-amount",
    "fulfillment-id",
    "posted-date",
    "order-item-code",
    "merchant-order-item-id",
    "merchant-adjustment-item-id",
    "sku",
    "quantity-purchased",
    "price-type",
    "price-amount",
    "item-related-fee-type",
    "item-related-fee-amount",
    "misc-fee-amount",
    "other-fee-amount",
    "other-fee-reason-description",
    "promotion-id",
    "promotion-type",
    "promotion-amount",
    "direct-payment-type",
    "direct-payment-amount",
    "other-amount",
]


def table(headings: Iterable[str], *rows: dict[str, str], delimiter: str = "\t") -> str:
    """Return a table with the given cells, empty where a row says nothing."""
    names = list(headings)
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    return "".join(delimiter.join(cells) + "\n" for cells in lines)


def v2_summary(
    total: str = "80.00", settlement: str = "S1", currency: str = "USD", **more: str
) -> dict[str, str]:
    row = {
        "settlement-id": settlement,
        "settlement-start-date": "2026-06-01 00:00:00 UTC",
        "settlement-end-date": "2026-06-14 00:00:00 UTC",
        "deposit-date": "2026-06-16 00:00:00 UTC",
        "total-amount": total,
        "currency": currency,
    }
    return row | {name.replace("_", "-"): text for name, text in more.items()}


def v2_line(amount: str, *types: str, settlement: str = "S1", **more: str) -> dict[str, str]:
    kind, amount_type, what = types or ("Order", "ItemPrice", "Principal")
    row = {
        "settlement-id": settlement,
        "transaction-type": kind,
        "order-id": "111-1",
        "marketplace-name": "Amazon.com",
        "amount-type": amount_type,
        "amount-description": what,
        "amount": amount,
        "posted-date": "2026-06-03",
        "posted-date-time": "2026-06-03 10:11:12 UTC",
        "order-item-code": "I1",
        "sku": "CUP",
        "quantity-purchased": "1",
    }
    return row | {name.replace("_", "-"): text for name, text in more.items()}


def v2(*rows: dict[str, str]) -> str:
    return table(V2_HEADINGS, *rows)


def wide(*rows: dict[str, str]) -> str:
    return table(WIDE_HEADINGS, *rows)


V2 = v2(
    v2_summary(),
    v2_line("100.00"),
    v2_line("-15.00", "Order", "ItemFees", "Commission"),
    v2_line("-5.00", "ServiceFee", "other-transaction", "Storage Fee", order_id=""),
)

WIDE = wide(
    v2_summary("-10.50"),
    {
        "settlement-id": "S1",
        "transaction-type": "Order",
        "order-id": "111-2",
        "posted-date": "2026-06-03",
        "price-type": "Principal",
        "price-amount": "20.00",
        "item-related-fee-type": "Commission",
        "item-related-fee-amount": "-3.00",
        "sku": "CUP",
        "quantity-purchased": "1",
    },
    {
        "settlement-id": "S1",
        "transaction-type": "Payable to Amazon",
        "posted-date": "2026-06-01",
        "other-amount": "-27.50",
    },
)

_DATE_RANGE = {
    "en": (
        '"All amounts in USD, unless specified"',
        "date/time,settlement id,type,order id,sku,description,quantity,marketplace,product "
        "sales,selling fees,"
        "fba fees,other transaction fees,other,total",
        '"Jun 3, 2026 10:11:12 AM PDT",S1,Order,111-1,CUP,A cup,1,amazon.com,"1,000.00",-150.00,0,0,0,850.00',
    ),
    "de": (
        '"Alle Beträge in EUR, sofern nicht anders gekennzeichnet"',
        "Datum/Uhrzeit,Abrechnungsnummer,Typ,Bestellnummer,SKU,Beschreibung,Menge,Marketplace,Umsätze,"
        "Verkaufsgebühren,Gebühren zu Versand durch Amazon,Andere Transaktionsgebühren,Andere,Gesamt",
        '"03.06.2026 10:11:12 UTC",S1,Bestellung,111-1,CUP,Eine Tasse,1,amazon.de,"1.000,00",'
        '"-150,00",0,0,0,"850,00"',
    ),
    "fr": (
        '"Tous les montants sont en EUR, sauf mention contraire."',
        "date/heure,numéro de versement,type,numéro de la commande,sku,description,quantité,Marketplace,"
        "ventes de produits,frais de vente,Frais Expédié par Amazon,autres frais de transaction,autre,total",
        '"3 juin 2026 10:11:12 UTC",S1,Commande,111-1,CUP,Une tasse,1,amazon.fr,"1 000,00","-150,'
        '00",0,0,0,"850,00"',
    ),
    "es": (
        '"Todos los importes en EUR, a menos que se especifique lo contrario"',
        "fecha y hora,identificador de pago,tipo,número de pedido,sku,descripción,cantidad,web de Amazon,"
        "ventas de productos,tarifas de venta,tarifas de Logística de Amazon,tarifas de otras "
        "transacciones,otro,total",
        '"3 jun 2026 10:11:12 UTC",S1,Pedido,111-1,CUP,Una taza,1,amazon.es,"1.000,00","-150,00",'
        '0,0,0,"850,00"',
    ),
    "it": (
        '"Tutti gli importi in EUR, se non diversamente specificato."',
        "Data/Ora:,Numero pagamento,Tipo,Numero ordine,SKU,Descrizione,Quantità,Marketplace,Vendite,"
        "Commissioni di vendita,Costi del servizio Logistica di Amazon,Altri costi relativi alle "
        "transazioni,Altro,totale",
        '"3 giu 2026 10:11:12 UTC",S1,Ordine,111-1,CUP,Una tazza,1,amazon.it,"1.000,00","-150,'
        '00",0,0,0,"850,00"',
    ),
    "ja": (
        '"すべての金額は円です"',
        "日付/時間,決済番号,トランザクションの種類,注文番号,SKU,説明,数量,Amazon 出品サービス,"
        "商品売上,手数料,"
        "FBA 手数料,トランザクションに関するその他の手数料,その他,合計",
        '"2026/06/03 19:11:12 JST",S1,注文,111-1,CUP,カップ,1,amazon.co.jp,"1,000",-150,0,0,0,850',
    ),
}


def date_range(language: str) -> str:
    currency, headings, row = _DATE_RANGE[language]
    return f'"Includes Amazon Marketplace transactions"\n{currency}\n"Definitions:"\n{headings}\n{row}\n'


DATE_RANGE_LANGUAGES = tuple(_DATE_RANGE)


def amazon_transaction(
    identity: str = "T1", status: str = "RELEASED", total: float = 8.5
) -> dict[str, object]:
    def money(amount: float) -> dict[str, object]:
        return {"currencyCode": "USD", "currencyAmount": amount}

    return {
        "transactionId": identity,
        "transactionType": "Shipment",
        "transactionStatus": status,
        "postedDate": "2026-06-03T10:11:12Z",
        "totalAmount": money(total),
        "relatedIdentifiers": [
            {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": "111-1"},
            {"relatedIdentifierName": "FINANCIAL_EVENT_GROUP_ID", "relatedIdentifierValue": "G1"},
        ],
        "breakdowns": [
            {
                "breakdownType": "Sales",
                "breakdownAmount": money(10),
                "breakdowns": [
                    {"breakdownType": "ProductCharges", "breakdownAmount": money(10), "breakdowns": []}
                ],
            },
            {
                "breakdownType": "AmazonFees",
                "breakdownAmount": money(-1.5),
                "breakdowns": [{"breakdownType": "Commission", "breakdownAmount": money(-1.5)}],
            },
        ],
    }
