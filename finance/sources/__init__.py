"""Readers of money documents: wallets, banks and sheets. One module per kind, found by ``registry``.

A module here is pure: bytes in, ``Statement`` and ``MoneyLine`` out, no models.
"""
