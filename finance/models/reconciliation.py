"""What orders were expected to bring, what their goods cost, how money was matched, and what needs a look."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels.models import Shop
from ecomhub.fields import amount_field, currency_field
from finance.models.ledger import Account, Book, Journal
from finance.models.rates import FxRate
from inventory.models import Sku, StockMovement, Warehouse
from orders.models import Order


class Tariff(models.Model):
    """One published fee of a platform: who pays it, of what, how much, and on which days.

    ``marketplace`` and ``category`` are the platform's own words or ``*``. The fee is ``percent`` of what
    ``base`` names, at least ``minimum``, and ``fixed`` for each unit of it. A row with ``above`` or ``up_to``
    holds for bases in that band only. ``valid_until`` is the first day it no longer holds.
    """

    class Base(models.TextChoices):
        """What a fee is a share of, or what its fixed amount is counted by."""

        CHARGES = "charges", _("What the buyer pays without tax")
        TOTAL = "total", _("What the buyer pays with tax")
        UNITS = "units", _("Units")
        ORDERS = "orders", _("Orders")
        COMMISSION = "commission", _("Commission given back")
        MONTHS = "months", _("Months")
        LISTINGS = "listings", _("Listings")

    platform = models.CharField(max_length=40)
    marketplace = models.CharField(max_length=40, default="*")
    category = models.CharField(max_length=120, default="*")
    fee = models.CharField(max_length=80)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    base = models.CharField(max_length=12, choices=Base.choices)
    percent = models.DecimalField(max_digits=9, decimal_places=4, default=0)
    fixed = amount_field(default=0)
    minimum = amount_field(default=0)
    currency = currency_field()
    above = amount_field(default=0)
    up_to = amount_field(null=True, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    actor = models.CharField(max_length=160, default="system")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "platform",
                    "marketplace",
                    "category",
                    "fee",
                    "base",
                    "currency",
                    "above",
                    "valid_from",
                ],
                name="tariff_once",
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0) & Q(fixed__gte=0) & Q(minimum__gte=0), name="tariff_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=models.F("valid_from")),
                name="tariff_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.platform} {self.marketplace} {self.category} {self.fee} {self.valid_from}"


class Progress(models.Model):
    """How far this house has read what changed in another one: the last (epoch, transaction, id) it saw."""

    name = models.CharField(max_length=20, primary_key=True)
    epoch = models.BigIntegerField(default=0)
    transaction = models.BigIntegerField(default=0)
    row = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class OrderMoney(models.Model):
    """How the money of one order stands: expected, paid, explained.

    ``is_due`` marks work: something of the order or its money changed and was not looked at yet. ``content``
    is the hash of what its expectation was computed from. ``due_on`` is when the platform should have paid.
    """

    class State(models.TextChoices):
        """Where an order's money stands."""

        OPEN = "open", _("Money is expected")
        WAITING = "waiting", _("A difference waits for a person")
        SETTLED = "settled", _("Settled")

    order = models.OneToOneField(Order, on_delete=models.PROTECT, primary_key=True, related_name="money")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+", db_index=False)
    shop = models.ForeignKey(Shop, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = currency_field()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    is_due = models.BooleanField(default=True)
    reason = models.CharField(max_length=40, blank=True, default="")
    content = models.CharField(max_length=32, blank=True, default="")
    accruals = models.PositiveSmallIntegerField(default=0)
    variances = models.PositiveSmallIntegerField(default=0)
    shipped_on = models.DateField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["checked_at", "order"], name="order_money_due", condition=Q(is_due=True)),
            models.Index(
                fields=["state", "checked_at"], name="order_money_open", condition=~Q(state="settled")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.state}"


class ExpectedItem(models.Model):
    """One part of what an order is expected to bring (positive) or to cost (negative); append-only.

    ``component`` is the account it was expected for, ``tariff`` the published fee it comes from. A later
    picture of the order adds a row with the difference.
    """

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="expected_items")
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="+", db_index=False)
    component = models.CharField(max_length=8)
    currency = currency_field()
    amount = amount_field()
    tariff = models.ForeignKey(
        Tariff, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="expected_item_is_something")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.component} {self.amount}"


class StockChain(models.Model):
    """How far a SKU's movements in a warehouse are valued, and what its last unit cost.

    ``version`` is the stock level's when the last movement was valued: another one there means work.
    """

    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", db_index=False)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+", db_index=False)
    movement = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sku", "warehouse"], name="stock_chain_once")]

    def __str__(self) -> str:
        return f"{self.sku_id}@{self.warehouse_id}"


class StockLayer(models.Model):
    """Units that came in together and what is left of them, with their value in purchase and base currency.

    The last unit takes what is left of the value, so a used-up layer holds nothing.
    """

    id = models.BigAutoField(primary_key=True)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+", db_index=False)
    movement = models.ForeignKey(StockMovement, on_delete=models.PROTECT, related_name="+", db_index=False)
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", db_index=False)
    warehouse = models.ForeignKey(Warehouse, on_delete=models.PROTECT, related_name="+", db_index=False)
    currency = currency_field()
    rate = models.ForeignKey(
        FxRate, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    quantity = models.DecimalField(max_digits=19, decimal_places=6)
    amount = amount_field()
    base_amount = amount_field()
    left = models.DecimalField(max_digits=19, decimal_places=6)
    left_amount = amount_field()
    left_base = amount_field()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["movement", "currency"], name="stock_layer_once"),
            models.CheckConstraint(
                condition=Q(left__gte=0) & Q(left_amount__gte=0) & Q(left_base__gte=0),
                name="stock_layer_not_negative",
            ),
            models.CheckConstraint(
                condition=~Q(left=0) | Q(left_amount=0, left_base=0),
                name="stock_layer_used_up_is_worth_nothing",
            ),
        ]
        indexes = [
            models.Index(fields=["sku", "warehouse", "id"], name="stock_layer_open", condition=Q(left__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.sku_id}@{self.warehouse_id} {self.left}"


class StockUse(models.Model):
    """What a movement took out of a layer, or gave back (negative); append-only."""

    id = models.BigAutoField(primary_key=True)
    movement = models.ForeignKey(StockMovement, on_delete=models.PROTECT, related_name="+")
    layer = models.ForeignKey(StockLayer, on_delete=models.PROTECT, related_name="uses", db_index=False)
    demand = models.CharField(max_length=60, blank=True, default="")
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    quantity = models.DecimalField(max_digits=19, decimal_places=6)
    currency = currency_field()
    amount = amount_field()
    base_amount = amount_field()

    class Meta:
        indexes = [
            models.Index(fields=["demand"], name="stock_use_demand", condition=~Q(demand="")),
            models.Index(fields=["order"], name="stock_use_order", condition=Q(order__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.movement_id} {self.quantity}"
