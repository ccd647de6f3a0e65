"""Buckets count the calls of the day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0009_shop_cap")]

    operations = [
        migrations.AddField("throttlebucket", "used_on", models.BigIntegerField(db_default=0, default=0)),
        migrations.AddField(
            "throttlebucket", "used_that_day", models.PositiveIntegerField(db_default=0, default=0)
        ),
    ]
