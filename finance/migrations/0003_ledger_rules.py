"""The database keeps the books: balance, open periods, decimals, and rows that never change."""

from django.db import migrations

from ecomhub.dbroles import append_only, may_update, no_delete

FORWARDS = """
-- The row lock lets entries of one book be written side by side and makes a close wait for them, and them
-- for a close; what is read after it is the newest state of the book.
CREATE FUNCTION finance_journal_opens() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    book finance_book;
BEGIN
    SELECT * INTO book FROM finance_book WHERE id = NEW.book_id FOR SHARE;
    NEW.transaction := pg_current_xact_id();
    NEW.recorded_at := clock_timestamp();
    -- An entry that is there already is never written again, whatever was closed since.
    IF (NEW.effective_on < book.opens_on OR NEW.effective_on <= book.locked_through)
       AND NOT EXISTS (SELECT FROM finance_journal WHERE book_id = NEW.book_id AND key = NEW.key) THEN
        RAISE EXCEPTION 'journal %: % is not in an open period of book %',
            NEW.key, NEW.effective_on, NEW.book_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_period_open', TABLE = 'finance_journal';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER journal_opens BEFORE INSERT ON finance_journal
    FOR EACH ROW EXECUTE FUNCTION finance_journal_opens();

CREATE FUNCTION finance_journal_has_legs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM finance_posting WHERE journal_id = NEW.id OFFSET 1) THEN
        RAISE EXCEPTION 'journal % has fewer than two legs', NEW.key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_has_legs', TABLE = 'finance_journal';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER journal_has_legs AFTER INSERT ON finance_journal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION finance_journal_has_legs();

-- Legs come in statements that balance in themselves, so what was balanced stays balanced and nothing that
-- was written before has to be read again.
CREATE FUNCTION finance_posting_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bad record;
BEGIN
    SELECT j.key INTO bad FROM finance_journal j
     WHERE j.id IN (SELECT journal_id FROM added) AND j.transaction <> pg_current_xact_id() LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal % is complete; write a new one', bad.key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_in_its_transaction',
                  TABLE = 'finance_posting';
    END IF;

    SELECT a.journal_id, a.currency, sum(a.amount) AS amount, sum(a.base_amount) AS base INTO bad
      FROM added a GROUP BY GROUPING SETS ((a.journal_id, a.currency), (a.journal_id))
    HAVING CASE WHEN grouping(a.currency) = 0 THEN sum(a.amount) <> 0 ELSE sum(a.base_amount) <> 0 END
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal % does not balance: % % is left over', bad.journal_id,
            CASE WHEN bad.currency IS NULL THEN bad.base ELSE bad.amount END,
            coalesce(bad.currency, 'in base currency')
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_balances', TABLE = 'finance_posting';
    END IF;

    SELECT a.amount, a.base_amount, a.currency, k.code IS NULL OR a.amount <> round(a.amount, k.exponent)
           OR a.base_amount <> round(a.base_amount, kb.exponent) AS is_fine,
           a.currency = b.currency AND a.amount <> a.base_amount AS differs INTO bad
      FROM added a
      JOIN finance_journal j ON j.id = a.journal_id
      JOIN finance_book b ON b.id = j.book_id
      JOIN finance_currency kb ON kb.code = b.currency
      LEFT JOIN finance_currency k ON k.code = a.currency
     WHERE k.code IS NULL OR a.amount <> round(a.amount, k.exponent)
        OR a.base_amount <> round(a.base_amount, kb.exponent)
        OR (a.currency = b.currency AND a.amount <> a.base_amount)
        OR (a.currency <> b.currency AND a.amount <> 0 AND a.rate_id IS NULL)
     LIMIT 1;
    IF FOUND THEN
        IF bad.is_fine THEN
            RAISE EXCEPTION '% % (base %) has more decimals than its currency',
                bad.amount, bad.currency, bad.base_amount
                USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_decimals',
                      TABLE = 'finance_posting';
        ELSIF bad.differs THEN
            RAISE EXCEPTION '% % is in the currency of its book and has another base amount, %',
                bad.amount, bad.currency, bad.base_amount
                USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_base_is_amount',
                      TABLE = 'finance_posting';
        END IF;
        RAISE EXCEPTION '% % has no stored rate', bad.amount, bad.currency
            USING ERRCODE = 'check_violation', CONSTRAINT = 'posting_has_rate', TABLE = 'finance_posting';
    END IF;

    INSERT INTO finance_ledgertally (book_id, account_id, currency, month, amount, base_amount, count)
    SELECT j.book_id, a.account_id, a.currency, date_trunc('month', j.effective_on)::date,
           sum(a.amount), sum(a.base_amount), sum(a.legs)
      FROM (SELECT journal_id, account_id, currency, sum(amount) AS amount,
                   sum(base_amount) AS base_amount, count(*) AS legs
              FROM added GROUP BY 1, 2, 3) a
      JOIN finance_journal j ON j.id = a.journal_id
     GROUP BY 1, 2, 3, 4;
    RETURN NULL;
END $$;

CREATE TRIGGER posting_added AFTER INSERT ON finance_posting
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION finance_posting_added();

CREATE FUNCTION finance_period_stamps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.transaction := pg_current_xact_id();
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END $$;

CREATE TRIGGER period_stamps BEFORE INSERT ON finance_periodact
    FOR EACH ROW EXECUTE FUNCTION finance_period_stamps();

CREATE FUNCTION finance_book_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.locked_through IS DISTINCT FROM OLD.locked_through AND NOT EXISTS (
        SELECT FROM finance_periodact p
         WHERE p.book_id = NEW.id AND p.transaction = pg_current_xact_id()
           AND p.through IS NOT DISTINCT FROM NEW.locked_through
    ) THEN
        RAISE EXCEPTION 'book %: closing and reopening are recorded acts', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'book_lock_is_recorded', TABLE = 'finance_book';
    END IF;
    IF (NEW.currency, NEW.legal_entity_id) IS DISTINCT FROM (OLD.currency, OLD.legal_entity_id)
       OR NEW.opens_on > OLD.opens_on THEN
        IF EXISTS (SELECT FROM finance_journal WHERE book_id = NEW.id) THEN
            RAISE EXCEPTION 'book % has entries: its company, currency and first day stay', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'book_stays', TABLE = 'finance_book';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER book_changes BEFORE UPDATE ON finance_book
    FOR EACH ROW EXECUTE FUNCTION finance_book_changes();
"""

BACKWARDS = """
DROP TRIGGER book_changes ON finance_book;
DROP TRIGGER period_stamps ON finance_periodact;
DROP TRIGGER posting_added ON finance_posting;
DROP TRIGGER journal_has_legs ON finance_journal;
DROP TRIGGER journal_opens ON finance_journal;
DROP FUNCTION finance_book_changes();
DROP FUNCTION finance_period_stamps();
DROP FUNCTION finance_posting_added();
DROP FUNCTION finance_journal_has_legs();
DROP FUNCTION finance_journal_opens();
"""


class Migration(migrations.Migration):
    dependencies = [("finance", "0002_account_plan")]

    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        append_only(
            "finance_journal",
            "finance_posting",
            "finance_settlementline",
            "finance_typemapping",
            "finance_fxrate",
            "finance_ratefile",
            "finance_periodact",
            "finance_currency",
        ),
        may_update("finance_settlementline", "order_id"),
        no_delete("finance_book", "finance_account"),
    ]
