# ruff: noqa: E501
"""The goods of the invented market: families of products, each sold in several variants.

One line per family: key | English | 中文 | category | 品类 | product type | HS code | grams | length, width, height in mm |
cost in fen | flags (b battery, l liquid) | variants.
"""

FAMILIES = """
TRVMUG|Stainless Steel Travel Mug|不锈钢随行杯|Kitchen|厨房用品|DRINKING_CUP|961700|380|220,80,80|2850||C6
WTRBTL|Insulated Water Bottle|保温水壶|Kitchen|厨房用品|BOTTLE|961700|420|270,75,75|3320||V3
KNFSET|Ceramic Knife Set|陶瓷刀套装|Kitchen|厨房用品|KITCHEN_KNIFE|691200|640|330,110,50|5400||C3
SPATLA|Silicone Spatula Set|硅胶铲套装|Kitchen|厨房用品|KITCHEN_TOOLS|392410|310|300,90,60|1900||C4
COFFEE|Pour Over Coffee Dripper|手冲咖啡滤杯|Kitchen|厨房用品|COFFEE_MAKER|691200|450|140,120,110|2600||C4
LUNCHB|Bento Lunch Box|便当盒|Kitchen|厨房用品|FOOD_STORAGE_CONTAINER|392410|520|210,150,90|2350||C5
TEAPOT|Glass Teapot with Infuser|玻璃泡茶壶|Kitchen|厨房用品|TEAPOT|701349|610|190,140,130|3100||V3
CUTBRD|Bamboo Cutting Board|竹砧板|Kitchen|厨房用品|CUTTING_BOARD|441911|980|380,280,20|2700||S4
DESKLP|LED Desk Lamp|LED护眼台灯|Home|家居|LIGHT_FIXTURE|940521|1150|420,180,160|6900||C4
NIGHTL|Rechargeable Night Light|充电小夜灯|Home|家居|LIGHT_FIXTURE|940521|210|95,95,60|1850|b|C5
THROWB|Knitted Throw Blanket|针织盖毯|Home|家居|BLANKET|630130|900|350,280,110|5200||C6
PILLOW|Memory Foam Pillow|记忆棉枕|Home|家居|PILLOW|940490|1400|600,380,120|6100||S4
CURTAN|Blackout Curtain Pair|遮光窗帘|Home|家居|CURTAIN|630392|1650|360,300,90|7600||C5
ORGBOX|Fabric Storage Box|布艺收纳箱|Home|家居|STORAGE_BOX|630790|560|380,260,60|2100||C5
CANDLE|Scented Soy Candle|香薰蜡烛|Home|家居|CANDLE|340600|430|90,90,105|1750||M5
DIFUSR|Ultrasonic Aroma Diffuser|超声波香薰机|Home|家居|ESSENTIAL_OIL_DIFFUSER|851679|520|160,160,150|5600||C3
ESSOIL|Essential Oil 10 ml|精油 10 毫升|Home|家居|ESSENTIAL_OIL|330129|60|80,30,30|980|l|M5
WALLCK|Silent Wall Clock|静音挂钟|Home|家居|CLOCK|910525|760|310,310,50|3300||C4
USBCAB|Braided USB-C Cable|编织USB-C数据线|Electronics|电子产品|CABLE|854442|55|120,90,25|620||L4
CHARGR|GaN Wall Charger|氮化镓充电器|Electronics|电子产品|CHARGING_ADAPTER|850440|140|75,50,35|4300||W3
PWRBNK|Slim Power Bank|超薄移动电源|Electronics|电子产品|PORTABLE_CHARGER|850760|260|145,70,16|6500|b|C4
EARBUD|Wireless Earbuds|真无线蓝牙耳机|Electronics|电子产品|HEADPHONES|851830|90|80,60,35|7800|b|C5
BTSPKR|Mini Bluetooth Speaker|迷你蓝牙音箱|Electronics|电子产品|SPEAKERS|851821|340|120,110,60|6200|b|C5
PHSTND|Foldable Phone Stand|折叠手机支架|Electronics|电子产品|CELL_PHONE_HOLDER|392690|160|130,90,25|1150||C4
WEBCAM|1080p Webcam|1080P网络摄像头|Electronics|电子产品|WEBCAM|852589|190|110,70,60|7100||C2
KEYBRD|Compact Mechanical Keyboard|紧凑型机械键盘|Electronics|电子产品|KEYBOARDS|847160|780|330,140,45|13500||C4
MOUSEW|Ergonomic Wireless Mouse|人体工学无线鼠标|Electronics|电子产品|INPUT_MOUSE|847160|150|125,80,65|4900|b|C3
HUBUSB|7-in-1 USB Hub|七合一扩展坞|Electronics|电子产品|COMPUTER_ADD_ON|847180|130|120,45,18|7400||C2
SMPLUG|Smart Plug|智能插座|Electronics|电子产品|ELECTRIC_PLUG|853669|120|95,60,60|2900||P3
RINGLT|Clip-on Ring Light|夹式补光灯|Electronics|电子产品|LIGHT_FIXTURE|940542|180|110,100,35|2250|b|C3
YOGAMT|Non-slip Yoga Mat|防滑瑜伽垫|Sports|运动户外|EXERCISE_MAT|391990|1300|620,130,130|4800||C6
RESBND|Resistance Band Set|弹力带套装|Sports|运动户外|EXERCISE_BAND|401699|480|230,160,60|2500||C3
JMPROP|Speed Jump Rope|竞速跳绳|Sports|运动户外|JUMP_ROPE|950691|210|190,120,45|1280||C4
CMPLNT|Camping Lantern|露营灯|Sports|运动户外|FLASHLIGHT|851310|430|160,100,100|4100|b|C3
HAMMOK|Double Hammock|双人吊床|Sports|运动户外|HAMMOCK|630790|720|240,160,110|4400||C5
BIKELT|Bicycle Light Set|自行车灯套装|Sports|运动户外|BICYCLE_LIGHT|851210|190|130,90,50|2950|b|C2
DRYBAG|Waterproof Dry Bag|防水袋|Sports|运动户外|DUFFEL_BAG|420292|350|300,180,40|2400||V3
SUNGLS|Polarized Sunglasses|偏光太阳镜|Fashion|服饰配件|SUNGLASSES|900410|75|165,65,55|1950||C6
LTHWLT|Slim Leather Wallet|超薄真皮钱包|Fashion|服饰配件|WALLET|420231|110|115,85,15|3600||C5
BEANIE|Ribbed Knit Beanie|罗纹针织帽|Fashion|服饰配件|HAT|650500|95|230,200,25|1350||C6
SCARFW|Merino Wool Scarf|美利奴羊毛围巾|Fashion|服饰配件|SCARF|621420|210|280,200,35|5900||C5
SOCKBM|Bamboo Socks 5 Pairs|竹纤维袜5双装|Fashion|服饰配件|SOCKS|611596|240|220,130,50|2200||S4
TOTEBG|Canvas Tote Bag|帆布托特包|Fashion|服饰配件|HANDBAG|420222|330|380,330,30|2050||C5
RAINJK|Packable Rain Jacket|便携防雨夹克|Fashion|服饰配件|COAT|620140|390|260,200,60|8200||S4
HAIRCL|Acetate Hair Claw|醋酸发抓夹|Beauty|美妆个护|HAIR_CLIP|961511|45|95,55,50|780||M5
JADERL|Jade Face Roller|玉石按摩滚轮|Beauty|美妆个护|SKIN_CARE_TOOL|711620|150|150,70,35|1480||C3
MKUPBR|Makeup Brush Set|化妆刷套装|Beauty|美妆个护|MAKEUP_BRUSH|960330|230|220,100,40|2300||C4
NAILKT|Gel Nail Kit|美甲套装|Beauty|美妆个护|NAIL_POLISH|330430|410|210,150,70|4600|l|M5
BRDOIL|Beard Oil 30 ml|胡须护理油 30 毫升|Beauty|美妆个护|BEARD_CARE|330590|95|110,40,40|1650|l|M5
ELTBRS|Sonic Toothbrush|声波电动牙刷|Beauty|美妆个护|TOOTHBRUSH|850980|230|240,90,60|5300|b|C4
DOGBED|Orthopedic Dog Bed|宠物记忆棉窝|Pets|宠物用品|PET_BED|940490|2400|600,420,160|9600||S4
CATTOY|Interactive Cat Toy|逗猫玩具|Pets|宠物用品|PET_TOY|950300|180|170,120,60|1900|b|C3
PETBWL|Slow Feeder Bowl|慢食碗|Pets|宠物用品|PET_FEEDER|392410|310|220,220,55|1550||C4
LEASHR|Reflective Dog Leash|反光牵引绳|Pets|宠物用品|LEASH|420100|240|200,120,40|1700||L4
GARDTL|Garden Tool Set|园艺工具套装|Garden|园艺|GARDEN_TOOL_SET|820190|860|330,170,80|4700||C2
PLNTPT|Self-watering Planter|自动吸水花盆|Garden|园艺|PLANTER|392490|620|200,200,180|2600||C5
SOLARL|Solar Path Lights 6 Pack|太阳能庭院灯6只装|Garden|园艺|LIGHT_FIXTURE|940541|940|300,220,130|6400|b|C2
SEEDTR|Seed Starter Tray|育苗盘|Garden|园艺|PLANT_CONTAINER|392690|480|370,270,70|1850||C2
PUZZLE|Wooden 3D Puzzle|木质立体拼图|Toys|玩具|PUZZLES|950300|540|280,210,50|3400||M5
PLUSHY|Plush Animal|毛绒动物|Toys|玩具|TOY_FIGURE|950300|290|280,180,160|2500||M5
BLOCKS|Magnetic Building Tiles|磁力片积木|Toys|玩具|BUILDING_BLOCKS|950300|1250|290,220,90|7900||P3
WATRCL|Watercolor Paint Set|水彩颜料套装|Office|文具办公|ART_PAINT|321310|460|250,120,35|2900||P3
NOTEBK|Dotted Notebook A5|A5点阵笔记本|Office|文具办公|BLANK_BOOK|482020|340|215,150,20|1250||C6
FNTPEN|Brass Fountain Pen|黄铜钢笔|Office|文具办公|WRITING_INSTRUMENT|960830|120|175,60,30|3900||C4
DESKMT|Felt Desk Mat|羊毛毡桌垫|Office|文具办公|DESK_PAD|560290|420|420,90,90|2800||C5
CABLOG|Magnetic Cable Organizer|磁吸理线器|Office|文具办公|CABLE_ORGANIZER|392690|85|130,60,30|890||C4
""".strip()

