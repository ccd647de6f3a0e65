"""Streams of statements."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0006_returns_stream")]

    operations = [
        migrations.AlterField(
            model_name="pull",
            name="stream",
            field=models.CharField(
                choices=[
                    ("orders", "Orders"),
                    ("orders_hourly", "Orders, last 24 hours"),
                    ("orders_nightly", "Orders, last 14 days"),
                    ("orders_history", "Orders before the account was connected"),
                    ("listings", "Listings"),
                    ("channel_stock", "Stock at the channel"),
                    ("returns", "Returns"),
                    ("statements", "Statements and payouts"),
                ],
                max_length=20,
            ),
        )
    ]
