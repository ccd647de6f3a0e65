"""What outgoing webhooks can tell of this house."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Topic

TOPICS = [
    Topic("order", _("Orders: everything")),
    Topic("order.taken_in", _("Order taken in")),
    Topic("order.changed", _("Order changed by the platform")),
    Topic("order.pay", _("Order paid")),
    Topic("order.approve", _("Order approved")),
    Topic("order.allocate", _("Stock reserved for an order")),
    Topic("order.unallocate", _("Stock no longer covers an order")),
    Topic("order.held", _("Order held")),
    Topic("order.hold_released", _("Hold of an order released")),
    Topic("order.cancel_requested", _("Buyer asks to cancel")),
    Topic("order.partly_shipped", _("Part of an order left")),
    Topic("order.ship", _("Order shipped")),
    Topic("order.platform_told", _("The marketplace holds the tracking number")),
    Topic("order.complete", _("Order completed")),
    Topic("order.cancel_asked", _("Order to be canceled at the platform")),
    Topic("order.cancel_taken", _("The platform took the cancellation")),
    Topic("order.cancel_refused", _("The platform did not take the cancellation")),
    Topic("order.cancel", _("Order canceled by the platform")),
    Topic("order.close", _("Order closed here")),
    Topic("order.issue_opened", _("Exception of an order")),
    Topic("order.issue_solved", _("Exception of an order solved")),
    Topic("order.return_reported", _("Return reported")),
]
