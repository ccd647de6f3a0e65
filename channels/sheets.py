"""The sheet of this house: pairings of listings with SKUs (商品配对)."""

from django.utils.translation import gettext_lazy as _

from channels import pairing_sheet
from ecomhub.sheets import Column, Importer

PAIRING_COLUMNS = (
    Column("platform", _("Platform"), ("channel", "平台"), example="amazon"),
    Column("account", _("Account"), ("shop", "store", "账号", "店铺账号", "店铺"), example="Amazon US"),
    Column(
        "marketplace",
        _("Marketplace"),
        ("site", "country", "站点", "国家"),
        required=True,
        example="ATVPDKIKX0DER",
    ),
    Column(
        "listing",
        _("Listing"),
        ("seller_sku", "msku", "listing_id", "在线商品", "平台SKU", "卖家SKU"),
        required=True,
        example="CUP-BLUE-2PCS",
    ),
    Column("sku", _("SKU"), ("code", "sku_code", "SKU编码", "商品编码"), required=True, example="CUP-BLUE"),
    Column("quantity", _("Quantity"), ("units", "qty", "数量", "件数"), number=True, example="2"),
)

IMPORTERS = [
    Importer(
        kind="pairings",
        title=_("Pairings of listings with SKUs"),
        columns=PAIRING_COLUMNS,
        check=pairing_sheet.check,
        apply=pairing_sheet.apply,
        action="channels.pair",
    )
]
