"""Outgoing webhooks; what happens is written down for every endpoint that wants it by a trigger."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION ecomhub_announce_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ecomhub_webhookdelivery (
        endpoint_id, message_id, topic, object_kind, object_id, sequence, at, coalesces, tries_left,
        state, attempts, errors, deaths, lease_epoch, last_error)
    SELECT e.id, gen_random_uuid(), h.object_kind || '.' || h.kind, h.object_kind, h.object_id, h.sequence,
           h.at, false, 10, 'waiting', 0, 0, 0, 0, ''
      FROM happened h
      JOIN ecomhub_webhookendpoint e
        ON e.state <> 'paused'
       AND e.topics && ARRAY[h.object_kind, h.object_kind || '.' || h.kind]::varchar[]
     ORDER BY h.id, e.id;
    RETURN NULL;
END $$;

CREATE TRIGGER event_announced AFTER INSERT ON ecomhub_event
    REFERENCING NEW TABLE AS happened FOR EACH STATEMENT EXECUTE FUNCTION ecomhub_announce_events();
"""

BACKWARDS = """
DROP TRIGGER event_announced ON ecomhub_event;
DROP FUNCTION ecomhub_announce_events();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ecomhub", "0002_change_feed"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(blank=True, default="", max_length=80)),
                ("url", models.CharField(max_length=500)),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=62), size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("paused", "Paused"),
                            ("disabled", "Switched off after failures"),
                        ],
                        default="active",
                        max_length=10,
                    ),
                ),
                ("state_reason", models.CharField(blank=True, default="", max_length=300)),
                ("sealed_secret", models.TextField()),
                ("sealed_previous", models.TextField(blank=True, default="")),
                ("previous_until", models.DateTimeField(blank=True, null=True)),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="webhook_endpoints",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
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
                ("message_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("topic", models.CharField(max_length=62)),
                ("object_kind", models.CharField(max_length=20)),
                ("object_id", models.BigIntegerField()),
                ("sequence", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("coalesces", models.BooleanField(default=False)),
                ("tries_left", models.PositiveSmallIntegerField(default=10)),
                ("last_status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("delivered_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="ecomhub.webhookendpoint",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookTry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("elapsed_ms", models.PositiveIntegerField()),
                ("error", models.CharField(blank=True, default="", max_length=300)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tries",
                        to="ecomhub.webhookdelivery",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["endpoint", "due_at"],
                name="webhook_delivery_due",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(fields=["endpoint", "-id"], name="webhook_delivery_latest"),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("attempts", 0), ("coalesces", True), ("state", "waiting")),
                fields=("endpoint", "object_kind", "object_id"),
                name="webhook_delivery_coalesced",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
