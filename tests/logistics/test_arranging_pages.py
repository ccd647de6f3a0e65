"""Arranging in the browser: the dialog, what is awaited, the label, and who may do what."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from ecomhub.access import Role
from logistics.models import Arrangement, HandoverRule
from orders.models import OrderIssue
from tests.api.calling import make_person
from tests.logistics.parcels import Parcels
from tests.logistics.test_pages import client_of, panel
from tests.orders.factory import make_account
from tests.platforms_fake.sandbox import LABEL


@pytest.fixture
def client(parcels: Parcels) -> Client:
    """A person of operations."""
    return client_of(Role.OPERATIONS)


def dialog(client: Client, parcels: Parcels) -> str:
    """The dialog with the choices."""
    answer = client.get(reverse("logistics:arrange", args=[parcels.shipment.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_order_page_offers_to_arrange_and_asks_for_no_number(client: Client, parcels: Parcels) -> None:
    html = panel(client, parcels.order)
    assert "Arrange the shipment" in html
    assert "-carrier" not in html
    assert "Goods have left" not in html
    shown = dialog(client, parcels)
    assert "At a parcel shop" in shown
    assert shown.count('type="radio"') == 4
    assert shown.count(" checked") == 1


def test_arranged_in_the_browser_until_the_goods_have_left(client: Client, parcels: Parcels) -> None:
    parcels.market.later = {"number": 2, "label": 1}
    answer = client.post(
        reverse("logistics:arrange", args=[parcels.shipment.pk]), {"choice": "", "preference": "pickup"}
    )
    assert answer.headers["HX-Refresh"] == "true"
    assert HandoverRule.objects.get().preference == "pickup"
    assert "Goes to the marketplace next" in panel(client, parcels.order)
    parcels.step()
    html = panel(client, parcels.order)
    assert "Waiting for the tracking number" in html
    assert "data-live" in html
    assert "Ask now" in html
    client.post(reverse("logistics:ask-again", args=[parcels.row.pk]))
    assert parcels.row.asks == 0
    parcels.step()
    assert "Waiting for the label" in panel(client, parcels.order)
    parcels.step()
    html = panel(client, parcels.order)
    assert "FBo1" in html
    label = client.get(reverse("logistics:label", args=[parcels.row.pk]))
    assert (label.content, label.headers["Content-Type"]) == (LABEL, "application/pdf")
    assert label.headers["Content-Disposition"].startswith("inline")
    assert label.headers["Cache-Control"] == "no-store, private"
    client.post(reverse("logistics:leave", args=[parcels.shipment.pk]))
    assert parcels.order.status == "shipped"
    html = panel(client, parcels.order)
    assert "Correct carrier" not in html
    assert "Label" in html


def test_silent_marketplace_is_said_and_can_be_asked_again(client: Client, parcels: Parcels) -> None:
    parcels.market.spoiled = [(503, "text/html", b"")]
    shown = dialog(client, parcels)
    assert "does not answer now" in shown
    assert "Try again" in shown
    parcels.market.refused.add("handover")
    client.post(reverse("logistics:arrange", args=[parcels.shipment.pk]), {})
    parcels.step()
    html = panel(client, parcels.order)
    assert "no handover" in html
    assert "Try again" in html
    parcels.market.refused.clear()
    client.post(reverse("logistics:ask-again", args=[parcels.row.pk]))
    parcels.step()
    assert parcels.row.outcome == "confirmed"
    assert not OrderIssue.objects.filter(solved_at=None).exists()


def test_missing_number_comes_back_into_the_dialog(client: Client, parcels: Parcels) -> None:
    parcels.market.ways = parcels.market.ways[-1:]
    answer = client.post(reverse("logistics:arrange", args=[parcels.shipment.pk]), {"tracking_number": " "})
    assert "Enter the tracking number" in answer.content.decode()
    assert not Arrangement.objects.exists()


def test_list_shows_what_is_being_arranged(client: Client, parcels: Parcels) -> None:
    where = reverse("logistics:list")
    assert parcels.shipment.number not in client.get(where, {"view": "awaiting"}).content.decode()
    parcels.market.later = {"number": 9}
    parcels.ask()
    parcels.step()
    assert parcels.shipment.number in client.get(where, {"view": "awaiting"}).content.decode()
    Arrangement.objects.update(state="quarantined")
    assert parcels.shipment.number in client.get(where, {"view": "stopped"}).content.decode()


def test_viewer_arranges_nothing_and_sees_no_label(client: Client, parcels: Parcels) -> None:
    parcels.ask()
    parcels.step()
    viewer = client_of(Role.VIEWER)
    assert "Label" not in panel(viewer, parcels.order)
    for method, name, pk in (
        ("get", "label", parcels.row.pk),
        ("post", "ask-again", parcels.row.pk),
        ("get", "arrange", parcels.shipment.pk),
        ("post", "arrange", parcels.shipment.pk),
        ("post", "leave", parcels.shipment.pk),
    ):
        assert getattr(viewer, method)(reverse(f"logistics:{name}", args=[pk])).status_code == 403
    stranger = Client()
    stranger.force_login(make_person(Role.OPERATIONS, shop_ids=[make_account().shops.get().pk]))
    assert stranger.get(reverse("logistics:label", args=[parcels.row.pk])).status_code == 404


def test_picker_arranges_and_does_not_set_the_rule(client: Client, parcels: Parcels) -> None:
    picker = client_of(Role.PICKER)
    assert "dialog_preference" not in dialog(picker, parcels)
    picker.post(reverse("logistics:arrange", args=[parcels.shipment.pk]), {"preference": "pickup"})
    assert Arrangement.objects.count() == 1
    assert not HandoverRule.objects.exists()
