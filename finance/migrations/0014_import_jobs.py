"""Imports as jobs, layouts that people made, what was decided of documents that do not agree."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("finance", "0013_receipt_rules"),
    ]

    operations = [
        migrations.AddField(
            model_name="sourcefile",
            name="fitting",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="sourcefile",
            name="reasons",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="RememberedLayout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("version", models.PositiveIntegerField(default=1)),
                ("headings", models.JSONField(default=list)),
                ("layout", models.JSONField(default=dict)),
                ("actor", models.CharField(default="system", max_length=160)),
                ("saved_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="layouts",
                        to="finance.moneyaccount",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportJob",
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
                ("source", models.CharField(blank=True, default="", max_length=40)),
                (
                    "step",
                    models.CharField(
                        blank=True,
                        choices=[("reading", "Being read"), ("posting", "Being booked")],
                        default="",
                        max_length=8,
                    ),
                ),
                ("lines_read", models.PositiveIntegerField(default=0)),
                ("lines_kept", models.PositiveIntegerField(default=0)),
                ("outcomes", models.JSONField(blank=True, default=list)),
                ("asked_by", models.CharField(max_length=160)),
                ("asked_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imports",
                        to="finance.sourcefile",
                    ),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.settlement",
                    ),
                ),
                (
                    "layout",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.rememberedlayout",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="sourcefile",
            name="layout",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="files",
                to="finance.rememberedlayout",
            ),
        ),
        migrations.CreateModel(
            name="DocumentRuling",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("accepted", "Accepted as it is"), ("set_aside", "Set aside as evidence")],
                        max_length=9,
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                ("was", models.CharField(max_length=40)),
                ("difference", models.DecimalField(blank=True, decimal_places=6, max_digits=25, null=True)),
                ("actor", models.CharField(max_length=160)),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rulings",
                        to="finance.sourcefile",
                    ),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rulings",
                        to="finance.settlement",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="document_ruling_has_reason"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="rememberedlayout",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)),
                fields=("account", "name"),
                name="layout_name_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="rememberedlayout",
            constraint=models.UniqueConstraint(
                fields=("account", "name", "version"), name="layout_version_once"
            ),
        ),
        migrations.AddIndex(
            model_name="importjob",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["due_at", "id"], name="import_job_due"
            ),
        ),
    ]
