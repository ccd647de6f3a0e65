"""Maintained counters: statement-level triggers write signed rows per shop and bucket."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION orders_buckets(status text, method text, hold text, issues integer, cancel boolean)
RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_remove(ARRAY[
        CASE WHEN method = 'by_seller' THEN status ELSE 'by_channel' END,
        CASE WHEN issues > 0 THEN 'exceptions' END,
        CASE WHEN method = 'by_seller' AND hold <> ''
              AND status IN ('unpaid', 'review', 'process', 'label', 'ship') THEN 'hold' END,
        CASE WHEN method = 'by_seller' AND cancel
              AND status IN ('unpaid', 'review', 'process', 'label', 'ship') THEN 'cancel_requested' END
    ], NULL)
$$;

CREATE FUNCTION orders_tally_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO orders_ordertally (shop_id, bucket, delta)
    SELECT o.shop_id, b.bucket, count(*)
      FROM added o, unnest(orders_buckets(
               o.status, o.fulfillment_method, o.hold_reason, o.issue_count, o.cancel_requested)) AS b(bucket)
     GROUP BY 1, 2;
    RETURN NULL;
END $$;

CREATE FUNCTION orders_tally_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO orders_ordertally (shop_id, bucket, delta)
    SELECT o.shop_id, b.bucket, -count(*)
      FROM removed o, unnest(orders_buckets(
               o.status, o.fulfillment_method, o.hold_reason, o.issue_count, o.cancel_requested)) AS b(bucket)
     GROUP BY 1, 2;
    RETURN NULL;
END $$;

CREATE FUNCTION orders_tally_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO orders_ordertally (shop_id, bucket, delta)
    SELECT moved.shop_id, moved.bucket, sum(moved.delta)
      FROM (
        SELECT o.shop_id, b.bucket, 1 AS delta
          FROM added o, unnest(orders_buckets(
                   o.status, o.fulfillment_method, o.hold_reason, o.issue_count, o.cancel_requested)) AS b(bucket)
        UNION ALL
        SELECT o.shop_id, b.bucket, -1
          FROM removed o, unnest(orders_buckets(
                   o.status, o.fulfillment_method, o.hold_reason, o.issue_count, o.cancel_requested)) AS b(bucket)
      ) moved
     GROUP BY 1, 2
    HAVING sum(moved.delta) <> 0;
    RETURN NULL;
END $$;

CREATE TRIGGER order_tally_added AFTER INSERT ON orders_order
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION orders_tally_added();
CREATE TRIGGER order_tally_removed AFTER DELETE ON orders_order
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION orders_tally_removed();
CREATE TRIGGER order_tally_changed AFTER UPDATE ON orders_order
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION orders_tally_changed();
"""

BACKWARDS = """
DROP TRIGGER order_tally_changed ON orders_order;
DROP TRIGGER order_tally_removed ON orders_order;
DROP TRIGGER order_tally_added ON orders_order;
DROP FUNCTION orders_tally_changed();
DROP FUNCTION orders_tally_removed();
DROP FUNCTION orders_tally_added();
DROP FUNCTION orders_buckets(text, text, text, integer, boolean);
"""


class Migration(migrations.Migration):
    """The counters' triggers. Signed rows are only ever added, so writers never wait for each other."""

    dependencies = [("orders", "0002_search_tokens_sets_and_marks")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
