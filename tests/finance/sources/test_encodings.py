"""Every source reads its documents alike in every encoding that has their letters."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest

from channels.settlement_messages import MoneyLine, Statement, StatementUnreadable
from finance.sources import registry
from tests.finance.sources.documents import DOCUMENTS, READING, sample

WIDE = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
LETTERS = {
    "cp1252": "Größe für Käufer – “été”",
    "shift_jis": "日本語のカップをください",
    "gb18030": "订单的备注和说明",
    "utf-8-sig": "Größe 日本語 订单",
    "utf-16": "Größe 日本語 订单",
}
"""Words that people write in free text, by the encoding they come in."""


def read(key: str, content: bytes) -> list[Statement | MoneyLine]:
    return list(registry.source(key).read(io.BytesIO(content), READING))


def has(text: str, encoding: str) -> bool:
    """Say whether an encoding has these letters; GB18030 has all, of which people write those of GB 2312."""
    try:
        text.encode("gb2312" if encoding == "gb18030" else encoding)
    except UnicodeEncodeError:
        return False
    return True


def lettered(key: str, letters: str) -> str:
    """A source's document with these letters in a text of its own: one that is kept, else one passed over."""
    text = DOCUMENTS[key].decode()
    passed_over = []
    for changed in _changes(text, letters):
        try:
            said = read(key, changed.encode())
            if registry.detect(sample(changed.encode())).key != key:
                continue
        except StatementUnreadable:
            continue
        if letters in repr(said):
            return changed
        if said == read(key, text.encode()):
            passed_over.append(changed)
    return passed_over[0]


def _changes(text: str, letters: str) -> Iterator[str]:
    """The document with a field nobody knows, and with each of its words made longer."""
    if text.startswith("{"):
        yield text.replace("{", f'{{"memo": "{letters}", ', 1)
    for word in sorted(set(re.findall(r"[^\W\d]\w+", text))):
        yield re.sub(rf"\b{word}\b", f"{word} {letters}", text)


PLAIN = [
    (key, encoding)
    for key in DOCUMENTS
    for encoding in (*WIDE, "cp1252", "shift_jis", "gb18030")
    if has(DOCUMENTS[key].decode(), encoding)
]
LETTERED = [
    (key, encoding)
    for key in DOCUMENTS
    for encoding, letters in LETTERS.items()
    if has(DOCUMENTS[key].decode() + letters, encoding)
]


def test_every_source_is_read_in_every_encoding_that_has_its_letters() -> None:
    assert {key for key, _encoding in PLAIN} == set(registry.sources()) - {"mapped", "mapped_shop"}
    for encoding in WIDE:
        assert {key for key, found in PLAIN if found == encoding} == set(DOCUMENTS)
    for encoding in LETTERS:
        assert len([key for key, found in LETTERED if found == encoding]) > len(DOCUMENTS) / 2


@pytest.mark.parametrize(("key", "encoding"), PLAIN)
def test_another_encoding_changes_nothing(key: str, encoding: str) -> None:
    plain = DOCUMENTS[key]
    other = plain.decode().encode(encoding)
    assert registry.detect(sample(other)).key == key
    assert read(key, other) == read(key, plain)


@pytest.mark.parametrize(("key", "encoding"), LETTERED)
def test_letters_of_an_encoding_come_out_as_they_were_written(key: str, encoding: str) -> None:
    text = lettered(key, LETTERS[encoding])
    other = text.encode(encoding)
    assert registry.detect(sample(other)).key == key
    assert read(key, other) == read(key, text.encode())


@pytest.mark.parametrize("encoding", LETTERS)
def test_a_bank_statement_in_xml_may_declare_its_encoding_or_keep_an_older_declaration(encoding: str) -> None:
    text = lettered("bank_camt053", LETTERS[encoding])
    declared = text.replace('encoding="UTF-8"', f'encoding="{encoding.removesuffix("-sig")}"')
    assert declared != text or "encoding=" not in text
    for each in (declared, text):
        assert read("bank_camt053", each.encode(encoding)) == read("bank_camt053", text.encode())
