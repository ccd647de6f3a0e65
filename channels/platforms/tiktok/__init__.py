"""TikTok Shop, worked by file: orders as sheets, settlements as the seller center exports them."""

from channels.by_file import by_file
from channels.countries import places

PLATFORM = by_file(
    key="tiktok",
    name="TikTok Shop",
    monogram="t",
    color="#111111",
    marketplaces=places(
        "BR", "DE", "ES", "FR", "GB", "ID", "IE", "IT", "JP", "MX", "MY", "PH", "SG", "TH", "US", "VN"
    ),
)
