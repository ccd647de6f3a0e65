"""The ground's own part of the REST API."""

from ecomhub.webhooks.api import ROUTES, SECTIONS

__all__ = ["ROUTES", "SECTIONS"]
