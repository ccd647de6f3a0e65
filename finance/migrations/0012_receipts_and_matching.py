"""Matches that can be taken back and have parts, transfers between own accounts, and what waits, indexed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("finance", "0011_announced_money"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="match",
            name="match_payout_once",
        ),
        migrations.RemoveConstraint(
            model_name="match",
            name="match_line_once",
        ),
        migrations.AddField(
            model_name="match",
            name="part",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="match",
            name="undoing",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_matches",
                to="finance.journal",
            ),
        ),
        migrations.AlterField(
            model_name="matchrule",
            name="scope",
            field=models.CharField(
                choices=[
                    ("payout", "Payouts and receipts"),
                    ("transfer", "Transfers between own accounts"),
                    ("variance", "Differences of orders"),
                    ("exception", "Exceptions"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="moneyexception",
            name="kind",
            field=models.CharField(
                choices=[
                    ("never_paid", "Never paid"),
                    ("short_paid", "Paid too little"),
                    ("over_paid", "Paid too much"),
                    ("fee_above_tariff", "Fee above the tariff"),
                    ("unknown_order", "Money for an unknown order"),
                    ("duplicate", "The same money twice"),
                    ("refund_without_return", "Refund without a return"),
                    ("refund_above_sales", "Refunded more than was sold"),
                    ("unmatched_payout", "Payout not found"),
                    ("unknown_receipt", "Receipt nobody explains"),
                    ("ambiguous", "Fits more than one"),
                    ("unknown_type", "Unknown type of line"),
                    ("wrong_total", "Lines and total differ"),
                ],
                max_length=24,
            ),
        ),
        migrations.AlterField(
            model_name="payout",
            name="state",
            field=models.CharField(
                choices=[
                    ("sent", "On its way"),
                    ("arrived", "Arrived"),
                    ("failed", "Came back"),
                    ("dropped", "No payout after all"),
                ],
                default="sent",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(fields=["-sent_at", "-id"], name="payout_latest"),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("account__in", ["1120", "1130", "1900"])),
                fields=["account", "line"],
                name="posting_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("account", "1105"), ("component", "4100"), ("line__isnull", False)),
                fields=["order"],
                name="posting_refund",
            ),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undoing__isnull", True)),
                fields=("payout", "part"),
                name="match_payout_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undoing__isnull", True)), fields=("line",), name="match_line_once"
            ),
        ),
    ]
