"""Each shipment carries its last write, for the change feed."""

from django.db import migrations, models

import ecomhub.fields

FORWARDS = """
CREATE TRIGGER shipment_stamp BEFORE INSERT OR UPDATE ON logistics_shipment
    FOR EACH ROW EXECUTE FUNCTION ecomhub_stamp_change();

-- What a shipment shows of its lines and of what the platform was told is part of it.
CREATE FUNCTION logistics_part_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE logistics_shipment SET version = version
     WHERE id IN (SELECT shipment_id FROM written) AND change_xid <> pg_current_xact_id();
    RETURN NULL;
END $$;
CREATE FUNCTION logistics_told_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE logistics_shipment SET version = version
     WHERE id = NEW.shipment_id AND change_xid <> pg_current_xact_id();
    RETURN NULL;
END $$;
CREATE TRIGGER shipmentline_touches_insert AFTER INSERT ON logistics_shipmentline
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION logistics_part_written();
CREATE TRIGGER shipmentline_touches_update AFTER UPDATE ON logistics_shipmentline
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION logistics_part_written();
CREATE TRIGGER shipmentline_touches_delete AFTER DELETE ON logistics_shipmentline
    REFERENCING OLD TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION logistics_part_written();
CREATE TRIGGER confirmation_touches_insert AFTER INSERT ON logistics_confirmation
    FOR EACH ROW EXECUTE FUNCTION logistics_told_written();
CREATE TRIGGER confirmation_touches_update AFTER UPDATE ON logistics_confirmation
    FOR EACH ROW WHEN (
        (OLD.outcome, OLD.sent_at, OLD.told_at, OLD.checked_at, OLD.reason)
        IS DISTINCT FROM (NEW.outcome, NEW.sent_at, NEW.told_at, NEW.checked_at, NEW.reason)
    ) EXECUTE FUNCTION logistics_told_written();
"""
BACKWARDS = """
DROP TRIGGER confirmation_touches_update ON logistics_confirmation;
DROP TRIGGER confirmation_touches_insert ON logistics_confirmation;
DROP TRIGGER shipmentline_touches_insert ON logistics_shipmentline;
DROP TRIGGER shipmentline_touches_update ON logistics_shipmentline;
DROP TRIGGER shipmentline_touches_delete ON logistics_shipmentline;
DROP FUNCTION logistics_told_written();
DROP FUNCTION logistics_part_written();
DROP TRIGGER shipment_stamp ON logistics_shipment;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ecomhub", "0002_change_feed"),
        ("inventory", "0003_change_feed"),
        ("logistics", "0002_confirmation_lines_and_numbers"),
    ]

    operations = [
        migrations.AddField(
            model_name="shipment",
            name="change_epoch",
            field=models.PositiveIntegerField(db_default=1, editable=False),
        ),
        migrations.AddField(
            model_name="shipment",
            name="change_xid",
            field=ecomhub.fields.XidField(db_default=ecomhub.fields.CurrentXid(), editable=False),
        ),
        migrations.AddIndex(
            model_name="shipment",
            index=models.Index(fields=["change_epoch", "change_xid", "id"], name="shipment_feed"),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
