"""The sheets of this house: what platforms charge, and what a book opens with."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ecomhub.sheets import Column, Importer
from finance.accounting import opening
from finance.reconciliation import tariff_sheet

TARIFF_COLUMNS = (
    Column("platform", _("Platform"), ("channel", "平台"), required=True, example="amazon"),
    Column("marketplace", _("Marketplace"), ("site", "country", "站点", "国家"), example="ATVPDKIKX0DER"),
    Column("category", _("Category"), ("分类", "类目", "品类"), example="*"),
    Column(
        "fee", _("Fee"), ("fee_type", "费用", "费用类型", "费用名称"), required=True, example="Commission"
    ),
    Column("percent", _("Percent"), ("rate", "比例", "费率", "百分比"), number=True, example="15"),
    Column("base", _("Counted from"), ("basis", "计费基数", "计费依据"), required=True, example="charges"),
    Column("fixed", _("Fixed amount"), ("固定金额", "固定费用"), number=True, example="0"),
    Column("minimum", _("At least"), ("min", "最低", "最低收费"), number=True, example="0.30"),
    Column("currency", _("Currency"), ("币种", "货币"), required=True, example="USD"),
    Column("above", _("Band from"), ("band_from", "区间下限"), number=True, example="0"),
    Column("up_to", _("Band below"), ("band_to", "区间上限"), number=True, example=""),
    Column("valid_from", _("Valid from"), ("from", "生效日期"), required=True, example="2026-01-01"),
    Column("valid_until", _("Valid until"), ("until", "失效日期"), example=""),
    Column("account", pgettext_lazy("ledger", "Account"), ("科目",), example="5200"),
)

OPENING_COLUMNS = (
    Column(
        "account",
        pgettext_lazy("ledger", "Account"),
        ("code", "科目", "科目编码"),
        required=True,
        example="wallet",
    ),
    Column(
        "money_account", _("Platform, wallet or bank account"), ("账户", "店铺", "name"), example="PingPong"
    ),
    Column("currency", _("Currency"), ("币种", "货币"), required=True, example="USD"),
    Column("amount", _("Amount"), ("金额", "期初余额"), required=True, number=True, example="1200.50"),
    Column("base_amount", _("Amount in the book's currency"), ("本位币金额",), number=True, example=""),
    Column("company", _("Company"), ("legal_entity", "entity", "公司", "主体", "公司主体"), example=""),
)

IMPORTERS = [
    Importer(
        kind="tariff",
        title=_("Fees of platforms"),
        columns=TARIFF_COLUMNS,
        check=tariff_sheet.check,
        apply=tariff_sheet.apply,
        action="finance.import",
    ),
    Importer(
        kind="opening",
        title=_("Opening balances"),
        columns=OPENING_COLUMNS,
        check=opening.check,
        apply=opening.apply,
        action="finance.import",
    ),
]
