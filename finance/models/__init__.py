"""The nouns of the finance house, one module per family."""

from finance.models.announced import AnnouncedMoney
from finance.models.exports import ExportJob
from finance.models.imports import CarriedLine, DocumentRuling, ImportJob, RememberedLayout, SettlementFile
from finance.models.ledger import (
    Account,
    Book,
    Currency,
    Journal,
    LedgerTally,
    PeriodAct,
    PolicyChange,
    Posting,
)
from finance.models.matching import Match, MatchRule, MoneyException
from finance.models.rates import FxRate, RateFile
from finance.models.reconciliation import (
    ExpectedItem,
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
    "AnnouncedMoney",
    "Book",
    "CarriedLine",
    "Currency",
    "DocumentRuling",
    "ExpectedItem",
    "ExportJob",
    "FxRate",
    "ImportJob",
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
    "PolicyChange",
    "Posting",
    "Progress",
    "RateFile",
    "RememberedLayout",
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
