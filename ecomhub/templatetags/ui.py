"""Template tags of the page: ``{% load ui %}``. The catalog is ``templates/components/README.md``."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django import template
from django.forms import (
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    RadioSelect,
    Select,
)
from django.http import HttpRequest
from django.template.loader import get_template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from ecomhub import clock, sentences
from ecomhub.access import actor_of
from ecomhub.money import Money
from ecomhub.shell import display
from ecomhub.shell.composing import MenuLine, menu_lines, page_panels
from ecomhub.shell.parts import Choice, Happening, Pager, Tab

register = template.Library()

NOTHING = mark_safe('<span class="nothing">–</span>')


@cache
def _svg(name: str) -> SafeString:
    return mark_safe(get_template(f"icons/{name}.svg").render().strip())  # noqa: S308 - our own file


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return an icon; with ``label`` it says that text to those who do not see it."""
    if not label:
        return _svg(name)
    return format_html('{}<span class="visually-hidden">{}</span>', _svg(name), label)


@register.simple_tag
def money(value: Money | Decimal | None, currency: str = "", signed: bool = False) -> SafeString:
    """Show an amount with its currency: ``{% money order.total %}`` or ``{% money amount "EUR" %}``."""
    if value is None:
        return NOTHING
    amount, code = (value.amount, value.currency) if isinstance(value, Money) else (value, currency)
    sign = "+" if signed and amount > 0 else ""
    return format_html(
        '<span class="money{}">{}{} <span class="money-currency">{}</span></span>',
        " is-negative" if amount < 0 else "",
        sign,
        display.amount_text(amount, code),
        code,
    )


@register.simple_tag
def number(value: int | Decimal | None, signed: bool = False) -> SafeString:
    """Show a number grouped as the language does; ``signed`` for changes: ``+3``, ``-2``."""
    if value is None:
        return NOTHING
    mood = ("is-positive" if value > 0 else "is-negative" if value < 0 else "") if signed else ""
    return format_html(
        '<span class="number {}">{}</span>',
        mood,
        display.number_text(value, signed=signed),
    )


@register.simple_tag
def instant(value: datetime | None, style: str = "short") -> SafeString:
    """Show an instant in the reader's time zone, with UTC as its title.

    ``style``: ``short``, ``long`` (seconds), ``date``, ``time``.
    """
    if value is None:
        return NOTHING
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        display.machine_text(value),
        display.utc_text(value),
        display.instant_text(instant=value, at=clock.now(), style=style),
    )


@register.simple_tag
def ago(value: datetime | None, never: str = "") -> SafeString:
    """Show how old something is; the browser keeps it moving with the application clock."""
    if value is None:
        return format_html('<span class="nothing">{}</span>', never or gettext("never"))
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        display.machine_text(value),
        display.utc_text(value),
        display.age_text(instant=value, at=clock.now()),
    )


@register.simple_tag
def countdown(due: datetime | None, soon_hours: int = 12) -> SafeString:
    """Show what is left until ``due``: red when late, amber within ``soon_hours``."""
    if due is None:
        return NOTHING
    at = clock.now()
    return format_html(
        '<time class="countdown is-{}" datetime="{}" title="{}" data-countdown="{}">{}</time>',
        display.countdown_state(due=due, at=at, soon=timedelta(hours=soon_hours)),
        display.machine_text(due),
        display.utc_text(due),
        soon_hours * display.HOUR,
        display.countdown_text(due=due, at=at),
    )


@register.simple_tag
def status_badge(label: str, color: str = "secondary", title: str = "") -> SafeString:
    """Show a state: a dot, a word and a color. Never the color alone."""
    titled = format_html(' title="{}"', title) if title else ""
    return format_html(
        '<span class="badge bg-{}-lt status-badge"{}><span class="status-point bg-{}"></span>{}</span>',
        color,
        titled,
        color,
        label,
    )


