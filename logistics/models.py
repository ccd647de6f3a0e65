"""Shipments and what the platform was told about them: two facts, each with its own time."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels.models import Shop
from ecomhub.access import Actor
from ecomhub.fields import CurrentXid, XidField
from ecomhub.models import StoredFile
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
        held = ShipmentLine.objects.filter(line__order__shop__in=actor.shop_ids)
        return mine.filter(pk__in=held.values("shipment"))


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
    change_epoch = models.PositiveIntegerField(db_default=1, editable=False)
    change_xid = XidField(db_default=CurrentXid(), editable=False)

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
            models.Index(fields=["change_epoch", "change_xid", "id"], name="shipment_feed"),
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


class HandoverRule(models.Model):
    """Which way of handing over is taken for a shop's parcels when nobody chooses."""

    class Preference(models.TextChoices):
        """Which kind comes first; of pickups the earliest."""

        DROPOFF = "dropoff", _("Drop-off first, else the earliest pickup")
        PICKUP = "pickup", _("The earliest pickup first, else drop-off")

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, related_name="handover_rule")
    preference = models.CharField(max_length=10, choices=Preference.choices, default=Preference.DROPOFF)


class ArrangementQuerySet(models.QuerySet["Arrangement"]):
    """Arrangement filters."""

    def visible_to(self, actor: Actor) -> "ArrangementQuerySet":
        """Return those of orders in shops and shipments in warehouses the actor may see."""
        if not actor.may("logistics.view"):
            return self.none()
        mine = self if actor.shop_ids is None else self.filter(order__shop__in=actor.shop_ids)
        if actor.warehouse_ids is None:
            return mine
        return mine.filter(shipment__warehouse__in=actor.warehouse_ids)

    def live(self) -> "ArrangementQuerySet":
        """Keep those that the platform was asked for, or will be."""
        return self.filter(outcome__in=["intended", "sent", "unknown", "confirmed"])

    def stopped(self) -> "ArrangementQuerySet":
        """Keep those that need a person: refused, or given up."""
        return self.filter(Q(outcome="refused") | Q(state=WorkState.QUARANTINED))


class Arrangement(WorkRow):
    """Arranging a shipment with a platform that gives the tracking number, step by step.

    ``intended → sent → confirmed | refused | unknown``; an unknown outcome is read back before anything is
    said again. A confirmed one waits for its number (``numbered_at``), then for its label (``document_at``).
    ``choice`` is the way of handing over as the platform offered it, ``lines`` are (platform's line id,
    units), ``asks`` counts the questions since the last answer, and ``order_version`` is the order as it was
    at the last one: news of the order make the next question due at once.
    """

    class Outcome(models.TextChoices):
        """What is known about the platform's side."""

        INTENDED = "intended", _("To be arranged")
        SENT = "sent", _("Being arranged")
        CONFIRMED = "confirmed", _("Arranged")
        REFUSED = "refused", _("Refused")
        UNKNOWN = "unknown", _("Unknown, being read back")
        WITHDRAWN = "withdrawn", _("Taken back before it was sent")

    shipment = models.OneToOneField(Shipment, on_delete=models.CASCADE, related_name="arrangement")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="arrangements")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.INTENDED)
    choice = models.JSONField(default=dict)
    own_number = models.CharField(max_length=120, blank=True, default="")
    lines = models.JSONField(default=list)
    package = models.CharField(max_length=120, blank=True, default="")
    tracking_number = models.CharField(max_length=120, blank=True, default="")
    carrier = models.CharField(max_length=60, blank=True, default="")
    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    numbered_at = models.DateTimeField(null=True, blank=True)
    document_at = models.DateTimeField(null=True, blank=True)
    document = models.ForeignKey(
        StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    has_document = models.BooleanField(default=True)
    asks = models.PositiveIntegerField(default=0)
    order_version = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True, default="")

    objects = ArrangementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["intended", "sent", "confirmed", "refused", "unknown", "withdrawn"]),
                name="arrangement_outcome_known",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="confirmed") | Q(told_at__isnull=False),
                name="arrangement_confirmed_was_told",
            ),
            models.CheckConstraint(
                condition=Q(tracking_number="") | Q(outcome="confirmed", numbered_at__isnull=False),
                name="arrangement_number_is_of_a_confirmed",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="arrangement_due", condition=Q(state="waiting")),
            models.Index(
                fields=["id"],
                name="arrangement_stopped",
                condition=Q(outcome="refused") | Q(state="quarantined"),
            ),
        ]
