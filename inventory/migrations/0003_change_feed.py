"""Each level carries its last write, for the change feed."""

from django.db import migrations, models

import ecomhub.fields

FORWARDS = """
CREATE TRIGGER stock_level_stamp BEFORE INSERT OR UPDATE ON inventory_stocklevel
    FOR EACH ROW EXECUTE FUNCTION ecomhub_stamp_change();
"""
BACKWARDS = """
DROP TRIGGER stock_level_stamp ON inventory_stocklevel;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("ecomhub", "0002_change_feed"),
        ("inventory", "0002_import_options_and_search"),
    ]

    operations = [
        migrations.AddField(
            model_name="stocklevel",
            name="change_epoch",
            field=models.PositiveIntegerField(db_default=1, editable=False),
        ),
        migrations.AddField(
            model_name="stocklevel",
            name="change_xid",
            field=ecomhub.fields.XidField(db_default=ecomhub.fields.CurrentXid(), editable=False),
        ),
        migrations.AddIndex(
            model_name="stocklevel",
            index=models.Index(fields=["change_epoch", "change_xid", "id"], name="stock_level_feed"),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
