"""The books: plan of accounts, ledger, periods, rates; it knows nothing of where money comes from."""
