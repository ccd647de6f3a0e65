"""The message catalogs, collected, checked and compiled in Python: no gettext programs are needed."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from ecomhub.runtime.launch import CHECKOUT

LOCALES = CHECKOUT / "ecomhub" / "locale"
# Every house brings its apps.py: a new one is read without being listed here.
FOLDERS = (*sorted(apps.parent.name for apps in CHECKOUT.glob("*/apps.py")), "templates")
PASSED_OVER = {"migrations", "runtime", "static", "node_modules"}
# How each marking function places its texts: (argument of the context, of the singular, of the plural).
KEYWORDS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "kept": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
PERCENT = re.compile(r"%(?:\(\w+\))?[-#0+]?\d*(?:\.\d+)?[diouxXeEfFgGcrsa%]")
BRACES = re.compile(r"\{\w*(?:![rsa])?(?::[^{}]*)?\}")
# Chinese has one form for every number. Dates and names of the header would only make noise in a diff.
HEADER = """# Chinese texts. `python -m ecomhub i18n --update` collects, people translate.
msgid ""
msgstr ""
"Project-Id-Version: ecomhub\\n"
"Language: zh_Hans\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

Found = tuple[str | None, str, str | None, str]


def _sources() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((CHECKOUT / folder).rglob("*")):
            if path.suffix in (".py", ".html", ".txt") and not PASSED_OVER & set(
                path.relative_to(CHECKOUT).parts
            ):
                yield path


def _python_of(path: Path) -> str:
    """Python with the same marked texts; a template turns into blanked-out lines with calls in them."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    return "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).splitlines())


def _texts(path: Path) -> Iterator[Found]:
    """Every marked text of a file: context, singular, plural, and the file's place in the checkout."""
    source = io.BytesIO(_python_of(path).encode())
    for _, function, arguments, _ in extract_python(
        source, dict.fromkeys(KEYWORDS), [], {"encoding": "utf-8"}
    ):
        words = list(arguments) if isinstance(arguments, (tuple, list)) else [arguments]
        context, singular, plural = (
            str(words[at]) if at is not None and at < len(words) and words[at] else None
            for at in KEYWORDS[str(function)]
        )
        if singular:
            yield context, singular, plural, str(path.relative_to(CHECKOUT))


def collect() -> Catalog:
    """Every text of the project that a person may see, with the files it stands in."""
    catalog = Catalog(project="ecomhub", charset="utf-8", fuzzy=False)
    for path in _sources():
        for context, singular, plural, place in _texts(path):
            known = catalog.get(singular, context)
            places = [*(known.locations if known else []), (place, 0)]
            identity: str | tuple[str, str] = (singular, plural) if plural else singular
            if known is not None and isinstance(known.id, tuple):
                identity = (str(known.id[0]), str(known.id[1]))
            catalog.delete(singular, context)
            catalog.add(identity, locations=list(dict.fromkeys(places)), context=context)
    return catalog


def _po_file() -> Path:
    return LOCALES / "zh_Hans" / "LC_MESSAGES" / "django.po"


def _read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog(locale="zh_Hans", project="ecomhub", charset="utf-8", fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale="zh_Hans")


def _strings(message: Message) -> tuple[str, ...]:
    return (
        tuple(message.string) if isinstance(message.string, (list, tuple)) else (str(message.string or ""),)
    )


def _identifiers(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, (list, tuple)) else (str(message.id),)


def _holes(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The placeholders of a text: named ones as a set, the others in their order."""
    marks = [mark for mark in (*PERCENT.findall(text), *BRACES.findall(text)) if mark != "%%"]
    plain = tuple(mark for mark in marks if (mark.startswith("%") and "(" not in mark) or mark == "{}")
    return tuple(sorted(set(marks) - set(plain))), plain


def _wrong_holes(*, identifiers: tuple[str, ...], text: str) -> str:
    """Say how the placeholders of a translation differ from the text's; empty when they do not."""
    wanted = _holes(identifiers[-1])
    if len({_holes(identifier)[1] for identifier in identifiers}) > 1:
        return "give the number a name, such as %(count)d: one Chinese text serves every number"
    if _holes(text) != wanted:
        return f"other placeholders than {[*wanted[0], *wanted[1]]}"
    if PERCENT.search(identifiers[-1]) and "%" in PERCENT.sub("", text):
        return "a lone % in a text that is formatted; write %%"
    return ""


def faults(*, texts: Catalog, translated: Catalog) -> list[str]:
    """What is wrong with a translation: missing texts, unsure ones, and changed placeholders."""
    found = []
    for message in texts:
        identifiers = _identifiers(message)
        if not identifiers[0]:
            continue
        places = ", ".join(sorted({place for place, _ in message.locations}))
        known = translated.get(identifiers[0], message.context)
        if known is None or not all(text.strip() for text in _strings(known)):
            found.append(f"{places}: not translated: {identifiers[0]!r}")
            continue
        if known.fuzzy:
            found.append(f"{places}: marked fuzzy: {identifiers[0]!r}")
        for text in _strings(known):
            wrong = _wrong_holes(identifiers=identifiers, text=text)
            if wrong:
                found.append(f"{places}: {wrong}: {identifiers[0]!r} → {text!r}")
    return found


def check() -> int:
    """Print every fault of the Chinese catalog; 1 when there is one."""
    found = faults(texts=collect(), translated=_read(_po_file()))
    for line in found:
        print(line)
    print(f"zh_Hans: {len(found)} texts to mend" if found else "zh_Hans: complete")
    return 1 if found else 0


def update() -> int:
    """Bring the catalog up to the sources: new texts come in empty, texts nobody uses leave."""
    path, texts = _po_file(), collect()
    old = _read(path)
    fresh = Catalog(locale="zh_Hans", project="ecomhub", charset="utf-8", fuzzy=False)
    for message in texts:
        identifiers = _identifiers(message)
        if not identifiers[0]:
            continue
        known = old.get(identifiers[0], message.context)
        text: str | tuple[str, ...] = _strings(known)[0] if known else ""
        fresh.add(
            message.id,
            (str(text),) if len(identifiers) > 1 else text,
            locations=message.locations,
            context=message.context,
            flags={"fuzzy"} if known and known.fuzzy else (),
            user_comments=known.user_comments if known else (),
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    out = io.BytesIO()
    write_po(out, fresh, width=110, sort_output=True, include_lineno=False, omit_header=True)
    path.write_bytes(HEADER.encode() + out.getvalue())
    missing = len(faults(texts=texts, translated=fresh))
    print(f"zh_Hans: {len(fresh)} texts, {missing} to mend")
    return 0


def compile_catalogs() -> int:
    """Compile every catalog whose compiled file is missing or older; 0, as programs end well."""
    for source in LOCALES.rglob("*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as lines:
            catalog = read_po(lines, locale=source.parent.parent.name)
        half = target.with_name(f"{target.name}.{os.getpid()}")
        try:
            with half.open("wb") as out:
                write_mo(out, catalog)
            half.replace(target)
        except OSError as error:
            name = source.parent.parent.name
            print(f"{target}: {error.strerror}; the texts of {name} stay as they were", file=sys.stderr)
            with contextlib.suppress(OSError):
                half.unlink()
    return 0
