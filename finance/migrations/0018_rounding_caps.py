"""What a book lets pass as rounding: small where nobody said, and part of the policy that is on record."""

from django.db import migrations, models

_SMALL = """
UPDATE finance_book b
   SET rounding_cap = 10 * power(10::numeric, -k.exponent),
       rounding_cap_month = 200 * power(10::numeric, -k.exponent)
  FROM finance_currency k
 WHERE k.code = b.currency AND b.rounding_cap = 0 AND b.rounding_cap_month = 0
"""
_POLICY = """
CREATE OR REPLACE FUNCTION finance_book_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ({new}) IS DISTINCT FROM ({old})
       AND (EXISTS (SELECT FROM finance_journal j WHERE j.book_id = NEW.id)
            OR EXISTS (SELECT FROM finance_policychange c WHERE c.book_id = NEW.id))
       AND NOT EXISTS (
        SELECT FROM finance_policychange c
         WHERE c.book_id = NEW.id AND c.transaction = pg_current_xact_id() AND ({said}) = ({new})
    ) THEN
        RAISE EXCEPTION 'book %: changing its policy is a recorded act', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'book_policy_is_recorded', TABLE = 'finance_book';
    END IF;
    RETURN NEW;
END $$;
"""
_RATES = ("rate_policy", "rate_source", "rate_days", "allows_cross_rates")
_CAPS = ("rounding_cap", "rounding_cap_month")


def _watching(names: tuple[str, ...]) -> str:
    """Return the trigger's function for these fields of a policy."""
    rows = {
        row: ", ".join(f"{place}.{name}" for name in names)
        for row, place in (("new", "NEW"), ("old", "OLD"), ("said", "c"))
    }
    return _POLICY.format(**rows)


class Migration(migrations.Migration):
    dependencies = [("finance", "0017_goods_sent")]

    operations = [
        migrations.AddField(
            model_name="policychange",
            name="rounding_cap",
            field=models.DecimalField(decimal_places=4, default=0, max_digits=19),
        ),
        migrations.AddField(
            model_name="policychange",
            name="rounding_cap_month",
            field=models.DecimalField(decimal_places=4, default=0, max_digits=19),
        ),
        migrations.AddConstraint(
            model_name="policychange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("rounding_cap__gte", 0), ("rounding_cap_month__gte", models.F("rounding_cap"))
                ),
                name="policy_change_caps_are_caps",
            ),
        ),
        migrations.RunSQL(_SMALL, migrations.RunSQL.noop),
        migrations.RunSQL(_watching(_RATES + _CAPS), _watching(_RATES)),
    ]
