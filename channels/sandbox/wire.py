"""What travels: requests, responses, and the routes between them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from channels.sandbox.dialects import Dialect
    from channels.sandbox.sellers import Seller
    from channels.sandbox.world import World


class BadRequest(ValueError):
    """The caller sent something that no handler can read; the text says what."""


@lru_cache(maxsize=256)
def read_query(text: str) -> dict[str, list[str]]:
    """Return the parameters of a query string."""
    return parse_qs(text, keep_blank_values=True)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``path`` is percent-decoded, ``headers`` are lower case."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, list[str]]:
        """Every query parameter with all its values, in the order they were sent."""
        return read_query(self.query_string)

    def one(self, name: str) -> str | None:
        """Return the first value of a parameter, ``None`` when it is absent or empty."""
        values = self.query.get(name, [])
        return values[0] if values and values[0] != "" else None

    def many(self, name: str) -> list[str]:
        """Return a list parameter: repeated, comma separated, or both."""
        values = self.query.get(name, [])
        return [part for value in values for part in value.split(",") if part]

    def form(self) -> dict[str, str]:
        """Return the fields of a form body, the first value of each."""
        try:
            fields = parse_qs(self.body.decode("utf-8"), keep_blank_values=True)
        except UnicodeDecodeError as error:
            raise BadRequest("The form is not UTF-8.") from error
        return {name: values[0] for name, values in fields.items()}

    def json(self) -> Any:
        """Return the body read as JSON. Raises ``BadRequest`` when it is not."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise BadRequest("The body is not JSON.") from error

    @property
    def base_url(self) -> str:
        """The address under which the caller reached us."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"


@dataclass(slots=True)
class Response:
    """One answer. ``drip_seconds`` spreads the body over that time; ``hang_seconds`` waits, then hangs up."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    drip_seconds: float = 0.0
    hang_seconds: float | None = None


def json_response(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return data as a JSON answer in UTF-8."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return Response(status=status, body=body, headers=dict(headers or {}))


@dataclass(frozen=True, slots=True)
class Call:
    """A request on its way to a handler: the world, the path's arguments and who is calling."""

    world: "World"
    request: Request
    arguments: Mapping[str, str]
    seller: "Seller | None" = None
    token: str = ""

    @property
    def caller(self) -> "Seller":
        """The seller that called; only for routes whose dialect identifies the caller."""
        if self.seller is None:
            raise LookupError("this route does not identify its caller")
        return self.seller


Handler = Callable[[Call], Response]


@dataclass(frozen=True, slots=True)
class Rate:
    """A published rate: requests per (virtual) second and the size of the bucket."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Daily:
    """A cap on the calls of one day, shared by the operations of a group.

    A day begins ``starts`` seconds after midnight UTC (negative: before it).
    """

    group: str
    most: int
    starts: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. A route with a dialect and an operation is recorded, throttled and open to faults.

    ``list_key`` is the dotted place of the answer's list, for the fault that leaves it out (in XML the name
    of the element); ``page_parameter`` and ``page_key`` say where the page token comes in and goes out: the
    parameter in the query, or its dotted place in a JSON body, or its element in an XML one. Where several
    operations share one address, ``only_for`` tells from the request which is meant.
    """

    method: str
    pattern: str
    handler: Handler
    operation: str = ""
    dialect: "Dialect | None" = None
    rate: Rate | None = None
    list_key: str = ""
    page_parameter: str = ""
    page_key: str = ""
    open_door: bool = False
    daily: Daily | None = None
    only_for: Callable[[Request], bool] | None = None

    def matches(self, *, method: str, path: str) -> dict[str, str] | None:
        """Return the path's arguments when this route serves the request."""
        if method != self.method and not (method == "HEAD" and self.method == "GET"):
            return None
        found = compiled(self.pattern).fullmatch(path)
        return None if found is None else found.groupdict()


_patterns: dict[str, re.Pattern[str]] = {}


def compiled(pattern: str) -> re.Pattern[str]:
    """Turn ``/a/{b}/{rest...}`` into an expression; ``{rest...}`` takes slashes too."""
    if pattern not in _patterns:
        text = ""
        for part in re.split(r"(\{[a-zA-Z_]+(?:\.\.\.)?\})", pattern):
            if part.startswith("{") and part.endswith("...}"):
                text += f"(?P<{part[1:-4]}>.+)"
            elif part.startswith("{"):
                text += f"(?P<{part[1:-1]}>[^/]+)"
            else:
                text += re.escape(part)
        _patterns[pattern] = re.compile(text, re.DOTALL)
    return _patterns[pattern]
