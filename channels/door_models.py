"""What comes in through the doors of the house: pushes, consents, and the work they ring for."""

import secrets

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from ecomhub.work import WorkRow


def new_push_id() -> str:
    """Return the unguessable part of an account's push address: 256 random bits."""
    return secrets.token_urlsafe(32)


class PushReceipt(models.Model):
    """One proven push, kept so that the same event is never taken twice. It carries no personal data."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        "channels.ChannelAccount", on_delete=models.CASCADE, related_name="push_receipts", db_index=False
    )
    event_id = models.CharField(max_length=200)
    topic = models.CharField(max_length=80)
    about = models.CharField(max_length=16)
    external_ids = ArrayField(models.CharField(max_length=120), default=list)
    pushed_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "event_id"], name="push_receipt_once")]
        indexes = [models.Index(fields=["received_at"], name="push_receipt_oldest")]


class Fetch(WorkRow):
    """One object a push named, to be fetched soon. ``asked`` rises with every push that names it."""

    external_id = models.CharField(max_length=120)
    asked = models.PositiveBigIntegerField(default=1)

    class Meta:
        abstract = True


class OrderFetch(Fetch):
    """One order to fetch; the orders house works on it, and the row goes when nothing is asked any more."""

    account = models.ForeignKey(
        "channels.ChannelAccount", on_delete=models.CASCADE, related_name="order_fetches", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "external_id"], name="order_fetch_once")]
        indexes = [models.Index(fields=["due_at"], name="order_fetch_due")]


class ListingFetch(Fetch):
    """One listing to read again."""

    account = models.ForeignKey(
        "channels.ChannelAccount", on_delete=models.CASCADE, related_name="listing_fetches", db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "external_id"], name="listing_fetch_once")]
        indexes = [models.Index(fields=["due_at"], name="listing_fetch_due")]


class Subscription(WorkRow):
    """An account's wish to be pushed to: done when the platform took our address."""

    account = models.OneToOneField(
        "channels.ChannelAccount", on_delete=models.CASCADE, related_name="subscription"
    )
    subscribed_at = models.DateTimeField(null=True, blank=True)


class Erasure(WorkRow):
    """A platform's demand to erase buyers' data. Who they are is sealed until it is done; the row stays."""

    account = models.ForeignKey("channels.ChannelAccount", on_delete=models.PROTECT, related_name="erasures")
    event_id = models.CharField(max_length=200)
    topic = models.CharField(max_length=80)
    sealed = models.TextField(blank=True, default="")
    asked_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)
    orders_erased = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "event_id"], name="erasure_once")]


class PendingConnection(models.Model):
    """A consent on its way through the browser: from the start page to the platform and back, once."""

    state_hash = models.CharField(max_length=64, unique=True)
    binding_hash = models.CharField(max_length=64)
    user = models.ForeignKey("ecomhub.User", on_delete=models.CASCADE, related_name="+")
    platform = models.CharField(max_length=20)
    account = models.ForeignKey(
        "channels.ChannelAccount", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    sealed = models.TextField()
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class Silence(models.Model):
    """An address of a platform that let us wait in vain: nobody calls it until then, then one alone tries."""

    platform = models.CharField(max_length=20)
    endpoint = models.CharField(max_length=200)
    since = models.DateTimeField(db_default=Now())
    until = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform", "endpoint"], name="silence_once")]
