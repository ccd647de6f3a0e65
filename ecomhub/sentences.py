"""Our own sentences in a column: kept as what they say and with which values, worded when a person looks.

The English text is the code. It is stored beside its values, so that every reader gets it in their own
language, and a sentence that was reworded since can still be shown in English. A sentence without values may
be stored as it is, and a value may itself be a kept sentence. Anything else that stands in such a column is
somebody else's own words (a platform's) and is shown as it came.
"""

import json
from collections.abc import Mapping

from django.utils.translation import gettext

_MARK = '{"says":'


def kept(text: str, *, most: int = 300, **values: int | str) -> str:
    """Return what to store of a sentence; long values are cut to fit ``most``.

    A text written right here is collected for translation, any other one is marked by ``gettext_noop``.
    """
    stored = _packed(text, values)
    while len(stored) > most:
        name = max(values, key=lambda one: len(str(values[one])), default=None)
        if name is None or len(str(values[name])) <= 1:
            raise ValueError(f"a sentence of more than {most} characters cannot be kept: {text[:80]}")
        values[name] = str(values[name])[: -max(1, (len(stored) - most) // 6)]
        stored = _packed(text, values)
    return stored


def is_kept(stored: str) -> bool:
    """Say whether a text is a sentence that ``kept`` packed."""
    return stored.startswith(_MARK)


def shown(stored: str) -> str:
    """Return a stored sentence in the reader's language; other words as they are."""
    if not is_kept(stored):
        return gettext(stored) if stored else ""
    try:
        found = json.loads(stored)
        values = {
            name: shown(value) if isinstance(value, str) and is_kept(value) else value
            for name, value in found["with"].items()
        }
        return str(gettext(str(found["says"])) % values)
    except (ValueError, KeyError, TypeError, AttributeError):
        return stored


def _packed(text: str, values: Mapping[str, int | str]) -> str:
    return json.dumps({"says": text, "with": values}, ensure_ascii=False, separators=(",", ":"))
