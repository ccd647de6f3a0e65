"""Exchange rates: dated, sourced, never edited."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ecomhub.fields import currency_field
from ecomhub.models import StoredFile


class RateFile(models.Model):
    """One document of rates, by the hash of its bytes."""

    digest = models.CharField(max_length=64, unique=True)
    source = models.CharField(max_length=20)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True)
    rates = models.PositiveIntegerField(default=0)
    actor = models.CharField(max_length=160, default="system")
    received_at = models.DateTimeField(db_default=Now())


class FxRate(models.Model):
    """What one ``unit`` of ``base`` cost in ``quote`` on a day, as its source published it.

    ``unit`` is how the source quotes (100 JPY). ``kind`` tells published rates from a person's own and
    from those built of two published ones, whose legs are kept. A corrected rate is a new row with a
    higher ``version``.
    """

    class Kind(models.TextChoices):
        """Where a rate comes from."""

        PUBLISHED = "published", _("Published")
        TYPED = "typed", _("Typed by a person")
        EVENT = "event", _("Of one conversion")
        CROSS = "cross", _("Through a third currency")

    source = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PUBLISHED)
    base = currency_field()
    quote = currency_field()
    unit = models.PositiveIntegerField(default=1)
    on = models.DateField()
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    version = models.PositiveSmallIntegerField(default=1)
    file = models.ForeignKey(RateFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    first_leg = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    second_leg = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True, default="")
    actor = models.CharField(max_length=160, default="system")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "base", "quote", "on", "version"], name="fx_rate_once"
            ),
            models.CheckConstraint(condition=Q(rate__gt=0) & Q(unit__gt=0), name="fx_rate_positive"),
            models.CheckConstraint(
                condition=~Q(kind="cross") | Q(first_leg__isnull=False, second_leg__isnull=False),
                name="fx_rate_cross_has_legs",
            ),
            models.CheckConstraint(
                condition=~Q(kind="typed") | ~Q(reason=""), name="fx_rate_typed_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.base}/{self.quote} {self.on} {self.rate}"
