"""AliExpress, worked by file: orders as sheets, releases of money as its exports.

One shop sells to the whole world and is paid in one currency; its country is where the shop is at home.
"""

from dataclasses import replace

from channels.by_file import by_file
from channels.countries import places

PLATFORM = by_file(
    key="aliexpress",
    name="AliExpress",
    monogram="a",
    color="#d9361b",
    marketplaces=(
        *(replace(place, currency="USD") for place in places("CN")),
        *places("BR", "DE", "ES", "FR", "IT", "KR", "PL", "TR", "US"),
    ),
)
