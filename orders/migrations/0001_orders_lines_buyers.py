"""First tables of the house."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("channels", "0001_accounts_listings_pulls"),
        ("inventory", "0001_sku_warehouse_stock"),
    ]

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("external_id", models.CharField(max_length=120)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("unpaid", "Unpaid"),
                            ("review", "To review"),
                            ("process", "To process"),
                            ("label", "Ready to print"),
                            ("ship", "Ready to ship"),
                            ("shipped", "Shipped"),
                            ("completed", "Completed"),
                            ("canceled", "Canceled"),
                            ("ignored", "Ignored"),
                        ],
                        max_length=10,
                    ),
                ),
                ("platform_status", models.CharField(max_length=60)),
                ("platform_state", models.CharField(max_length=16)),
                (
                    "fulfillment_method",
                    models.CharField(default="by_seller", max_length=10),
                ),
                ("is_before_go_live", models.BooleanField(default=False)),
                (
                    "hold_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("manual", "Held by hand"),
                            ("address", "Address needs a look"),
                            ("cancel_requested", "The buyer asks to cancel"),
                            ("fraud", "Possible fraud"),
                        ],
                        default="",
                        max_length=20,
                    ),
                ),
                ("issue_count", models.PositiveSmallIntegerField(default=0)),
                ("cancel_requested", models.BooleanField(default=False)),
                ("is_gift", models.BooleanField(default=False)),
                (
                    "return_status",
                    models.CharField(blank=True, default="", max_length=20),
                ),
                ("country", models.CharField(blank=True, default="", max_length=2)),
                ("currency", models.CharField(max_length=3)),
                (
                    "total",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                ),
                ("units", models.PositiveIntegerField(default=0)),
                (
                    "shipping_service",
                    models.CharField(blank=True, default="", max_length=80),
                ),
                ("placed_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                ("ship_by_at", models.DateTimeField(blank=True, null=True)),
                ("shipped_at", models.DateTimeField(blank=True, null=True)),
                ("canceled_at", models.DateTimeField(blank=True, null=True)),
                ("source_updated_at", models.DateTimeField()),
                ("content_hash", models.BinaryField(max_length=32)),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="channels.channelaccount",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="channels.shop",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderBuyer",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="buyer",
                        serialize=False,
                        to="orders.order",
                    ),
                ),
                ("sealed", models.BinaryField()),
                (
                    "changed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BuyerToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("token", models.BinaryField(max_length=16)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orders.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AllocationTrace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("trace", models.JSONField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="allocation_traces",
                        to="orders.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("external_id", models.CharField(max_length=80)),
                ("title", models.CharField(blank=True, default="", max_length=500)),
                ("quantity", models.PositiveIntegerField()),
                ("quantity_allocated", models.PositiveIntegerField(default=0)),
                ("quantity_shipped", models.PositiveIntegerField(default=0)),
                ("quantity_canceled", models.PositiveIntegerField(default=0)),
                ("quantity_returned", models.PositiveIntegerField(default=0)),
                (
                    "charge",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                ),
                (
                    "discount",
                    models.DecimalField(decimal_places=4, default=0, max_digits=19),
                ),
                (
                    "shipping",
                    models.DecimalField(decimal_places=4, default=0, max_digits=19),
                ),
                (
                    "shipping_discount",
                    models.DecimalField(decimal_places=4, default=0, max_digits=19),
                ),
                (
                    "gift_wrap",
                    models.DecimalField(decimal_places=4, default=0, max_digits=19),
                ),
                (
                    "tax",
                    models.DecimalField(decimal_places=4, default=0, max_digits=19),
                ),
                ("marketplace_collects_tax", models.BooleanField(default=False)),
                (
                    "refunded",
                    models.DecimalField(decimal_places=4, default=0, max_digits=19),
                ),
                ("currency", models.CharField(max_length=3)),
                ("gift_message_sealed", models.BinaryField(blank=True, null=True)),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order_lines",
                        to="channels.listing",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="orders.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderIssue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("unmapped_listing", "Listing is not paired with a SKU"),
                            ("shortage", "Not enough stock"),
                            (
                                "unknown_value",
                                "The platform sent a value the hub does not know",
                            ),
                            ("discrepancy", "The platform and the hub disagree"),
                            ("cancel_after_ship", "Canceled after it was shipped"),
                            ("confirm_refused", "The platform refused the shipment"),
                        ],
                        max_length=24,
                    ),
                ),
                ("detail", models.JSONField(default=dict)),
                ("opened_at", models.DateTimeField()),
                ("solved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="issues",
                        to="orders.order",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="issues",
                        to="orders.orderline",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("quantity", models.PositiveIntegerField()),
                ("quantity_shipped", models.PositiveIntegerField(default=0)),
                ("quantity_released", models.PositiveIntegerField(default=0)),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.sku",
                    ),
                ),
                (
                    "warehouse",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.warehouse",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="orders.orderline",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OrderTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("bucket", models.CharField(max_length=24)),
                ("delta", models.IntegerField()),
                (
                    "shop",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.shop",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PlatformReturn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("external_id", models.CharField(max_length=120)),
                ("quantity", models.PositiveIntegerField()),
                ("status", models.CharField(max_length=40)),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                (
                    "refunded",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                ),
                ("reported_at", models.DateTimeField()),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="orders.orderline",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="orders.order",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SearchKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("text", models.CharField(max_length=120)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="search_keys",
                        to="orders.order",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                models.OrderBy(models.F("placed_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="order_latest",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                models.F("status"),
                models.F("shop"),
                models.OrderBy(models.F("placed_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="order_status_shop_latest",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                models.F("shop"),
                models.OrderBy(models.F("placed_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="order_shop_latest",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["updated_at", "id"], name="order_changed"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("status__in", ["unpaid", "review", "process", "label", "ship"])),
                fields=["ship_by_at"],
                name="order_open_ship_by",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("external_id"),
                    name="gin_trgm_ops",
                ),
                name="order_external_id_trgm",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("account", "external_id"), name="order_once"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "unpaid",
                            "review",
                            "process",
                            "label",
                            "ship",
                            "shipped",
                            "completed",
                            "canceled",
                            "ignored",
                        ],
                    )
                ),
                name="order_status_known",
            ),
        ),
        migrations.AddIndex(
            model_name="buyertoken",
            index=models.Index(fields=["token", "order"], name="buyer_token_search"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.UniqueConstraint(fields=("order", "external_id"), name="order_line_once"),
        ),
        migrations.AddConstraint(
            model_name="orderline",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity_canceled__lte", models.F("quantity"))),
                name="order_line_canceled_within_ordered",
            ),
        ),
        migrations.AddIndex(
            model_name="orderissue",
            index=models.Index(
                condition=models.Q(("solved_at", None)),
                fields=["kind", "order"],
                name="order_issue_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderissue",
            constraint=models.UniqueConstraint(
                condition=models.Q(("solved_at__isnull", True)),
                fields=("order", "line", "kind"),
                name="order_issue_open_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.UniqueConstraint(fields=("line", "sku", "warehouse"), name="allocation_once"),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "quantity__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("quantity_shipped"),
                            "+",
                            models.F("quantity_released"),
                        ),
                    )
                ),
                name="allocation_not_overdrawn",
            ),
        ),
        migrations.AddIndex(
            model_name="ordertally",
            index=models.Index(fields=["bucket", "shop"], include=("delta",), name="order_tally_sum"),
        ),
        migrations.AddConstraint(
            model_name="platformreturn",
            constraint=models.UniqueConstraint(fields=("order", "external_id"), name="platform_return_once"),
        ),
        migrations.AddIndex(
            model_name="searchkey",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("text"), name="gin_trgm_ops"
                ),
                name="search_key_trgm",
            ),
        ),
        migrations.AddConstraint(
            model_name="searchkey",
            constraint=models.UniqueConstraint(fields=("order", "kind", "text"), name="search_key_once"),
        ),
    ]
