"""The account of goods that left and are not income yet, for books that open sales at delivery."""

from typing import Any

from django.db import migrations


def add(apps: Any, editor: Any) -> None:
    """Write the account where an earlier plan lacked it."""
    apps.get_model("finance", "Account").objects.get_or_create(
        code="1230",
        defaults={
            "name": "Goods sent, not delivered",
            "name_zh": "发出商品",
            "nature": "asset",
            "is_monetary": False,
            "takes_lines": False,
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("finance", "0016_policy_changes"),
    ]

    operations = [
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
