"""What is said to platforms about cancellations, returns by line, and returns that wait for their order."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from ecomhub.dbroles import no_delete


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0001_accounts_listings_pulls"),
        ("orders", "0004_change_feed"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlatformCancel",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("cancel", "Cancel the order"),
                            ("accept", "Accept the buyer's request"),
                            ("decline", "Decline the buyer's request"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("intended", "To be sent"),
                            ("sent", "Being sent"),
                            ("confirmed", "Taken by the platform"),
                            ("refused", "Refused"),
                            ("unknown", "Unknown, being read back"),
                        ],
                        default="intended",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=120)),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                ("actor", models.CharField(max_length=160)),
                ("held_before", models.CharField(blank=True, default="", max_length=20)),
                ("asked_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
                ("checks", models.PositiveSmallIntegerField(default=0)),
                ("answer", models.CharField(blank=True, default="", max_length=500)),
            ],
        ),
        migrations.CreateModel(
            name="WaitingReturn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("order_external_id", models.CharField(max_length=120)),
                ("external_id", models.CharField(max_length=120)),
                ("line_external_id", models.CharField(blank=True, default="", max_length=80)),
                ("quantity", models.PositiveIntegerField()),
                ("status", models.CharField(max_length=40)),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                ("refunded", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ("reported_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="platformreturn",
            name="platform_return_once",
        ),
        migrations.AddField(
            model_name="platformreturn",
            name="updated_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AlterField(
            model_name="order",
            name="hold_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("manual", "Held by hand"),
                    ("address", "Address needs a look"),
                    ("cancel_requested", "The buyer asks to cancel"),
                    ("fraud", "Possible fraud"),
                    ("canceling", "Being canceled at the platform"),
                ],
                default="",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="orderissue",
            name="kind",
            field=models.CharField(
                choices=[
                    ("unmapped_listing", "Listing is not paired with a SKU"),
                    ("shortage", "Not enough stock"),
                    ("unknown_value", "The platform sent a value the hub does not know"),
                    ("discrepancy", "The platform and the hub disagree"),
                    ("cancel_after_ship", "Canceled after it was shipped"),
                    ("confirm_refused", "The platform refused the shipment"),
                    ("cancel_refused", "The platform did not take the cancellation"),
                    ("no_lines", "The platform has not shown the lines yet"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="platformreturn",
            name="line",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="returns",
                to="orders.orderline",
            ),
        ),
        migrations.AddIndex(
            model_name="platformreturn",
            index=models.Index(fields=["updated_at", "id"], name="platform_return_changed"),
        ),
        migrations.AddConstraint(
            model_name="platformreturn",
            constraint=models.UniqueConstraint(
                fields=("order", "external_id", "line"), name="platform_return_once", nulls_distinct=False
            ),
        ),
        migrations.AddField(
            model_name="platformcancel",
            name="order",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="cancels", to="orders.order"
            ),
        ),
        migrations.AddField(
            model_name="waitingreturn",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="channels.channelaccount",
            ),
        ),
        migrations.AddIndex(
            model_name="platformcancel",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["due_at", "id"], name="platform_cancel_due"
            ),
        ),
        migrations.AddIndex(
            model_name="platformcancel",
            index=models.Index(
                condition=models.Q(("outcome", "refused"), ("state", "quarantined"), _connector="OR"),
                fields=["id"],
                name="platform_cancel_stopped",
            ),
        ),
        migrations.AddConstraint(
            model_name="platformcancel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("outcome__in", ["intended", "sent", "unknown"])),
                fields=("order",),
                name="platform_cancel_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="platformcancel",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["intended", "sent", "confirmed", "refused", "unknown"])),
                name="platform_cancel_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="platformcancel",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["cancel", "accept", "decline"])),
                name="platform_cancel_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="platformcancel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "confirmed"), _negated=True),
                    ("taken_at__isnull", False),
                    _connector="OR",
                ),
                name="platform_cancel_confirmed_was_taken",
            ),
        ),
        migrations.AddConstraint(
            model_name="waitingreturn",
            constraint=models.UniqueConstraint(
                fields=("account", "order_external_id", "external_id", "line_external_id"),
                name="waiting_return_once",
            ),
        ),
        no_delete("orders_platformcancel"),
    ]
