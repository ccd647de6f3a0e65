"""The account plan, the currencies with their decimals, and the record of closed periods."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import ecomhub.fields
import ecomhub.work
from ecomhub.money import exponent, known_currencies
from finance.accounting.plan import PLAN


def seed(apps: Any, editor: Any) -> None:
    """Write the plan and the currencies."""
    apps.get_model("finance", "Account").objects.bulk_create(
        apps.get_model("finance", "Account")(
            code=entry.code,
            name=entry.name,
            name_zh=entry.name_zh,
            nature=entry.nature,
            is_monetary=entry.money,
            takes_lines=entry.lines,
        )
        for entry in PLAN
    )
    currency = apps.get_model("finance", "Currency")
    currency.objects.bulk_create(
        currency(code=code, exponent=exponent(code)) for code in sorted(known_currencies())
    )


class Migration(migrations.Migration):
    dependencies = [
        ("finance", "0001_books_rates_settlements"),
    ]

    operations = [
        migrations.CreateModel(
            name="Currency",
            fields=[
                ("code", models.CharField(max_length=3, primary_key=True, serialize=False)),
                ("exponent", models.PositiveSmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="PeriodAct",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=[("close", "Closed"), ("reopen", "Reopened")], max_length=6),
                ),
                ("through", models.DateField(null=True)),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                ("checks", models.JSONField(default=list)),
                ("actor", models.CharField(default="system", max_length=160)),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=ecomhub.work.ClockTimestamp())),
                (
                    "transaction",
                    ecomhub.fields.XidField(db_default=ecomhub.fields.CurrentXid(), editable=False),
                ),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="period_acts",
                        to="finance.book",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "close"), _negated=True),
                            ("through__isnull", False),
                            _connector="OR",
                        ),
                        name="period_close_names_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "reopen"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="period_reopen_has_reason",
                    ),
                ],
            },
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
