"""Small database types of our own."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    _IntField = models.Field[int, int]
else:
    _IntField = models.Field


class XidField(_IntField):
    """A Postgres ``xid8``: the transaction that wrote a row. Filled by the database, read as ``int``.

    psycopg2 knows the type as text only, so that is how a value is handed over and handed out.
    """

    def db_type(self, connection: Any) -> str:
        """Name the column's type."""
        return "xid8"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        """Turn the text psycopg2 hands out into a number."""
        return None if value is None else int(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Hand a number over as the text Postgres reads an ``xid8`` from."""
        return str(value) if isinstance(value, int) else value


class CurrentXid(models.Func):
    """``pg_current_xact_id()``."""

    template = "pg_current_xact_id()"
    output_field = XidField()


def amount_field(**options: Any) -> "models.DecimalField[Any, Any]":
    """Return an amount column: ``numeric(19,4)``, beside which every row keeps its currency."""
    return models.DecimalField(max_digits=19, decimal_places=4, **options)


def currency_field(**options: Any) -> "models.CharField[Any, Any]":
    """Return an ISO 4217 code column."""
    return models.CharField(max_length=3, **options)
