"""Accounts on platforms, their listings, and the wire to the marketplaces."""
