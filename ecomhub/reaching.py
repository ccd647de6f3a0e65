"""How far a token may reach: limits are chosen among what its person may see, by name."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

from ecomhub.access import Actor
from ecomhub.discovery import reaches

SEPARATOR = " · "
"""Between the short name of a thing, by which it can be named, and its long one."""


class OutOfReach(ValueError):
    """A limit that names nothing the person may see; the text names it and the known ones."""


def offered(*, actor: Actor) -> dict[str, dict[int, str]]:
    """Return what an actor may see of each kind (``shops``, ``warehouses``): names by id."""
    return {reach.key: dict(reach.load(actor)) for reach in reaches()}


def check(*, key: str, wanted: Collection[int], names: Mapping[int, str], actor: Actor) -> list[int] | None:
    """Return chosen ids in order; ``None`` for none, which means all the person may see.

    ``names`` are those of the person who chooses. Raises ``OutOfReach``.
    """
    seen = offered(actor=actor).get(key, {})
    strange = sorted(set(wanted) - set(seen))
    if strange:
        words = ", ".join(names.get(pk, str(pk)) for pk in strange)
        raise OutOfReach(_("This person may not see %(names)s. Choose others.") % {"names": words})
    return sorted(set(wanted)) or None


def named(*, key: str, words: Collection[str], actor: Actor) -> list[int] | None:
    """Return the ids of things named by id or short name; ``None`` for no names. Raises ``OutOfReach``."""
    seen = offered(actor=actor).get(key, {})
    known = {label.partition(SEPARATOR)[0]: pk for pk, label in seen.items()}
    known |= {str(pk): pk for pk in seen}
    strange = [word for word in words if word not in known]
    if strange:
        there = ", ".join(label.partition(SEPARATOR)[0] for label in seen.values()) or "-"
        text = _("%(names)s: this person may see none by this name; there are: %(known)s.")
        raise OutOfReach(text % {"names": ", ".join(strange), "known": there})
    return sorted({known[word] for word in words}) or None
