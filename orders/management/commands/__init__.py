"""Commands of the orders house."""
