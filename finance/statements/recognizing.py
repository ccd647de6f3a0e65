"""What a document is: by what a person chose, by a layout remembered for its headings, by its content.

Nothing is guessed. What could be several things, or is none, is refused until somebody chooses.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from channels.money_files.workbooks import MARK
from channels.settlement_messages import (
    Holder,
    MoneyLine,
    Reading,
    Sample,
    Source,
    Statement,
    StatementUnreadable,
)
from ecomhub.sheets.raw import MAX_BYTES
from finance.models import MoneyAccount, RememberedLayout, SourceFile
from finance.sources import mapped, registry
from finance.sources.layouts import read_layout
from finance.sources.mapped import Fit
from finance.sources.registry import Undecided


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose to read a document as: a source's key, or a remembered layout."""

    source: str = ""
    layout: RememberedLayout | None = None

    def __bool__(self) -> bool:
        return bool(self.source) or self.layout is not None


@dataclass(frozen=True, slots=True)
class Recognized:
    """A document's source, the layout it is read by where it has one, whether a person said so."""

    source: Source
    layout: RememberedLayout | None = None
    is_chosen: bool = False

    def items(self, *, file: SourceFile, content: BinaryIO) -> Iterator[Statement | MoneyLine]:
        """Stream what a document says. Raises ``StatementUnreadable``."""
        reading = reading_of(file=file, layout=self.layout)
        content.seek(0)
        if not self.is_chosen:
            yield from self.source.read(content, reading)
            return
        try:
            yield from self.source.read(content, reading)
        except StatementUnreadable:
            raise
        except Exception as error:
            # A reader may trust that it recognized the document; here a person did, and may be wrong.
            raise StatementUnreadable(
                _("It cannot be read as %(title)s. Choose something else.") % {"title": self.source.title}
            ) from error


def reading_of(*, file: SourceFile, layout: RememberedLayout | None) -> Reading:
    """Return what the hub knows about a document beside its content."""
    account = file.account
    return Reading(
        name=file.file.name,
        account=account.name,
        time_zone=account.zone,
        currency=account.currency,
        layout="" if layout is None else as_text(layout),
    )


def as_text(layout: RememberedLayout) -> str:
    """Return a remembered layout as the sources read it."""
    return json.dumps({**layout.layout, "headings": layout.headings})


def sample_of(*, file: SourceFile, content: BinaryIO, size: int) -> Sample:
    """Return what a document is known by; the document is rewound."""
    content.seek(0)
    head = content.read(registry.HEAD_BYTES)
    if head.startswith(MARK) and size <= MAX_BYTES:
        head += content.read(MAX_BYTES)
    content.seek(0)
    return Sample(name=file.file.name, head=head, size=size)


def recognize(*, file: SourceFile, content: BinaryIO, size: int, choice: Choice) -> Recognized:
    """Say what a document is. Raises ``StatementUnreadable``, ``Undecided`` when a person has to choose."""
    account = file.account
    found = _chosen(account, choice) or _found(account, sample_of(file=file, content=content, size=size))
    _belongs(account, found.source)
    return found


def refusals(*, file: SourceFile, content: BinaryIO, size: int, choice: Choice) -> dict[str, str]:
    """Return why a document is refused, in each language of the pages: its reader is asked in each.

    Reading changes nothing, so it may be done again; empty when it is readable after all.
    """
    said = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            try:
                known = recognize(file=file, content=content, size=size, choice=choice)
                for _item in known.items(file=file, content=content):
                    pass
            except StatementUnreadable as error:
                said[language] = error.reason
    return said


def choosable(*, account: MoneyAccount) -> list[Source]:
    """Return the sources an account's document could be of, by their titles."""
    found = [one for one in registry.sources().values() if _fits(account, one) and not _is_by_layout(one)]
    return sorted(found, key=lambda one: str(one.title))


def layouts_of(*, account: MoneyAccount) -> list[RememberedLayout]:
    """Return the layouts an account's sheets are known by now."""
    return list(RememberedLayout.objects.filter(account=account, ended_at=None).order_by("name"))


def _chosen(account: MoneyAccount, choice: Choice) -> Recognized | None:
    if choice.layout is not None:
        return Recognized(_reader(account), choice.layout, is_chosen=True)
    if not choice.source:
        return None
    try:
        return Recognized(registry.source(choice.source), is_chosen=True)
    except LookupError as error:
        raise StatementUnreadable(_("There is no such kind of document any more. Choose another.")) from error


def _found(account: MoneyAccount, sample: Sample) -> Recognized:
    """Recognize by content: a layout with exactly these headings, then a source, then a layout by columns."""
    fits = [(row, _fit(row, sample)) for row in layouts_of(account=account)]
    exact = [row for row, fit in fits if fit is Fit.EXACTLY]
    if exact:
        return Recognized(_reader(account), _only(exact))
    try:
        return Recognized(registry.detect(sample))
    except Undecided as undecided:
        loose = [row for row, fit in fits if fit is Fit.COLUMNS]
        if undecided.fitting or not loose:
            raise
        return Recognized(_reader(account), _only(loose))


def _fit(row: RememberedLayout, sample: Sample) -> Fit:
    try:
        return mapped.fit_of(read_layout(as_text(row)), sample)
    except StatementUnreadable:
        return Fit.NOT


def _only(layouts: list[RememberedLayout]) -> RememberedLayout:
    if len(layouts) == 1:
        return layouts[0]
    names = ", ".join(row.name for row in layouts)
    raise Undecided(_("Several layouts fit this document: %(names)s. Choose one.") % {"names": names})


def _reader(account: MoneyAccount) -> Source:
    return registry.remembered(holder=Holder(account.holder))


def _is_by_layout(source: Source) -> bool:
    return source.key in {registry.remembered(holder=holder).key for holder in Holder}


def _fits(account: MoneyAccount, source: Source) -> bool:
    if account.holder == Holder.CHANNEL.value:
        return source.platform == account.provider or _is_by_layout(source)
    return source.holder is not Holder.CHANNEL


def _belongs(account: MoneyAccount, source: Source) -> None:
    """Refuse a platform's document for an account that is not the platform's."""
    if not _fits(account, source):
        raise StatementUnreadable(
            _(
                "This is a document of the kind %(title)s, and %(account)s is no account for it. "
                "Choose another."
            )
            % {"title": source.title, "account": account}
        )
