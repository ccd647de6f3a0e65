"""Every platform the registry knows keeps the adapter's promises, the fake one of the tests included."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree
from zoneinfo import available_timezones

import pytest
from pytest_django import Settings

import channels.platforms
from channels.adapter import (
    Adapter,
    ChannelError,
    CredentialsRejected,
    PageTokenExpired,
    Platform,
    Refused,
    RetryLater,
    Throttled,
    TokenExpired,
    Unsupported,
)
from channels.messages import Connection
from channels.registry import platform, platforms
from ecomhub.money import known_currencies
from tests.answering import Answering, Received, answering
from tests.channels.platforms.contract import (
    AT,
    EXTRA_FIELD,
    HOSTILE_CODE,
    HOSTILE_TITLE,
    Examples,
    Verb,
    bad_replies,
    connection,
    replies,
    subjects,
    verbs,
)

FOLDERS = sorted(module.name for module in pkgutil.iter_modules(channels.platforms.__path__) if module.ispkg)
KEYS = (*(name for name in FOLDERS if not platform(name).is_by_file), "fake")
BY_FILE = [name for name in FOLDERS if platform(name).is_by_file]


@pytest.fixture(autouse=True)
def extra_platforms(settings: Settings) -> None:
    settings.ECOMHUB_EXTRA_PLATFORMS = ["tests.platforms_fake"]


@pytest.fixture
def server(settings: Settings) -> Iterator[Answering]:
    with answering() as running:
        settings.ECOMHUB_SANDBOX_URL = running.url
        yield running


@pytest.fixture(params=KEYS)
def subject(request: pytest.FixtureRequest) -> tuple[Platform, Examples]:
    return subjects()[request.param]


@pytest.fixture
def adapter(subject: tuple[Platform, Examples], server: Answering) -> Adapter:
    one, examples = subject
    return one.build(connection(one, examples, server.url), None)


@pytest.fixture
def offered(subject: tuple[Platform, Examples], server: Answering) -> dict[str, Verb]:
    one, examples = subject
    return verbs(one, examples, server.url)


def test_the_contract_runs_for_every_registered_platform() -> None:
    assert tuple(platforms()) == (*FOLDERS, "fake")
    assert tuple(subjects()) == KEYS
    assert set(BY_FILE) == {"lazada", "tiktok", "aliexpress", "temu", "other"}


@pytest.mark.parametrize("key", BY_FILE)
def test_platform_worked_by_file_is_never_spoken_to(key: str) -> None:
    one = platform(key)
    assert not any((one.endpoints, one.rates, one.operations, one.credential_fields, one.pushes))
    nobody = Connection(
        account_uid="test", platform=key, endpoint="", token_endpoint="", seller_id="", marketplaces=(),
        credentials={},
    )  # fmt: skip
    with pytest.raises(Unsupported):
        one.build(nobody, None)
    with pytest.raises(Refused, match="import_sheet orders"):
        one.read_order_files(b"{}")
    for place in one.marketplaces:
        assert place.currency in known_currencies()
        assert place.time_zone in available_timezones()


def test_good_answers_are_successes(adapter: Adapter, offered: dict[str, Verb], server: Answering) -> None:
    """The control of every case below: what it spoils is fine before."""
    for verb in offered.values():
        server.says(*(step.reply for step in verb.steps))
        verb.call(adapter)
        assert len(server.received) == len(verb.steps), verb.name


def test_error_bodies_are_never_success(
    adapter: Adapter, offered: dict[str, Verb], server: Answering, settings: Settings
) -> None:
    for verb in offered.values():
        for place, step in enumerate(verb.steps):
            before = [earlier.reply for earlier in verb.steps[:place]]
            for name, bad in bad_replies(step):
                settings.ECOMHUB_CALL_SECONDS = 1 if name == "drip" else 60
                server.says(*before, bad)
                case = f"{verb.name} step {place}: {name}"
                try:
                    result = verb.call(adapter)
                except ChannelError as error:
                    judge(error, name=name, writes=step.writes, is_bytes=step.is_bytes, case=case)
                else:
                    pytest.fail(f"{case} was taken for a success: {result!r:.200}")


def judge(error: ChannelError, *, name: str, writes: bool, is_bytes: bool, case: str) -> None:
    assert isinstance(error, RetryLater), f"{case}: {error!r}"
    assert error.reason, case
    if name == "html_429" and not is_bytes:
        assert isinstance(error, Throttled), case
        assert not error.unknown, case
    elif name != "html_429":
        assert error.unknown is writes, case


def test_expired_token_asks_for_a_new_one(
    subject: tuple[Platform, Examples], adapter: Adapter, offered: dict[str, Verb], server: Answering
) -> None:
    server.says(subject[1].expired())
    for name, verb in offered.items():
        if name != "refresh_token":
            with pytest.raises(TokenExpired):
                verb.call(adapter)


def test_rejected_credentials_are_told_apart(
    subject: tuple[Platform, Examples], adapter: Adapter, server: Answering
) -> None:
    server.says(subject[1].rejected())
    with pytest.raises(CredentialsRejected):
        adapter.refresh_token()


def test_platforms_own_no_is_final(
    subject: tuple[Platform, Examples], adapter: Adapter, offered: dict[str, Verb], server: Answering
) -> None:
    server.says(subject[1].refused())
    for name in {"fetch_order", "fetch_listing", "push_stock", "confirm_shipment"} & set(offered):
        with pytest.raises(Refused):
            offered[name].call(adapter)


def test_page_token_that_is_no_longer_taken_restarts_the_pass(
    subject: tuple[Platform, Examples], adapter: Adapter, server: Answering
) -> None:
    server.says(subject[1].page_token_refused())
    with pytest.raises(PageTokenExpired):
        adapter.fetch_orders(updated_from=AT - timedelta(hours=1), updated_to=AT, page_token="t+/=1")


def test_page_token_travels_unchanged(
    subject: tuple[Platform, Examples], adapter: Adapter, server: Answering
) -> None:
    _one, examples = subject
    token = examples.page_token
    first = replies(examples.order_steps([], token))
    server.says(*first, *replies(examples.order_steps([], "")))
    window = {"updated_from": AT - timedelta(hours=1), "updated_to": AT}
    page = adapter.fetch_orders(page_token="", **window)
    assert page.next_token == token
    assert adapter.fetch_orders(page_token=page.next_token, **window).next_token == ""
    assert (examples.sent_page_token or token) in said(server.received[len(first)])


def said(request: Received) -> list[str]:
    """Return the values of a request's query and every text in its JSON or XML body."""
    values = [part.partition("=")[2] for part in urlsplit(request.target).query.split("&")]
    body = request.body.strip()
    inside = list(ElementTree.fromstring(body).itertext()) if body[:1] == b"<" else []
    if body and not inside:
        inside = texts(json.loads(body))
    return [unquote(value) for value in values] + inside


