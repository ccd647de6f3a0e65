"""What each document says of each settlement, and what became of that: several documents may speak of one."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ecomhub.fields import amount_field
from finance.models.settlements import Settlement, SettlementLine, SourceFile


class SettlementFile(models.Model):
    """One document's view of one settlement; the newest is the one a person sees first.

    ``line_count`` and ``lines_total`` are of the document, ``posted_count`` is how many of its lines it
    brought into the ledger, ``totals`` its sums by type of line (decimal text). ``added`` and ``missing``
    count lines the settlement did not have yet, and lines it has and the document has not.
    """

    class State(models.TextChoices):
        """What became of it."""

        POSTED = "posted", _("Posted")
        STAGED = "staged", _("Staged, not posted")
        DUPLICATE = "duplicate", pgettext_lazy("settlement", "Known already")
        EVIDENCE = "evidence", _("Evidence only")
        REFUSED = "refused", _("Refused")

    id = models.BigAutoField(primary_key=True)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="documents")
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="settlements")
    state = models.CharField(max_length=10, choices=State.choices)
    reason = models.CharField(max_length=40, blank=True, default="")
    total = amount_field(null=True, blank=True)
    lines_total = models.DecimalField(max_digits=25, decimal_places=6, default=0)
    line_count = models.PositiveIntegerField(default=0)
    posted_count = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["settlement", "file"], name="settlement_file_once"),
        ]

    def __str__(self) -> str:
        return f"{self.settlement_id}: {self.state}"


class CarriedLine(models.Model):
    """A line that brings an earlier settlement's balance, and that settlement once it is known."""

    line = models.OneToOneField(
        SettlementLine, on_delete=models.PROTECT, primary_key=True, related_name="carried"
    )
    older = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, null=True, blank=True, related_name="carried_by"
    )

    def __str__(self) -> str:
        return f"{self.line_id} → {self.older_id}"
