"""What Prometheus reads: pending work of every kind, the tick, how late streams and orders are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import DatabaseError
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from channels.door_models import OrderFetch
from channels.models import Pull
from ecomhub import clock, health, metrics, work
from tests.orders.factory import make_account

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "a-token-of-the-tests"
Figures = dict[tuple[str, ...], float]


@pytest.fixture(autouse=True)
def _token(settings: Settings) -> None:
    settings.ECOMHUB_METRICS_TOKEN = TOKEN


def scrape(client: Client) -> Figures:
    """The page's figures by name and label values."""
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    found: Figures = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found[(sample.name, *sample.labels.values())] = sample.value
    return found


def pending(client: Client, kind: str) -> tuple[float, float, float]:
    """Due, waiting and quarantined rows of one kind."""
    found = scrape(client)
    due, waiting, stopped = (
        found["ecomhub_work_rows", kind, state] for state in ("due", "waiting", "quarantined")
    )
    return due, waiting, stopped


def test_figures_are_for_the_holder_of_the_token(client: Client, settings: Settings) -> None:
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"authorization": "Bearer other"}).status_code == 403
    settings.ECOMHUB_METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 403


def test_every_kind_of_work_is_counted_by_where_it_stands(client: Client) -> None:
    kinds = {key[1] for key in scrape(client) if key[0] == "ecomhub_work_rows"}
    assert kinds == set(metrics.work_tables())
    assert {"channels.pull", "logistics.confirmation", "ecomhub.webhookdelivery"} <= kinds

    account = make_account()
    OrderFetch.objects.all().delete()
    rows = [OrderFetch.objects.create(account=account, external_id=str(number)) for number in range(5)]
    assert pending(client, "channels.orderfetch") == (5, 0, 0)
    moment = work.database_now()
    OrderFetch.objects.filter(pk=rows[0].pk).update(due_at=moment + timedelta(hours=1))
    OrderFetch.objects.filter(pk=rows[1].pk).update(lease_until=moment + timedelta(hours=1))
    OrderFetch.objects.filter(pk=rows[2].pk).update(lease_until=moment - timedelta(hours=1))
    OrderFetch.objects.filter(pk=rows[3].pk).update(state=work.WorkState.QUARANTINED)
    OrderFetch.objects.filter(pk=rows[4].pk).update(state=work.WorkState.DONE)
    assert pending(client, "channels.orderfetch") == (1, 2, 1)


def test_the_age_of_the_longest_due_row_is_told(client: Client) -> None:
    key = ("ecomhub_work_oldest_due_seconds", "channels.orderfetch")
    account = make_account()
    assert scrape(client)[key] == 0
    row = OrderFetch.objects.create(account=account, external_id="1")
    OrderFetch.objects.filter(pk=row.pk).update(due_at=work.database_now() - timedelta(hours=2))
    assert 7200 <= scrape(client)[key] < 7900


def test_the_age_of_the_last_tick_is_told_once_there_was_one(client: Client) -> None:
    cache.delete(health.TICK_KEY)
    assert ("ecomhub_tick_age_seconds",) not in scrape(client)
    health.note_tick()
    assert 0 <= scrape(client)["ecomhub_tick_age_seconds",] < 60


def test_a_stream_says_how_long_ago_it_was_read_to_its_end(client: Client) -> None:
    account = make_account()
    pull, _made = Pull.objects.get_or_create(account=account, stream=Pull.Stream.ORDERS)
    key = ("ecomhub_stream_lag_seconds", account.name, account.platform, "orders")
    assert key not in scrape(client)
    Pull.objects.filter(pk=pull.pk).update(last_success_at=clock.now() - timedelta(minutes=10))
    assert 600 <= scrape(client)[key] < 1200


def test_without_a_database_the_page_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert scrape(client)["ecomhub_database_up",] == 1

    def away() -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(metrics, "_work", away)
    found = scrape(client)
    assert found["ecomhub_database_up",] == 0
    assert not [key for key in found if key[0] == "ecomhub_work_rows"]
