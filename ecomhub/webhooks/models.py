"""Endpoints of others, what is to be told to them, and the tries made. Rows are written by a trigger."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ecomhub.work import WorkRow, WorkState


class WebhookEndpoint(models.Model):
    """An address that wants to hear. ``topics`` are object kinds or single events (``order.shipped``)."""

    class State(models.TextChoices):
        """Whether it is spoken to."""

        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DISABLED = "disabled", _("Switched off after failures")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=80, blank=True, default="")
    url = models.CharField(max_length=500)
    topics = ArrayField(models.CharField(max_length=62))
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    state_reason = models.CharField(max_length=300, blank=True, default="")
    sealed_secret = models.TextField()
    sealed_previous = models.TextField(blank=True, default="")
    previous_until = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="webhook_endpoints"
    )
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name or self.url


class WebhookDelivery(WorkRow):
    """One message to one endpoint; its id stays the same however often it is sent.

    ``sequence`` counts the object's changes: a receiver keeps the highest it has seen. A coalescing message
    (stock) that nobody tried to send yet takes over the newer sequence instead of being joined by another.
    """

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    topic = models.CharField(max_length=62)
    object_kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    coalesces = models.BooleanField(default=False)
    tries_left = models.PositiveSmallIntegerField(default=10)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "object_kind", "object_id"],
                name="webhook_delivery_coalesced",
                condition=Q(coalesces=True, state=WorkState.WAITING, attempts=0),
            )
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "due_at"],
                name="webhook_delivery_due",
                condition=Q(state=WorkState.WAITING),
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_delivery_latest"),
        ]


class WebhookTry(models.Model):
    """One request that was made, and what came back; forgotten with its message."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    elapsed_ms = models.PositiveIntegerField()
    error = models.CharField(max_length=300, blank=True, default="")
