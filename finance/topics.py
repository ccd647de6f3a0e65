"""What outgoing webhooks can tell of this house."""

from django.utils.translation import gettext_lazy as _

from ecomhub.discovery import Topic

TOPICS = [
    Topic("settlement", _("Settlements: everything")),
    Topic("settlement.posted", _("Settlement posted")),
    Topic("settlement.staged", _("Settlement staged, not posted")),
    Topic("settlement.reconciled", _("Settlement explained to zero")),
    Topic("payout.arrived", _("Payout arrived")),
    Topic("payout.failed", _("Payout came back")),
    Topic("money_exception", _("Money that needs a look: everything")),
    Topic("export.ready", _("Report or evidence pack ready")),
]
