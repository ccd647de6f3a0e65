"""Each order carries its last write, for the change feed."""

from django.db import migrations, models

import ecomhub.fields

FORWARDS = """
CREATE TRIGGER order_stamp BEFORE INSERT OR UPDATE ON orders_order
    FOR EACH ROW EXECUTE FUNCTION ecomhub_stamp_change();

-- What an order shows of its lines, exceptions and returns is part of it: whoever writes them alone moves it.
CREATE FUNCTION orders_part_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE orders_order SET version = version + 1
     WHERE id IN (SELECT order_id FROM written) AND change_xid <> pg_current_xact_id();
    RETURN NULL;
END $$;
CREATE TRIGGER orderline_touches_insert AFTER INSERT ON orders_orderline
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION orders_part_written();
CREATE TRIGGER orderline_touches_update AFTER UPDATE ON orders_orderline
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION orders_part_written();
CREATE TRIGGER orderissue_touches_insert AFTER INSERT ON orders_orderissue
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION orders_part_written();
CREATE TRIGGER orderissue_touches_update AFTER UPDATE ON orders_orderissue
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION orders_part_written();
CREATE TRIGGER platformreturn_touches_insert AFTER INSERT ON orders_platformreturn
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION orders_part_written();
CREATE TRIGGER platformreturn_touches_update AFTER UPDATE ON orders_platformreturn
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION orders_part_written();
"""
BACKWARDS = """
DROP TRIGGER orderline_touches_insert ON orders_orderline;
DROP TRIGGER orderline_touches_update ON orders_orderline;
DROP TRIGGER orderissue_touches_insert ON orders_orderissue;
DROP TRIGGER orderissue_touches_update ON orders_orderissue;
DROP TRIGGER platformreturn_touches_insert ON orders_platformreturn;
DROP TRIGGER platformreturn_touches_update ON orders_platformreturn;
DROP FUNCTION orders_part_written();
DROP TRIGGER order_stamp ON orders_order;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ecomhub", "0002_change_feed"),
        ("orders", "0003_tally_triggers"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="change_epoch",
            field=models.PositiveIntegerField(db_default=1, editable=False),
        ),
        migrations.AddField(
            model_name="order",
            name="change_xid",
            field=ecomhub.fields.XidField(db_default=ecomhub.fields.CurrentXid(), editable=False),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["status", "updated_at", "id"], name="order_status_changed"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["change_epoch", "change_xid", "id"], name="order_feed"),
        ),
        migrations.AddIndex(
            model_name="searchkey",
            index=models.Index(fields=["text", "kind"], name="search_key_exact"),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
