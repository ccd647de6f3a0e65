"""SKUs, warehouses and the stock ledger."""
