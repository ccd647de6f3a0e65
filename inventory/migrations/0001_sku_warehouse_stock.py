"""First tables of the house."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models

from ecomhub.dbroles import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ecomhub", "0001_ground"),
    ]

    operations = [
        migrations.CreateModel(
            name="SheetImport",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("done", "Done"),
                            ("quarantined", "Stopped, needs a person"),
                            ("paused", "Paused"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("errors", models.PositiveIntegerField(default=0)),
                ("deaths", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_epoch", models.PositiveBigIntegerField(default=0)),
                ("last_error", models.TextField(blank=True, default="")),
                ("kind", models.CharField(max_length=20)),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("uploaded", "Uploaded"),
                            ("previewed", "Checked, not applied yet"),
                            ("applying", "Being applied"),
                            ("applied", "Applied"),
                            ("refused", "Refused"),
                        ],
                        default="uploaded",
                        max_length=10,
                    ),
                ),
                ("report", models.JSONField(default=dict)),
                ("rows_total", models.PositiveIntegerField(default=0)),
                ("rows_done", models.PositiveIntegerField(default=0)),
                ("uploaded_by", models.CharField(max_length=160)),
                ("uploaded_at", models.DateTimeField()),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="ecomhub.storedfile",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Sku",
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
                ("code", models.CharField(max_length=64, unique=True)),
                ("name_en", models.CharField(blank=True, default="", max_length=200)),
                ("name_zh", models.CharField(blank=True, default="", max_length=200)),
                (
                    "picture_url",
                    models.URLField(blank=True, default="", max_length=500),
                ),
                ("category", models.CharField(blank=True, default="", max_length=120)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("phasing_out", "Phasing out"),
                            ("retired", "Retired"),
                        ],
                        default="active",
                        max_length=12,
                    ),
                ),
                (
                    "barcodes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                ("weight_g", models.PositiveIntegerField(blank=True, null=True)),
                ("length_mm", models.PositiveIntegerField(blank=True, null=True)),
                ("width_mm", models.PositiveIntegerField(blank=True, null=True)),
                ("height_mm", models.PositiveIntegerField(blank=True, null=True)),
                ("hs_code", models.CharField(blank=True, default="", max_length=14)),
                (
                    "origin_country",
                    models.CharField(blank=True, default="", max_length=2),
                ),
                (
                    "declared_name_en",
                    models.CharField(blank=True, default="", max_length=200),
                ),
                (
                    "declared_name_zh",
                    models.CharField(blank=True, default="", max_length=200),
                ),
                (
                    "declared_value",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                ),
                (
                    "declared_currency",
                    models.CharField(blank=True, default="", max_length=3),
                ),
                ("has_battery", models.BooleanField(default=False)),
                ("is_liquid", models.BooleanField(default=False)),
                ("safety_stock", models.PositiveIntegerField(default=0)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "updated_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("code"),
                            name="gin_trgm_ops",
                        ),
                        name="sku_code_trgm",
                    ),
                    django.contrib.postgres.indexes.GinIndex(fields=["barcodes"], name="sku_barcodes"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Warehouse",
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
                ("code", models.CharField(max_length=20, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("own", "Own warehouse"),
                            ("overseas", "Overseas warehouse"),
                            ("third_party", "Third-party warehouse"),
                            ("channel", "Channel's warehouse"),
                        ],
                        default="own",
                        max_length=12,
                    ),
                ),
                ("country", models.CharField(max_length=2)),
                ("is_sellable", models.BooleanField(default=True)),
                ("priority", models.PositiveSmallIntegerField(default=100)),
                (
                    "serves_countries",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "channel_reference",
                    models.CharField(blank=True, default="", max_length=120),
                ),
                (
                    "legal_entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="warehouses",
                        to="ecomhub.legalentity",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StockMovement",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("receive", "Received"),
                            ("reserve", "Reserved"),
                            ("release", "Released"),
                            ("ship", "Shipped"),
                            ("take_back", "Taken back"),
                            ("adjust", "Adjusted"),
                            ("transfer_out", "Transferred out"),
                            ("transfer_in", "Transferred in"),
                        ],
                        max_length=12,
                    ),
                ),
                ("on_hand_delta", models.IntegerField()),
                ("reserved_delta", models.IntegerField()),
                ("on_hand_after", models.IntegerField()),
                ("reserved_after", models.IntegerField()),
                ("demand", models.CharField(blank=True, default="", max_length=60)),
                ("cause", models.CharField(max_length=120)),
                ("actor", models.CharField(default="system", max_length=160)),
                ("at", models.DateTimeField()),
                ("note", models.CharField(blank=True, default="", max_length=200)),
                (
                    "sku",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="inventory.sku",
                    ),
                ),
                (
                    "warehouse",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.warehouse",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StockLevel",
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
                ("on_hand", models.IntegerField(default=0)),
                ("reserved", models.IntegerField(default=0)),
                ("inbound", models.IntegerField(default=0)),
                (
                    "available",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            models.F("on_hand"), "-", models.F("reserved")
                        ),
                        output_field=models.IntegerField(),
                    ),
                ),
                ("version", models.BigIntegerField(default=0)),
                (
                    "changed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="levels",
                        to="inventory.sku",
                    ),
                ),
                (
                    "warehouse",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="levels",
                        to="inventory.warehouse",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CostLayer",
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
                ("unit_cost", models.DecimalField(decimal_places=4, max_digits=19)),
                ("currency", models.CharField(max_length=3)),
                ("received_at", models.DateTimeField()),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cost_layers",
                        to="inventory.sku",
                    ),
                ),
                (
                    "movement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cost_layer",
                        to="inventory.stockmovement",
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
            ],
        ),
        migrations.AddIndex(
            model_name="stockmovement",
            index=models.Index(fields=["sku", "warehouse", "id"], name="stock_movement_chain"),
        ),
        migrations.AddIndex(
            model_name="stockmovement",
            index=models.Index(
                condition=models.Q(("demand", ""), _negated=True),
                fields=["demand"],
                name="stock_movement_demand",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockmovement",
            constraint=models.UniqueConstraint(
                fields=("cause", "kind", "sku", "warehouse"),
                name="stock_movement_once_per_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "reserve"), _negated=True),
                    ("reserved_after__lte", models.F("on_hand_after")),
                    _connector="OR",
                ),
                name="stock_movement_never_oversells",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(("on_hand_after__gte", 0)),
                name="stock_movement_on_hand_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(("reserved_after__gte", 0)),
                name="stock_movement_reserved_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="stocklevel",
            constraint=models.UniqueConstraint(fields=("sku", "warehouse"), name="stock_level_once"),
        ),
        migrations.AddConstraint(
            model_name="stocklevel",
            constraint=models.CheckConstraint(
                condition=models.Q(("on_hand__gte", 0)),
                name="stock_level_on_hand_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="stocklevel",
            constraint=models.CheckConstraint(
                condition=models.Q(("reserved__gte", 0)),
                name="stock_level_reserved_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="costlayer",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit_cost__gte", 0)),
                name="cost_layer_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="costlayer",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gt", 0)), name="cost_layer_has_units"
            ),
        ),
        append_only("inventory_stockmovement", "inventory_costlayer"),
    ]
