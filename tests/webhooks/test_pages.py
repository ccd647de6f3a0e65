"""The webhook pages: subscribe, see the secret once, ping, read the log, send again, remove."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from ecomhub import events
from ecomhub.access import SYSTEM, Role
from ecomhub.webhooks import endpoints
from ecomhub.webhooks.models import WebhookDelivery, WebhookEndpoint
from ecomhub.work import WorkState
from tests.browser.looking import log_in, logged_in, look_over, person

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
URL = "https://hook.example/orders"


def subscribed() -> WebhookEndpoint:
    return endpoints.subscribe(url=URL, wanted=["order"], actor=SYSTEM, at=AT, name="ERP")[0]


def test_a_person_subscribes_and_removes(page: Page, live_server: LiveServer) -> None:
    log_in(page=page, address=live_server.url, user=person())
    page.goto(f"{live_server.url}/webhooks/")
    page.get_by_role("link", name="New webhook").first.click()
    page.get_by_label("Address").fill("http://inside.example/")
    page.get_by_label("Orders: everything").check()
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_text("only https addresses")).to_be_visible()
    page.get_by_label("Address").fill(URL)
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    page.get_by_role("link", name="I have stored it").click()
    expect(page.get_by_text("whsec_")).to_have_count(0)
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_role("link", name="ping")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Nobody is told yet")).to_be_visible()


def test_pages_look_well_in_every_look(page: Page, live_server: LiveServer) -> None:
    endpoint = subscribed()
    events.record(object_kind="order", object_id=7, kind="ship", at=AT)
    delivery = WebhookDelivery.objects.get()
    WebhookDelivery.objects.update(last_error="it answered 500", state=WorkState.QUARANTINED)
    log_in(page=page, address=live_server.url, user=person())
    look_over(
        page,
        live_server.url,
        "/webhooks/",
        "/webhooks/add/",
        f"/webhooks/{endpoint.pk}/",
        f"/webhooks/{endpoint.pk}/?view=waiting",
        f"/webhooks/messages/{delivery.pk}/",
    )


def test_a_message_never_taken_can_be_sent_again(client: Client) -> None:
    endpoint = subscribed()
    events.record(object_kind="order", object_id=7, kind="ship", at=AT)
    WebhookDelivery.objects.update(state=WorkState.QUARANTINED, tries_left=0)
    mei = logged_in(person())
    assert mei.post(f"/webhooks/messages/{WebhookDelivery.objects.get().pk}/again/").status_code == 302
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries_left, delivery.endpoint_id) == (WorkState.WAITING, 10, endpoint.pk)


def test_only_administrators_manage_webhooks() -> None:
    clerk = logged_in(person(role=Role.OPERATIONS))
    for path in ("/webhooks/", "/webhooks/add/", f"/webhooks/{subscribed().pk}/"):
        assert clerk.get(path).status_code == 403
