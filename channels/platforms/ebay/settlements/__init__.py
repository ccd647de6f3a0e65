"""eBay's money documents: answers of the Finances API and the transaction report."""

from channels.platforms.ebay.settlements import finances, report

SOURCES = (finances.SOURCE, report.SOURCE)
