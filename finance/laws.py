"""What must hold of the books in every snapshot; `manage.py verify` looks. I1 to I25, part by part."""

from ecomhub.discovery import Law
from finance import laws_ledger, laws_orders, laws_settlements

LAWS: list[Law] = [*laws_ledger.LAWS, *laws_settlements.LAWS, *laws_orders.LAWS]
