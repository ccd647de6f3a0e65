"""The change feeds' ground: the epoch, and the function that stamps a row with its last write."""

import django.db.models.functions.datetime
from django.db import migrations, models

from ecomhub.dbroles import no_delete

# The epoch is looked up once per session: a session never outlives its cluster or its timeline.
FORWARDS = """
CREATE FUNCTION ecomhub_epoch() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    held text := current_setting('ecomhub.epoch', true);
    place text;
    found integer;
BEGIN
    IF held <> '' THEN
        RETURN held::integer;
    END IF;
    place := (SELECT system_identifier FROM pg_control_system())
        || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8);
    SELECT epoch INTO found FROM ecomhub_feedepoch WHERE id = 1 AND cluster = place;
    IF found IS NULL THEN
        INSERT INTO ecomhub_feedepoch AS e (id, epoch, cluster, raised_at)
        VALUES (1, 1, place, clock_timestamp())
        ON CONFLICT (id) DO UPDATE
           SET epoch = e.epoch + 1, cluster = excluded.cluster, raised_at = clock_timestamp()
         WHERE e.cluster <> excluded.cluster;
        SELECT epoch INTO found FROM ecomhub_feedepoch WHERE id = 1;
    END IF;
    PERFORM set_config('ecomhub.epoch', found::text, false);
    RETURN found;
END $$;

CREATE FUNCTION ecomhub_stamp_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.change_epoch := coalesce(nullif(current_setting('ecomhub.epoch', true), '')::integer, ecomhub_epoch());
    NEW.change_xid := pg_current_xact_id();
    RETURN NEW;
END $$;
"""
BACKWARDS = "DROP FUNCTION ecomhub_stamp_change(); DROP FUNCTION ecomhub_epoch()"


class Migration(migrations.Migration):
    dependencies = [
        ("ecomhub", "0001_ground"),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedEpoch",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("epoch", models.PositiveIntegerField(default=1)),
                ("cluster", models.CharField(max_length=60)),
                (
                    "raised_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
        no_delete("ecomhub_feedepoch"),
    ]
