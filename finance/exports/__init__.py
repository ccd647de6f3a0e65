"""The reports of the house, one module per kind: its columns, its query, and the sums it must agree with."""
