"""Carriers by name: what people type, the key platforms map to their own codes, and what to offer."""

import re

from channels.registry import platforms

_NOT_WORD = re.compile(r"[^a-z0-9]+")


def carrier_key(name: str) -> str:
    """Return the key of a carrier's name as platforms list it: ``Royal Mail`` is ``royal-mail``."""
    return _NOT_WORD.sub("-", name.strip().lower()).strip("-")


def known_carriers() -> list[str]:
    """Return the carriers that some platform knows, by name, for a person to choose from."""
    names = {name for each in platforms().values() for name in each.carriers.values()}
    return sorted(names, key=str.lower)
