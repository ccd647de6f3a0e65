"""The bank's statements as files: CAMT.053, a statement for each day on which anything moved."""

from collections.abc import Sequence
from datetime import date, timedelta
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from channels.sandbox.bank import CHANGED, CHARGE, NAME, RECEIPT, Account, DayStatement, Entry
from channels.sandbox.places import amount_text

_SPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"
_CODES = {
    RECEIPT: ("PMNT", "RCDT", "DMCT"),
    CHANGED: ("PMNT", "RCDT", "XBCT"),
    CHARGE: ("ACMT", "MDOP", "CHRG"),
}


def camt053(account: Account, *, first: date, last: date) -> bytes:
    """Return the statements of an account's days in a span; each is the same whenever it is asked for."""
    chosen = [each for each in account.statements if first <= each.day <= last]
    document = Element("Document", xmlns=_SPACE)
    body = SubElement(document, "BkToCstmrStmt")
    head = SubElement(body, "GrpHdr")
    made = chosen[-1].day if chosen else first
    _add(head, "MsgId", f"{account.number}-{first:%Y%m%d}-{last:%Y%m%d}-{len(chosen)}")
    _add(head, "CreDtTm", _midnight(made + timedelta(days=1)))
    for each in chosen:
        _statement(body, account, each)
    indent(document)
    text = '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(document, encoding="unicode") + "\n"
    return text.encode()


def months(account: Account) -> Sequence[tuple[date, date]]:
    """Return the months an account has statements of, by first and last day, the newest first."""
    begins = sorted({each.day.replace(day=1) for each in account.statements}, reverse=True)
    return [(day, (day + timedelta(days=31)).replace(day=1) - timedelta(days=1)) for day in begins]


def _statement(body: Element, account: Account, statement: DayStatement) -> None:
    part = SubElement(body, "Stmt")
    _add(part, "Id", f"{statement.day:%Y%m%d}")
    _add(part, "ElctrncSeqNb", str(statement.number))
    _add(part, "CreDtTm", _midnight(statement.day + timedelta(days=1)))
    span = SubElement(part, "FrToDt")
    _add(span, "FrDtTm", _midnight(statement.day))
    _add(span, "ToDtTm", _midnight(statement.day + timedelta(days=1)))
    held = SubElement(part, "Acct")
    _add(SubElement(SubElement(held, "Id"), "Othr"), "Id", account.number)
    _add(held, "Ccy", account.currency)
    _add(SubElement(SubElement(held, "Svcr"), "FinInstnId"), "Nm", NAME)
    _balance(part, "OPBD", statement.opening, account.currency, statement.day)
    _balance(part, "CLBD", statement.closing, account.currency, statement.day)
    for entry in statement.entries:
        _entry(part, account.currency, entry)


def _balance(part: Element, code: str, amount: int, currency: str, day: date) -> None:
    balance = SubElement(part, "Bal")
    _add(SubElement(SubElement(balance, "Tp"), "CdOrPrtry"), "Cd", code)
    _amount(balance, amount, currency)
    _add(SubElement(balance, "Dt"), "Dt", day.isoformat())


def _entry(part: Element, currency: str, entry: Entry) -> None:
    made = SubElement(part, "Ntry")
    _amount(made, entry.amount, currency)
    _add(made, "Sts", "BOOK")
    for name in ("BookgDt", "ValDt"):
        _add(SubElement(made, name), "Dt", entry.day.isoformat())
    _add(made, "AcctSvcrRef", entry.reference)
    domain, family, kind = _CODES[entry.kind]
    code = SubElement(SubElement(made, "BkTxCd"), "Domn")
    _add(code, "Cd", domain)
    inner = SubElement(code, "Fmly")
    _add(inner, "Cd", family)
    _add(inner, "SubFmlyCd", kind)
    if entry.payer:
        details = SubElement(SubElement(made, "NtryDtls"), "TxDtls")
        _add(SubElement(details, "Refs"), "EndToEndId", entry.trace)
        if entry.original is not None:
            sent, amount = entry.original
            told = SubElement(SubElement(details, "AmtDtls"), "InstdAmt")
            _add(told, "Amt", amount).set("Ccy", sent)
        _add(SubElement(SubElement(details, "RltdPties"), "Dbtr"), "Nm", entry.payer)
        _add(SubElement(details, "RmtInf"), "Ustrd", entry.text)
    else:
        _add(made, "AddtlNtryInf", entry.text)


def _amount(part: Element, minor: int, currency: str) -> None:
    _add(part, "Amt", amount_text(abs(minor), currency)).set("Ccy", currency)
    _add(part, "CdtDbtInd", "DBIT" if minor < 0 else "CRDT")


def _add(part: Element, name: str, text: str) -> Element:
    made = SubElement(part, name)
    made.text = text
    return made


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00+00:00"
