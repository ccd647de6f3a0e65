"""The nouns of the finance house, one module per family."""

from finance.export_models import ExportJob
from finance.import_models import CarriedLine, SettlementFile
from finance.ledger_models import Account, Book, Currency, Journal, LedgerTally, PeriodAct, Posting
from finance.rate_models import FxRate, RateFile
from finance.reconcile_models import (
    ExpectedItem,
    Match,
    MatchRule,
    MoneyException,
    OrderMoney,
    Progress,
    StockChain,
    StockLayer,
    StockUse,
    Tariff,
)
from finance.settlement_models import (
    LineType,
    MoneyAccount,
    Payout,
    Settlement,
    SettlementLine,
    SourceFile,
    TypeMapping,
)

__all__ = [
    "Account",
    "Book",
    "CarriedLine",
    "Currency",
    "ExpectedItem",
    "ExportJob",
    "FxRate",
    "Journal",
    "LedgerTally",
    "LineType",
    "Match",
    "MatchRule",
    "MoneyAccount",
    "MoneyException",
    "OrderMoney",
    "Payout",
    "PeriodAct",
    "Posting",
    "Progress",
    "RateFile",
    "Settlement",
    "SettlementFile",
    "SettlementLine",
    "SourceFile",
    "StockChain",
    "StockLayer",
    "StockUse",
    "Tariff",
    "TypeMapping",
]
