"""Money a platform tells of transaction by transaction, before or beside the settlement that posts it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels.models import Shop
from ecomhub.fields import amount_field, currency_field
from finance.models.settlements import MoneyAccount
from orders.models import Order


class AnnouncedMoney(models.Model):
    """One transaction as its platform tells of it: evidence of what will be paid, never posted.

    ``reference`` is the platform's number of the transaction as it was first told; its later release is the
    same money and stands on the same row. What was released never becomes deferred again, whichever of its
    documents comes first. ``matures_at`` is when the platform means to release it, ``settlement_ref`` the
    settlement the platform names for it.
    """

    class State(models.TextChoices):
        """Whether the platform still holds the money back."""

        DEFERRED = "deferred", _("Held back")
        RELEASED = "released", _("Released")

    account = models.ForeignKey(
        MoneyAccount, on_delete=models.PROTECT, related_name="announced", db_index=False
    )
    reference = models.CharField(max_length=160)
    currency = currency_field()
    kind = models.CharField(max_length=120, blank=True, default="")
    amount = amount_field()
    state = models.CharField(max_length=8, choices=State.choices)
    was_deferred = models.BooleanField(default=False)
    shop = models.ForeignKey(
        Shop, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    order_ref = models.CharField(max_length=120, blank=True, default="")
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="announced", db_index=False
    )
    posted_at = models.DateTimeField()
    matures_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    settlement_ref = models.CharField(max_length=120, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "reference", "currency"], name="announced_money_once"),
        ]
        indexes = [
            models.Index(
                fields=["account", "currency", "matures_at"],
                name="announced_money_held",
                condition=Q(state="deferred"),
            ),
            models.Index(
                fields=["account", "currency", "released_at"],
                name="announced_money_released",
                condition=Q(state="released"),
            ),
            models.Index(fields=["order"], name="announced_money_order", condition=Q(order__isnull=False)),
            models.Index(
                fields=["account", "order_ref"],
                name="announced_money_orderless",
                condition=Q(order__isnull=True) & ~Q(order_ref=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.amount} {self.currency}"
