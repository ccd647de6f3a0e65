"""A shop may say at most how many units each of its listings offers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0008_listing_inbound")]

    operations = [
        migrations.AddField("shop", "cap", models.PositiveIntegerField(blank=True, null=True)),
    ]
