"""What was told to the platform, numbers from a sequence, and what may not change once goods are gone."""

from django.db import migrations, models

from ecomhub.dbroles import no_delete

NUMBERS = "CREATE SEQUENCE logistics_shipment_number"
TOUCH = """
CREATE FUNCTION logistics_shipment_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER logistics_shipment_touch BEFORE UPDATE ON logistics_shipment
    FOR EACH ROW EXECUTE FUNCTION logistics_shipment_touch();
"""
FREEZE = """
CREATE FUNCTION logistics_shipmentline_freeze() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held bigint := CASE TG_OP WHEN 'DELETE' THEN OLD.shipment_id ELSE NEW.shipment_id END;
BEGIN
    IF EXISTS (SELECT 1 FROM logistics_shipment WHERE id = held AND state = 'dispatched') THEN
        RAISE EXCEPTION 'the lines of a dispatched shipment do not change'
            USING ERRCODE = '23514', CONSTRAINT = 'shipment_line_of_dispatched_stays';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER logistics_shipmentline_freeze BEFORE INSERT OR UPDATE OR DELETE ON logistics_shipmentline
    FOR EACH ROW EXECUTE FUNCTION logistics_shipmentline_freeze();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("logistics", "0001_shipments_confirmations"),
    ]

    operations = [
        migrations.AddField(
            model_name="confirmation",
            name="checked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="confirmation",
            name="checks",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="confirmation",
            name="lines",
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name="confirmation",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("intended", "To be sent"),
                    ("sent", "Being sent"),
                    ("confirmed", "Confirmed"),
                    ("refused", "Refused"),
                    ("unknown", "Unknown, being read back"),
                    ("withheld", "Not told: the account does not confirm shipments"),
                ],
                default="intended",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="confirmation",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["due_at", "id"], name="confirmation_due"
            ),
        ),
        migrations.AddIndex(
            model_name="confirmation",
            index=models.Index(
                condition=models.Q(("outcome", "refused"), ("state", "quarantined"), _connector="OR"),
                fields=["id"],
                name="confirmation_stopped",
            ),
        ),
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(fields=["updated_at", "id"], name="shipment_changed"),
        ),
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(
                models.OrderBy(models.F("planned_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="shipment_latest",
            ),
        ),
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(
                models.OrderBy(models.F("planned_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state", "planned")),
                name="shipment_planned",
            ),
        ),
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(
                condition=models.Q(("tracking_number", ""), _negated=True),
                fields=["tracking_number"],
                name="shipment_tracking",
            ),
        ),
        migrations.AddConstraint(
            model_name="confirmation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("outcome__in", ["intended", "sent", "confirmed", "refused", "unknown", "withheld"])
                ),
                name="confirmation_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="confirmation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "confirmed"), _negated=True),
                    ("told_at__isnull", False),
                    _connector="OR",
                ),
                name="confirmation_confirmed_was_told",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "voided"), _negated=True),
                    ("voided_at__isnull", False),
                    _connector="OR",
                ),
                name="shipment_voided_has_its_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="shipment",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["planned", "dispatched", "voided"])),
                name="shipment_state_known",
            ),
        ),
        migrations.RunSQL(NUMBERS, "DROP SEQUENCE logistics_shipment_number"),
        migrations.RunSQL(
            TOUCH,
            "DROP TRIGGER logistics_shipment_touch ON logistics_shipment; DROP FUNCTION logistics_shipment_touch()",
        ),
        migrations.RunSQL(
            FREEZE,
            "DROP TRIGGER logistics_shipmentline_freeze ON logistics_shipmentline; "
            "DROP FUNCTION logistics_shipmentline_freeze()",
        ),
        no_delete("logistics_shipment", "logistics_confirmation"),
    ]
