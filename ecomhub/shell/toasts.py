"""Short messages an htmx answer brings along: the browser shows them without a reload."""

import json

from django.http import HttpResponse

LEVELS = frozenset({"success", "info", "warning", "error"})


def add_toast(response: HttpResponse, *, text: str, level: str = "success") -> HttpResponse:
    """Let the answer of an htmx request show a toast. Returns the same answer.

    Raises ``ValueError`` for an unknown level. Several toasts of one answer are kept in order.
    """
    if level not in LEVELS:
        raise ValueError(f"{level} is no toast level")
    events: dict[str, object] = json.loads(response.headers.get("HX-Trigger", "{}"))
    held = events.get("toasts")
    toasts = list(held["items"]) if isinstance(held, dict) else []
    toasts.append({"text": str(text), "level": level})
    events["toasts"] = {"items": toasts}
    response.headers["HX-Trigger"] = json.dumps(events)
    return response


def close_dialog(response: HttpResponse) -> HttpResponse:
    """Let the answer of an htmx request close the dialog it was sent from. Returns the same answer."""
    events: dict[str, object] = json.loads(response.headers.get("HX-Trigger", "{}"))
    events["close-dialog"] = True
    response.headers["HX-Trigger"] = json.dumps(events)
    return response
