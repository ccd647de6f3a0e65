"""The newest state of a stock level is told to every endpoint that wants it."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION inventory_announce_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ecomhub_webhookdelivery (
        endpoint_id, message_id, topic, object_kind, object_id, sequence, at, coalesces, tries_left,
        state, attempts, errors, deaths, lease_epoch, last_error)
    SELECT e.id, gen_random_uuid(), 'stock.changed', 'stock', c.id, c.version, c.changed_at, true, 10,
           'waiting', 0, 0, 0, 0, ''
      FROM changed c
      JOIN ecomhub_webhookendpoint e
        ON e.state <> 'paused' AND e.topics && ARRAY['stock', 'stock.changed']::varchar[]
     ORDER BY c.id, e.id
        ON CONFLICT (endpoint_id, object_kind, object_id)
     WHERE attempts = 0 AND coalesces AND state = 'waiting'
        DO UPDATE SET sequence = greatest(ecomhub_webhookdelivery.sequence, excluded.sequence),
                      at = excluded.at;
    RETURN NULL;
END $$;

CREATE TRIGGER stock_announced AFTER UPDATE ON inventory_stocklevel
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION inventory_announce_stock();
"""

BACKWARDS = """
DROP TRIGGER stock_announced ON inventory_stocklevel;
DROP FUNCTION inventory_announce_stock();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ecomhub", "0003_webhooks"),
        ("inventory", "0003_change_feed"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
