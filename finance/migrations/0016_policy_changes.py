"""Changes of a book's policy of rates as recorded acts, which the database asks for once a book is in use."""

import django.db.models.deletion
from django.db import migrations, models

import ecomhub.fields
import ecomhub.work
from ecomhub.dbroles import append_only

FORWARDS = """
CREATE TRIGGER policy_stamps BEFORE INSERT ON finance_policychange
    FOR EACH ROW EXECUTE FUNCTION finance_period_stamps();

CREATE FUNCTION finance_book_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.rate_policy, NEW.rate_source, NEW.rate_days, NEW.allows_cross_rates)
       IS DISTINCT FROM (OLD.rate_policy, OLD.rate_source, OLD.rate_days, OLD.allows_cross_rates)
       AND (EXISTS (SELECT FROM finance_journal j WHERE j.book_id = NEW.id)
            OR EXISTS (SELECT FROM finance_policychange c WHERE c.book_id = NEW.id))
       AND NOT EXISTS (
        SELECT FROM finance_policychange c
         WHERE c.book_id = NEW.id AND c.transaction = pg_current_xact_id()
           AND (c.rate_policy, c.rate_source, c.rate_days, c.allows_cross_rates)
             = (NEW.rate_policy, NEW.rate_source, NEW.rate_days, NEW.allows_cross_rates)
    ) THEN
        RAISE EXCEPTION 'book %: changing the policy of rates is a recorded act', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'book_policy_is_recorded', TABLE = 'finance_book';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER book_policy BEFORE UPDATE ON finance_book
    FOR EACH ROW EXECUTE FUNCTION finance_book_policy();
"""
BACKWARDS = """
DROP TRIGGER book_policy ON finance_book;
DROP FUNCTION finance_book_policy();
DROP TRIGGER policy_stamps ON finance_policychange;
"""


class Migration(migrations.Migration):
    dependencies = [("finance", "0015_layouts_of_accounts")]

    operations = [
        migrations.CreateModel(
            name="PolicyChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                        max_length=12,
                    ),
                ),
                ("rate_source", models.CharField(max_length=20)),
                ("rate_days", models.PositiveSmallIntegerField()),
                ("allows_cross_rates", models.BooleanField()),
                ("instead_of", models.JSONField()),
                ("reason", models.CharField(max_length=200)),
                ("actor", models.CharField(default="system", max_length=160)),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=ecomhub.work.ClockTimestamp())),
                (
                    "transaction",
                    ecomhub.fields.XidField(db_default=ecomhub.fields.CurrentXid(), editable=False),
                ),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="policy_changes",
                        to="finance.book",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="policy_change_has_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rate_days__lte", 366)), name="policy_change_within_a_year"
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
        append_only("finance_policychange"),
    ]
