"""What came, for those who may not see buyers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels import failures
from channels.blacking import BLACK, blacked_out
from channels.models import ChannelAccount, FailedImport
from channels.registry import platform
from ecomhub.access import Role
from tests.api.calling import make_person
from tests.channels.platforms.examples import (
    amazon,
    amazon_v0,
    ebay,
    ebay_trading,
    shopee,
    shopify,
    shopify_rest,
)
from tests.sandbox_fixture import START

pytestmark = pytest.mark.django_db(transaction=True)


def text_of(document: Any) -> str:
    """A document as the page writes it."""
    return json.dumps(document, ensure_ascii=False)


@pytest.mark.parametrize(
    ("key", "file"),
    [
        ("amazon", amazon.order()),
        ("amazon", amazon_v0.order()),
        ("ebay", ebay.order()),
        ("ebay", ebay_trading.saved(ebay_trading.trading_order())),
        ("shopee", shopee.order()),
        ("shopify", shopify.order()),
        ("shopify", shopify_rest.order()),
    ],
)
def test_nothing_the_platform_told_of_its_buyer_is_left(key: str, file: Any) -> None:
    """Everything the adapter itself reads as the buyer is gone; what was ordered is still there."""
    read = platform(key).read_order_files(file if isinstance(file, bytes) else json.dumps(file).encode())
    [order] = read.page.items
    buyer = order.buyer
    assert buyer is not None
    place = buyer.address
    told = {buyer.name, buyer.email, buyer.phone, buyer.tax_id, buyer.id}
    if place is not None:
        told |= {place.name, place.company, *place.lines, place.city, place.postal_code, place.phone}
    told |= {line.gift_message for line in order.lines}
    told = {word for word in told if len(word) > 3}
    assert told
    before, after = text_of(order.raw), text_of(blacked_out(order.raw, own=order.external_id))
    assert [word for word in told if word in before], "the control: it was there"
    assert [word for word in told if word in after] == []
    assert order.external_id in after
    assert all(line.title in after for line in order.lines)


def test_unknown_fields_show_no_words() -> None:
    """A field nobody has heard of is hidden unless it is a code, an amount or an instant."""
    came = {
        "newField": "Ada Lovelace",
        "state2": "READY_TO_SHIP",
        "sum": "12.50",
        "at": "2026-06-01T12:00:00Z",
    }
    assert blacked_out(came) == {**came, "newField": BLACK}
    assert blacked_out({"shippingAddress": {"countryCode": "SG", "unit": 12}}) == {
        "shippingAddress": {"countryCode": "SG", "unit": BLACK}
    }
    assert blacked_out("<Order>Ada</Order>") == BLACK


def test_page_shows_the_buyer_only_with_the_right(small: ChannelAccount, client: Client) -> None:
    raw = {"order_sn": "123-1", "recipient_address": {"name": "Ada Lovelace"}, "item_sku": "mug-blue"}
    failures.quarantine(
        account_id=small.pk, kind="order", external_id="123-1", reason="odd", raw=raw, at=START
    )
    address = reverse("channels:raw", args=[FailedImport.objects.get().pk])
    pages = {}
    for role in (Role.VIEWER, Role.ADMIN):
        client.force_login(make_person(role))
        pages[role] = client.get(address).content.decode()
        assert "mug-blue" in pages[role]
        assert "123-1" in pages[role]
    assert "Lovelace" in pages[Role.ADMIN]
    assert "blacked out" not in pages[Role.ADMIN]
    assert "Lovelace" not in pages[Role.VIEWER]
    assert BLACK in pages[Role.VIEWER]
