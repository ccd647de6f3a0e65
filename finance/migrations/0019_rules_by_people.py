"""Rules that people change: one per condition and platform, and caps a month for fees nobody looked at."""

from decimal import Decimal
from typing import Any

from django.db import migrations, models

CAPPED = ("payout_by_reference_less_fee", "payout_by_stated_conversion", "payout_by_amount_less_fee")
CAP = Decimal(20_000)
"""In the book's currency: wallets keep about one percent, so that a seller of some millions of yuan a month
passes, and money that goes missing month by month does not."""


def cap(apps: Any, editor: Any) -> None:
    """Give the rules that book what is missing as a fee a cap a month, where nobody gave them one."""
    rules = apps.get_model("finance", "MatchRule").objects
    rules.filter(key__in=CAPPED, cap_month__isnull=True).update(cap_month=CAP)


class Migration(migrations.Migration):
    dependencies = [("finance", "0018_rounding_caps")]

    operations = [
        migrations.RunPython(cap, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="matchrule",
            constraint=models.UniqueConstraint(
                fields=("scope", "condition", "platform"), name="match_rule_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="matchrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("days__lte", 366),
                    ("tolerance__gte", 0),
                    ("tolerance_percent__range", (0, 100)),
                    models.Q(("cap_month__isnull", True), ("cap_month__gte", 0), _connector="OR"),
                ),
                name="match_rule_limits",
            ),
        ),
    ]
