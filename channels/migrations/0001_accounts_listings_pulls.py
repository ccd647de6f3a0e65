"""First tables of the house."""

import uuid

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.db import migrations, models

from ecomhub.dbroles import append_only


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ecomhub", "0001_ground"),
        ("inventory", "0001_sku_warehouse_stock"),
    ]

    operations = [
        migrations.CreateModel(
            name="Listing",
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
                ("product_id", models.CharField(blank=True, default="", max_length=60)),
                (
                    "parent_external_id",
                    models.CharField(blank=True, default="", max_length=120),
                ),
                ("is_parent", models.BooleanField(default=False)),
                ("title", models.CharField(blank=True, default="", max_length=500)),
                (
                    "product_type",
                    models.CharField(blank=True, default="", max_length=80),
                ),
                ("status", models.CharField(blank=True, default="", max_length=40)),
                (
                    "price",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                ),
                ("currency", models.CharField(blank=True, default="", max_length=3)),
                (
                    "picture_url",
                    models.CharField(blank=True, default="", max_length=500),
                ),
                (
                    "fulfillment_method",
                    models.CharField(default="by_seller", max_length=10),
                ),
                ("barcodes", models.JSONField(blank=True, default=list)),
                ("is_mapped", models.BooleanField(default=False)),
                ("remote_quantity", models.IntegerField(blank=True, null=True)),
                ("remote_at", models.DateTimeField(blank=True, null=True)),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                ("buffer", models.PositiveIntegerField(blank=True, null=True)),
                ("cap", models.PositiveIntegerField(blank=True, null=True)),
                ("percentage", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("is_paused", models.BooleanField(default=False)),
                ("offer_version", models.BigIntegerField(default=1)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ChannelAccount",
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
                    "uid",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
                ),
                ("platform", models.CharField(max_length=20)),
                ("name", models.CharField(max_length=60, unique=True)),
                ("seller_id", models.CharField(max_length=80)),
                ("environment", models.CharField(default="production", max_length=20)),
                ("endpoint", models.CharField(max_length=200)),
                ("token_endpoint", models.CharField(max_length=200)),
                ("proxy", models.CharField(blank=True, default="", max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("connected", "Connected"),
                            ("needs_reconnect", "Needs to be reconnected"),
                            ("paused", "Paused"),
                        ],
                        default="connected",
                        max_length=16,
                    ),
                ),
                (
                    "state_reason",
                    models.CharField(blank=True, default="", max_length=300),
                ),
                ("go_live_at", models.DateTimeField()),
                ("switched_on_at", models.DateTimeField(blank=True, null=True)),
                ("pushes_stock", models.BooleanField(default=False)),
                ("confirms_shipments", models.BooleanField(default=False)),
                (
                    "brake_share",
                    models.DecimalField(decimal_places=3, default="0.300", max_digits=4),
                ),
                ("brake_engaged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "brake_reason",
                    models.CharField(blank=True, default="", max_length=300),
                ),
                ("brake_released_until", models.DateTimeField(blank=True, null=True)),
                ("authorized_until", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("platform", "seller_id", "endpoint"),
                        name="channel_account_seller_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Credential",
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
                ("generation", models.PositiveBigIntegerField(default=1)),
                ("sealed", models.TextField()),
                ("sealed_access", models.TextField(blank=True, default="")),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_epoch", models.PositiveBigIntegerField(default=0)),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="credential",
                        to="channels.channelaccount",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PublicationBatch",
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
                ("reference", models.CharField(blank=True, default="", max_length=120)),
                ("members", models.JSONField(default=list)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="batches",
                        to="channels.channelaccount",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Publication",
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
                ("done_version", models.BigIntegerField(default=0)),
                ("wanted_quantity", models.IntegerField(blank=True, null=True)),
                ("sent_quantity", models.IntegerField(blank=True, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("confirmed_quantity", models.IntegerField(blank=True, null=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "listing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="publication",
                        to="channels.listing",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="publications",
                        to="channels.publicationbatch",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Pull",
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
                (
                    "stream",
                    models.CharField(
                        choices=[
                            ("orders", "Orders"),
                            ("orders_hourly", "Orders, last 24 hours"),
                            ("orders_nightly", "Orders, last 14 days"),
                            ("listings", "Listings"),
                            ("channel_stock", "Stock at the channel"),
                        ],
                        max_length=20,
                    ),
                ),
                ("cursor", models.DateTimeField(blank=True, null=True)),
                ("pass_from", models.DateTimeField(blank=True, null=True)),
                ("pass_to", models.DateTimeField(blank=True, null=True)),
                ("pass_token", models.TextField(blank=True, default="")),
                ("pass_place", models.CharField(blank=True, default="", max_length=30)),
                ("pass_tokens_seen", models.JSONField(default=list)),
                ("pass_pages", models.PositiveIntegerField(default=0)),
                ("last_started_at", models.DateTimeField(blank=True, null=True)),
                ("last_success_at", models.DateTimeField(blank=True, null=True)),
                ("backlog", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pulls",
                        to="channels.channelaccount",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RawDocument",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=20)),
                ("external_id", models.CharField(max_length=120)),
                ("content_hash", models.BinaryField(max_length=32)),
                ("sealed", models.BinaryField()),
                ("received_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="channels.channelaccount",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Shop",
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
                ("marketplace", models.CharField(max_length=30)),
                ("name", models.CharField(max_length=80)),
                ("short_name", models.CharField(max_length=24)),
                ("group", models.CharField(blank=True, default="", max_length=60)),
                (
                    "person_in_charge",
                    models.CharField(blank=True, default="", max_length=80),
                ),
                ("country", models.CharField(max_length=2)),
                ("currency", models.CharField(max_length=3)),
                ("time_zone", models.CharField(default="UTC", max_length=64)),
                (
                    "tells",
                    models.CharField(
                        choices=[
                            ("on_dispatch", "When the goods leave"),
                            ("on_label", "When the tracking number is known"),
                            ("by_hand", "By hand"),
                        ],
                        default="on_dispatch",
                        max_length=12,
                    ),
                ),
                ("auto_approve", models.BooleanField(default=True)),
                ("buffer", models.PositiveIntegerField(default=0)),
                ("percentage", models.PositiveSmallIntegerField(default=100)),
                ("is_paused", models.BooleanField(default=False)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shops",
                        to="channels.channelaccount",
                    ),
                ),
                (
                    "legal_entity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shops",
                        to="ecomhub.legalentity",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="listing",
            name="shop",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="listings",
                to="channels.shop",
            ),
        ),
        migrations.CreateModel(
            name="SyncRun",
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
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("ok", models.BooleanField()),
                ("pages", models.PositiveIntegerField(default=0)),
                ("seen", models.PositiveIntegerField(default=0)),
                ("created", models.PositiveIntegerField(default=0)),
                ("updated", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("quarantined", models.PositiveIntegerField(default=0)),
                ("lag_s", models.FloatField(blank=True, null=True)),
                ("error", models.CharField(blank=True, default="", max_length=500)),
                (
                    "pull",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="channels.pull",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ThrottleBucket",
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
                ("operation", models.CharField(max_length=60)),
                ("tokens", models.FloatField()),
                ("rate", models.FloatField()),
                ("burst", models.FloatField()),
                (
                    "refilled_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("used", models.BigIntegerField(default=0)),
                ("throttled", models.BigIntegerField(default=0)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="buckets",
                        to="channels.channelaccount",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DataKey",
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
                ("sealed", models.TextField()),
                ("redacted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.channelaccount",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("account", "external_id"), name="data_key_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="FailedImport",
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
                ("kind", models.CharField(default="order", max_length=20)),
                ("external_id", models.CharField(max_length=120)),
                ("reason", models.CharField(max_length=500)),
                ("sealed", models.BinaryField()),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="failed_imports",
                        to="channels.channelaccount",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "kind", "external_id"),
                        name="failed_import_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ListingComponent",
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
                ("quantity", models.PositiveIntegerField(default=1)),
                (
                    "listing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="components",
                        to="channels.listing",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="listing_components",
                        to="inventory.sku",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("listing", "sku"), name="listing_component_once"),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)),
                        name="listing_component_has_units",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="pull",
            constraint=models.UniqueConstraint(fields=("account", "stream"), name="pull_once"),
        ),
        migrations.AddConstraint(
            model_name="rawdocument",
            constraint=models.UniqueConstraint(
                fields=("account", "kind", "external_id", "content_hash"),
                name="raw_document_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="shop",
            constraint=models.UniqueConstraint(fields=("account", "marketplace"), name="shop_once"),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("external_id"),
                    name="gin_trgm_ops",
                ),
                name="listing_external_id_trgm",
            ),
        ),
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(
                condition=models.Q(("is_mapped", False)),
                fields=["shop", "id"],
                name="listing_unmapped",
            ),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.UniqueConstraint(fields=("shop", "external_id"), name="listing_once"),
        ),
        migrations.AddConstraint(
            model_name="listing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("percentage__isnull", True),
                    ("percentage__lte", 100),
                    _connector="OR",
                ),
                name="listing_percentage_is_one",
            ),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(fields=["pull", "-id"], name="sync_run_latest"),
        ),
        migrations.AddConstraint(
            model_name="throttlebucket",
            constraint=models.UniqueConstraint(fields=("account", "operation"), name="throttle_bucket_once"),
        ),
        migrations.AddConstraint(
            model_name="throttlebucket",
            constraint=models.CheckConstraint(
                condition=models.Q(("tokens__lte", models.F("burst"))),
                name="throttle_bucket_not_over",
            ),
        ),
        append_only("channels_rawdocument"),
    ]
