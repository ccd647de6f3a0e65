"""Stored answers of idempotent calls are sealed, say whom they are about, and are found when they are old."""

from typing import Any

from django.db import migrations, models

from ecomhub.sealed import seal, unseal


def _context(pk: int) -> str:
    return f"ecomhub.idempotencykey:{pk}"


def seal_answers(apps: Any, _schema_editor: Any) -> None:
    """Seal what stands in the open, a day of answers at most."""
    rows = apps.get_model("ecomhub", "IdempotencyKey").objects.exclude(status=None)
    for pk, body in rows.values_list("pk", "body").iterator():
        sealed = seal(context=_context(pk), data={"body": body})
        rows.filter(pk=pk).update(sealed_body=sealed)


def open_answers(apps: Any, _schema_editor: Any) -> None:
    """Put the answers back into the open."""
    rows = apps.get_model("ecomhub", "IdempotencyKey").objects.exclude(sealed_body=None)
    for pk, sealed in rows.values_list("pk", "sealed_body").iterator():
        body = unseal(context=_context(pk), blob=sealed)["body"]
        rows.filter(pk=pk).update(body=body)


class Migration(migrations.Migration):
    dependencies = [("ecomhub", "0003_webhooks")]

    operations = [
        migrations.AddField("idempotencykey", "sealed_body", models.TextField(null=True)),
        migrations.AddField(
            "idempotencykey",
            "about",
            models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.RunPython(seal_answers, open_answers),
        migrations.RemoveField("idempotencykey", "body"),
        migrations.AddIndex(
            "idempotencykey", models.Index(fields=["created_at"], name="idempotency_key_oldest")
        ),
        migrations.AddIndex(
            "idempotencykey",
            models.Index(
                condition=models.Q(("about", ""), _negated=True),
                fields=["about"],
                name="idempotency_key_about",
            ),
        ),
    ]
