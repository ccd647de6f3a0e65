"""Which encoding a document has, decided by what is in it and never by its name."""

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import BinaryIO

_RUNS = re.compile(rb"[\x80-\xff]+")
# What Windows-1252 has beyond ASCII that Western texts use: letters, and signs that stand alone.
_LETTERS = frozenset((*range(0xC0, 0x100), 0x8A, 0x8C, 0x8E, 0x9A, 0x9C, 0x9E, 0x9F)) - {0xD7, 0xF7}
_MARKS = frozenset(
    b"\x80\x85\x91\x92\x93\x94\x96\x97\x99\xa0\xa1\xa3\xa7\xa9\xaa\xab\xae\xb0\xb2\xb3\xb4\xb5\xb7\xba\xbb\xbf"
)
_NOT_LETTERS = bytes(byte for byte in range(0x80) if not chr(byte).isalpha())
_LONGEST_RUN = 3
_CHUNK = 1 << 18
_EVIDENCE = 1 << 16
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(file: BinaryIO) -> str:
    """Return the Python name of the encoding of a seekable file and rewind it.

    The whole file is looked at: the one letter that is not ASCII may stand in the last line.
    """
    file.seek(0)
    head = file.read(4096)
    found = _by_mark(head) or _wide(head)
    if found is None:
        file.seek(0)
        found = _single_or_double(file)
    file.seek(0)
    return found


@lru_cache(maxsize=8)
def head_text(head: bytes) -> str:
    """Return the text of a document's first bytes; a letter cut in two at the end is left out."""
    encoding = encoding_of(io.BytesIO(head))
    if encoding not in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be") and _is_utf8_start(head):
        encoding = "utf-8-sig"
    return codecs.getincrementaldecoder(encoding)("replace").decode(head)


@contextmanager
def text_of(file: BinaryIO, encoding: str = "", *, newline: str | None = None) -> Iterator[io.TextIOWrapper]:
    """Open a seekable binary file as text from its start, and leave the binary file open afterwards."""
    chosen = encoding or encoding_of(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=chosen, errors="strict", newline=newline)
    try:
        yield text
    finally:
        text.detach()


def _by_mark(head: bytes) -> str | None:
    return next((name for mark, name in _BOMS if head.startswith(mark)), None)


def _wide(head: bytes) -> str | None:
    """Tell UTF-16 without a mark by its zero bytes: digits, separators and line ends have one each."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if (even + odd) * 10 < len(head):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _single_or_double(file: BinaryIO) -> str:
    """Read everything once: valid UTF-8, or the best of the three others for its letters beyond ASCII."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    evidence = bytearray()
    is_utf8 = True
    rest = b""
    while chunk := file.read(_CHUNK):
        if is_utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
        if len(evidence) < _EVIDENCE and (rest or not chunk.isascii()):
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            evidence += b"".join(line + b"\n" for line in lines if not line.isascii())
            if rest.isascii():
                rest = b""
            elif len(rest) > _EVIDENCE:
                # No letter in any of the encodings has one of these in its middle.
                cut = max(rest.rfind(mark) for mark in (b" ", b",", b"\t")) + 1
                evidence += b"" if rest[:cut].isascii() else rest[:cut]
                rest = rest[cut:]
        if not is_utf8 and len(evidence) >= _EVIDENCE:
            break
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    if is_utf8:
        return "utf-8-sig"
    if not rest.isascii():
        evidence += rest
    return _best(bytes(evidence))


def _is_utf8_start(head: bytes) -> bool:
    """Say whether bytes are UTF-8 that may be cut in the middle of the last letter."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _best(evidence: bytes) -> str:
    scores = {name: score(evidence) for name, score in _SCORES.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 0 else "cp1252"


def _latin(evidence: bytes) -> float:
    """Say how much of it reads as Western text: a letter with an accent alone, or a few inside a word."""
    high = good = 0
    for run in _RUNS.finditer(evidence):
        found = run[0]
        high += len(found)
        around = evidence[run.start() - 1 : run.start()] + evidence[run.end() : run.end() + 1]
        if len(found) == 1:
            good += found[0] in _LETTERS or found[0] in _MARKS
        elif (
            len(found) <= _LONGEST_RUN
            and around.strip(_NOT_LETTERS)
            and all(one in _LETTERS for one in found)
        ):
            good += len(found)
    return good / high if high else 0.0


def _japanese(evidence: bytes) -> float:
    """Say how much of it reads as Shift-JIS: kana, full-width forms and the common kanji."""
    try:
        evidence.decode("cp932")
    except UnicodeDecodeError:
        return -1.0
    good, bytes_seen = 0, 0
    position, end = 0, len(evidence)
    while position < end:
        lead = evidence[position]
        if lead < 0x80:
            position += 1
        elif 0xA0 <= lead <= 0xDF:
            bytes_seen += 1
            position += 1
        else:
            bytes_seen += 2
            if lead in (0x81, 0x82, 0x83) or 0x88 <= lead <= 0x98:
                good += 2
            position += 2
    return good / bytes_seen if bytes_seen else 0.0


def _chinese(evidence: bytes) -> float:
    """Say how much of it reads as GB18030: the common hanzi and full-width forms."""
    try:
        evidence.decode("gb18030")
    except UnicodeDecodeError:
        return -1.0
    good, bytes_seen = 0, 0
    position, end = 0, len(evidence)
    while position < end:
        lead = evidence[position]
        if lead < 0x80:
            position += 1
            continue
        trail = evidence[position + 1] if position + 1 < end else 0
        width = 4 if 0x30 <= trail <= 0x39 else 2
        bytes_seen += width
        if width == 2 and trail >= 0xA1 and (0xB0 <= lead <= 0xD7 or lead in (0xA1, 0xA3)):
            good += 2
        elif width == 2 and trail >= 0xA1 and 0xD8 <= lead <= 0xF7:
            good += 1
        position += width
    return good / bytes_seen if bytes_seen else 0.0


# Of two that read equally well the earlier is meant.
_SCORES = {"cp932": _japanese, "gb18030": _chinese, "cp1252": _latin}
