"""Lazada, worked by file: orders as sheets, statements as the seller center exports them."""

from channels.by_file import by_file
from channels.countries import places

PLATFORM = by_file(
    key="lazada",
    name="Lazada",
    monogram="l",
    color="#10156f",
    marketplaces=places("ID", "MY", "PH", "SG", "TH", "VN"),
)
