"""What platforms, wallets and banks state: taken in, classified, posted line by line."""
