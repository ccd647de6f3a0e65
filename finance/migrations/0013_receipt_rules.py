"""Rules for transfers between own accounts, for matching by hand, and for receipts nobody explains."""

from decimal import Decimal
from typing import Any

from django.db import migrations

from ecomhub.dbroles import may_update

RULES = (
    # key, place, scope, condition, tolerance, percent, days, account
    ("transfer_by_reference", 25, "transfer", "reference", "0", "0", 10, None),
    ("transfer_by_amount", 65, "transfer", "amount", "0", "0", 5, None),
    ("by_hand_less_fee", 180, "payout", "by_hand_fee", "30", "5", 0, "5510"),
    ("by_hand_converted", 190, "payout", "by_hand_converted", "0", "10", 0, "7120"),
    ("unknown_receipt", 250, "exception", "unknown_receipt", "0", "0", 2, None),
)


def seed(apps: Any, editor: Any) -> None:
    """Write the rules that are not there yet."""
    rule = apps.get_model("finance", "MatchRule")
    for key, place, scope, condition, tolerance, percent, days, account in RULES:
        rule.objects.get_or_create(
            key=key,
            defaults={
                "place": place,
                "scope": scope,
                "condition": condition,
                "tolerance": Decimal(tolerance),
                "tolerance_percent": Decimal(percent),
                "days": days,
                "account_id": account,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("finance", "0012_receipts_and_matching")]

    operations = [
        migrations.RunPython(seed, migrations.RunPython.noop),
        may_update("finance_match", "undoing_id"),
    ]
