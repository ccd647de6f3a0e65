"""Amazon's money documents: settlement reports post, all others are evidence."""

from channels.platforms.amazon.settlements import date_range, flat_wide, listed_transactions, settlement_v2

SOURCES = (
    settlement_v2.SOURCE,
    flat_wide.SOURCE,
    date_range.SOURCE,
    listed_transactions.SOURCE,
)
