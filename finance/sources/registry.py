"""Which kinds of money documents there are: one loop over this folder and over the platforms' settlements.

A module counts when it has the attribute ``SOURCES``. What does not hold together stops the start.
"""

import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

import channels.platforms
import finance.sources
from channels.settlement_messages import Holder, Sample, Source, StatementUnreadable
from finance.sources import mapped, shops

HEAD_BYTES = 1 << 20
"""How much of a document ``Sample.head`` should hold; a workbook has to be there whole."""


class Undecided(StatementUnreadable):
    """Content alone does not say what a document is; ``fitting`` are the keys of those it could be of."""

    def __init__(self, reason: str, fitting: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.fitting = fitting


def sources() -> Mapping[str, Source]:
    """Return every source by its key. Raises ``ImproperlyConfigured`` naming the module that is wrong."""
    return _load()


def source(key: str) -> Source:
    """Return one source. Raises ``LookupError`` when no module brings it."""
    found = _load().get(key)
    if found is None:
        raise LookupError(f"there is no source {key!r}; known are {', '.join(_load())}")
    return found


def remembered(*, holder: Holder) -> Source:
    """Return the source that reads an account's sheets by a layout a person made."""
    return source(shops.KEY if holder is Holder.CHANNEL else mapped.KEY)


def fitting(sample: Sample) -> list[Source]:
    """Return the sources whose document this could be, by its content."""
    return [one for one in _load().values() if one.recognizes(sample)]


def detect(sample: Sample) -> Source:
    """Return the one source whose document this is. Raises ``Undecided``, naming those that fit."""
    found = fitting(sample)
    if len(found) == 1:
        return found[0]
    raise _undecided(found)


def _undecided(found: Sequence[Source]) -> Undecided:
    """Return the refusal of a document that is nobody's, or could be that of several sources."""
    if not found:
        text = _(
            "No kind of statement the hub knows looks like this document. Choose the untouched file of "
            "the platform, wallet or bank, or teach the hub its columns with a layout."
        )
    else:
        titles = ", ".join(str(one.title) for one in found)
        text = _("The document could be any of: %(titles)s. Choose which one it is.") % {"titles": titles}
    return Undecided(text, tuple(one.key for one in found))


@cache
def _load() -> Mapping[str, Source]:
    found: dict[str, Source] = {}
    for dotted in _modules():
        for one in _read(dotted):
            if one.key in found:
                raise ImproperlyConfigured(f"money source {dotted}: the key {one.key!r} is taken already")
            found[one.key] = one
    return MappingProxyType(found)


def _modules() -> Iterator[str]:
    for platform in sorted(module.name for module in pkgutil.iter_modules(channels.platforms.__path__)):
        dotted = f"{channels.platforms.__name__}.{platform}.settlements"
        if find_spec(dotted) is not None:
            yield dotted
    for module in sorted(module.name for module in pkgutil.iter_modules(finance.sources.__path__)):
        yield f"{finance.sources.__name__}.{module}"


def _read(dotted: str) -> tuple[Source, ...]:
    """Import one module and look at what it declares; one without ``SOURCES`` is a tool of the others."""
    try:
        declared = getattr(import_module(dotted), "SOURCES", ())
    except Exception as error:
        raise ImproperlyConfigured(
            f"money source {dotted} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(declared, tuple) or not all(isinstance(one, Source) for one in declared):
        raise ImproperlyConfigured(f"money source {dotted}: SOURCES is not a tuple of Source")
    return declared
