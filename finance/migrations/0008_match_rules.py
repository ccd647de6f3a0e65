"""The rules money is matched by, and rows of reconciliation that never change."""

from decimal import Decimal
from typing import Any

from django.db import migrations

from ecomhub.dbroles import append_only, no_delete

RULES = (
    # key, place, scope, condition, tolerance, percent, days, account, cap in a month
    ("payout_came_back", 10, "payout", "came_back", "0", "0", 60, None, None),
    ("payout_by_reference", 20, "payout", "reference", "0", "0", 30, None, None),
    ("payout_by_reference_less_fee", 30, "payout", "reference_fee", "0", "3", 30, "5510", None),
    ("payout_by_reference_converted", 40, "payout", "reference_converted", "0", "5", 30, "7120", None),
    ("payout_by_stated_conversion", 50, "payout", "stated", "0", "3", 15, "5510", None),
    ("payout_by_amount", 60, "payout", "amount", "0", "0", 15, None, None),
    ("payout_by_amount_rounded", 70, "payout", "rounded", "0", "0", 15, "1910", None),
    ("payout_by_amount_less_fee", 80, "payout", "amount_fee", "0", "2", 10, "5510", None),
    ("payout_by_amount_converted", 90, "payout", "converted", "0", "2", 10, "7120", None),
    ("variance_without_expectation", 110, "variance", "unexpected", "0", "0", 0, None, None),
    ("variance_in_our_favor", 120, "variance", "fee_below", "0", "0", 0, None, None),
    ("variance_of_fees", 130, "variance", "fee_above", "0.50", "10", 0, None, None),
    ("variance_of_sales", 140, "variance", "sales", "0.05", "0", 14, None, None),
    ("never_paid", 210, "exception", "never_paid", "0", "0", 30, None, None),
    ("unknown_order", 220, "exception", "unknown_order", "0", "0", 3, None, None),
    ("refund_without_return", 230, "exception", "refund_without_return", "0", "0", 30, None, None),
    ("unmatched_payout", 240, "exception", "unmatched_payout", "0", "0", 7, None, None),
)


def seed(apps: Any, editor: Any) -> None:
    """Write the rules of an installation that has none."""
    rule = apps.get_model("finance", "MatchRule")
    for key, place, scope, condition, tolerance, percent, days, account, cap in RULES:
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
                "cap_month": None if cap is None else Decimal(cap),
            },
        )


class Migration(migrations.Migration):
    dependencies = [("finance", "0007_expectations_and_matches")]

    operations = [
        migrations.RunPython(seed, migrations.RunPython.noop),
        append_only("finance_match", "finance_expecteditem", "finance_stockuse"),
        no_delete(
            "finance_moneyexception",
            "finance_ordermoney",
            "finance_stocklayer",
            "finance_stockchain",
            "finance_matchrule",
        ),
    ]