def texts(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return [text for part in inside for text in texts(part)]
    return [value] if isinstance(value, str) else []


def test_empty_page_is_empty_only_with_its_list(
    subject: tuple[Platform, Examples], adapter: Adapter, server: Answering
) -> None:
    server.says(*replies(subject[1].order_steps([])))
    page = adapter.fetch_orders(updated_from=AT - timedelta(hours=1), updated_to=AT, page_token="")
    assert (page.items, page.bad, page.next_token) == ((), (), "")


def test_hostile_texts_stay_texts(
    subject: tuple[Platform, Examples], adapter: Adapter, server: Answering
) -> None:
    _one, examples = subject
    code = HOSTILE_CODE if examples.code_names_listing else examples.listing_id
    order = examples.dressed(examples.order(), HOSTILE_CODE, HOSTILE_TITLE)
    listing = examples.dressed(examples.listing(), HOSTILE_CODE, HOSTILE_TITLE)
    first = replies(examples.single_order_steps(order))
    server.says(*first, *replies(examples.single_listing_steps(listing)))
    line = adapter.fetch_order(order_id="123-1").lines[0]
    assert (line.listing_id, line.title) == (code, HOSTILE_TITLE)
    found = adapter.fetch_listing(marketplace=examples.marketplaces[0], listing_id=code)
    assert (found.listing_id, found.title) == (code, HOSTILE_TITLE)
    for request in server.received:
        assert request.target.isascii()
    target = server.received[len(first)]
    path = target.target.partition("?")[0]
    sent = (unquote(path.rpartition("/")[2]), *said(target))
    assert examples.code_as_sent(code) in sent or not examples.code_names_listing


@pytest.mark.parametrize("code", [".", "..", ""])
def test_code_that_would_climb_the_address_is_refused_unsent(
    subject: tuple[Platform, Examples], adapter: Adapter, server: Answering, code: str
) -> None:
    with pytest.raises(Refused):
        adapter.fetch_listing(marketplace=subject[1].marketplaces[0], listing_id=code)
    with pytest.raises(Refused):
        adapter.fetch_order(order_id=code)
    assert server.received == []


def test_unknown_fields_are_kept_in_the_raw_object(
    subject: tuple[Platform, Examples], adapter: Adapter, server: Answering
) -> None:
    _one, examples = subject
    server.says(*replies(examples.order_steps([examples.order() | EXTRA_FIELD])))
    order = adapter.fetch_orders(updated_from=AT - timedelta(hours=1), updated_to=AT, page_token="").items[0]
    assert order.raw == examples.order() | EXTRA_FIELD
    assert json.loads(json.dumps(order.raw)) == order.raw


def test_amounts_are_decimals_and_instants_are_aware(
    subject: tuple[Platform, Examples], adapter: Adapter, server: Answering
) -> None:
    _one, examples = subject
    server.says(*replies(examples.order_steps([examples.order()])))
    order = adapter.fetch_orders(updated_from=AT - timedelta(hours=1), updated_to=AT, page_token="").items[0]
    assert order.lines[0].charge == Decimal("40.00")
    for at in (order.placed_at, order.updated_at):
        assert at.utcoffset() == timedelta(0)


def test_one_bad_order_stops_only_itself(
    subject: tuple[Platform, Examples], adapter: Adapter, server: Answering
) -> None:
    _one, examples = subject
    orders: list[object] = [examples.order(), "an order?", None, 7, [], {}, examples.order()]
    server.says(*replies(examples.order_steps(orders)))
    page = adapter.fetch_orders(updated_from=AT - timedelta(hours=1), updated_to=AT, page_token="")
    assert len(page.items) == 2
    assert len(page.bad) == 5
    assert len({item.external_id for item in page.bad}) == 5
    assert all(item.reason for item in page.bad)


def test_each_answer_is_reported_under_an_operation_with_a_rate(
    subject: tuple[Platform, Examples], offered: dict[str, Verb], server: Answering
) -> None:
    one, examples = subject
    seen: list[tuple[str, int]] = []

    def note(
        *, operation: str, status: int, granted_rate: float | None, remaining: float | None = None
    ) -> None:
        seen.append((operation, status))

    adapter = one.build(connection(one, examples, server.url), note)
    for name in set(offered) - {"refresh_token"}:
        seen.clear()
        server.says(*(step.reply for step in offered[name].steps))
        offered[name].call(adapter)
        assert {operation for operation, _status in seen} == {name}
        assert one.buckets.get(name, name) in one.rates


def test_foreign_address_is_never_spoken_to(
    subject: tuple[Platform, Examples], offered: dict[str, Verb], server: Answering
) -> None:
    one, examples = subject
    elsewhere = replace(
        connection(one, examples, "https://evil.example"), token_endpoint="http://169.254.169.254/token"
    )
    adapter = one.build(elsewhere, None)
    for verb in offered.values():
        with pytest.raises(Refused):
            verb.call(adapter)


def test_sandbox_address_is_foreign_when_the_sandbox_is_off(
    adapter: Adapter, offered: dict[str, Verb], server: Answering, settings: Settings
) -> None:
    settings.ECOMHUB_SANDBOX_URL = ""
    for verb in offered.values():
        with pytest.raises(Refused):
            verb.call(adapter)
    assert server.received == []


def test_secrets_do_not_show_in_a_connection(subject: tuple[Platform, Examples]) -> None:
    one, examples = subject
    shown = repr(connection(one, examples, "https://x.example"))
    assert "access-1" not in shown
    assert not any(f"'{value}'" in shown for value in examples.credentials.values())


def test_error_page_saved_as_a_file_is_no_orders(subject: tuple[Platform, Examples]) -> None:
    one, _examples = subject
    for content in (
        b"",
        b"<html>",
        b"{}",
        b"[",
        b"null",
        b'{"message": "x"}',
        b"\xff\xfe\x00",
        b"[" * 200_000,
    ):
        with pytest.raises(Refused):
            one.read_order_files(content)


def test_saved_page_is_read_like_a_fetched_one(
    subject: tuple[Platform, Examples], adapter: Adapter, server: Answering
) -> None:
    one, examples = subject
    body = json.dumps(examples.order_page([examples.order()], "")).encode()
    server.says(*replies(examples.order_steps([examples.order()])))
    fetched = adapter.fetch_orders(updated_from=AT - timedelta(hours=1), updated_to=AT, page_token="")
    assert one.read_order_files(body).page.items == fetched.items
