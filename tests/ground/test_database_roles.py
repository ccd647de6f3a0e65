"""What the application's login may not do, whatever the code says."""

import pytest
from django.db import DatabaseError, connection, transaction

APPEND_ONLY = ["ecomhub_event", "inventory_stockmovement", "inventory_costlayer", "channels_rawdocument"]


@pytest.mark.django_db
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_application_cannot_rewrite_history(table: str, verb: str) -> None:
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(verb.format(table))


@pytest.mark.django_db
def test_application_can_read_and_add_history() -> None:
    with connection.cursor() as cursor:
        for table in APPEND_ONLY:
            cursor.execute("SELECT has_table_privilege(current_user, %s, 'SELECT, INSERT')", [table])
            assert cursor.fetchone() == (True,)
