"""The nouns of matching: rules, what they found to belong together, and what a person should see."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from channels.models import Shop
from ecomhub.fields import amount_field, currency_field
from finance.models.ledger import Account, Book, Journal
from finance.models.settlements import LineType, MoneyAccount, Payout, Settlement, SettlementLine
from orders.models import Order


class MatchRule(models.Model):
    """One rule of reconciliation; rules are tried in their order, the first that fits decides.

    ``condition`` names what is compared (``reconciling`` and ``settling`` of ``finance.reconciliation`` know
    the names).
    A difference up to the larger of ``tolerance`` (in the money's currency) and ``tolerance_percent`` is
    posted to ``account``, never hidden; where that is the rounding account, the book's caps hold besides.
    ``days`` is how far apart the money may be, or how long something may take before it is an exception.
    ``cap_month`` limits what a payout rule may post in a book and month, in base currency. A rule with a
    ``platform`` (or wallet's provider) holds for its money only, before the one for all.
    """

    class Scope(models.TextChoices):
        """What a rule matches."""

        PAYOUT = "payout", _("Payouts and receipts")
        TRANSFER = "transfer", _("Transfers between own accounts")
        VARIANCE = "variance", _("Differences of orders")
        EXCEPTION = "exception", _("Exceptions")

    key = models.CharField(max_length=40, unique=True)
    place = models.PositiveSmallIntegerField()
    scope = models.CharField(max_length=10, choices=Scope.choices)
    condition = models.CharField(max_length=40)
    platform = models.CharField(max_length=40, blank=True, default="")
    tolerance = amount_field(default=0)
    tolerance_percent = models.DecimalField(max_digits=7, decimal_places=4, default=0)
    days = models.PositiveSmallIntegerField(default=0)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cap_month = amount_field(null=True, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["scope", "condition", "platform"], name="match_rule_once"),
            models.CheckConstraint(
                condition=Q(tolerance__gte=0, tolerance_percent__range=(0, 100), days__lte=366)
                & (Q(cap_month__isnull=True) | Q(cap_month__gte=0)),
                name="match_rule_limits",
            ),
        ]
        indexes = [models.Index(fields=["scope", "place"], name="match_rule_order")]

    def __str__(self) -> str:
        return self.key


class Match(models.Model):
    """Money that was found to belong together, by which rule or whom, and the entry of the difference.

    Append-only but for ``undoing``, the entry that took it back: what has one does not hold any more. A
    payout that arrived in several receipts has a row for each, numbered by ``part``, of one entry.
    ``difference`` is what was posted beside, in ``currency``, and stands on the first part.
    """

    id = models.BigAutoField(primary_key=True)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+", db_index=False)
    rule = models.ForeignKey(MatchRule, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    actor = models.CharField(max_length=160, default="system")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="matches")
    payout = models.ForeignKey(
        Payout, on_delete=models.PROTECT, null=True, blank=True, related_name="matches"
    )
    line = models.ForeignKey(
        SettlementLine, on_delete=models.PROTECT, null=True, blank=True, related_name="matches"
    )
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="matches")
    undoing = models.ForeignKey(
        Journal, on_delete=models.PROTECT, null=True, blank=True, related_name="undone_matches"
    )
    part = models.PositiveSmallIntegerField(default=0)
    component = models.CharField(max_length=8, blank=True, default="")
    currency = currency_field()
    difference = amount_field(default=0)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payout", "part"], name="match_payout_once", condition=Q(undoing__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["line"], name="match_line_once", condition=Q(undoing__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.journal_id} {self.difference} {self.currency}"


class MoneyException(models.Model):
    """Something about money that a person should see; it is solved when its cause is gone.

    ``key`` names the cause, so that the same one is never raised twice. An accepted one keeps who and why
    and stays quiet while its amount stays what was accepted.
    """

    class Kind(models.TextChoices):
        """What is wrong."""

        NEVER_PAID = "never_paid", _("Never paid")
        SHORT_PAID = "short_paid", _("Paid too little")
        OVER_PAID = "over_paid", _("Paid too much")
        FEE_ABOVE_TARIFF = "fee_above_tariff", _("Fee above the tariff")
        UNKNOWN_ORDER = "unknown_order", _("Money for an unknown order")
        DUPLICATE = "duplicate", _("The same money twice")
        REFUND_WITHOUT_RETURN = "refund_without_return", _("Refund without a return")
        REFUND_ABOVE_SALES = "refund_above_sales", _("Refunded more than was sold")
        UNMATCHED_PAYOUT = "unmatched_payout", _("Payout not found")
        UNKNOWN_RECEIPT = "unknown_receipt", _("Receipt nobody explains")
        AMBIGUOUS = "ambiguous", _("Fits more than one")
        UNKNOWN_TYPE = "unknown_type", _("Unknown type of line")
        WRONG_TOTAL = "wrong_total", _("Lines and total differ")

    class State(models.TextChoices):
        """Whether somebody has to do something."""

        OPEN = "open", pgettext_lazy("exception", "Open")
        ACCEPTED = "accepted", pgettext_lazy("exception", "Accepted")
        SOLVED = "solved", pgettext_lazy("exception", "Solved")

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=24, choices=Kind.choices)
    key = models.CharField(max_length=80)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+", db_index=False)
    shop = models.ForeignKey(
        Shop, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    money_account = models.ForeignKey(
        MoneyAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="money_exceptions"
    )
    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    payout = models.ForeignKey(
        Payout, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    line = models.ForeignKey(
        SettlementLine, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    line_type = models.ForeignKey(
        LineType, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    component = models.CharField(max_length=8, blank=True, default="")
    reference = models.CharField(max_length=160, blank=True, default="")
    currency = models.CharField(max_length=3, blank=True, default="")
    amount = amount_field(default=0)
    since = models.DateField()
    owner = models.CharField(max_length=160, blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=160, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=~Q(state="solved"), name="money_exception_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | ~Q(reason=""), name="money_exception_accepted_has_reason"
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "since", "id"], name="money_exception_open", condition=Q(state="open")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
