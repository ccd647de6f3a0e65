"""The tests of ecomhub."""
