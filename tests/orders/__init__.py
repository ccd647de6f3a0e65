"""Orders: taken in once, never backwards, never oversold."""
