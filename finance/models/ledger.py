"""Books, the account plan, journals and their postings: append-only double entry.

Two balances hold for every journal, both kept by the database: the amounts of each currency add up to
zero, and the base amounts add up to zero. Money that changes its currency goes through the trading
account, which holds both sides.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from channels.models import Shop
from ecomhub.fields import CurrentXid, XidField, amount_field, currency_field
from ecomhub.models import LegalEntity
from ecomhub.work import ClockTimestamp
from inventory.models import Sku
from orders.models import Order


class Currency(models.Model):
    """A currency and its decimals (ISO 4217), for the database's own check of every amount."""

    code = models.CharField(max_length=3, primary_key=True)
    exponent = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return self.code


class Book(models.Model):
    """The books of one legal entity, in its own base currency.

    ``zone`` decides which day an instant belongs to. ``rate_policy`` says which published rate turns an
    amount into base currency; ``allows_cross_rates`` whether a rate may be built through a third currency.
    Nothing may be effective on or before ``locked_through``, nor before ``opens_on``. What a match may post
    as rounding is at most ``rounding_cap`` in base currency, and ``rounding_cap_month`` in a month.
    """

    class CostMethod(models.TextChoices):
        """How units that leave take their cost."""

        FIFO = "fifo", _("First in, first out")
        AVERAGE = "average", _("Moving weighted average")

    class RatePolicy(models.TextChoices):
        """Which rate is an amount's rate."""

        DAY = "day", _("The rate of the day")
        MONTH_FIRST = "month_first", _("The rate of the month's first day")
        TYPED = "typed", _("A monthly rate typed by a person")

    class Recognition(models.TextChoices):
        """When a sale becomes income."""

        SHIPPED = "shipped", _("When the goods left")
        DELIVERED = "delivered", _("When the order is completed")

    legal_entity = models.OneToOneField(LegalEntity, on_delete=models.PROTECT, related_name="book")
    currency = currency_field()
    zone = models.CharField(max_length=64, default="Asia/Shanghai")
    opens_on = models.DateField()
    locked_through = models.DateField(null=True, blank=True)
    cost_method = models.CharField(max_length=8, choices=CostMethod.choices, default=CostMethod.FIFO)
    recognition = models.CharField(max_length=10, choices=Recognition.choices, default=Recognition.SHIPPED)
    rate_policy = models.CharField(max_length=12, choices=RatePolicy.choices, default=RatePolicy.DAY)
    rate_source = models.CharField(max_length=20, default="ecb")
    rate_days = models.PositiveSmallIntegerField(default=7)
    allows_cross_rates = models.BooleanField(default=False)
    rounding_cap = amount_field(default=0)
    rounding_cap_month = amount_field(default=0)

    def __str__(self) -> str:
        return self.legal_entity.name


