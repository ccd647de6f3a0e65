"""Where money is kept, the documents that speak of it, their settlements and lines, and payouts."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels.models import ChannelAccount, Shop
from ecomhub.fields import amount_field, currency_field
from ecomhub.models import StoredFile
from finance.models.ledger import Account, Book
from orders.models import Order


class MoneyAccount(models.Model):
    """An account whose statements we read: a shop's on a platform, a wallet's, a bank's.

    ``provider`` is the platform's key, the wallet's name or the bank's. A channel account without an
    adapter is *file-only*: ``channel`` is empty and everything comes by sheet. Money older than ``live_on``
    settles the opening orders.
    """

    class Holder(models.TextChoices):
        """Who keeps the money."""

        CHANNEL = "channel", _("Platform")
        WALLET = "wallet", _("Wallet")
        BANK = "bank", _("Bank")

    name = models.CharField(max_length=80, unique=True)
    holder = models.CharField(max_length=8, choices=Holder.choices)
    provider = models.CharField(max_length=40)
    channel = models.OneToOneField(
        ChannelAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="money_account"
    )
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="money_accounts")
    currency = models.CharField(max_length=3, blank=True, default="")
    zone = models.CharField(max_length=64, default="UTC")
    live_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(channel__isnull=True) | Q(holder="channel"), name="money_account_channel_holds"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SourceFile(models.Model):
    """One document as it came, kept for ever with its hash; the same bytes come in once per account.

    ``layout`` is the remembered one it was read by. Of a refused one ``reasons`` says why in each language
    of the pages, and ``fitting`` which sources it could be of, where there are several.
    """

    class State(models.TextChoices):
        """What became of it."""

        READING = "reading", _("Being read")
        READ = "read", _("Read")
        REFUSED = "refused", _("Refused")

    account = models.ForeignKey(MoneyAccount, on_delete=models.PROTECT, related_name="files")
    digest = models.CharField(max_length=64)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT)
    source = models.CharField(max_length=40, blank=True, default="")
    state = models.CharField(max_length=8, choices=State.choices, default=State.READING)
    layout = models.ForeignKey(
        "finance.RememberedLayout", on_delete=models.PROTECT, null=True, blank=True, related_name="files"
    )
    reason = models.CharField(max_length=300, blank=True, default="")
    reasons = models.JSONField(null=True, blank=True)
    fitting = models.JSONField(null=True, blank=True)
    lines = models.PositiveIntegerField(default=0)
    actor = models.CharField(max_length=160, default="system")
    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "digest"], name="source_file_once"),
        ]

    def __str__(self) -> str:
        return self.file.name


TOLD = "told"
"""Why a settlement is kept as evidence that tells of a single transaction: it has a page of its own."""


class Settlement(models.Model):
    """One statement of a platform, wallet or bank in one currency.

    ``total`` is what its document states, ``lines_total`` what its lines add up to. Nothing is posted
    while they differ (``staged``). ``evidence`` repeats money another document posts. ``payout_amount`` is
    what the next account gets where the platform converts the deposit.
    """

    class State(models.TextChoices):
        """Whether its lines are in the ledger."""

        STAGED = "staged", _("Staged, not posted")
        POSTED = "posted", _("Posted")
        EVIDENCE = "evidence", _("Evidence only")
        REFUSED = "refused", _("Refused")

    account = models.ForeignKey(MoneyAccount, on_delete=models.PROTECT, related_name="settlements")
    external_id = models.CharField(max_length=120)
    currency = currency_field()
    source = models.CharField(max_length=40)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices)
    reason = models.CharField(max_length=40, blank=True, default="")
    platform_status = models.CharField(max_length=40, blank=True, default="")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    deposited_at = models.DateTimeField(null=True, blank=True)
    total = amount_field(null=True, blank=True)
    lines_total = amount_field(default=0)
    line_count = models.PositiveIntegerField(default=0)
    posted_count = models.PositiveIntegerField(default=0)
    opening = amount_field(null=True, blank=True)
    closing = amount_field(null=True, blank=True)
    payout_ref = models.CharField(max_length=120, blank=True, default="")
    payout_amount = amount_field(null=True, blank=True)
    payout_currency = models.CharField(max_length=3, blank=True, default="")
    closed_at = models.DateTimeField(null=True, blank=True)
    accepted_reason = models.CharField(max_length=200, blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    recorded_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "source", "external_id", "currency"], name="settlement_once"
            ),
        ]
        indexes = [
            models.Index(fields=["-deposited_at", "-id"], name="settlement_latest"),
        ]

    def __str__(self) -> str:
        return self.external_id


class LineType(models.Model):
    """A type of line as a source words it; its three fields verbatim."""

    source = models.CharField(max_length=40)
    first = models.CharField(max_length=120, blank=True)
    second = models.CharField(max_length=120, blank=True)
    third = models.CharField(max_length=160, blank=True)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "first", "second", "third"], name="line_type_once"),
        ]

    def __str__(self) -> str:
        return "/".join(part for part in (self.first, self.second, self.third) if part)


class TypeMapping(models.Model):
    """What a type of line is booked as; append-only, the highest ``version`` holds. No row: unknown."""

    line_type = models.ForeignKey(LineType, on_delete=models.PROTECT, related_name="mappings")
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    binding = models.CharField(max_length=8)
    actor = models.CharField(max_length=160, default="system")
    reason = models.CharField(max_length=200, blank=True, default="")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line_type", "version"], name="type_mapping_version_once"),
        ]


class SettlementLine(models.Model):
    """One amount of a settlement; append-only but for the order found for it later.

    ``content`` is the hash of what the line says in decoded form, so that the encoding of a file does not
    matter; ``occurrence`` numbers equal lines, because equal lines are all money. ``row`` is where a
    person finds it in its file.
    """

    id = models.BigAutoField(primary_key=True)
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="lines", db_index=False)
    file = models.ForeignKey(SourceFile, on_delete=models.PROTECT, related_name="+", db_index=False)
    row = models.PositiveIntegerField()
    content = models.BinaryField(max_length=16)
    occurrence = models.PositiveIntegerField()
    line_type = models.ForeignKey(LineType, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = currency_field()
    amount = amount_field()
    posted_at = models.DateTimeField()
    effective_on = models.DateField()
    order_ref = models.CharField(max_length=120, blank=True, default="")
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="money_lines", db_index=False
    )
    line_ref = models.CharField(max_length=80, blank=True, default="")
    sku_code = models.CharField(max_length=120, blank=True, default="")
    quantity = models.IntegerField(default=0)
    reference = models.CharField(max_length=160, blank=True, default="")
    marketplace = models.CharField(max_length=60, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")
    running = amount_field(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "content", "occurrence"], name="settlement_line_once"
            ),
        ]
        indexes = [
            models.Index(fields=["order"], name="settlement_line_order", condition=Q(order__isnull=False)),
            models.Index(
                fields=["order_ref"],
                name="settlement_line_orderless",
                condition=Q(order__isnull=True) & ~Q(order_ref=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.settlement_id}:{self.row} {self.amount} {self.currency}"


class Payout(models.Model):
    """Money on its way from one account to the next: sent by one, to be found in the other.

    Made from a settlement's stated deposit or from a transfer line of a wallet or bank. One that was made
    from a line by a rule, and taken back, is *dropped*: its line stands as its type says.
    """

    class State(models.TextChoices):
        """Where the money is."""

        SENT = "sent", _("On its way")
        ARRIVED = "arrived", _("Arrived")
        FAILED = "failed", _("Came back")
        DROPPED = "dropped", _("No payout after all")

    account = models.ForeignKey(MoneyAccount, on_delete=models.PROTECT, related_name="payouts")
    settlement = models.OneToOneField(
        Settlement, on_delete=models.PROTECT, null=True, blank=True, related_name="payout"
    )
    line = models.OneToOneField(
        SettlementLine, on_delete=models.PROTECT, null=True, blank=True, related_name="payout"
    )
    reference = models.CharField(max_length=160, blank=True, default="")
    currency = currency_field()
    amount = amount_field()
    sent_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.SENT)
    arrived_line = models.OneToOneField(
        SettlementLine, on_delete=models.PROTECT, null=True, blank=True, related_name="arrival"
    )
    arrived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(settlement__isnull=False) | Q(line__isnull=False), name="payout_has_a_cause"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "sent_at"], name="payout_open"),
            models.Index(fields=["-sent_at", "-id"], name="payout_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.reference}"
