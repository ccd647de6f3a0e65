"""Which platforms there are: one loop over the folders of ``channels/platforms``.

A platform is a package with the attribute ``PLATFORM``. Tests add folders from elsewhere by
``settings.ECOMHUB_EXTRA_PLATFORMS``. A folder that does not hold together stops the start.
"""

import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

import channels.platforms
from channels.adapter import Platform

_KEY = re.compile(r"[a-z][a-z0-9_]{1,19}", re.ASCII)


def platforms() -> Mapping[str, Platform]:
    """Return every platform by its key. Raises ``ImproperlyConfigured`` naming the folder that is wrong."""
    return _load(tuple(settings.ECOMHUB_EXTRA_PLATFORMS))


def platform(key: str) -> Platform:
    """Return one platform. Raises ``LookupError`` when no folder brings it."""
    found = platforms().get(key)
    if found is None:
        raise LookupError(f"there is no platform {key!r}; known are {', '.join(platforms())}")
    return found


def by_file_keys() -> list[str]:
    """Return the keys of the platforms nobody speaks to, whose orders and statements come as files."""
    return [key for key, one in platforms().items() if one.is_by_file]


@cache
def _load(extra: tuple[str, ...]) -> Mapping[str, Platform]:
    found: dict[str, Platform] = {}
    for dotted in (*_folders(), *extra):
        one = _read(dotted)
        if one.key in found:
            raise ImproperlyConfigured(f"platform folder {dotted}: the key {one.key!r} is taken already")
        found[one.key] = one
    return MappingProxyType(found)


def _folders() -> Iterator[str]:
    names = sorted(
        module.name for module in pkgutil.iter_modules(channels.platforms.__path__) if module.ispkg
    )
    for name in names:
        yield f"{channels.platforms.__name__}.{name}"


def _read(dotted: str) -> Platform:
    """Import one folder and look at what it declares."""
    try:
        one = getattr(import_module(dotted), "PLATFORM", None)
    except Exception as error:
        raise ImproperlyConfigured(
            f"platform folder {dotted} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(one, Platform):
        raise ImproperlyConfigured(
            f"platform folder {dotted} has no PLATFORM of type channels.adapter.Platform"
        )
    for fault in _faults(one):
        raise ImproperlyConfigured(f"platform folder {dotted}: {fault}")
    return one


def _faults(one: Platform) -> Iterator[str]:
    """Yield what is wrong with a declaration."""
    if not _KEY.fullmatch(one.key):
        yield f"the key {one.key!r} is not 2 to 20 small letters, digits and underscores"
    if not one.marketplaces:
        yield "it has no marketplaces"
    if len({place.id for place in one.marketplaces}) != len(one.marketplaces):
        yield "two of its marketplaces have the same id"
    if not one.is_by_file and not (one.endpoints and one.token_endpoint):
        yield "it has no endpoints"
    for capability in one.capabilities:
        operation = one.operations.get(capability)
        if operation is None:
            yield f"it declares {capability} without naming its operation"
        elif one.buckets.get(operation, operation) not in one.rates:
            yield f"the operation {operation!r} of {capability} has no rate"
    for operation, bucket in one.buckets.items():
        if bucket not in one.rates:
            yield f"the bucket {bucket!r} of {operation!r} has no rate"
    for operation, cost in one.costs.items():
        rate = one.rates.get(one.buckets.get(operation, operation))
        if cost <= 0 or (rate is not None and cost > rate.burst):
            yield f"a call of {operation!r} costs nothing or more than its bucket holds"
    for operation, rate in one.rates.items():
        if rate.per_second <= 0 or rate.burst < 1:
            yield f"the rate of {operation!r} lets no call through"