@register.simple_tag
def flag(
    label: str, color: str = "secondary", name: str = "", title: str = "", bare: bool = False
) -> SafeString:
    """Show a small mark beside a thing (gift, note, FBA): an optional icon and a word, with a longer title.

    A ``bare`` one shows the icon alone; its word is read to those who do not see it.
    """
    return format_html(
        '<span class="badge bg-{}-lt small-mark"{}>{}{}</span>',
        color,
        format_html(' title="{}"', title or label) if title or bare else "",
        _svg(name) if name else "",
        format_html('<span class="visually-hidden">{}</span>', label) if bare and name else label,
    )


@register.simple_tag
def country(code: str) -> SafeString:
    """Show a country by its two letters, with its name as title."""
    if not code:
        return NOTHING
    name = display.country_name(code)
    return format_html('<abbr class="country" title="{}">{}</abbr>', name, code.upper())


@register.simple_tag
def monogram(name: str) -> SafeString:
    """Show a colored square with a name's letters: our stand-in for logos and missing pictures."""
    letters, shade = display.monogram(name)
    return format_html(
        '<span class="monogram monogram-{}" aria-hidden="true">{}</span>',
        shade,
        letters,
    )


@register.simple_tag
def copy(value: object, label: str = "") -> SafeString:
    """Show a button that copies ``value``; ``label`` says what it copies."""
    words = label or gettext("Copy")
    return format_html(
        '<button type="button" class="copy" data-copy="{}" title="{}" aria-label="{}">{}</button>',
        value,
        words,
        words,
        _svg("copy"),
    )


@register.simple_tag
def progress(value: int, most: int, label: str = "") -> SafeString:
    """Show a bar of ``value`` out of ``most``; ``label`` names it to those who do not see it."""
    return format_html(
        '<progress class="progress progress-sm" value="{}" max="{}" aria-label="{}"></progress>',
        value,
        max(most, 1),
        label or gettext("Progress"),
    )


@register.filter
def actor(name: str) -> str:
    """Return who acted, in words."""
    return display.actor_text(name)


@register.filter
def said(stored: str) -> str:
    """Return a stored reason in the reader's language; a platform's own words as they came."""
    return sentences.shown(str(stored or ""))


@register.filter
def plain_date(value: datetime | None) -> str:
    """Return an instant for a ``datetime`` attribute."""
    return display.machine_text(value) if value else ""


@register.inclusion_tag("components/tabs.html")
def tabs(items: Sequence[Tab], label: str = "", target: str = "") -> dict[str, Any]:
    """Show tabs with counts. With ``target`` (a CSS selector) htmx swaps only that part."""
    return {"items": items, "label": label or gettext("Views"), "target": target}


@register.inclusion_tag("components/pager.html")
def pager(page: Pager, target: str = "") -> dict[str, Any]:
    """Show how many rows there are and the way to the previous and next page of a keyset list."""
    words = ngettext("%(count)s row", "%(count)s rows", page.shown)
    if page.total is not None:
        words = ngettext("%(count)s of %(total)s row", "%(count)s of %(total)s rows", page.total)
    total = display.number_text(page.total or 0) + ("+" if page.is_more else "")
    return {
        "page": page,
        "target": target,
        "text": words % {"count": display.number_text(page.shown), "total": total},
    }


@register.inclusion_tag("components/timeline.html")
def timeline(entries: Sequence[Happening]) -> dict[str, Any]:
    """Show what happened to one thing, newest first as given."""
    return {"entries": entries}


@register.inclusion_tag("components/actions.html")
def actions(choices: Sequence[Choice], label: str = "", look: str = "menu") -> dict[str, Any]:
    """Show actions as buttons in a row (``look="buttons"``) or behind one button (``look="menu"``)."""
    return {"choices": choices, "label": label or gettext("Actions"), "look": look}


CHECKS = (CheckboxInput, CheckboxSelectMultiple, RadioSelect)


