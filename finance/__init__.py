"""Money: books and ledger, settlements and their lines, rates, reconciliation and close."""
