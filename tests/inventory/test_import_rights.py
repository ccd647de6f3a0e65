"""A sheet can name any shop and warehouse, so a person limited to some brings none."""

import pytest
from django.test import Client
from django.urls import reverse

from ecomhub.access import Role
from tests.browser.looking import person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("limit", [{"shop_ids": [1]}, {"warehouse_ids": [1]}])
def test_a_limited_person_cannot_import(client: Client, limit: dict[str, list[int]]) -> None:
    client.force_login(person(role=Role.OPERATIONS, **limit))
    assert client.get(reverse("inventory:imports")).status_code == 403
    assert client.get(reverse("inventory:import", args=[1])).status_code == 403
    assert client.post(reverse("inventory:import-apply", args=[1])).status_code == 403


def test_an_unlimited_person_can(client: Client) -> None:
    client.force_login(person(role=Role.OPERATIONS))
    assert client.get(reverse("inventory:imports")).status_code == 200
