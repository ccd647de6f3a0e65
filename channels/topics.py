"""What outgoing webhooks can tell of this house."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Topic

TOPICS = [
    Topic("listing", _("Listings: everything")),
]
