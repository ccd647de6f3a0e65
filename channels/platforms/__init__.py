"""The platforms: one folder each, found by ``channels.registry`` through its ``PLATFORM``."""
