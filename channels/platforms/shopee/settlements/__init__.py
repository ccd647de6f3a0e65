"""Shopee's money documents: the escrow of orders and the wallet."""

from channels.platforms.shopee.settlements import escrow, wallet

SOURCES = (escrow.SOURCE, wallet.SOURCE)
