"""PayPal's headings and types in the languages of its activity download."""

from collections.abc import Iterator

from channels.settlement_messages import Binding, LineKind, TypeRule

REQUIRED: dict[str, tuple[str, ...]] = {
    "date": ("Date", "Datum", "Fecha", "Data", "日期"),
    "type": ("Type", "Typ", "Tipo", "类型", "類型"),
    "currency": ("Currency", "Währung", "Devise", "Divisa", "Moneda", "Valuta", "币种", "货币"),
    "gross": ("Gross", "Brutto", "Brut", "Avant commission", "Bruto", "Lordo", "总额", "總額"),
    "fee": ("Fee", "Gebühr", "Entgelt", "Commission", "Frais", "Tarifa", "Comisión", "Tariffa", "费用",
            "手续费"),
    "net": ("Net", "Netto", "Neto", "净额", "淨額"),
    "transaction": (
        "Transaction ID", "Transaktionscode", "Numéro de transaction", "Id. de transacción",
        "Identificador de la transacción", "Codice transazione", "交易号", "交易號",
    ),
}  # fmt: skip
OPTIONAL: dict[str, tuple[str, ...]] = {
    "time": ("Time", "Uhrzeit", "Heure", "Hora", "Orario", "时间", "時間"),
    "zone": ("TimeZone", "Time Zone", "Zeitzone", "Fuseau horaire", "Zona horaria", "Huso horario", "时区",
             "時區"),
    "status": ("Status", "État", "Etat", "Estado", "Stato", "状态", "狀態"),
    "reference": (
        "Reference Txn ID", "Zugehöriger Transaktionscode", "Numéro de la transaction de référence",
        "Id. de referencia de trans.", "Id. de transacción de referencia", "参考交易号",
    ),
    "invoice": (
        "Invoice Number", "Rechnungsnummer", "Numéro de facture", "Número de factura", "账单号", "发票编号",
    ),
    "balance": ("Balance", "Guthaben", "Solde", "Saldo", "余额", "餘額"),
    "impact": (
        "Balance Impact", "Auswirkung auf Guthaben", "Impact sur le solde", "Impacto en el saldo", "余额影响",
    ),
}  # fmt: skip
# What the balance does not feel, by the words for the effect and for the status.
MEMO = ("Memo", "Mémo", "Nota", "备忘录")
NOT_DONE = (
    "Denied", "Failed", "Canceled", "Cancelled", "Expired", "Voided", "Abgelehnt", "Fehlgeschlagen",
    "Storniert", "Abgebrochen", "Refusé", "Échoué", "Annulé", "Rechazado", "Fallido", "Cancelado", "已拒绝",
    "失败", "已取消",
)  # fmt: skip
# Zones whose people write the month first.
MONTH_FIRST_ZONES = ("PST", "PDT", "MST", "MDT", "CST", "CDT", "EST", "EDT")

FEE = "fee"

_PAYMENTS = (
    "Express Checkout Payment", "Website Payment", "eBay Auction Payment", "Mobile Payment",
    "Direct Credit Card Payment", "Mobile Express Checkout Payment", "PreApproved Payment Bill User Payment",
    "Subscription Payment", "Payment Review Release", "Zahlung per Express-Checkout",
    "PayPal Express-Zahlung", "Express-Checkout-Zahlung", "Website-Zahlung", "eBay-Zahlung", "Handyzahlung",
    "Paiement Express Checkout", "Paiement via Express Checkout", "Paiement sur site marchand",
    "Paiement par mobile", "Pago de Pago exprés", "Pago exprés", "Pago mediante Pago exprés",
    "Pago en sitio web", "Pago móvil", "快速结账付款", "网站付款", "移动付款",
)  # fmt: skip
_REFUNDS = (
    "Payment Refund", "Refund", "Payment Reversal", "Rückzahlung", "Zahlungsrückerstattung", "Rückbuchung",
    "Remboursement", "Remboursement de paiement", "Annulation de paiement", "Reembolso", "Reembolso de pago",
    "退款", "付款退款",
)  # fmt: skip
_HOLDS = (
    "Hold on Balance for Dispute Investigation", "Hold on Available Balance",
    "Cancellation of Hold for Dispute Resolution",
    "Account Hold for Open Authorization", "Reversal of General Account Hold", "General Account Hold",
    "Payment Hold", "Payment Release", "Reserve Hold", "Reserve Release", "Chargeback", "Chargeback Reversal",
    "Allgemeine Einbehaltung", "Einbehaltung für offene Autorisierung",
    "Rückbuchung allgemeiner Einbehaltung",
    "Freigabe allgemeiner Einbehaltung", "Blocage de compte général", "Retenue de paiement",
    "Retención de la cuenta por autorización abierta", "Anulación de retención de la cuenta general",
    "一般账户冻结", "资金冻结", "解除冻结",
)  # fmt: skip
_WITHDRAWALS = (
    "General Withdrawal", "General Withdrawal - Bank Account", "User Initiated Withdrawal",
    "Withdraw Funds to Bank Account",
    "Auto-sweep", "Bank Deposit to PP Account", "Withdrawal Reversal", "Allgemeine Abbuchung",
    "Von Nutzer eingeleitete Abbuchung", "Abbuchung auf Bankkonto", "Retrait général", "Virement standard",
    "Virement vers un compte bancaire", "Retirada general", "Retirada iniciada por el usuario", "一般提现",
    "提现",
    "用户发起的提现",
)  # fmt: skip
_CONVERSIONS = (
    "General Currency Conversion", "Currency Conversion", "User Initiated Currency Conversion",
    "Allgemeine Währungsumrechnung", "Währungsumrechnung", "Conversion de devise générale",
    "Conversion de devise", "Conversión de divisas general", "Conversión de divisas", "一般货币兑换",
    "货币兑换",
)  # fmt: skip
_FEES = {
    "Chargeback Fee": "5520",
    "Dispute Fee": "5520",
    "PayPal Fee": "5500",
    "General PayPal Fee": "5500",
    "Gebühr für Rückbuchung": "5520",
    "Allgemeine PayPal-Gebühr": "5500",
    "Frais de contestation": "5520",
    "Tarifa por devolución de cargo": "5520",
    "退单费": "5520",
}
_LOANS = ("PayPal Working Capital Repayment", "Loan Repayment", "Loan Disbursement")


def rules() -> Iterator[TypeRule]:
    """Yield the rules for ``(type, fee or nothing, "")``."""
    yield TypeRule(("*", FEE, ""), LineKind.FEE, "5500")
    for words, kind, account, binding in (
        (_PAYMENTS, LineKind.CHARGE, "4000", Binding.ORDER),
        (_REFUNDS, LineKind.REFUND, "4100", Binding.ORDER),
        (_HOLDS, LineKind.RESERVE, "1115", Binding.ACCOUNT),
        (_WITHDRAWALS, LineKind.TRANSFER, "1130", Binding.PAYOUT),
        (_CONVERSIONS, LineKind.TRANSFER, "1130", Binding.PAYOUT),
        (_LOANS, LineKind.TRANSFER, "2300", Binding.ACCOUNT),
    ):
        for word in words:
            yield TypeRule((word, "", ""), kind, account, binding)
    for word, account in _FEES.items():
        yield TypeRule((word, "", ""), LineKind.FEE, account)
