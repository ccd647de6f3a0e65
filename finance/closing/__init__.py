"""The close of a period: what is looked at before, the lock, and what reopens it."""
