from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0002_history_lane_and_read_backs"),
    ]

    operations = [
        migrations.AddField(
            model_name="listing",
            name="handle",
            field=models.CharField(blank=True, default="", max_length=300),
        ),
    ]
