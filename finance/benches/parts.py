"""What the benches of money share: a seller with books in dollars, files apart, a process of its own."""

import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection

from django.conf import settings
from django.db import connection

from channels.models import ChannelAccount, Shop
from ecomhub.models import LegalEntity
from finance.accounting.books import open_book
from finance.models import MoneyAccount
from finance.statements import money_accounts

AT = datetime(2026, 4, 1, tzinfo=UTC)


def seller() -> MoneyAccount:
    """Make an account with one shop and books in dollars that opened with the year."""
    entity = LegalEntity.objects.create(code="bench", name="Bench", country="CN", currency="USD")
    open_book(legal_entity=entity, opens_on=date(2026, 1, 1), at=AT)
    channel = ChannelAccount.objects.create(
        platform="amazon",
        name="Bench",
        seller_id="BENCH",
        endpoint="http://127.0.0.1:1",
        token_endpoint="http://127.0.0.1:1",  # noqa: S106
        go_live_at=AT - timedelta(days=60),
        switched_on_at=AT - timedelta(days=60),
    )
    Shop.objects.create(
        account=channel,
        marketplace="ATVPDKIKX0DER",
        name="Bench",
        short_name="Bench",
        legal_entity=entity,
        country="US",
        currency="USD",
    )
    return money_accounts.of_channel(channel=channel, at=AT)


@contextmanager
def files_in(folder: str) -> Iterator[None]:
    """Keep the bench's files out of the installation's store."""
    held = settings.ECOMHUB_FILES_DIR
    settings.ECOMHUB_FILES_DIR = os.path.join(folder, "files")
    try:
        yield
    finally:
        settings.ECOMHUB_FILES_DIR = held


def apart(work: Callable[[], None]) -> tuple[float, float, float]:
    """Do something in a process of its own; return seconds, growth and peak of its memory in MiB."""
    connection.close()
    context = multiprocessing.get_context("fork")
    near, far = context.Pipe()
    process = context.Process(target=_measured, args=[work, far])
    process.start()
    far.close()
    try:
        answer: tuple[float, float, float] = near.recv()
    finally:
        process.join()
    return answer


def _measured(work: Callable[[], None], pipe: Connection) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    work()
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connection.close()
    pipe.send((seconds, (peak - before) / 1024, peak / 1024))
