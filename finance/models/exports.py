"""Reports and evidence packs that are made in the background: what was asked for, how far it is, its file."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ecomhub.models import StoredFile
from ecomhub.work import WorkRow, WorkState


class ExportJob(WorkRow):
    """One report to be made: a row of work until its file is there.

    ``parameters`` are the filters as they were asked for, ``zone`` is where its instants are shown.
    ``rows_done`` counts within the running try; a try that died begins again with a new snapshot.
    ``manifest`` says what the file holds: its hash, rows, totals per currency, snapshot, filters and zone.
    """

    class Kind(models.TextChoices):
        """What is reported."""

        RECONCILIATION = "reconciliation", _("Reconciliation of settlements")
        ORDERS = "orders", _("Reconciliation of orders")
        SETTLEMENT_LINES = "settlement_lines", _("Settlement detail")
        JOURNAL = "journal", pgettext_lazy("report", "Journal")
        OPEN_ITEMS = "open_items", _("Open items by age")
        EVIDENCE = "evidence", _("Evidence pack")

    class Format(models.TextChoices):
        """What kind of file it is."""

        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"
        ZIP = "zip", "ZIP"

    class Standing(models.TextChoices):
        """Where an export stands, as a person sees it."""

        WAITING = "waiting", pgettext_lazy("export", "Waiting")
        RUNNING = "running", pgettext_lazy("export", "Being made")
        READY = "ready", pgettext_lazy("export", "Ready")
        CANCELED = "canceled", pgettext_lazy("export", "Canceled")
        FAILED = "failed", pgettext_lazy("export", "Failed")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    format = models.CharField(max_length=4, choices=Format.choices)
    parameters = models.JSONField(default=dict)
    language = models.CharField(max_length=10, default="en")
    zone = models.CharField(max_length=64, default="UTC")
    rows_done = models.PositiveBigIntegerField(default=0)
    rows_total = models.PositiveBigIntegerField(null=True, blank=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    manifest = models.JSONField(default=dict, blank=True)
    asked_by = models.CharField(max_length=160)
    asked_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(file__isnull=False) | Q(canceled_at__isnull=False),
                name="export_job_done_has_a_file",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="export_job_due", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.kind}.{self.format} {self.pk}"

    @property
    def standing(self) -> Standing:
        """Say where it stands."""
        if self.canceled_at is not None:
            return self.Standing.CANCELED
        if self.state == WorkState.DONE:
            return self.Standing.READY
        if self.state == WorkState.QUARANTINED:
            return self.Standing.FAILED
        return self.Standing.WAITING if self.lease_until is None else self.Standing.RUNNING
