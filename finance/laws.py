"""What must hold of the books in every snapshot; `manage.py verify` looks. I1 to I25, part by part."""

from ecomhub.discovery import Law
from finance.accounting import ledger_laws
from finance.reconciliation import order_laws
from finance.statements import settlement_laws

LAWS: list[Law] = [*ledger_laws.LAWS, *settlement_laws.LAWS, *order_laws.LAWS]