class PeriodAct(models.Model):
    """A book's periods were closed or reopened: by whom, up to which day, and what the checklist said.

    ``through`` is the last closed day from then on, empty when nothing is closed. The database changes
    ``Book.locked_through`` only together with such a row. ``checks`` holds the checklist of a close.
    """

    class Kind(models.TextChoices):
        """What was done."""

        CLOSE = "close", _("Closed")
        REOPEN = "reopen", _("Reopened")

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="period_acts")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    through = models.DateField(null=True)
    reason = models.CharField(max_length=200, blank=True, default="")
    checks = models.JSONField(default=list)
    actor = models.CharField(max_length=160, default="system")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=ClockTimestamp())
    transaction = XidField(db_default=CurrentXid(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="close") | Q(through__isnull=False), name="period_close_names_a_day"
            ),
            models.CheckConstraint(
                condition=~Q(kind="reopen") | ~Q(reason=""), name="period_reopen_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.through}"


class PolicyChange(models.Model):
    """A book got another policy of rates or rounding: which from then on, instead of which, by whom and why.

    It applies to what is booked after it. Once a book has entries, or such a row, the database changes its
    policy only together with a new one. ``instead_of`` has the fields of the policy before.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="policy_changes")
    rate_policy = models.CharField(max_length=12, choices=Book.RatePolicy.choices)
    rate_source = models.CharField(max_length=20)
    rate_days = models.PositiveSmallIntegerField()
    allows_cross_rates = models.BooleanField()
    rounding_cap = amount_field(default=0)
    rounding_cap_month = amount_field(default=0)
    instead_of = models.JSONField()
    reason = models.CharField(max_length=200)
    actor = models.CharField(max_length=160, default="system")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=ClockTimestamp())
    transaction = XidField(db_default=CurrentXid(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="policy_change_has_reason"),
            models.CheckConstraint(condition=Q(rate_days__lte=366), name="policy_change_within_a_year"),
            models.CheckConstraint(
                condition=Q(rounding_cap__gte=0, rounding_cap_month__gte=F("rounding_cap")),
                name="policy_change_caps_are_caps",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rate_policy} {self.rate_source}"


class Account(models.Model):
    """One account of the plan; the plan is the same in every book, its balances are per currency."""

    class Nature(models.TextChoices):
        """Where an account stands in the statements."""

        ASSET = "asset", _("Asset")
        LIABILITY = "liability", _("Liability")
        EQUITY = "equity", _("Equity")
        INCOME = "income", _("Income")
        EXPENSE = "expense", _("Expense")

    code = models.CharField(max_length=8, primary_key=True)
    name = models.CharField(max_length=80)
    name_zh = models.CharField(max_length=80)
    nature = models.CharField(max_length=10, choices=Nature.choices)
    is_monetary = models.BooleanField(default=False)
    takes_lines = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Journal(models.Model):
    """One entry: what happened, on which day it counts, and what may never happen twice (``key``)."""

    class Kind(models.TextChoices):
        """What made the entry."""

        OPENING = "opening", _("Opening balance")
        SHIPMENT = "shipment", pgettext_lazy("journal", "Shipment")
        SETTLEMENT = "settlement", _("Settlement")
        PAYOUT = "payout", _("Payout")
        WALLET = "wallet", _("Wallet statement")
        BANK = "bank", _("Bank statement")
        VARIANCE = "variance", _("Difference of an order")
        RECLASS = "reclass", _("Line booked to another account")
        MATCH = "match", _("Match")
        COST = "cost", _("Cost of goods")
        STOCK = "stock", _("Stock value")
        REVALUATION = "revaluation", _("Revaluation")
        REVERSAL = "reversal", _("Reversal")
        MANUAL = "manual", _("By hand")

    id = models.BigAutoField(primary_key=True)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="journals", db_index=False)
    effective_on = models.DateField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=160)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )
    memo = models.CharField(max_length=200, blank=True, default="")
    actor = models.CharField(max_length=160, default="system")
    recorded_at = models.DateTimeField(db_default=Now())
    transaction = XidField(db_default=CurrentXid(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book", "key"], name="journal_once"),
        ]
        indexes = [
            models.Index(fields=["book", "effective_on", "id"], name="journal_by_day"),
            models.Index(fields=["transaction", "id"], name="journal_feed"),
        ]

    def __str__(self) -> str:
        return self.key


class Posting(models.Model):
    """One leg. Debit is positive. The dimensions say whose money it is, where the account asks for it.

    ``line`` stands on the leg that says what a settlement line was (never on its clearing leg); ``turn``
    counts 0 for the first booking, then one up for every reversal and repost. ``component`` is the account
    an expected part of an order was expected for. A leg may have a base amount alone (revaluation).
    """

    id = models.BigAutoField(primary_key=True)
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = currency_field()
    amount = amount_field()
    base_amount = amount_field()
    rate = models.ForeignKey(
        "finance.FxRate", on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    component = models.CharField(max_length=8, blank=True, default="")
    shop = models.ForeignKey(
        Shop, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="postings", db_index=False
    )
    settlement = models.ForeignKey(
        "finance.Settlement",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="postings",
        db_index=False,
    )
    payout = models.ForeignKey(
        "finance.Payout",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="postings",
        db_index=False,
    )
    money_account = models.ForeignKey(
        "finance.MoneyAccount",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    sku = models.ForeignKey(
        Sku, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    line = models.ForeignKey(
        "finance.SettlementLine",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="postings",
        db_index=False,
    )
    turn = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0) | ~Q(base_amount=0), name="posting_is_not_nothing"),
            models.UniqueConstraint(
                fields=["line", "turn"], name="posting_line_once", condition=Q(line__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["settlement", "account"],
                name="posting_settlement",
                condition=Q(settlement__isnull=False),
            ),
            models.Index(fields=["order", "account"], name="posting_order", condition=Q(order__isnull=False)),
            models.Index(
                fields=["payout", "account"], name="posting_payout", condition=Q(payout__isnull=False)
            ),
            # What waits to be found or classified, and what was given back: a small part of all legs.
            models.Index(
                fields=["account", "line"],
                name="posting_waiting",
                condition=Q(account__in=["1120", "1130", "1900"]),
            ),
            models.Index(fields=["id"], name="posting_opening", condition=Q(account="1106")),
            models.Index(
                fields=["order"],
                name="posting_refund",
                condition=Q(account="1105", component="4100", line__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount} {self.currency}"


class LedgerTally(models.Model):
    """Balances as signed rows a trigger writes and the tick folds: reads stay flat, writers never queue."""

    id = models.BigAutoField(primary_key=True)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = currency_field()
    month = models.DateField()
    amount = amount_field()
    base_amount = amount_field()
    count = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(F("book"), F("account"), F("currency"), F("month"), name="ledger_tally_place"),
        ]
