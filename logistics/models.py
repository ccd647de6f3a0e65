"""Shipments and what the platform was told about them: two facts, each with its own time."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ecomhub.access import Actor
from ecomhub.work import WorkRow, WorkState
from inventory.models import Sku, Warehouse
from orders.models import Order, OrderLine


class ShipmentQuerySet(models.QuerySet["Shipment"]):
    """Shipment filters."""

    def visible_to(self, actor: Actor) -> "ShipmentQuerySet":
        """Return shipments of warehouses and shops the actor may see."""
        if not actor.may("logistics.view"):
            return self.none()
        mine = self if actor.warehouse_ids is None else self.filter(warehouse__in=actor.warehouse_ids)
        if actor.shop_ids is None:
            return mine
        return mine.filter(lines__line__order__shop__in=actor.shop_ids).distinct()


class Shipment(models.Model):
    """Lines of one or more orders leaving one warehouse by one carrier service (发货单)."""

    class State(models.TextChoices):
        """Where the goods are. Whether the platform knows is the confirmation's."""

        PLANNED = "planned", _("Planned")
        DISPATCHED = "dispatched", _("Dispatched")
        VOIDED = "voided", _("Voided")

    number = models.CharField(max_length=20, unique=True)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="shipments")
    state = models.CharField(max_length=12, choices=State.choices, default=State.PLANNED)
    carrier = models.CharField(max_length=60, blank=True, default="")
    service = models.CharField(max_length=80, blank=True, default="")
    tracking_number = models.CharField(max_length=120, blank=True, default="")
    planned_at = models.DateTimeField()
    dispatched_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = ShipmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="dispatched") | (Q(dispatched_at__isnull=False) & ~Q(carrier="")),
                name="shipment_dispatched_is_complete",
            ),
            models.CheckConstraint(
                condition=~Q(state="voided") | Q(voided_at__isnull=False),
                name="shipment_voided_has_its_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "dispatched", "voided"]),
                name="shipment_state_known",
            ),
        ]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="shipment_changed"),
            models.Index(F("planned_at").desc(), F("id").desc(), name="shipment_latest"),
            models.Index(
                F("planned_at").desc(),
                F("id").desc(),
                name="shipment_planned",
                condition=Q(state="planned"),
            ),
            models.Index(
                fields=["tracking_number"],
                name="shipment_tracking",
                condition=~Q(tracking_number=""),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ShipmentLine(models.Model):
    """SKU units of one order line in a shipment. ``line_quantity`` counts listing units."""

    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="shipment_lines")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    line_quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shipment", "line", "sku"], name="shipment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="shipment_line_has_units"),
        ]


class ConfirmationQuerySet(models.QuerySet["Confirmation"]):
    """Confirmation filters."""

    def visible_to(self, actor: Actor) -> "ConfirmationQuerySet":
        """Return those of orders in shops the actor may see."""
        if not actor.may("logistics.view"):
            return self.none()
        return self if actor.shop_ids is None else self.filter(order__shop__in=actor.shop_ids)

    def stopped(self) -> "ConfirmationQuerySet":
        """Keep those that need a person: refused, or given up."""
        return self.filter(Q(outcome="refused") | Q(state=WorkState.QUARANTINED))


class Confirmation(WorkRow):
    """Telling the platform about one order of a shipment (标发货), with its outcome.

    ``intended → sent → confirmed | refused | unknown``; an unknown outcome is read back before a retry.
    ``withheld`` says that the account does not confirm shipments; every dispatched shipment has a row per
    order, so that nothing is forgotten silently. ``lines`` are (platform's line id, units) as told,
    ``told_at`` is when the platform took it, ``checked_at`` when it was read back there.
    """

    class Outcome(models.TextChoices):
        """What is known about the platform's side."""

        INTENDED = "intended", _("To be sent")
        SENT = "sent", _("Being sent")
        CONFIRMED = "confirmed", _("Confirmed")
        REFUSED = "refused", _("Refused")
        UNKNOWN = "unknown", _("Unknown, being read back")
        WITHHELD = "withheld", _("Not told: the account does not confirm shipments")

    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="confirmations")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="confirmations")
    reference = models.CharField(max_length=20)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.INTENDED)
    sent_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    checks = models.PositiveSmallIntegerField(default=0)
    lines = models.JSONField(default=list)
    reason = models.CharField(max_length=500, blank=True, default="")

    objects = ConfirmationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shipment", "order"], name="confirmation_once"),
            models.UniqueConstraint(fields=["order", "reference"], name="confirmation_reference_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["intended", "sent", "confirmed", "refused", "unknown", "withheld"]),
                name="confirmation_outcome_known",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="confirmed") | Q(told_at__isnull=False),
                name="confirmation_confirmed_was_told",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="confirmation_due",
                condition=Q(state="waiting"),
            ),
            models.Index(
                fields=["id"],
                name="confirmation_stopped",
                condition=Q(outcome="refused") | Q(state="quarantined"),
            ),
        ]
