"""The application's time limits, and the few works that may take longer than a page may."""

from django.db import connection

_LIFT = """
SELECT set_config(name, '0', true) FROM pg_settings
WHERE name IN ('statement_timeout', 'transaction_timeout')
"""


def lift_limits() -> None:
    """Let this transaction take as long as it needs; call it first in one that nobody waits for."""
    with connection.cursor() as cursor:
        cursor.execute(_LIFT)
