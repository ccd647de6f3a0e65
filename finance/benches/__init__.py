"""The benches of money, each beside its limit."""
