"""The nouns of the finance house, one module per family."""

from finance.models.exports import ExportJob
from finance.models.imports import CarriedLine, SettlementFile
from finance.models.ledger import Account, Book, Currency, Journal, LedgerTally, PeriodAct, Posting
from finance.models.rates import FxRate, RateFile
from finance.models.reconciliation import (
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
from finance.models.settlements import (
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