def _styled(bound: BoundField, *, small: bool, extra: dict[str, str | bool]) -> SafeString:
    widget = bound.field.widget
    if isinstance(widget, CHECKS):
        classes = "form-check-input"
    else:
        base = "form-select" if isinstance(widget, Select) else "form-control"
        classes = f"{base} {base}-sm" if small else base
    if bound.errors:
        classes += " is-invalid"
    notes = (
        (f"{bound.auto_id}_help", bound.help_text),
        (f"{bound.auto_id}_error", bound.errors),
    )
    described = " ".join(name for name, held in notes if held)
    attrs: dict[str, str | bool] = {}
    attrs["class"] = f"{classes} {widget.attrs.get('class', '')}".strip()
    attrs.update(extra)
    if described and not isinstance(widget, (CheckboxSelectMultiple, RadioSelect)):
        attrs["aria-describedby"] = described
    return bound.as_widget(attrs=attrs)


@register.simple_tag
def control(bound: BoundField) -> SafeString:
    """Show only a field's input, styled and tied to its help and errors."""
    return _styled(bound, small=False, extra={})


@register.simple_tag
def filter_control(bound: BoundField, search: bool = False) -> SafeString:
    """Show a field of a filter bar: small, its label spoken; a search field is what ``/`` focuses."""
    extra: dict[str, str | bool] = {"aria-label": str(bound.label)}
    if search:
        extra["type"] = "search"
        extra["placeholder"] = str(bound.label)
        extra["autocomplete"] = "off"
        extra["data-search"] = extra["hx-preserve"] = True
    return _styled(bound, small=True, extra=extra)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, wide: bool = False) -> dict[str, Any]:
    """Show a form field: label, input, help, errors, tied together for those who listen."""
    widget = bound.field.widget
    if isinstance(widget, (CheckboxSelectMultiple, RadioSelect)):
        widget.attrs["class"] = "form-check-input"
    return {
        "field": bound,
        "wide": wide,
        "checkbox": isinstance(widget, CheckboxInput),
        "group": isinstance(widget, (CheckboxSelectMultiple, RadioSelect)),
        "hidden": bound.is_hidden,
    }


@register.inclusion_tag("components/panels.html", takes_context=True)
def panels(context: template.Context, place: str, pk: object = None) -> dict[str, Any]:
    """Load the other apps' panels of one page by htmx, each under its title.

    ``pk`` is the key of the object the page shows; without it the panels are asked without a key.
    """
    request: HttpRequest = context["request"]
    return {"panels": page_panels(actor=actor_of(request), place=place), "pk": pk}


@register.simple_tag(takes_context=True)
def menu(context: template.Context) -> list[MenuLine]:
    """Return the menu lines of the reader, for the sidebar."""
    request: HttpRequest = context["request"]
    match = request.resolver_match
    return menu_lines(actor=actor_of(request), url_name=match.view_name if match else "")


@register.simple_tag(takes_context=True)
def may(context: template.Context, action: str) -> bool:
    """Say whether the reader may do an action: ``{% may "orders.work" as can_work %}``."""
    return actor_of(context["request"]).may(action)


@register.simple_tag
def clock_now() -> datetime:
    """Return the application's instant."""
    return clock.now()


@register.simple_tag
def clock_speed() -> float:
    """Return how many application seconds pass in one real second."""
    return clock.speed()


@register.simple_tag
def instant_plain(value: datetime) -> str:
    """Return an instant as the reader's short text, without markup."""
    return display.instant_text(instant=value, at=clock.now())


@register.simple_tag
def current_zone() -> str:
    """Return the name of the reader's time zone."""
    return timezone.get_current_timezone_name()


@register.simple_tag
def browser_words() -> dict[str, str]:
    """Return every text the browser writes by itself, in the reader's language."""
    return display.span_words() | {
        "copied": gettext("Copied"),
        "not_copied": gettext("The browser did not allow copying. Select the text and copy it by hand."),
        "forbidden": gettext("Your role does not include this. Ask an administrator for it."),
        "gone": gettext("This is not there any more. Reload the page."),
        "failed": gettext("The hub could not do this. Try again; if it stays, look at the log."),
        "offline": gettext("The hub does not answer. Check the connection and try again."),
    }
