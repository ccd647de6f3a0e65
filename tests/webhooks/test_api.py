"""Webhooks through the REST API, as Zapier and other programs use it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ecomhub import events
from ecomhub.access import Role
from ecomhub.webhooks.models import WebhookDelivery, WebhookEndpoint
from inventory.models import StockLevel
from tests.api.calling import Api, make_person
from tests.inventory.making import make_sku, make_warehouse, stock

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
WISH = {"url": "https://hook.example/x", "topics": ["order.ship"]}


@pytest.fixture
def api() -> Api:
    return Api(make_person(Role.ADMIN))


def test_subscribe_ping_and_unsubscribe(api: Api) -> None:
    made = api.post("webhook-endpoints/", WISH)
    assert made["secret"].startswith("whsec_")
    [listed] = api.get("webhook-endpoints/")["results"]
    assert "secret" not in listed
    number = made["id"]
    pinged = api.post(f"webhook-endpoints/{number}/ping/", {}, status=202)
    [told] = api.get("webhook-deliveries/", endpoint=number, state="waiting")["results"]
    assert (told["topic"], told["message_id"]) == ("ping", pinged["message_id"])
    assert api.post(f"webhook-endpoints/{number}/rotate-secret/", {}, status=200)["secret"] != made["secret"]
    gone = api.client.delete(f"/api/v1/webhook-endpoints/{number}/", headers={"Idempotency-Key": "gone"})
    assert gone.status_code == 204
    assert WebhookEndpoint.objects.count() == 0


def test_an_inside_address_is_refused_in_words(api: Api) -> None:
    problem = api.post("webhook-endpoints/", WISH | {"url": "http://10.0.0.1/"}, status=422)
    assert problem["code"] == "cannot_subscribe"


def test_samples_are_real_and_newest_first(api: Api) -> None:
    [invented] = api.get("webhook-samples/", topic="order.ship")
    assert invented["type"] == "order.ship"
    for number in (1, 2):
        events.record(object_kind="order", object_id=number, kind="ship", at=AT)
    newest, older = api.get("webhook-samples/", topic="order.ship")
    assert (newest["data"]["id"], older["data"]["id"]) == (2, 1)


def test_samples_of_stock_are_the_levels_that_changed_last(api: Api) -> None:
    [invented] = api.get("webhook-samples/", topic="stock")
    assert invented["data"]["id"] == 1
    place = make_warehouse()
    skus = [make_sku() for _number in range(4)]
    for sku in skus:
        stock(sku, place, 5)
    stock(skus[1], place, 2)
    told = api.get("webhook-samples/", topic="stock.changed")
    levels = {row.sku_id: row for row in StockLevel.objects.all()}
    expected = [levels[sku.pk] for sku in (skus[1], skus[3], skus[2])]
    assert [(one["data"]["id"], one["data"]["sequence"]) for one in told] == [
        (level.pk, level.version) for level in expected
    ]
    assert {one["type"] for one in told} == {"stock.changed"}


def test_sample_of_an_unknown_topic_says_which_there_are(api: Api) -> None:
    for wrong in ("order.exploded", "orders", "listing.", "stock.changed.x"):
        problem = api.get("webhook-samples/", topic=wrong, expect=400)
        assert "Choose one of" in problem["errors"]["topic"][0]
        assert "listing.quantity_sent" in problem["errors"]["topic"][0]


def test_a_range_is_replayed(api: Api) -> None:
    number = api.post("webhook-endpoints/", WISH)["id"]
    events.record(object_kind="order", object_id=1, kind="ship", at=AT)
    WebhookDelivery.objects.update(state="done")
    span = {"since": "2026-06-01T00:00:00Z", "until": "2026-06-02T00:00:00Z"}
    assert api.post(f"webhook-endpoints/{number}/replay/", span, status=202)["messages"] == 1
    assert api.post(f"webhook-endpoints/{number}/replay/", span | {"until": span["since"]}, status=422)


def test_a_token_limited_to_shops_sees_none(api: Api) -> None:
    api.post("webhook-endpoints/", WISH)
    limited = Api(api.user, shop_ids=[1])
    assert limited.get("webhook-endpoints/")["results"] == []
    limited.post("webhook-endpoints/", WISH, status=422)
