"""Outgoing webhooks after the Standard Webhooks specification: who is told what, and every try on record."""
