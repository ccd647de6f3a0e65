"""Platforms without an adapter: their orders come as sheets, their statements as files.

Such a folder declares what it is called and where it sells, and nothing else. Whoever writes an adapter for
it later keeps the key, so that orders, fees and statements stay with it.
"""

from typing import NoReturn

from channels.adapter import Observer, OrderFile, Platform, Refused, Unsupported
from channels.messages import Connection, Marketplace


def by_file(
    *, key: str, name: str, monogram: str, color: str, marketplaces: tuple[Marketplace, ...]
) -> Platform:
    """Return a platform that nobody can speak to: no capability, no address, no credentials."""
    return Platform(
        key=key,
        name=name,
        monogram=monogram,
        color=color,
        credential_fields=(),
        marketplaces=marketplaces,
        endpoints={},
        token_endpoint="",
        capabilities=frozenset(),
        rates={},
        carriers={},
        build=_build,
        read_order_files=_read_order_files,
    )


def _build(connection: Connection, observer: Observer | None) -> NoReturn:
    """Refuse: there is nobody to speak to."""
    raise Unsupported("the platform is worked by file")


def _read_order_files(content: bytes) -> OrderFile:
    """Refuse: orders come as a sheet."""
    raise Refused("this shop's orders come as a sheet: manage.py import_sheet orders FILE")
