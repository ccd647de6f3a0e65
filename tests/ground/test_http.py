"""The one door for outgoing HTTP: whom it speaks to, when, and what it takes for a whole answer."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import transaction
from pytest_django import Settings

from ecomhub.http import (
    Answer,
    ForbiddenAddress,
    HttpFailure,
    TransactionOpen,
    check_platform_address,
    send_to_platform,
    send_to_user_address,
)
from tests.answering import Answering, Reply, answering

HOSTS = ("sellers.example.com",)


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


def fetch(server: Answering, **options: object) -> Answer:
    return send_to_platform(method="GET", url=f"{server.url}/page", hosts=HOSTS, **options)  # type: ignore[arg-type]


def test_whole_answer_comes_back_whatever_its_status(server: Answering) -> None:
    server.says(
        Reply(status=503, body=b"<html>", content_type="Text/HTML; charset=utf-8", headers={"X-A": "b"})
    )
    answer = fetch(server)
    assert (answer.status, answer.body, answer.content_type) == (503, b"<html>", "text/html")
    assert answer.headers["x-a"] == "b"


@pytest.mark.parametrize(
    "url",
    [
        "http://sellers.example.com/",
        "https://sellers.example.com:8443/",
        "https://sellers.example.com.evil.example/",
        "https://evil.example/?sellers.example.com",
        "https://sellers.example.com@evil.example/",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/",
        "http://localhost/",
        "file:///etc/passwd",
        "ftp://sellers.example.com/",
        "//sellers.example.com/",
        "",
    ],
)
def test_only_the_platforms_own_hosts_are_spoken_to(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        check_platform_address(url=url, hosts=HOSTS)


def test_platforms_own_host_is_allowed() -> None:
    check_platform_address(url="https://sellers.example.com/orders", hosts=HOSTS)


def test_sandbox_is_spoken_to_only_while_it_is_switched_on(server: Answering, settings: Settings) -> None:
    server.says(Reply(body=b"{}"))
    assert fetch(server).status == 200
    with pytest.raises(ForbiddenAddress):
        check_platform_address(url=server.url.replace("127.0.0.1", "localhost"), hosts=HOSTS)
    settings.ECOMHUB_SANDBOX_URL = ""
    server.received.clear()
    with pytest.raises(ForbiddenAddress) as caught:
        fetch(server)
    assert not caught.value.sent
    assert server.received == []


@pytest.mark.django_db(transaction=True)
def test_network_inside_a_transaction_is_refused_before_anything_is_sent(server: Answering) -> None:
    with transaction.atomic(), pytest.raises(TransactionOpen):
        fetch(server)
    with pytest.raises(TransactionOpen), transaction.atomic():
        send_to_user_address(method="POST", url="https://hooks.example.com/")
    assert server.received == []
    server.says(Reply(body=b"{}"))
    assert fetch(server).status == 200


def test_redirects_are_not_followed(server: Answering) -> None:
    server.says(Reply(status=302, headers={"Location": "https://evil.example/"}))
    assert fetch(server).status == 302
    assert len(server.received) == 1


def test_answer_longer_than_the_cap_is_none(server: Answering) -> None:
    server.says(Reply(body=b"x" * 100_001))
    with pytest.raises(HttpFailure, match="longer") as caught:
        fetch(server, max_bytes=100_000)
    assert caught.value.sent
    server.says(Reply(body=b"x" * 100_000))
    assert len(fetch(server, max_bytes=100_000).body) == 100_000


def test_packed_answer_is_measured_unpacked(server: Answering) -> None:
    server.says(Reply(body=gzip.compress(b"x" * 5_000_000), headers={"Content-Encoding": "gzip"}))
    with pytest.raises(HttpFailure, match="longer"):
        fetch(server, max_bytes=1_000_000)
    assert len(fetch(server).body) == 5_000_000


def test_answer_that_drips_ends_at_the_deadline(server: Answering) -> None:
    server.says(Reply(body=b'{"orders": []}' * 20, drip_seconds=0.1))
    with pytest.raises(HttpFailure, match="slowly"):
        fetch(server, deadline=0.5)


def test_deadline_of_platform_calls_comes_from_the_settings(server: Answering, settings: Settings) -> None:
    settings.ECOMHUB_CALL_SECONDS = 0.5
    server.says(Reply(body=b"0123456789" * 20, drip_seconds=0.1))
    with pytest.raises(HttpFailure, match="slowly"):
        fetch(server)


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_answer_shorter_than_declared_is_none(server: Answering, headers: dict[str, str]) -> None:
    body = gzip.compress(b'{"orders": [1, 2, 3]}') if headers else b'{"orders": []}'
    server.says(Reply(body=body[:-6], length=len(body), headers=headers))
    with pytest.raises(HttpFailure) as caught:
        fetch(server)
    assert caught.value.sent


def test_answer_cut_off_between_its_chunks_is_none(server: Answering) -> None:
    chunked = Reply(body=b'5\r\n{"ord\r\n', length=None, headers={"Transfer-Encoding": "chunked"})
    server.says(chunked)
    with pytest.raises(HttpFailure):
        fetch(server)


def test_hung_up_connection_may_have_done_something(server: Answering) -> None:
    server.says(Reply(hangs_up=True))
    with pytest.raises(HttpFailure) as caught:
        fetch(server)
    assert caught.value.sent


def test_nobody_listening_means_nothing_was_sent(server: Answering, settings: Settings) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        settings.ECOMHUB_SANDBOX_URL = f"http://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(HttpFailure) as caught:
            send_to_platform(method="POST", url=f"{settings.ECOMHUB_SANDBOX_URL}/x", hosts=HOSTS)
    assert not caught.value.sent


def test_surroundings_do_not_choose_a_proxy(server: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    server.says(Reply(body=b"{}"))
    assert fetch(server).status == 200


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://hooks.example.com/", "93.184.216.34"),
        ("https://hooks.example.com:22/", "93.184.216.34"),
        ("https://hooks.example.com/", "127.0.0.1"),
        ("https://hooks.example.com/", "10.0.0.7"),
        ("https://hooks.example.com/", "169.254.169.254"),
        ("https://hooks.example.com/", "::1"),
        ("https://hooks.example.com/", "fd00::1"),
        ("https:///", "93.184.216.34"),
    ],
)
def test_typed_addresses_must_be_public(url: str, address: str) -> None:
    with pytest.raises(ForbiddenAddress) as caught:
        send_to_user_address(method="POST", url=url, resolve=lambda host: address)
    assert not caught.value.sent


def test_amounts_are_read_as_decimals_and_strange_numbers_not_at_all() -> None:
    assert Answer(200, {}, b'{"a": 14.290000000000001}').json() == {"a": Decimal("14.290000000000001")}
    for body in (b'{"a": NaN}', b'{"a": Infinity}', b"", b'{"a": 1', b"\xff"):
        with pytest.raises(ValueError):
            Answer(200, {}, body).json()
