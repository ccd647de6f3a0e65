"""What each document says of each settlement, what became of that, how it comes in, what people decided.

Several documents may speak of one settlement, and one document of several settlements.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ecomhub.fields import amount_field
from ecomhub.work import WorkRow, WorkState
from finance.models.settlements import MoneyAccount, Settlement, SettlementLine, SourceFile


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


class RememberedLayout(models.Model):
    """How a person said to read the sheets of an account that have these headings.

    A row never changes: another layout under the same name is a new row, and ``ended_at`` says when this one
    was replaced or forgotten. ``layout`` is what ``finance.sources.layouts`` reads, ``headings`` are those
    of the sheet it was made from.
    """

    account = models.ForeignKey(MoneyAccount, on_delete=models.PROTECT, related_name="layouts")
    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1)
    headings = models.JSONField(default=list)
    layout = models.JSONField(default=dict)
    actor = models.CharField(max_length=160, default="system")
    saved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"], name="layout_name_once", condition=Q(ended_at__isnull=True)
            ),
            models.UniqueConstraint(fields=["account", "name", "version"], name="layout_version_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ImportJob(WorkRow):
    """One document to be taken in: a row of work until every settlement of it is decided.

    The document itself is kept before the row exists. ``source`` or ``layout`` is what a person chose to
    read it as; ``settlement`` limits it to one whose document was accepted. ``outcomes`` has one entry per
    settlement, as ``finance.statements.summaries`` stores it.
    """

    class Step(models.TextChoices):
        """How far it is."""

        READING = "reading", pgettext_lazy("import", "Being read")
        POSTING = "posting", pgettext_lazy("import", "Being booked")

    class Standing(models.TextChoices):
        """Where an import stands, as a person sees it."""

        WAITING = "waiting", pgettext_lazy("import", "Waiting")
        READING = "reading", pgettext_lazy("import", "Being read")
        POSTING = "posting", pgettext_lazy("import", "Being booked")
        DONE = "done", pgettext_lazy("import", "Through")
        FAILED = "failed", pgettext_lazy("import", "Stopped")

    document = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="imports")
    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=40, blank=True, default="")
    layout = models.ForeignKey(
        RememberedLayout, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    step = models.CharField(max_length=8, choices=Step.choices, blank=True, default="")
    lines_read = models.PositiveIntegerField(default=0)
    lines_kept = models.PositiveIntegerField(default=0)
    outcomes = models.JSONField(default=list, blank=True)
    asked_by = models.CharField(max_length=160)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at", "id"], name="import_job_due", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"import {self.pk}"

    @property
    def standing(self) -> Standing:
        """Say where it stands."""
        if self.state == WorkState.DONE:
            return self.Standing.DONE
        if self.state == WorkState.QUARANTINED:
            return self.Standing.FAILED
        if self.lease_until is None:
            return self.Standing.WAITING
        return self.Standing.POSTING if self.step == self.Step.POSTING else self.Standing.READING

    @property
    def is_working(self) -> bool:
        """Say whether it goes on by itself."""
        return self.state == WorkState.WAITING


class DocumentRuling(models.Model):
    """What a person decided about a document that does not agree; append-only, the newest holds.

    ``difference`` is what the document's total is more than its lines, as it was when it was accepted.
    """

    class Kind(models.TextChoices):
        """What was decided."""

        ACCEPTED = "accepted", pgettext_lazy("document", "Accepted as it is")
        SET_ASIDE = "set_aside", pgettext_lazy("document", "Set aside as evidence")

    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="rulings")
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="rulings")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    reason = models.CharField(max_length=200)
    was = models.CharField(max_length=40)
    difference = models.DecimalField(max_digits=25, decimal_places=6, null=True, blank=True)
    actor = models.CharField(max_length=160)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="document_ruling_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.settlement_id}: {self.kind}"
