"""What stands on 1106 is listed: the money of orders from before the go-live."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("finance", "0019_rules_by_people")]

    operations = [
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("account", "1106")), fields=["id"], name="posting_opening"
            ),
        ),
    ]
