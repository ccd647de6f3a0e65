"""GraphQL as far as callers of the Admin API need it: read a document, count points, pick what is asked."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

_TOKEN = re.compile(
    r"""[\s,\ufeff]+|\#[^\n\r]*|(?P<spread>\.\.\.)|(?P<mark>[!$&()\[\]{}:=@|])"""
    r"""|(?P<name>[_A-Za-z][_0-9A-Za-z]*)|(?P<number>-?[0-9]+(?:\.[0-9]+)?)|(?P<text>"(?:[^"\\\n]|\\.)*")"""
)
MUTATION_POINTS = 10


class QueryError(ValueError):
    """A query that cannot be answered; ``code`` is the platform's own word for why."""

    def __init__(self, message: str, code: str = "", path: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.path = list(path)


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that comes with the request."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """One selected field. A field without a name is a spread: ``condition`` is its type or its fragment."""

    name: str
    alias: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    directives: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    selections: "tuple[Field, ...]" = ()
    condition: str = ""
    fragment: str = ""

    @property
    def key(self) -> str:
        """The name in the answer."""
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class Document:
    """A request's one operation and its fragments."""

    kind: str
    declared: Mapping[str, str]
    selections: tuple[Field, ...]
    fragments: Mapping[str, tuple[str, tuple[Field, ...]]]

    def fields(self, selections: Sequence[Field], typename: str = "") -> Iterator[Field]:
        """Yield the fields of a selection with its spreads opened; a type that is known leaves others out."""
        for one in selections:
            if one.name:
                yield one
                continue
            condition, inner = one.condition, one.selections
            if one.fragment:
                if one.fragment not in self.fragments:
                    raise QueryError(
                        f"Fragment {one.fragment} was used, but not defined", "undefinedFragment"
                    )
                condition, inner = self.fragments[one.fragment]
            if not condition or not typename or condition == typename:
                yield from self.fields(inner, typename)


class _Reader:
    def __init__(self, source: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(source):
            found = _TOKEN.match(source, place)
            if found is None:
                raise QueryError(f"syntax error, unexpected {source[place]!r} at {place}", "parseError")
            if found.lastgroup:
                self.tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()
        self.place = 0

    def peek(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def next(self, wanted: str = "") -> str:
        if self.place >= len(self.tokens):
            raise QueryError("syntax error, unexpected end of document", "parseError")
        text = self.tokens[self.place][1]
        if wanted and text != wanted:
            raise QueryError(f"syntax error, unexpected {text}, expecting {wanted}", "parseError")
        self.place += 1
        return text

    def takes(self, wanted: str) -> bool:
        if self.peek() == wanted:
            self.place += 1
            return True
        return False

    def document(self) -> Document:
        found: tuple[str, Mapping[str, str], tuple[Field, ...]] | None = None
        fragments: dict[str, tuple[str, tuple[Field, ...]]] = {}
        while self.place < len(self.tokens):
            if self.takes("fragment"):
                name = self.next()
                self.next("on")
                fragments[name] = (self.next(), self.selections())
            elif found is not None:
                raise QueryError("An operation name is required", "missingOperationName")
            else:
                found = self.operation()
        if found is None:
            raise QueryError("No query string was present", "parseError")
        return Document(*found, fragments)

    def operation(self) -> tuple[str, Mapping[str, str], tuple[Field, ...]]:
        if self.peek() == "{":
            return "query", {}, self.selections()
        kind = self.next()
        if kind not in ("query", "mutation"):
            raise QueryError(f"syntax error, unexpected {kind}", "parseError")
        if self.peek() not in ("(", "{"):
            self.next()
        declared: dict[str, str] = {}
        if self.takes("("):
            while not self.takes(")"):
                self.next("$")
                name = self.next()
                self.next(":")
                declared[name] = self.type()
                if self.takes("="):
                    self.value()
        return kind, declared, self.selections()

    def type(self) -> str:
        text = f"[{self.type()}{self.next(']')}" if self.takes("[") else self.next()
        return text + "!" if self.takes("!") else text

    def selections(self) -> tuple[Field, ...]:
        self.next("{")
        found: list[Field] = []
        while not self.takes("}"):
            found.append(self.field())
        return tuple(found)

    def field(self) -> Field:
        if self.takes("..."):
            if self.takes("on"):
                return Field("", condition=self.next(), selections=self.selections())
            return Field("", fragment=self.next())
        name, alias = self.next(), ""
        if self.takes(":"):
            alias, name = name, self.next()
        arguments = self.arguments()
        directives: dict[str, Mapping[str, Any]] = {}
        while self.takes("@"):
            directive = self.next()
            directives[directive] = self.arguments()
        inner = self.selections() if self.peek() == "{" else ()
        return Field(name, alias, arguments, directives, inner)

    def arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.takes("("):
            while not self.takes(")"):
                name = self.next()
                self.next(":")
                found[name] = self.value()
        return found

    def value(self) -> Any:
        kind, text = self.tokens[self.place] if self.place < len(self.tokens) else ("", "")
        self.next()
        if text == "$":
            return Variable(self.next())
        if text == "[":
            parts = []
            while not self.takes("]"):
                parts.append(self.value())
            return parts
        if text == "{":
            found: dict[str, Any] = {}
            while not self.takes("}"):
                name = self.next()
                self.next(":")
                found[name] = self.value()
            return found
        if kind in ("number", "text"):
            return json.loads(text)
        return {"true": True, "false": False, "null": None}.get(text, text)


@lru_cache(maxsize=256)
def read_document(source: str) -> Document:
    """Read a document with one operation. Raises ``QueryError``."""
    try:
        return _Reader(source).document()
    except RecursionError as error:
        raise QueryError("The query is nested too deeply", "parseError") from error


def filled(value: Any, variables: Mapping[str, Any]) -> Any:
    """Return an argument with the request's variables put in."""
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, dict):
        return {name: filled(part, variables) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, variables) for part in value]
    return value


def check_variables(document: Document, variables: Mapping[str, Any]) -> None:
    """Refuse a request that leaves out a variable its operation needs."""
    for name, kind in document.declared.items():
        if kind.endswith("!") and variables.get(name) is None:
            raise QueryError(
                f"Variable ${name} of type {kind} was provided invalid value", "INVALID_VARIABLE"
            )


def points(document: Document, variables: Mapping[str, Any]) -> int:
    """Return what a request may cost at most: an object 1, a connection its size times its nodes."""
    if document.kind == "mutation":
        roots = list(document.fields(document.selections))
        return sum(MUTATION_POINTS + _points(document, one.selections, variables) for one in roots)
    return max(1, _points(document, document.selections, variables))


def _points(document: Document, selections: Sequence[Field], variables: Mapping[str, Any]) -> int:
    total = 0
    for one in document.fields(selections):
        if not one.selections:
            continue
        size = _size(one, variables)
        names = {inner.name for inner in document.fields(one.selections)}
        if names & {"nodes", "edges"}:
            total += (size or 0) * sum(
                1 + _points(document, inner.selections, variables)
                for inner in document.fields(one.selections)
                if inner.name in ("nodes", "edges")
            ) + int("pageInfo" in names)
        else:
            total += (1 if size is None else size) * (1 + _points(document, one.selections, variables))
    return total


def _size(one: Field, variables: Mapping[str, Any]) -> int | None:
    value = filled(one.arguments.get("first"), variables)
    if value is None:
        return None
    if type(value) is not int or not 0 < value <= 250:
        raise QueryError("first must be between 1 and 250", "argumentLiteralsIncompatible")
    return value


@dataclass(frozen=True, slots=True)
class Connection:
    """A list that is handed out in pages. ``cursors`` name the places behind its nodes."""

    nodes: Sequence[Any]
    cursors: Sequence[str] = ()
    more: bool | None = None


def pick(document: Document, one: Field, value: Any, variables: Mapping[str, Any]) -> Any:
    """Return of a field's value what the request selects. Raises ``QueryError`` for what does not exist.

    A value that depends on the field's own arguments is a function of them.
    """
    if isinstance(value, Connection):
        value = _page(one, value, variables)
    elif isinstance(value, list):
        size = _size(one, variables)
        return [pick(document, one, part, variables) for part in value[: size if size else None]]
    if isinstance(value, list):
        return [pick(document, one, part, variables) for part in value]
    if not isinstance(value, dict):
        if one.selections and value is not None:
            raise QueryError(f"Selections can't be made on scalars (field '{one.name}')", "selectionMismatch")
        return value
    if not one.selections:
        raise QueryError(f"Field must have selections (field '{one.name}')", "selectionMismatch")
    found: dict[str, Any] = {}
    for inner in document.fields(one.selections, str(value.get("__typename", ""))):
        if inner.name not in value:
            kind = value.get("__typename", one.name)
            raise QueryError(f"Field '{inner.name}' doesn't exist on type '{kind}'", "undefinedField")
        held = value[inner.name]
        if callable(held):
            held = held({name: filled(given, variables) for name, given in inner.arguments.items()})
        found[inner.key] = pick(document, inner, held, variables)
    return found


def _page(one: Field, held: Connection, variables: Mapping[str, Any]) -> dict[str, Any]:
    size = _size(one, variables)
    if size is None:
        raise QueryError(
            f"you must provide one of the following values: first, last (field '{one.name}')", "BAD_REQUEST"
        )
    cursors = list(held.cursors) or [f"c{place}" for place in range(len(held.nodes))]
    start = 0
    after = filled(one.arguments.get("after"), variables)
    if held.more is None and after is not None:
        if after not in cursors:
            raise QueryError("Invalid cursor for current pagination sort.", "", [one.key])
        start = cursors.index(after) + 1
    nodes, marks = list(held.nodes[start : start + size]), cursors[start : start + size]
    more = held.more if held.more is not None else start + size < len(held.nodes)
    return {
        "nodes": nodes,
        "edges": [{"node": node, "cursor": mark} for node, mark in zip(nodes, marks, strict=True)],
        "pageInfo": {
            "hasNextPage": more,
            "hasPreviousPage": bool(start or after),
            "startCursor": marks[0] if marks else None,
            "endCursor": marks[-1] if marks else None,
        },
    }


def spent(value: Any) -> int:
    """Return what an answer really cost: one point for each object in it."""
    if isinstance(value, dict):
        return 1 + sum(spent(part) for part in value.values())
    if isinstance(value, list):
        return sum(spent(part) for part in value)
    return 0
