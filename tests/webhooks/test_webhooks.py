"""Outgoing webhooks: what is told, how it is proven, how often it is tried, and who may subscribe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from ecomhub import events, http
from ecomhub.access import SYSTEM, Actor, Role
from ecomhub.webhooks import endpoints, sending
from ecomhub.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookTry
from ecomhub.work import WorkState
from inventory import ledger
from tests.inventory.making import make_sku, make_warehouse, stock
from tests.webhooks.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    with receiving() as found:
        settings.ECOMHUB_SANDBOX_URL = found.url.partition("/webhook-receiver")[0]
        yield found


@pytest.fixture
def subscribed(receiver: Receiver) -> tuple[WebhookEndpoint, str]:
    return endpoints.subscribe(url=receiver.url, wanted=["order", "stock"], actor=SYSTEM, at=AT)


def happen(kind: str = "ship", object_id: int = 7, *, what: str = "order") -> None:
    events.record(object_kind=what, object_id=object_id, kind=kind, at=AT)


def send(endpoint: WebhookEndpoint, *, at: datetime = AT) -> int:
    return sending.send_due(endpoint_id=endpoint.pk, now=lambda: at)


def make_due() -> None:
    WebhookDelivery.objects.filter(state=WorkState.WAITING).update(due_at=AT)


def test_an_event_reaches_the_receiver_signed(
    subscribed: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    endpoint, secret = subscribed
    happen()
    assert sending.due_endpoints() == [endpoint.pk]
    assert send(endpoint) == 1
    assert receiver.messages == [
        {
            "type": "order.ship",
            "timestamp": "2026-06-01T12:00:00+00:00",
            "data": {"object": "order", "id": 7, "sequence": 1},
        }
    ]
    assert receiver.proves(secret)
    assert not receiver.proves("whsec_" + "A" * 44), "the proof tells secrets apart"
    assert abs(int(receiver.headers[0]["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    assert sending.due_endpoints() == []


def test_only_chosen_topics_are_told(receiver: Receiver) -> None:
    endpoint, _ = endpoints.subscribe(
        url=receiver.url, wanted=["order.ship", "shipment"], actor=SYSTEM, at=AT
    )
    happen("held")
    happen("ship")
    happen("planned", what="shipment")
    assert send(endpoint) == 2
    assert [message["type"] for message in receiver.messages] == ["order.ship", "shipment.planned"]


def test_what_is_rolled_back_is_not_told(subscribed: tuple[WebhookEndpoint, str], receiver: Receiver) -> None:
    with transaction.atomic():
        happen()
        transaction.set_rollback(True)
    assert send(subscribed[0]) == 0
    assert receiver.messages == []


def test_changes_of_one_object_are_numbered(
    subscribed: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    for kind in ("taken_in", "allocate", "ship"):
        happen(kind)
    send(subscribed[0])
    assert [message["data"]["sequence"] for message in receiver.messages] == [1, 2, 3]


def test_stock_is_told_once_with_its_newest_number(
    subscribed: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    sku, place = make_sku("mug"), make_warehouse("HERE")
    stock(sku, place, 5)
    for number in range(3):
        ledger.adjust(
            sku_id=sku.pk, warehouse_id=place.pk, delta=1, reason="found", cause=f"adjust:{number}", at=AT
        )
    send(subscribed[0])
    [told] = [message for message in receiver.messages if message["type"] == "stock.changed"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, version FROM inventory_stocklevel")
        assert (told["data"]["id"], told["data"]["sequence"]) == cursor.fetchone()


def test_a_failure_is_tried_again_under_the_same_id(
    subscribed: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    endpoint, _ = subscribed
    receiver.answers = [500]
    happen()
    assert send(endpoint) == 0
    assert send(endpoint) == 0, "not before its time"
    delivery = WebhookDelivery.objects.get()
    assert (delivery.last_status, delivery.tries_left, delivery.last_error) == (500, 9, "it answered 500")
    make_due()
    assert send(endpoint) == 1
    first, second = receiver.headers
    assert first["webhook-id"] == second["webhook-id"]
    assert receiver.bodies[0] == receiver.bodies[1]
    assert [one.status for one in WebhookTry.objects.order_by("pk")] == [500, 200]


def test_ten_tries_over_three_days_then_it_stops(
    subscribed: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    endpoint, _ = subscribed
    receiver.answers = [503] * 10
    happen()
    for _ in range(12):
        make_due()
        send(endpoint)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries_left, len(receiver.messages)) == (WorkState.QUARANTINED, 0, 10)
    total = sum(sending.WAITS, timedelta())
    assert timedelta(days=3) < total < timedelta(days=3, hours=6)


def test_message_sent_again_has_all_its_tries_and_counts_each(
    subscribed: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    endpoint, _ = subscribed
    receiver.answers = [503] * 12
    happen()
    for _ in range(10):
        make_due()
        send(endpoint)
    endpoints.again(rows=[WebhookDelivery.objects.get().pk])
    left = []
    for _ in range(2):
        make_due()
        send(endpoint)
        left.append(WebhookDelivery.objects.get().tries_left)
    assert left == [9, 8]


def test_one_failing_message_leaves_the_others_for_the_next_turn(
    subscribed: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    endpoint, _ = subscribed
    receiver.answers = [500]
    happen("taken_in")
    happen("ship")
    assert send(endpoint) == 0
    assert send(endpoint) == 1
    assert [message["type"] for message in receiver.messages] == ["order.taken_in", "order.ship"]


def test_an_endpoint_that_is_gone_is_switched_off(
    subscribed: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    endpoint, _ = subscribed
    receiver.answers = [410]
    happen()
    send(endpoint)
    endpoint.refresh_from_db()
    assert endpoint.state == WebhookEndpoint.State.DISABLED
    happen("held")
    assert sending.due_endpoints() == []
    endpoints.resume(endpoint=endpoint, actor=SYSTEM, at=AT)
    make_due()
    assert send(endpoint) == 1, "what happened meanwhile was kept"


def test_five_days_of_failures_switch_an_endpoint_off(
    subscribed: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    endpoint, _ = subscribed
    receiver.answers = [500, 500]
    happen()
    send(endpoint)
    make_due()
    send(endpoint, at=AT + timedelta(days=6))
    endpoint.refresh_from_db()
    assert endpoint.state == WebhookEndpoint.State.DISABLED


def test_both_secrets_sign_for_a_day_after_a_rotation(
    subscribed: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    endpoint, old = subscribed
    new = endpoints.rotate(endpoint=endpoint, actor=SYSTEM, at=AT)
    happen()
    send(endpoint, at=AT + timedelta(hours=23))
    assert receiver.proves(new)
    assert receiver.proves(old)
    happen("held")
    send(endpoint, at=AT + timedelta(hours=25))
    assert receiver.proves(new)
    assert not receiver.proves(old)


def test_a_paused_endpoint_hears_nothing(subscribed: tuple[WebhookEndpoint, str], receiver: Receiver) -> None:
    endpoint, _ = subscribed
    endpoints.pause(endpoint=endpoint, actor=SYSTEM, at=AT)
    happen()
    endpoints.resume(endpoint=endpoint, actor=SYSTEM, at=AT)
    assert send(endpoint) == 0


def test_a_ping_arrives(subscribed: tuple[WebhookEndpoint, str], receiver: Receiver) -> None:
    endpoint, secret = subscribed
    endpoints.ping(endpoint=endpoint, at=AT)
    assert send(endpoint) == 1
    assert receiver.messages[0]["type"] == "ping"
    assert receiver.proves(secret)


def test_a_range_can_be_replayed(subscribed: tuple[WebhookEndpoint, str], receiver: Receiver) -> None:
    endpoint, _ = subscribed
    happen("taken_in")
    happen("ship")
    send(endpoint)
    late = AT + timedelta(hours=1)
    assert endpoints.replay(endpoint=endpoint, since=late, until=late + timedelta(days=1)) == 0
    assert endpoints.replay(endpoint=endpoint, since=AT, until=late, only_failed=True) == 0
    assert endpoints.replay(endpoint=endpoint, since=AT, until=late) == 2
    make_due()
    assert send(endpoint) == 2
    ids = [sent["webhook-id"] for sent in receiver.headers]
    assert ids[:2] == ids[2:], "a receiver knows them by their ids"


def test_two_senders_send_a_message_once(subscribed: tuple[WebhookEndpoint, str], receiver: Receiver) -> None:
    endpoint, _ = subscribed
    happen()
    taken: list[int] = []

    def slow(**request: Any) -> http.Answer:
        taken.append(sending.send_due(endpoint_id=endpoint.pk, now=lambda: AT))
        return http.send_to_user_address(**request)

    assert sending.send_due(endpoint_id=endpoint.pk, now=lambda: AT, send=slow) == 1
    assert taken == [0]
    assert len(receiver.messages) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://user:word@example.com/hook",
        "https://example.com:22/hook",
        "http://127.0.0.1:1/webhook-receiver/x",
        "ftp://example.com",
        "https://[bad",
        "",
    ],
)
def test_an_address_nobody_may_be_sent_to_is_refused(url: str, settings: Any) -> None:
    settings.ECOMHUB_SANDBOX_URL = ""
    with pytest.raises(endpoints.CannotSubscribe):
        endpoints.subscribe(url=url, wanted=["order"], actor=SYSTEM, at=AT)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1"])
def test_a_name_that_leads_inside_is_not_spoken_to(address: str) -> None:
    with pytest.raises(http.ForbiddenAddress):
        http.send_to_user_address(method="POST", url="https://hook.example", resolve=lambda _host: address)


def test_an_unknown_topic_is_refused() -> None:
    for wanted in (["order", "weather"], []):
        with pytest.raises(endpoints.CannotSubscribe):
            endpoints.subscribe(url="https://hook.example/", wanted=wanted, actor=SYSTEM, at=AT)


def test_somebody_limited_to_shops_cannot_subscribe() -> None:
    limited = Actor(name="mei", role=Role.ADMIN, shop_ids=frozenset({1}))
    with pytest.raises(endpoints.CannotSubscribe):
        endpoints.subscribe(url="https://hook.example/", wanted=["order"], actor=limited, at=AT)


def test_secrets_are_sealed(subscribed: tuple[WebhookEndpoint, str]) -> None:
    endpoint, secret = subscribed
    assert secret not in endpoint.sealed_secret
    assert endpoints.secrets_of(endpoint=endpoint, at=AT) == [secret]


def test_old_messages_are_forgotten_with_their_tries(
    subscribed: tuple[WebhookEndpoint, str], receiver: Receiver
) -> None:
    happen()
    send(subscribed[0])
    assert sending.forget_old(at=AT + timedelta(days=29)) == 0
    sending.forget_old(at=AT + timedelta(days=31))
    assert not WebhookDelivery.objects.exists()
    assert not WebhookTry.objects.exists()
