"""What the house keeps of prices and of each listing's changes; part of ``channels.models``."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ecomhub.fields import amount_field, currency_field
from ecomhub.work import WorkRow


class PricePublication(WorkRow):
    """The price push of one listing: a person set a price, and only the newest one is sent."""

    listing = models.OneToOneField(
        "channels.Listing", on_delete=models.CASCADE, related_name="price_publication"
    )
    version = models.BigIntegerField(default=0)
    done_version = models.BigIntegerField(default=0)
    currency = currency_field()
    wanted_price = amount_field()
    wanted_at = models.DateTimeField()
    wanted_by = models.CharField(max_length=80, default="system")
    sent_price = amount_field(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    confirmed_price = amount_field(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    reads = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(wanted_price__gt=0), name="price_publication_is_above_zero"),
        ]


class ListingChange(models.Model):
    """One change of a listing's price or quantity: who changed what, from, to, when. Never rewritten."""

    class Kind(models.TextChoices):
        """What changed."""

        PRICE_SET = "price_set", _("Price set")
        PRICE_SENT = "price_sent", _("Price sent")
        PRICE_SHOWN = "price_shown", _("Price at the channel")
        QUANTITY_SENT = "quantity_sent", _("Quantity sent")
        QUANTITY_SHOWN = "quantity_shown", _("Quantity at the channel")
        OFFER_SET = "offer_set", _("Offer changed")

    id = models.BigAutoField(primary_key=True)
    listing = models.ForeignKey(
        "channels.Listing", on_delete=models.PROTECT, related_name="changes", db_index=False
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    before = amount_field(null=True, blank=True)
    after = amount_field(null=True, blank=True)
    currency = currency_field(blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")
    actor = models.CharField(max_length=80, default="system")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["listing", "-id"], name="listing_change_latest")]
