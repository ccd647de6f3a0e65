"""Shopify Payments: payouts and their balance transactions, as the API answers and as the admin exports."""

from channels.platforms.shopify.settlements import answers, exports

SOURCES = (answers.SOURCE, exports.TRANSACTIONS, exports.PAYOUTS)
