"""Reading money documents: what every source shares. Encodings, tables, numbers, dates, JSON and balances.

Everything here is pure: bytes in, values out, in bounded memory.
"""
