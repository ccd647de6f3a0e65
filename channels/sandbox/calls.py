"""The calls the market received: what a person sees on the seller center, and what a test checks."""

import json
from typing import TYPE_CHECKING, Any

from channels.sandbox.wire import Request, Route

if TYPE_CHECKING:
    from channels.sandbox.world import World

KEEP = 5000
LONGEST = 100_000


def record(*, world: "World", route: Route, request: Request, seller: str, status: int, fault: str) -> None:
    """Write down one call, without its secrets; old ones are forgotten."""
    body = route.dialect.redact(request) if route.dialect else ""
    cursor = world.db.execute(
        "insert into calls (at, seller, operation, method, path, query, body, status, fault)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            int(world.now.timestamp()), seller, route.operation, request.method, request.path,
            request.query_string, body[:LONGEST], status, fault,
        ),
    )  # fmt: skip
    number = cursor.lastrowid or 0
    if number % 500 == 0:
        world.db.execute("delete from calls where id <= ?", (number - KEEP,))
        world.db.execute(
            "delete from listing_changes where id < (select max(id) - 50000 from listing_changes)"
        )


def recent(
    *, world: "World", seller: str = "", operation: str = "", limit: int = 200
) -> list[dict[str, Any]]:
    """Return the last calls, newest first, with their bodies read as JSON where they are JSON."""
    rows = world.db.execute(
        "select * from calls where (? = '' or seller = ?) and (? = '' or operation = ?)"
        " order by id desc limit ?",
        (seller, seller, operation, operation, limit),
    )
    return [dict(row) for row in rows]


def counts(*, world: "World", seller: str) -> list[dict[str, Any]]:
    """Return per operation how many calls came, how many were throttled or failed, and the last one."""
    rows = world.db.execute(
        "select operation, count(*) as calls, sum(status = 429) as throttled, sum(status >= 400) as failed,"
        " max(at) as last from calls where seller = ? group by operation order by operation",
        (seller,),
    )
    return [dict(row) for row in rows]


def readable(body: str) -> Any:
    """Return a recorded body as data when it is JSON, else as text."""
    try:
        return json.loads(body)
    except ValueError:
        return body
