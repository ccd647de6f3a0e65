"""First tables of the house."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import ecomhub.fields


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("channels", "0006_returns_stream"),
        ("ecomhub", "0003_webhooks"),
        ("inventory", "0004_stock_webhooks"),
        ("orders", "0005_cancels_and_returns"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("code", models.CharField(max_length=8, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80)),
                ("name_zh", models.CharField(max_length=80)),
                (
                    "nature",
                    models.CharField(
                        choices=[
                            ("asset", "Asset"),
                            ("liability", "Liability"),
                            ("equity", "Equity"),
                            ("income", "Income"),
                            ("expense", "Expense"),
                        ],
                        max_length=10,
                    ),
                ),
                ("is_monetary", models.BooleanField(default=False)),
                ("takes_lines", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Book",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("zone", models.CharField(default="Asia/Shanghai", max_length=64)),
                ("opens_on", models.DateField()),
                ("locked_through", models.DateField(blank=True, null=True)),
                (
                    "cost_method",
                    models.CharField(
                        choices=[("fifo", "First in, first out"), ("average", "Moving weighted average")],
                        default="fifo",
                        max_length=8,
                    ),
                ),
                (
                    "recognition",
                    models.CharField(
                        choices=[
                            ("shipped", "When the goods left"),
                            ("delivered", "When the order is completed"),
                        ],
                        default="shipped",
                        max_length=10,
                    ),
                ),
                (
                    "rate_policy",
                    models.CharField(
                        choices=[
                            ("day", "The rate of the day"),
                            ("month_first", "The rate of the month's first day"),
                            ("typed", "A monthly rate typed by a person"),
                        ],
                        default="day",
                        max_length=12,
                    ),
                ),
                ("rate_source", models.CharField(default="ecb", max_length=20)),
                ("rate_days", models.PositiveSmallIntegerField(default=7)),
                ("allows_cross_rates", models.BooleanField(default=False)),
                ("rounding_cap", models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ("rounding_cap_month", models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                (
                    "legal_entity",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="book",
                        to="ecomhub.legalentity",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("effective_on", models.DateField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opening", "Opening balance"),
                            ("shipment", "Shipment"),
                            ("settlement", "Settlement"),
                            ("payout", "Payout"),
                            ("wallet", "Wallet statement"),
                            ("bank", "Bank statement"),
                            ("variance", "Difference of an order"),
                            ("reclass", "Line booked to another account"),
                            ("match", "Match"),
                            ("cost", "Cost of goods"),
                            ("stock", "Stock value"),
                            ("revaluation", "Revaluation"),
                            ("reversal", "Reversal"),
                            ("manual", "By hand"),
                        ],
                        max_length=12,
                    ),
                ),
                ("key", models.CharField(max_length=160)),
                ("memo", models.CharField(blank=True, default="", max_length=200)),
                ("actor", models.CharField(default="system", max_length=160)),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "transaction",
                    ecomhub.fields.XidField(db_default=ecomhub.fields.CurrentXid(), editable=False),
                ),
                (
                    "book",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="journals",
                        to="finance.book",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversed_by",
                        to="finance.journal",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerTally",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("currency", models.CharField(max_length=3)),
                ("month", models.DateField()),
                ("amount", models.DecimalField(decimal_places=4, max_digits=19)),
                ("base_amount", models.DecimalField(decimal_places=4, max_digits=19)),
                ("count", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.account",
                    ),
                ),
                (
                    "book",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.book",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LineType",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=40)),
                ("first", models.CharField(blank=True, max_length=120)),
                ("second", models.CharField(blank=True, max_length=120)),
                ("third", models.CharField(blank=True, max_length=160)),
                ("seen_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("source", "first", "second", "third"), name="line_type_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MoneyAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "holder",
                    models.CharField(
                        choices=[("channel", "Platform"), ("wallet", "Wallet"), ("bank", "Bank")],
                        max_length=8,
                    ),
                ),
                ("provider", models.CharField(max_length=40)),
                ("currency", models.CharField(blank=True, default="", max_length=3)),
                ("zone", models.CharField(default="UTC", max_length=64)),
                ("layout", models.JSONField(blank=True, default=dict)),
                ("live_on", models.DateField(blank=True, null=True)),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="money_accounts",
                        to="finance.book",
                    ),
                ),
                (
                    "channel",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="money_account",
                        to="channels.channelaccount",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="channels.shop",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RateFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("source", models.CharField(max_length=20)),
                ("rates", models.PositiveIntegerField(default=0)),
                ("actor", models.CharField(default="system", max_length=160)),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="ecomhub.storedfile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FxRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("published", "Published"),
                            ("typed", "Typed by a person"),
                            ("event", "Of one conversion"),
                            ("cross", "Through a third currency"),
                        ],
                        default="published",
                        max_length=10,
                    ),
                ),
                ("base", models.CharField(max_length=3)),
                ("quote", models.CharField(max_length=3)),
                ("unit", models.PositiveIntegerField(default=1)),
                ("on", models.DateField()),
                ("rate", models.DecimalField(decimal_places=12, max_digits=24)),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                ("actor", models.CharField(default="system", max_length=160)),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "first_leg",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.fxrate",
                    ),
                ),
                (
                    "second_leg",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.fxrate",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.ratefile",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("external_id", models.CharField(max_length=120)),
                ("currency", models.CharField(max_length=3)),
                ("source", models.CharField(max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("staged", "Staged, not posted"),
                            ("posted", "Posted"),
                            ("evidence", "Evidence only"),
                            ("refused", "Refused"),
                        ],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=40)),
                ("platform_status", models.CharField(blank=True, default="", max_length=40)),
                ("starts_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("deposited_at", models.DateTimeField(blank=True, null=True)),
                ("total", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ("lines_total", models.DecimalField(decimal_places=4, default=0, max_digits=19)),
                ("line_count", models.PositiveIntegerField(default=0)),
                ("posted_count", models.PositiveIntegerField(default=0)),
                ("opening", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ("closing", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                ("payout_ref", models.CharField(blank=True, default="", max_length=120)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("accepted_reason", models.CharField(blank=True, default="", max_length=200)),
                ("version", models.PositiveIntegerField(default=1)),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="finance.moneyaccount",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="channels.shop",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Payout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(blank=True, default="", max_length=160)),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=19)),
                ("sent_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("sent", "On its way"), ("arrived", "Arrived"), ("failed", "Came back")],
                        default="sent",
                        max_length=8,
                    ),
                ),
                ("arrived_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="finance.moneyaccount",
                    ),
                ),
                (
                    "settlement",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payout",
                        to="finance.settlement",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SettlementLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("row", models.PositiveIntegerField()),
                ("content", models.BinaryField(max_length=16)),
                ("occurrence", models.PositiveIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=19)),
                ("posted_at", models.DateTimeField()),
                ("effective_on", models.DateField()),
                ("order_ref", models.CharField(blank=True, default="", max_length=120)),
                ("line_ref", models.CharField(blank=True, default="", max_length=80)),
                ("sku_code", models.CharField(blank=True, default="", max_length=120)),
                ("quantity", models.IntegerField(default=0)),
                ("reference", models.CharField(blank=True, default="", max_length=160)),
                ("marketplace", models.CharField(blank=True, default="", max_length=60)),
                ("note", models.CharField(blank=True, default="", max_length=300)),
                ("running", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                (
                    "line_type",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.linetype",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="money_lines",
                        to="orders.order",
                    ),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="finance.settlement",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Posting",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=19)),
                ("base_amount", models.DecimalField(decimal_places=4, max_digits=19)),
                ("component", models.CharField(blank=True, default="", max_length=8)),
                ("turn", models.PositiveSmallIntegerField(default=0)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.account",
                    ),
                ),
                (
                    "journal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="finance.journal",
                    ),
                ),
                (
                    "money_account",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.moneyaccount",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="orders.order",
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="finance.payout",
                    ),
                ),
                (
                    "rate",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="finance.fxrate",
                    ),
                ),
                (
                    "shop",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="channels.shop",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.sku",
                    ),
                ),
                (
                    "settlement",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="finance.settlement",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="postings",
                        to="finance.settlementline",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="payout",
            name="arrived_line",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="arrival",
                to="finance.settlementline",
            ),
        ),
        migrations.AddField(
            model_name="payout",
            name="line",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payout",
                to="finance.settlementline",
            ),
        ),
        migrations.CreateModel(
            name="SourceFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("source", models.CharField(blank=True, default="", max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[("reading", "Being read"), ("read", "Read"), ("refused", "Refused")],
                        default="reading",
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=300)),
                ("lines", models.PositiveIntegerField(default=0)),
                ("actor", models.CharField(default="system", max_length=160)),
                ("received_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="finance.moneyaccount",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="ecomhub.storedfile"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="settlementline",
            name="file",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="finance.sourcefile",
            ),
        ),
        migrations.CreateModel(
            name="TypeMapping",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=12)),
                ("binding", models.CharField(max_length=8)),
                ("actor", models.CharField(default="system", max_length=160)),
                ("reason", models.CharField(blank=True, default="", max_length=200)),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="finance.account"
                    ),
                ),
                (
                    "line_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mappings",
                        to="finance.linetype",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="journal",
            index=models.Index(fields=["book", "effective_on", "id"], name="journal_by_day"),
        ),
        migrations.AddConstraint(
            model_name="journal",
            constraint=models.UniqueConstraint(fields=("book", "key"), name="journal_once"),
        ),
        migrations.AddIndex(
            model_name="ledgertally",
            index=models.Index(
                models.F("book"),
                models.F("account"),
                models.F("currency"),
                models.F("month"),
                name="ledger_tally_place",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__isnull", True), ("holder", "channel"), _connector="OR"),
                name="money_account_channel_holds",
            ),
        ),
        migrations.AddConstraint(
            model_name="fxrate",
            constraint=models.UniqueConstraint(
                fields=("source", "kind", "base", "quote", "on", "version"), name="fx_rate_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="fxrate",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate__gt", 0), ("unit__gt", 0)), name="fx_rate_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="fxrate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "cross"), _negated=True),
                    models.Q(("first_leg__isnull", False), ("second_leg__isnull", False)),
                    _connector="OR",
                ),
                name="fx_rate_cross_has_legs",
            ),
        ),
        migrations.AddConstraint(
            model_name="fxrate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "typed"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="fx_rate_typed_has_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="settlement",
            index=models.Index(fields=["-deposited_at", "-id"], name="settlement_latest"),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(
                fields=("account", "source", "external_id", "currency"), name="settlement_once"
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("settlement__isnull", False)),
                fields=["settlement", "account"],
                name="posting_settlement",
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("order__isnull", False)),
                fields=["order", "account"],
                name="posting_order",
            ),
        ),
        migrations.AddIndex(
            model_name="posting",
            index=models.Index(
                condition=models.Q(("payout__isnull", False)),
                fields=["payout", "account"],
                name="posting_payout",
            ),
        ),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount", 0), _negated=True),
                    models.Q(("base_amount", 0), _negated=True),
                    _connector="OR",
                ),
                name="posting_is_not_nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="posting",
            constraint=models.UniqueConstraint(
                condition=models.Q(("line__isnull", False)), fields=("line", "turn"), name="posting_line_once"
            ),
        ),
        migrations.AddIndex(
            model_name="payout",
            index=models.Index(fields=["state", "sent_at"], name="payout_open"),
        ),
        migrations.AddConstraint(
            model_name="payout",
            constraint=models.CheckConstraint(
                condition=models.Q(("settlement__isnull", False), ("line__isnull", False), _connector="OR"),
                name="payout_has_a_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="sourcefile",
            constraint=models.UniqueConstraint(fields=("account", "digest"), name="source_file_once"),
        ),
        migrations.AddIndex(
            model_name="settlementline",
            index=models.Index(
                condition=models.Q(("order__isnull", False)), fields=["order"], name="settlement_line_order"
            ),
        ),
        migrations.AddIndex(
            model_name="settlementline",
            index=models.Index(
                condition=models.Q(("order__isnull", True), models.Q(("order_ref", ""), _negated=True)),
                fields=["order_ref"],
                name="settlement_line_orderless",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlementline",
            constraint=models.UniqueConstraint(
                fields=("settlement", "content", "occurrence"), name="settlement_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="typemapping",
            constraint=models.UniqueConstraint(
                fields=("line_type", "version"), name="type_mapping_version_once"
            ),
        ),
    ]
