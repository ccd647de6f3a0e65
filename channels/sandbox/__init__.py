"""The sandbox: one invented market with a seed and a virtual clock, in the platforms' own formats.

A process of its own with its own storage. It knows nothing of the houses: only the platforms' dialects
(``channels.platforms.<platform>.sandbox``), the application clock and the decimals of the currencies.
"""
