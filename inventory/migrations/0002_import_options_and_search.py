"""What an import remembers, search by name, and room in each page for hot levels to be updated in place."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0001_sku_warehouse_stock"),
    ]

    operations = [
        migrations.AddField(
            model_name="sheetimport",
            name="language",
            field=models.CharField(default="en", max_length=10),
        ),
        migrations.AddField(
            model_name="sheetimport",
            name="options",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddIndex(
            model_name="sku",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("name_en"), name="gin_trgm_ops"
                ),
                name="sku_name_en_trgm",
            ),
        ),
        migrations.AddIndex(
            model_name="sku",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("name_zh"), name="gin_trgm_ops"
                ),
                name="sku_name_zh_trgm",
            ),
        ),
        migrations.RunSQL(
            sql="ALTER TABLE inventory_stocklevel SET (fillfactor = 50)",
            reverse_sql="ALTER TABLE inventory_stocklevel RESET (fillfactor)",
        ),
    ]
