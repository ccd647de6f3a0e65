"""What outgoing webhooks can tell of this house."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Topic

TOPICS = [
    Topic("shipment", _("Shipments: everything")),
    Topic("shipment.planned", _("Shipment planned")),
    Topic("shipment.arranged", _("Shipment arranged with the marketplace")),
    Topic("shipment.numbered", _("Tracking number given by the marketplace")),
    Topic("shipment.label_fetched", _("Label of a shipment is here")),
    Topic("shipment.tracking_set", _("Tracking number known")),
    Topic("shipment.dispatched", _("Goods left")),
    Topic("shipment.voided", _("Shipment voided")),
]
