"""Parcels: planned, dispatched, and told to the platform."""
