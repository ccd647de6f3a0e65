"""Arranging through the API."""

from __future__ import annotations

import pytest

from ecomhub.access import Role
from logistics.models import Shipment
from tests.api.calling import Api, make_person
from tests.logistics.parcels import AFTER, Parcels
from tests.platforms_fake.sandbox import LABEL


@pytest.fixture
def api(parcels: Parcels) -> Api:
    """A program of somebody of operations."""
    return Api()


def test_program_arranges_by_the_shops_rule_and_ships_with_the_platforms_number(
    api: Api, parcels: Parcels
) -> None:
    where = f"shipments/{parcels.shipment.pk}/"
    assert api.get(where)["arrangement"] is None
    asked = api.post(f"{where}arrange/", {}, status=200)
    assert (asked["outcome"], asked["handed_over"]) == ("intended", "")
    api.get(f"{where}document/", expect=404)
    parcels.step()
    shown = api.get(where)["arrangement"]
    assert (shown["outcome"], shown["handed_over"], shown["tracking_number"]) == (
        "confirmed", "dropoff", "FBo1",
    )  # fmt: skip
    label = api.client.get(f"/api/v1/{where}document/")
    assert (label.status_code, label.content, label.headers["Content-Type"]) == (
        200, LABEL, "application/pdf",
    )  # fmt: skip
    gone = api.post("shipments/", {"order": parcels.order.pk})
    assert (gone["tracking_number"], gone["carrier"]) == ("FBo1", "Bazaar Post")
    assert gone["confirmations"][0]["outcome"] == "confirmed"


def test_shipment_is_arranged_only_in_the_state_the_program_saw(api: Api, parcels: Parcels) -> None:
    where = f"shipments/{parcels.shipment.pk}/"
    seen = api.client.get(f"/api/v1/{where}").headers["ETag"]
    Shipment.objects.filter(pk=parcels.shipment.pk).update(service="changed meanwhile")
    refused = api.raw_post(f"{where}arrange/", {}, key="one", match=seen)
    assert (refused.status_code, refused.json()["code"]) == (412, "changed_meanwhile")
    assert api.get(where)["arrangement"] is None
    now = api.client.get(f"/api/v1/{where}").headers["ETag"]
    assert now != seen
    assert api.raw_post(f"{where}arrange/", {}, key="one", match=now).status_code == 200
    assert api.get(where)["arrangement"]["outcome"] == "intended"


def test_program_chooses_among_the_choices(api: Api, parcels: Parcels) -> None:
    where = f"shipments/{parcels.shipment.pk}/"
    offered = api.get(f"{where}choices/")["choices"]
    assert [each["is_default"] for each in offered].count(True) == 1
    late = next(each for each in offered if each["title"] == "Tomorrow morning")
    api.post(f"{where}arrange/", {"choice": late["key"]}, status=200)
    parcels.step()
    assert parcels.market.boxes["o1"]["way"] == "late"
    assert api.post(f"{where}arrange/", {}, status=409)["code"] == "arranged_already"


def test_choice_that_is_gone_is_a_refusal_of_the_arrangement(api: Api, parcels: Parcels) -> None:
    where = f"shipments/{parcels.shipment.pk}/"
    api.post(f"{where}arrange/", {"choice": "nothing-like-it"}, status=200)
    parcels.step()
    shown = api.get(where)["arrangement"]
    assert shown["outcome"] == "refused"
    assert "no longer offers" in shown["reason"]
    api.post(f"{where}arrange/", {}, status=200)
    parcels.step(AFTER)
    assert api.get(where)["arrangement"]["outcome"] == "confirmed"


def test_unarranged_shipment_does_not_leave_and_the_platforms_silence_is_said(
    api: Api, parcels: Parcels
) -> None:
    assert api.post("shipments/", {"order": parcels.order.pk}, status=409)["code"] == "not_arranged"
    parcels.market.spoiled = [(503, "text/html", b"")]
    where = f"shipments/{parcels.shipment.pk}/choices/"
    answer = api.client.get(f"/api/v1/{where}")
    assert (answer.status_code, answer.json()["code"]) == (409, "platform_away")


def test_token_without_the_scope_arranges_nothing_and_reads_no_label(parcels: Parcels) -> None:
    reader = Api(make_person(Role.OPERATIONS), scopes=("orders:read",))
    where = f"shipments/{parcels.shipment.pk}/"
    parcels.ask()
    parcels.step()
    reader.get(f"{where}document/", expect=403)
    reader.get(f"{where}choices/", expect=403)
    reader.post(f"{where}arrange/", {}, status=403)
