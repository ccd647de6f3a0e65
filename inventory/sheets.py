"""The sheets of this house: SKUs, and opening stock with its cost."""

from django.utils.translation import gettext_lazy as _

from ecomhub.sheets import Column, Importer, Option
from inventory import sku_sheet, stock_sheet

SKU_COLUMNS = (
    Column("code", _("SKU code"), ("sku", "SKU编码", "SKU编号", "商品编码", "编码", "货号"), required=True,
           example="CUP-BLUE"),
    Column("name_en", _("English name"), ("name", "title", "英文名", "英文名称", "英文品名"),
           example="Blue cup"),
    Column("name_zh", _("Chinese name"), ("中文名", "中文名称", "商品名称", "品名", "名称"),
           example="蓝色杯子"),
    Column("category", _("Category"), ("分类", "类目", "品类"), example="Kitchen"),
    Column("barcode", _("Barcode"), ("barcodes", "EAN", "UPC", "GTIN", "条码", "条形码"),
           example="6901234567892"),
    Column("weight_g", _("Weight (g)"), ("重量(g)", "重量(克)", "重量", "毛重(g)"), number=True,
           example="320"),
    Column("length_mm", _("Length (mm)"), ("长(mm)", "长度(mm)"), number=True, example="90"),
    Column("width_mm", _("Width (mm)"), ("宽(mm)", "宽度(mm)"), number=True, example="90"),
    Column("height_mm", _("Height (mm)"), ("高(mm)", "高度(mm)"), number=True, example="110"),
    Column("hs_code", _("HS code"), ("HS编码", "海关编码"), example="691110"),
    Column("origin_country", _("Country of origin"), ("origin", "原产国", "原产地"), example="CN"),
    Column("declared_name_en", _("Declared name, English"), ("英文申报名", "申报英文名", "英文申报品名"),
           example="Ceramic cup"),
    Column("declared_name_zh", _("Declared name, Chinese"), ("中文申报名", "申报中文名", "中文申报品名"),
           example="陶瓷杯"),
    Column("declared_value", _("Declared value"), ("申报价值", "申报单价", "申报金额"), number=True,
           example="4.00"),
    Column("declared_currency", _("Declared currency"), ("申报币种",), example="USD"),
    Column("has_battery", _("Has a battery"), ("battery", "带电", "含电池", "是否带电"), example="no"),
    Column("is_liquid", _("Is liquid"), ("liquid", "液体", "是否液体"), example="no"),
    Column("picture_url", _("Picture"), ("image", "image_url", "图片", "图片链接", "图片地址"),
           example="https://example.com/cup.jpg"),
    Column("status", _("Status"), ("状态",), example="active"),
    Column("safety_stock", _("Safety stock"), ("安全库存",), number=True, example="0"),
)  # fmt: skip

STOCK_COLUMNS = (
    Column("warehouse", _("Warehouse"), ("warehouse_code", "仓库", "仓库编码", "仓库代码"), required=True,
           example="SZ-01"),
    Column("sku", _("SKU"), ("code", "sku_code", "SKU编码", "SKU编号", "商品编码", "编码"), required=True,
           example="CUP-BLUE"),
    Column("quantity", _("Quantity"), ("qty", "数量", "库存数量", "在库"), required=True, number=True,
           example="120"),
    Column("unit_cost", _("Unit cost"), ("cost", "成本", "单位成本", "采购单价", "单价"), required=True,
           number=True, example="12.50"),
    Column("currency", _("Currency"), ("币种", "货币"), required=True, example="CNY"),
    Column("warehouse_name", _("Warehouse name"), ("仓库名称",), example="Shenzhen"),
    Column("warehouse_country", _("Warehouse country"), ("仓库国家", "仓库所在国"), example="CN"),
    Column("warehouse_kind", _("Warehouse kind"), ("仓库类型",), example="own"),
    Column("warehouse_serves", _("Countries it ships to first"), ("优先发往国家",), example="DE FR IT"),
)  # fmt: skip

IMPORTERS = [
    Importer(
        kind="skus",
        title=_("Products (SKUs)"),
        columns=SKU_COLUMNS,
        check=sku_sheet.check,
        apply=sku_sheet.apply,
    ),
    Importer(
        kind="stock",
        title=_("Opening stock with cost"),
        columns=STOCK_COLUMNS,
        check=stock_sheet.check,
        apply=stock_sheet.apply,
        options=(Option(stock_sheet.CREATE_WAREHOUSES, _("Create warehouses that do not exist yet")),),
    ),
]
