"""How much of a listing is on its way to the channel's own warehouse."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0007_statements_stream"),
    ]

    operations = [
        migrations.AddField(
            model_name="listing",
            name="remote_inbound",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
