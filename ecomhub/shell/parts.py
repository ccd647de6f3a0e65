"""The values that components are drawn from; a page's view makes them, a template tag shows them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of a list: its words, its address, how many it holds, and whether it is open."""

    label: str
    url: str
    count: int | None = None
    active: bool = False
    color: str = ""


@dataclass(frozen=True, slots=True)
class Pager:
    """The two neighbors of a keyset page. ``None`` where there is none; ``shown`` counts this page.

    ``is_more`` says that there are more than ``total``, which nobody counted.
    """

    shown: int
    previous_url: str | None = None
    next_url: str | None = None
    total: int | None = None
    is_more: bool = False


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline: what happened, when, by whom, and in which words."""

    at: datetime
    title: str
    text: str = ""
    who: str = ""
    icon: str = "circle-dot"
    color: str = "secondary"


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a menu of actions. ``method`` is ``get`` for a link and ``post`` for an act."""

    label: str
    url: str
    icon: str = ""
    method: str = "get"
    confirm: str = ""
    danger: bool = False
