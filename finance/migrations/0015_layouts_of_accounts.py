"""Layouts move from their account to rows of their own; rulings and layouts are never changed."""

from typing import Any

from django.db import migrations
from django.utils import timezone

from ecomhub.dbroles import append_only, may_update


def move(apps: Any, editor: Any) -> None:
    """Keep an account's one layout as a remembered one."""
    layouts = apps.get_model("finance", "RememberedLayout")
    for account in apps.get_model("finance", "MoneyAccount").objects.exclude(layout={}).order_by("pk"):
        layouts.objects.create(
            account=account, name=account.name, layout=account.layout, saved_at=timezone.now()
        )


class Migration(migrations.Migration):
    dependencies = [("finance", "0014_import_jobs")]

    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.RemoveField(model_name="moneyaccount", name="layout"),
        append_only("finance_documentruling", "finance_rememberedlayout"),
        may_update("finance_rememberedlayout", "ended_at"),
    ]
