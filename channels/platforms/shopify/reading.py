"""Reading Shopify's JSON: its global ids and its connections, beside what every platform needs."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

from channels import reading
from channels.adapter import RetryLater
from channels.messages import BadItem
from channels.reading import Json, Unreadable, an_object, child, children, flag

T = TypeVar("T")

_GID = re.compile(r"gid://shopify/[A-Za-z]{1,60}/([0-9A-Za-z_-]{1,60})(\?.{0,200})?", re.ASCII)
_NUMBER = re.compile(r"[0-9A-Za-z_-]{1,60}", re.ASCII)


def read_each(
    objects: Iterable[Any], *, read: Callable[[Json], T], id_key: str
) -> tuple[tuple[T, ...], tuple[BadItem, ...]]:
    """Read every object of a page; one that cannot be read stops only itself."""
    return reading.read_each(objects, read=read, id_key=id_key, named=_name_of)


def bad_item(value: Any, *, id_key: str, reason: str) -> BadItem:
    """Return an object that could not be read, under the number of its global id."""
    return reading.bad_item(value, id_key=id_key, reason=reason, named=_name_of)


def _name_of(value: Json, id_key: str) -> str:
    try:
        return number_of(value.get(id_key), id_key)
    except Unreadable:
        return ""


def number_of(value: Any, name: str) -> str:
    """Return the number in a global id, or a plain id, as text."""
    if type(value) is int and value >= 0:
        return str(value)[:60]
    if isinstance(value, str):
        found = _GID.fullmatch(value)
        if found:
            return found[1]
        if _NUMBER.fullmatch(value):
            return value
    raise Unreadable(f"{name} is not an id" if value is not None else f"{name} is missing")


def nodes(parent: Json, name: str) -> list[Json]:
    """Return the objects of a connection, however it was asked for; an absent one is empty."""
    value = parent.get(name)
    if isinstance(value, list):
        return children(parent, name)
    connection = child(parent, name)
    if connection.get("nodes") is None and connection.get("edges") is not None:
        return [an_object(edge.get("node"), name) for edge in children(connection, "edges")]
    return children(connection, "nodes")


def has_more(parent: Json, name: str) -> bool:
    """Say whether a connection has another page."""
    connection = parent.get(name)
    return isinstance(connection, dict) and flag(child(connection, "pageInfo"), "hasNextPage")


def said_instant(at: datetime) -> str:
    """Return an aware instant as Shopify's search and GraphQL variables take it."""
    if at.tzinfo is None:
        raise ValueError("an instant has an offset")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def next_token(page: Json) -> str:
    """Return the next page's cursor, "" after the last page.

    An answer that hides whether it is the last page is no answer: raises ``RetryLater``.
    """
    info = page.get("pageInfo")
    if not isinstance(info, dict) or not isinstance(info.get("hasNextPage"), bool):
        raise RetryLater("Shopify did not say whether there is another page")
    if not flag(info, "hasNextPage"):
        return ""
    token = info.get("endCursor")
    if not isinstance(token, str) or not token:
        raise RetryLater("Shopify named no cursor for the next page")
    return token
