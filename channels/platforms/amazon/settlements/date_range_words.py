"""The headings of the date range report in the languages of its marketplaces."""

# Amount columns, in the report's order, by their English heading.
AMOUNTS: dict[str, tuple[str, ...]] = {
    "product sales": (
        "product sales", "Umsätze", "ventes de produits", "ventas de productos", "Vendite", "商品売上",
    ),
    "product sales tax": (
        "product sales tax", "Produktumsatzsteuer", "Taxes sur la vente des produits",
        "impuesto de ventas de productos", "imposta sulle vendite dei prodotti", "商品の売上税",
    ),
    "shipping credits": (
        "shipping credits", "postage credits", "Gutschrift für Versandkosten", "crédits d'expédition",
        "abonos de envío", "Accrediti per le spedizioni", "配送料",
    ),
    "shipping credits tax": (
        "shipping credits tax", "postage credits tax", "Steuer auf Versandgutschrift",
        "taxe sur les crédits d'expédition", "impuestos por abonos de envío",
        "imposta accrediti per le spedizioni", "配送料の税金",
    ),
    "gift wrap credits": (
        "gift wrap credits", "Gutschrift für Geschenkverpackung", "crédits sur l'emballage cadeau",
        "abonos de envoltorio para regalo", "Accrediti per confezioni regalo", "ギフト包装手数料",
    ),
    "giftwrap credits tax": (
        "giftwrap credits tax", "Steuer auf Geschenkverpackungsgutschriften",
        "Taxes sur les crédits cadeaux", "impuestos por abonos de envoltorio para regalo",
        "imposta sui crediti confezione regalo", "ギフト包装クレジットの税金",
    ),
    "regulatory fee": ("Regulatory Fee",),
    "tax on regulatory fee": ("Tax On Regulatory Fee",),
    "points": ("Amazonポイントの費用", "cost of points granted", "Amazon Points"),
    "promotional rebates": (
        "promotional rebates", "Rabatte aus Werbeaktionen", "Rabais promotionnels",
        "devoluciones promocionales", "Sconti promozionali", "プロモーション割引額",
    ),
    "promotional rebates tax": (
        "promotional rebates tax", "Steuer auf Aktionsrabatte", "Taxes sur les remises promotionnelles",
        "impuesto de descuentos por promociones", "imposta sugli sconti promozionali",
        "プロモーション割引の税金",
    ),
    "sales tax collected": ("sales tax collected", "Low value goods"),
    "marketplace withheld tax": (
        "marketplace withheld tax", "Einbehaltene Steuer auf Marketplace",
        "Taxes retenues sur le site de vente", "impuesto retenido en el sitio web",
        "trattenuta IVA del marketplace", "源泉徴収税を伴うマーケットプレイス",
    ),
    "total sales tax liable": ("Total sales tax liable(GST before adjusting TCS)",),
    "tcs-cgst": ("TCS-CGST",),
    "tcs-sgst": ("TCS-SGST",),
    "tcs-igst": ("TCS-IGST",),
    "tds": ("TDS (Section 194-O)",),
    "selling fees": (
        "selling fees", "Verkaufsgebühren", "frais de vente", "tarifas de venta", "Commissioni di vendita",
        "手数料",
    ),
    "fba fees": (
        "fba fees", "Gebühren zu Versand durch Amazon", "Frais Expédié par Amazon",
        "tarifas de Logística de Amazon", "Costi del servizio Logistica di Amazon", "FBA 手数料",
    ),
    "other transaction fees": (
        "other transaction fees", "Andere Transaktionsgebühren", "autres frais de transaction",
        "tarifas de otras transacciones", "Altri costi relativi alle transazioni",
        "トランザクションに関するその他の手数料",
    ),
    "other": ("other", "Andere", "autre", "otro", "Altro", "その他"),
}  # fmt: skip

REQUIRED: dict[str, tuple[str, ...]] = {
    "date/time": ("date/time", "Datum/Uhrzeit", "date/heure", "fecha y hora", "Data/Ora", "日付/時間"),
    "settlement id": (
        "settlement id", "Abrechnungsnummer", "numéro de versement", "identificador de pago",
        "Numero pagamento", "決済番号",
    ),
    "type": ("type", "Typ", "tipo", "トランザクションの種類"),
    "total": ("total", "Gesamt", "totale", "合計"),
}  # fmt: skip

OPTIONAL: dict[str, tuple[str, ...]] = {
    "order id": (
        "order id", "Bestellnummer", "numéro de la commande", "número de pedido", "Numero ordine", "注文番号",
    ),
    "sku": ("sku",),
    "description": ("description", "Beschreibung", "descripción", "Descrizione", "説明"),
    "quantity": ("quantity", "Menge", "quantité", "cantidad", "Quantità", "数量"),
    "marketplace": ("marketplace", "web de Amazon", "Amazon 出品サービス"),
    "transaction status": ("transaction status", "Transaktionsstatus", "Statut de la transaction"),
}  # fmt: skip
