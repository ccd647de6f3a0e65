"""Arranging a shipment with a platform that gives the number, and the rule for who does not choose."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from ecomhub.dbroles import no_delete


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0001_accounts_listings_pulls"),
        ("ecomhub", "0001_ground"),
        ("logistics", "0003_change_feed"),
        ("orders", "0001_orders_lines_buyers"),
    ]

    operations = [
        migrations.CreateModel(
            name="HandoverRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "preference",
                    models.CharField(
                        choices=[
                            ("dropoff", "Drop-off first, else the earliest pickup"),
                            ("pickup", "The earliest pickup first, else drop-off"),
                        ],
                        default="dropoff",
                        max_length=10,
                    ),
                ),
                (
                    "shop",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="handover_rule",
                        to="channels.shop",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Arrangement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("errors", models.PositiveIntegerField(default=0)),
                ("deaths", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_epoch", models.PositiveBigIntegerField(default=0)),
                ("last_error", models.TextField(blank=True, default="")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("intended", "To be arranged"),
                            ("sent", "Being arranged"),
                            ("confirmed", "Arranged"),
                            ("refused", "Refused"),
                            ("unknown", "Unknown, being read back"),
                            ("withdrawn", "Taken back before it was sent"),
                        ],
                        default="intended",
                        max_length=10,
                    ),
                ),
                ("choice", models.JSONField(default=dict)),
                ("own_number", models.CharField(blank=True, default="", max_length=120)),
                ("lines", models.JSONField(default=list)),
                ("package", models.CharField(blank=True, default="", max_length=120)),
                ("tracking_number", models.CharField(blank=True, default="", max_length=120)),
                ("carrier", models.CharField(blank=True, default="", max_length=60)),
                ("asked_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("numbered_at", models.DateTimeField(blank=True, null=True)),
                ("document_at", models.DateTimeField(blank=True, null=True)),
                ("has_document", models.BooleanField(default=True)),
                ("asks", models.PositiveIntegerField(default=0)),
                ("order_version", models.PositiveIntegerField(default=0)),
                ("reason", models.CharField(blank=True, default="", max_length=500)),
                (
                    "document",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ecomhub.storedfile",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="arrangements",
                        to="orders.order",
                    ),
                ),
                (
                    "shipment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="arrangement",
                        to="logistics.shipment",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["due_at", "id"],
                        name="arrangement_due",
                    ),
                    models.Index(
                        condition=models.Q(("outcome", "refused"), ("state", "quarantined"), _connector="OR"),
                        fields=["id"],
                        name="arrangement_stopped",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "outcome__in",
                                ["intended", "sent", "confirmed", "refused", "unknown", "withdrawn"],
                            )
                        ),
                        name="arrangement_outcome_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "confirmed"), _negated=True),
                            ("told_at__isnull", False),
                            _connector="OR",
                        ),
                        name="arrangement_confirmed_was_told",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("tracking_number", ""),
                            models.Q(("numbered_at__isnull", False), ("outcome", "confirmed")),
                            _connector="OR",
                        ),
                        name="arrangement_number_is_of_a_confirmed",
                    ),
                ],
            },
        ),
        no_delete("logistics_arrangement"),
    ]
