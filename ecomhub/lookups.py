"""Conditions that Django's lookups do not say the way Postgres plans best."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet


class _OneOf(Func):
    """``column = ANY(ARRAY(subquery))``."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def one_of(column: str, rows: "QuerySet[Any, Any]") -> Q:
    """Return the filter for a column that is one of a subquery's values, which are looked up first.

    With ``IN`` the planner guesses how many there are, and for a search in texts it guesses far too many; as
    an array they are found once, each by its own index.
    """
    return Q(_OneOf(F(column), ArraySubquery(rows)))
