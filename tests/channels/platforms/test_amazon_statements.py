"""Amazon's reports on their way: packed or not, whole or not, large ones never in memory as a whole."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from channels.adapter import RetryLater
from channels.money_documents import IN_MEMORY
from channels.platforms.amazon import statements
from tests.answering import Answering, Reply, answering

REPORT = b"settlement-id\ttotal-amount\n1\t2.00\n"


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


def download(server: Answering, body: bytes, *, packed: bool = True) -> bytes:
    server.says(Reply(200, body, "binary/octet-stream"))
    place = {"url": f"{server.url}/bytes"} | ({"compressionAlgorithm": "GZIP"} if packed else {})
    with statements.download(place, proxy="") as content:
        return content.read()


def test_report_is_unpacked_where_it_is_packed(server: Answering) -> None:
    assert download(server, gzip.compress(REPORT)) == REPORT
    assert download(server, REPORT, packed=False) == REPORT
    assert download(server, REPORT) == REPORT


def test_cut_off_report_is_no_report(server: Answering) -> None:
    whole = gzip.compress(REPORT * 500)
    with pytest.raises(RetryLater, match="unpacked"):
        download(server, whole[: len(whole) // 2])
    with pytest.raises(RetryLater, match="unpacked"):
        download(server, b"\x1f\x8b" + b"nonsense" * 20)


def test_too_long_a_report_ends_before_it_fills_the_disk(
    server: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "LONGEST_REPORT", 100_000)
    with pytest.raises(RetryLater, match="unpacked"):
        download(server, gzip.compress(b"0" * 200_000))
    with pytest.raises(RetryLater, match="longer"):
        download(server, b"0" * 200_000, packed=False)


def test_large_report_lies_on_disk(server: Answering) -> None:
    server.says(Reply(200, gzip.compress(REPORT * 300_000), "binary/octet-stream"))
    place = {"url": f"{server.url}/bytes", "compressionAlgorithm": "GZIP"}
    with statements.download(place, proxy="") as content:
        assert isinstance(content, tempfile.SpooledTemporaryFile)
        assert getattr(content, "_rolled", False)
        assert content.seek(0, 2) == len(REPORT) * 300_000 > IN_MEMORY
