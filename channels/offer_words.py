"""What changed of a listing's offer: kept as names and figures, worded when a person looks."""

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecomhub.shell.display import number_text

Value = int | bool | None

LABELS: dict[str, str | Promise] = {
    "buffer": gettext_lazy("Units kept back"),
    "percentage": gettext_lazy("Percentage offered"),
    "cap": gettext_lazy("At most"),
    "is_paused": gettext_lazy("Stop offering stock"),
}
"""The fields of an offer as its forms name them."""
_NONE = "–"
_PART = re.compile(r"(\w+) (\d+|on|off|–) → (\d+|on|off|–)")


def change_note(changed: Mapping[str, tuple[Value, Value]]) -> str:
    """Return what to store of changed fields, each with its value before and after, without those alike."""
    return ", ".join(
        f"{name} {_plain(before)} → {_plain(after)}"
        for name, (before, after) in changed.items()
        if before != after
    )


def shown(note: str) -> str:
    """Return a stored note in the reader's language; one that ``kept`` did not write as it is."""
    parts = [_PART.fullmatch(part) for part in note.split(", ")]
    if not all(part is not None and part[1] in LABELS for part in parts):
        return note
    return "; ".join(
        _("%(field)s: %(before)s → %(after)s")
        % {"field": LABELS[part[1]], "before": _worded(part[2]), "after": _worded(part[3])}
        for part in parts
        if part is not None
    )


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return _NONE if value is None else str(value)


def _worded(value: str) -> str:
    if value.isdigit():
        return number_text(int(value))
    return {"on": _("yes"), "off": _("no")}.get(value, value)
