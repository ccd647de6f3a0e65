"""What each document says of each settlement, carried balances, converted payouts."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("finance", "0003_ledger_rules"),
    ]

    operations = [
        migrations.AddField(
            model_name="settlement",
            name="payout_amount",
            field=models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
        ),
        migrations.AddField(
            model_name="settlement",
            name="payout_currency",
            field=models.CharField(blank=True, default="", max_length=3),
        ),
        migrations.CreateModel(
            name="CarriedLine",
            fields=[
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="carried",
                        serialize=False,
                        to="finance.settlementline",
                    ),
                ),
                (
                    "older",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="carried_by",
                        to="finance.settlement",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SettlementFile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("posted", "Posted"),
                            ("staged", "Staged, not posted"),
                            ("duplicate", "Known already"),
                            ("evidence", "Evidence only"),
                            ("refused", "Refused"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=40)),
                ("total", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ("lines_total", models.DecimalField(decimal_places=6, default=0, max_digits=25)),
                ("line_count", models.PositiveIntegerField(default=0)),
                ("posted_count", models.PositiveIntegerField(default=0)),
                ("added", models.PositiveIntegerField(default=0)),
                ("missing", models.PositiveIntegerField(default=0)),
                ("totals", models.JSONField(default=dict)),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="finance.sourcefile",
                    ),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="documents",
                        to="finance.settlement",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("settlement", "file"), name="settlement_file_once")
                ],
            },
        ),
    ]