# theme, then (code, English, 中文, cost in percent of the family's)
VARIANTS: dict[str, tuple[str, tuple[tuple[str, str, str, int], ...]]] = {
    "C": (
        "COLOR",
        (
            ("BLK", "Black", "黑色", 100), ("WHT", "White", "白色", 100), ("BLU", "Navy Blue", "藏青", 100),
            ("GRN", "Forest Green", "森林绿", 102), ("PNK", "Blush Pink", "藕粉", 104), ("GRY", "Warm Gray", "暖灰", 100),
        ),
    ),
    "V": ("CAPACITY", (("350", "350 ml", "350 毫升", 85), ("500", "500 ml", "500 毫升", 100), ("750", "750 ml", "750 毫升", 125))),
    "S": ("SIZE", (("S", "Small", "小号", 85), ("M", "Medium", "中号", 100), ("L", "Large", "大号", 118), ("XL", "Extra Large", "特大号", 140))),
    "L": ("LENGTH", (("1M", "1 m", "1 米", 80), ("2M", "2 m", "2 米", 100), ("3M", "3 m", "3 米", 125), ("5M", "5 m", "5 米", 165))),
    "W": ("WATTAGE", (("30W", "30 W", "30 瓦", 70), ("65W", "65 W", "65 瓦", 100), ("100W", "100 W", "100 瓦", 150))),
    "P": ("NUMBER_OF_ITEMS", (("2P", "2 Pieces", "2 件", 70), ("4P", "4 Pieces", "4 件", 100), ("8P", "8 Pieces", "8 件", 170))),
    "M": (
        "STYLE",
        (
            ("A", "Classic", "经典款", 100), ("B", "Garden", "花园款", 100), ("C", "Ocean", "海洋款", 105),
            ("D", "Midnight", "午夜款", 105), ("E", "Festival", "节日款", 112),
        ),
    ),
}  # fmt: skip
