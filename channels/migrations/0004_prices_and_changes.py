import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from ecomhub.dbroles import append_only


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0003_listing_handle"),
    ]

    operations = [
        migrations.AddField(
            model_name="channelaccount",
            name="pushes_prices",
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name="ListingChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("price_set", "Price set"),
                            ("price_sent", "Price sent"),
                            ("price_shown", "Price at the channel"),
                            ("quantity_sent", "Quantity sent"),
                            ("quantity_shown", "Quantity at the channel"),
                            ("offer_set", "Offer changed"),
                        ],
                        max_length=20,
                    ),
                ),
                ("before", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ("after", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ("currency", models.CharField(blank=True, default="", max_length=3)),
                ("note", models.CharField(blank=True, default="", max_length=300)),
                ("actor", models.CharField(default="system", max_length=80)),
                ("at", models.DateTimeField()),
                (
                    "listing",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="channels.listing",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["listing", "-id"], name="listing_change_latest")],
            },
        ),
        migrations.CreateModel(
            name="PricePublication",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("done", "Done"),
                            ("quarantined", "Stopped, needs a person"),
                            ("paused", "Paused"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("errors", models.PositiveIntegerField(default=0)),
                ("deaths", models.PositiveIntegerField(default=0)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_epoch", models.PositiveBigIntegerField(default=0)),
                ("last_error", models.TextField(blank=True, default="")),
                ("version", models.BigIntegerField(default=0)),
                ("done_version", models.BigIntegerField(default=0)),
                ("currency", models.CharField(max_length=3)),
                ("wanted_price", models.DecimalField(decimal_places=4, max_digits=19)),
                ("wanted_at", models.DateTimeField()),
                ("wanted_by", models.CharField(default="system", max_length=80)),
                ("sent_price", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confirmed_price",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                ),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                ("reads", models.PositiveSmallIntegerField(default=0)),
                (
                    "listing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="price_publication",
                        to="channels.listing",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("wanted_price__gt", 0)), name="price_publication_is_above_zero"
                    )
                ],
            },
        ),
        append_only("channels_listingchange"),
    ]
