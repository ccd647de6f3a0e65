"""What is asked of a platform about an order's cancellation, and returns that wait for their order."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ecomhub.fields import amount_field
from ecomhub.work import WorkRow, WorkState


class PlatformCancel(WorkRow):
    """Canceling an order at its platform, or answering the buyer's wish to cancel there.

    ``intended → sent → confirmed | refused | unknown``; an unknown outcome is read back before anything is
    said again. ``taken_at`` is when the platform took it, ``checked_at`` when it was read there;
    ``held_before`` is the hold the order had, given back when the platform refuses.
    """

    class Kind(models.TextChoices):
        """What is said."""

        CANCEL = "cancel", _("Cancel the order")
        ACCEPT = "accept", _("Accept the buyer's request")
        DECLINE = "decline", _("Decline the buyer's request")

    class Outcome(models.TextChoices):
        """What is known about the platform's side."""

        INTENDED = "intended", _("To be sent")
        SENT = "sent", _("Being sent")
        CONFIRMED = "confirmed", _("Taken by the platform")
        REFUSED = "refused", _("Refused")
        UNKNOWN = "unknown", _("Unknown, being read back")

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="cancels")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.INTENDED)
    reason = models.CharField(max_length=120, blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")
    actor = models.CharField(max_length=160)
    held_before = models.CharField(max_length=20, blank=True, default="")
    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    checks = models.PositiveSmallIntegerField(default=0)
    answer = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(outcome__in=["intended", "sent", "unknown"]),
                name="platform_cancel_open_once",
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["intended", "sent", "confirmed", "refused", "unknown"]),
                name="platform_cancel_outcome_known",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["cancel", "accept", "decline"]),
                name="platform_cancel_kind_known",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="confirmed") | Q(taken_at__isnull=False),
                name="platform_cancel_confirmed_was_taken",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="platform_cancel_due", condition=Q(state="waiting")),
            models.Index(
                fields=["id"],
                name="platform_cancel_stopped",
                condition=Q(outcome="refused") | Q(state="quarantined"),
            ),
        ]

    @property
    def is_open(self) -> bool:
        """Say whether the platform's word is still awaited."""
        return self.outcome in ("intended", "sent", "unknown")

    @property
    def is_stopped(self) -> bool:
        """Say whether a person has to look: refused, or given up."""
        return self.outcome == "refused" or self.state == WorkState.QUARANTINED


class WaitingReturn(models.Model):
    """A return the platform reported before its order, or its order's line, was here."""

    account = models.ForeignKey(
        "channels.ChannelAccount", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    order_external_id = models.CharField(max_length=120)
    external_id = models.CharField(max_length=120)
    line_external_id = models.CharField(max_length=80, blank=True, default="")
    quantity = models.PositiveIntegerField()
    status = models.CharField(max_length=40)
    reason = models.CharField(max_length=200, blank=True, default="")
    refunded = amount_field(null=True, blank=True)
    reported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "order_external_id", "external_id", "line_external_id"],
                name="waiting_return_once",
            )
        ]
