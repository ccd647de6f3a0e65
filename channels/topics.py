"""What outgoing webhooks can tell of this house."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Topic

TOPICS = [
    Topic("listing", _("Listings: everything")),
    Topic("listing.created", _("New listing")),
    Topic("listing.paired", _("Listing paired with products")),
    Topic("listing.unpaired", _("Pairing of a listing undone")),
    Topic("listing.offer_changed", _("How much a listing offers was changed")),
    Topic("listing.price_set", _("Price of a listing set here")),
    Topic("listing.price_sent", _("Price told to the channel")),
    Topic("listing.price_shown", _("The channel shows another price")),
    Topic("listing.quantity_sent", _("Quantity told to the channel")),
    Topic("listing.quantity_shown", _("The channel shows another quantity")),
]
