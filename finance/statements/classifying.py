"""What a type of line is booked as: the source's own rules first, a person's choice above them.

A mapping is never changed: another choice is a new version, and what was booked by the old one is reversed
and booked anew.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from channels.settlement_messages import Binding, LineKind, Source, TypeRule
from finance.models import Account, LineType, SettlementLine, TypeMapping
from finance.statements import posting

ANY = "*"
OURS = "ecomhub"
"""The first word of the types of line that are no source's but ours; no rule of a source is about them."""
_SIZES = (120, 120, 160)
Types = tuple[str, str, str]


class MappingRefused(Exception):
    """A type of line cannot be booked like that; the text says what to do."""


class TypeBook:
    """The line types of one source with their keys; new ones are written down at first sight."""

    def __init__(self, *, source: Source, at: datetime) -> None:
        self._source = source
        self._at = at
        self.keys: dict[Types, int] = {
            (row.first, row.second, row.third): row.pk
            for row in LineType.objects.filter(source=source.key).order_by("pk")
        }
        self._before = set(self.keys.values())

    def learn(self, types: Iterable[Types]) -> None:
        """Know these types from now on; the source's rules say what those it knows are booked as."""
        new = [each for each in types if each not in self.keys]
        if not new:
            return
        cut = {each: _cut(each) for each in new}
        with transaction.atomic():
            LineType.objects.bulk_create(
                [
                    LineType(source=self._source.key, first=one, second=two, third=three, seen_at=self._at)
                    for one, two, three in sorted(set(cut.values()))
                ],
                ignore_conflicts=True,
            )
            for row in LineType.objects.filter(source=self._source.key):
                self.keys[(row.first, row.second, row.third)] = row.pk
        for each, short in cut.items():
            self.keys[each] = self.keys[short]

    def settle(self) -> list[int]:
        """Book the types nobody mapped yet as the source's rules say.

        Returns the types met before that got their mapping only now: their lines stand in suspense.
        """
        rows = LineType.objects.filter(source=self._source.key, mappings__isnull=True)
        rows = rows.exclude(first=OURS).order_by("pk")
        ruled = [
            (row.pk, rule)
            for row in rows
            if (rule := rule_for(types=(row.first, row.second, row.third), rules=self._source.rules))
        ]
        TypeMapping.objects.bulk_create(
            [
                TypeMapping(
                    line_type_id=pk,
                    version=1,
                    kind=rule.kind.value,
                    account_id=rule.account,
                    binding=rule.binding.value,
                )
                for pk, rule in ruled
            ],
            ignore_conflicts=True,
        )
        return [pk for pk, _rule in ruled if pk in self._before]


def rule_for(*, types: Types, rules: Sequence[TypeRule]) -> TypeRule | None:
    """Return the first rule that fits a type of line; ``*`` fits anything."""
    for rule in rules:
        if all(want in (ANY, have) for want, have in zip(rule.types, types, strict=True)):
            return rule
    return None


def map_type(
    *,
    line_type: LineType,
    account: str,
    binding: Binding,
    kind: LineKind,
    reason: str,
    actor: str,
) -> TypeMapping:
    """Let a person decide what a type of line is booked as; what was booked otherwise is rebooked.

    Postings made before stay: each line's is reversed and booked anew. Raises ``MappingRefused``.
    """
    if not Account.objects.filter(pk=account, takes_lines=True).exists():
        raise MappingRefused(_("Lines cannot be booked to the account %s. Choose another one.") % account)
    if not reason.strip():
        raise MappingRefused(_("Say why: the reason is kept beside the choice."))
    with transaction.atomic():
        LineType.objects.select_for_update(no_key=True).get(pk=line_type.pk)
        last = TypeMapping.objects.filter(line_type=line_type).order_by("-version").first()
        mapping = TypeMapping.objects.create(
            line_type=line_type,
            version=1 if last is None else last.version + 1,
            kind=kind.value,
            account_id=account,
            binding=binding.value,
            actor=actor[:160],
            reason=reason.strip()[:200],
        )
    reclassify(line_types=[line_type.pk], actor=actor)
    return mapping


def reclassify(*, line_types: Sequence[int], actor: str = "system") -> int:
    """Rebook posted lines of these types whose account is not what their mapping says; return how many.

    Goes through the lines in chunks, each in its own transaction; begun anew it goes on where it stopped.
    """
    if not line_types:
        return 0
    moved, after = 0, 0
    while True:
        lines = list(
            SettlementLine.objects.filter(line_type__in=line_types, pk__gt=after)
            .order_by("pk")
            .values_list("pk", flat=True)[: posting.CHUNK]
        )
        if not lines:
            return moved
        moved += posting.rebook(lines=lines, kind="reclass", actor=actor)
        after = lines[-1]


def _cut(types: Types) -> Types:
    one, two, three = (text[:size] for text, size in zip(types, _SIZES, strict=True))
    return one, two, three
