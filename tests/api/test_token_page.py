"""The pages for API tokens and for reading the API."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from ecomhub.access import Role
from ecomhub.models import AuthToken
from tests.api.calling import Api, make_person
from tests.inventory.making import make_warehouse

pytestmark = pytest.mark.django_db


def logged_in(role: Role) -> Client:
    """A browser of a person with this role."""
    client = Client()
    client.force_login(make_person(role))
    return client


def test_token_is_made_shown_once_listed_and_revoked() -> None:
    client, person = logged_in(Role.ADMIN), make_person(Role.OPERATIONS)
    body = {"user": person.pk, "name": "erp", "scopes": ["stock:read"], "days": 30}
    shown = client.post("/api-tokens/add/", body).content.decode()
    found = re.search(r'<code class="text-break" id="token">([^<]+)</code>', shown)
    assert found is not None
    token = AuthToken.objects.get()
    assert (token.scopes, token.shop_ids, token.warehouse_ids) == (["stock:read"], None, None)
    assert token.expiry is not None
    caller = Client(headers={"Authorization": f"Bearer {found[1]}"})
    assert caller.get("/api/v1/stock/levels/").status_code == 200
    listed = client.get("/api-tokens/").content.decode()
    assert "erp" in listed
    assert found[1] not in listed
    client.post(f"/api-tokens/{token.digest}/revoke/")
    assert caller.get("/api/v1/stock/levels/").status_code == 401


def test_nobody_makes_or_revokes_a_token_of_somebody_who_may_more() -> None:
    admin, owner = logged_in(Role.ADMIN), Api(make_person(Role.OWNER))
    body = {"user": owner.user.pk, "name": "x", "scopes": ["stock:read"]}
    admin.post("/api-tokens/add/", body)
    assert AuthToken.objects.count() == 1
    assert admin.post(f"/api-tokens/{AuthToken.objects.get().digest}/revoke/").status_code == 403
    assert AuthToken.objects.count() == 1


def test_token_is_limited_to_places_its_person_may_see_chosen_by_name() -> None:
    here, there = make_warehouse("HERE", name="Yiwu"), make_warehouse("THERE", name="Hamburg")
    client = logged_in(Role.OWNER)
    person = make_person(Role.OPERATIONS, warehouse_ids=[here.pk])
    form = client.get("/api-tokens/add/").content.decode()
    assert "HERE · Yiwu" in form
    assert "THERE · Hamburg" in form
    body = {"user": person.pk, "name": "erp", "scopes": ["stock:read"]}
    for wrong, said in ((there.pk, "may not see THERE · Hamburg"), (99_999, "99999"), ("one", "one")):
        assert said in client.post("/api-tokens/add/", {**body, "warehouses": [wrong]}).content.decode()
    assert not AuthToken.objects.exists()
    client.post("/api-tokens/add/", {**body, "warehouses": [here.pk]})
    token = AuthToken.objects.get()
    assert (token.shop_ids, token.warehouse_ids) == (None, [here.pk])
    assert "HERE · Yiwu" in client.get("/api-tokens/").content.decode()


def test_command_takes_names_and_refuses_what_the_person_may_not_see() -> None:
    here, there = make_warehouse("HERE"), make_warehouse("THERE")
    person = make_person(Role.OPERATIONS, warehouse_ids=[here.pk])
    said = StringIO()
    call_command("api_token", person.username, "--warehouses", "HERE", stdout=said)
    assert AuthToken.objects.get().warehouse_ids == [here.pk]
    for wrong in ("THERE", str(there.pk), "NOWHERE"):
        with pytest.raises(CommandError, match="there are: HERE"):
            call_command("api_token", person.username, "--warehouses", wrong)
    assert AuthToken.objects.count() == 1


def test_only_administrators_see_tokens_and_everybody_reads_the_api() -> None:
    assert logged_in(Role.OPERATIONS).get("/api-tokens/").status_code == 403
    page = logged_in(Role.VIEWER).get("/api/v1/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "//cdn" not in text
    for address in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert address.startswith(("/", "#")), address
    assert Client().get("/api/v1/docs/").status_code == 302
