"""Many shipments by one act: each has its own result, and their labels come in one file."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from channels.models import ChannelAccount
from ecomhub import files
from ecomhub.access import Role
from logistics import labels
from logistics.arranging_many import Wish, intend_many, sort_out
from logistics.models import Arrangement, Shipment
from logistics.planning import plan
from logistics.tasks import arrange_shipment
from orders import holds
from orders.allocation import allocate
from orders.models import Order, OrderLine
from tests.api.calling import Api, make_person
from tests.logistics.parcels import LATER, Parcels
from tests.logistics.test_pages import client_of, panel
from tests.orders.factory import make_account
from tests.platforms_fake.sandbox import LABEL
from tests.sandbox_fixture import START


@pytest.fixture
def several(parcels: Parcels) -> list[Shipment]:
    """Three orders of the bazaar, each with its planned shipment."""
    more(parcels, "o2", "o3")
    return list(Shipment.objects.order_by("pk"))


def more(parcels: Parcels, *names: str) -> None:
    """Place and plan further orders."""
    for name in names:
        parcels.market.place(name, at=int(START.timestamp()), code="A-1", count=1)
        order = parcels.refresh_one(name)
        allocate(order_ids=[order.pk], at=START)
        plan(order_ids=[order.pk], at=START)
    parcels.market.calls.clear()


def work_on_all() -> None:
    """Let a worker carry every arrangement on."""
    Arrangement.objects.update(due_at=START - timedelta(days=999))
    for pk in Arrangement.objects.order_by("pk").values_list("pk", flat=True):
        arrange_shipment(pk)


def outcomes() -> list[str]:
    """The arrangements' outcomes, oldest shipment first."""
    return list(Arrangement.objects.order_by("shipment").values_list("outcome", flat=True))


def test_one_that_cannot_be_arranged_stops_only_itself(parcels: Parcels, several: list[Shipment]) -> None:
    held = Order.objects.get(external_id="o2")
    holds.hold(order_id=held.pk, at=LATER, actor="somebody")
    fits = sort_out(shipments=several)
    assert [fit.account == parcels.account for fit in fits] == [True, False, True]
    assert fits[1].text
    wishes = [Wish(each.pk, preference="pickup") for each in several] + [Wish(999_999)]
    results = intend_many(wishes=wishes, at=LATER, actor="somebody")
    assert [(one.shipment_id, one.code) for one in results] == [
        (several[0].pk, ""), (several[1].pk, "workable"), (several[2].pk, ""), (999_999, "no_such_shipment"),
    ]  # fmt: skip
    assert parcels.market.calls == [], "the platform is asked by the work, not by the act"
    work_on_all()
    assert outcomes() == ["confirmed", "confirmed"]
    assert {box["way"] for box in parcels.market.boxes.values()} == {"soon"}


def test_the_same_shipment_twice_is_arranged_once(parcels: Parcels, several: list[Shipment]) -> None:
    wishes = [Wish(several[0].pk), Wish(several[0].pk)]
    results = intend_many(wishes=wishes, at=LATER, actor="somebody")
    assert [one.code for one in results] == ["", "arranged_already"]


def test_labels_come_in_one_zip_and_a_lost_one_is_named(parcels: Parcels, several: list[Shipment]) -> None:
    intend_many(wishes=[Wish(each.pk) for each in several], at=LATER, actor="somebody")
    assert labels.ready(shipments=several) == []
    work_on_all()
    rows = labels.ready(shipments=several)
    assert len(rows) == 3
    document = rows[1].document
    assert document is not None
    document.digest = "0" * 64
    with pytest.raises(files.FileMissing):
        files.read(file=document)
    with zipfile.ZipFile(labels.bundle(rows=rows)) as made:
        first, third = several[0].number, several[2].number
        assert made.namelist() == [f"{first}.pdf", f"{third}.pdf", "NOT-INCLUDED.txt"]
        assert made.read(f"{first}.pdf") == LABEL
        assert several[1].number in made.read("NOT-INCLUDED.txt").decode()


def ids(shipments: list[Shipment]) -> dict[str, list[int]]:
    return {"ids": [each.pk for each in shipments]}


@pytest.fixture
def client(parcels: Parcels) -> Client:
    """A person of operations."""
    return client_of(Role.OPERATIONS)


def test_page_asks_once_for_each_account_and_shows_how_far_it_is(
    client: Client, parcels: Parcels, several: list[Shipment]
) -> None:
    holds.hold(order_id=Order.objects.get(external_id="o3").pk, at=LATER, actor="somebody")
    listed = client.get(reverse("logistics:list")).content.decode()
    assert listed.count("data-select ") == 3
    where = reverse("logistics:arrange-many")
    asked = client.get(where, ids(several)).content.decode()
    assert "2 shipments will be arranged" in asked
    assert several[2].number in asked
    way = f"way-{parcels.account.pk}"
    assert asked.count(f'name="{way}"') == 1
    shown = client.post(where, {**ids(several), way: "pickup"}).content.decode()
    assert "Not arranged" in shown
    assert "Goes to the marketplace next" in shown
    assert Arrangement.objects.count() == 2
    assert "hx-get" in shown
    work_on_all()
    address = reverse("logistics:arranging")
    done = client.get(address, ids(several[:2])).content.decode()
    assert "hx-get" not in done
    assert "FBo1" in done
    assert "2 labels" in done
    assert {box["way"] for box in parcels.market.boxes.values()} == {"soon"}


def test_labels_are_picked_and_downloaded(client: Client, parcels: Parcels, several: list[Shipment]) -> None:
    pick, download = reverse("logistics:pick-labels"), reverse("logistics:labels")
    assert "has its label yet" in client.get(pick, ids(several)).content.decode()
    assert client.get(download, ids(several)).status_code == 404
    intend_many(wishes=[Wish(each.pk) for each in several[:2]], at=LATER, actor="somebody")
    work_on_all()
    shown = client.get(pick, ids(several)).content.decode()
    assert "2 labels are ready" in shown
    assert several[2].number in shown
    answer = client.get(download, ids(several))
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Cache-Control"] == "no-store, private"
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as made:  # type: ignore[attr-defined]
        assert made.namelist() == [f"{each.number}.pdf" for each in several[:2]]
    one = client.get(download, ids(several[:1]))
    assert (one.content, one.headers["Content-Type"]) == (LABEL, "application/pdf")


def test_viewers_and_strangers_get_nothing(parcels: Parcels, several: list[Shipment]) -> None:
    viewer = client_of(Role.VIEWER)
    for method, name in (("get", "arrange-many"), ("post", "arrange-many"), ("get", "labels")):
        assert getattr(viewer, method)(reverse(f"logistics:{name}"), ids(several)).status_code == 403
    assert "data-select" not in viewer.get(reverse("logistics:list")).content.decode()
    intend_many(wishes=[Wish(each.pk) for each in several], at=LATER, actor="somebody")
    work_on_all()
    stranger = Client()
    stranger.force_login(make_person(Role.OPERATIONS, shop_ids=[make_account().shops.get().pk]))
    assert stranger.get(reverse("logistics:labels"), ids(several)).status_code == 404
    assert (
        several[0].number not in stranger.get(reverse("logistics:arranging"), ids(several)).content.decode()
    )


@pytest.mark.parametrize("nonsense", ["x", "²", "9" * 40, "-1", ""])
def test_ids_that_are_none_are_nothing(client: Client, parcels: Parcels, nonsense: str) -> None:
    answer = client.get(reverse("logistics:arrange-many"), {"ids": nonsense})
    assert answer.status_code == 200
    assert "disabled" in answer.content.decode()


def test_dialog_says_that_an_order_is_arranged_only_as_a_whole(client: Client, parcels: Parcels) -> None:
    where = reverse("logistics:arrange", args=[parcels.shipment.pk])
    assert "only as a whole" in client.get(where).content.decode()
    line = OrderLine.objects.get()
    field = f"s{parcels.shipment.pk}-units-{line.pk}"
    answer = client.post(where, {"choice": "", field: "1"}).content.decode()
    assert "together, from one warehouse" in answer
    assert not Arrangement.objects.exists()
    assert "Arrange the shipment" in panel(client, parcels.order)


def test_program_arranges_many_by_one_call(parcels: Parcels, several: list[Shipment]) -> None:
    api = Api()
    line = OrderLine.objects.get(order__external_id="o1")
    body = {
        "shipments": [
            {"shipment": several[0].pk, "lines": [{"order_line": line.pk, "quantity": 1}]},
            {"shipment": several[1].pk, "preference": "pickup"},
            {"shipment": 999_999},
            {"shipment": several[2].pk, "choice": "nothing-like-it"},
        ]
    }
    found = api.post("shipments/arrange/", body, status=200)["results"]
    assert [(one["shipment"], one["accepted"], one["code"]) for one in found] == [
        (several[0].pk, False, "whole_only"), (several[1].pk, True, ""), (999_999, False, "no_such_shipment"),
        (several[2].pk, True, ""),
    ]  # fmt: skip
    assert found[1]["arrangement"]["outcome"] == "intended"
    work_on_all()
    assert outcomes() == ["confirmed", "refused"]
    assert parcels.market.boxes["o2"]["way"] == "soon"
    answer = api.client.get(f"/api/v1/shipments/documents/?shipment={several[1].pk}&shipment={several[2].pk}")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as made:  # type: ignore[attr-defined]
        assert made.namelist() == [f"{several[1].number}.pdf"]
    api.get("shipments/documents/", expect=404, shipment=several[0].pk)


def test_call_about_many_has_no_one_state_to_compare(parcels: Parcels, several: list[Shipment]) -> None:
    body = {"shipments": [{"shipment": each.pk} for each in several]}
    answer = Api().raw_post("shipments/arrange/", body, key="once", match='"1", "99"')
    assert answer.status_code == 200
    assert Arrangement.objects.count() == 3
    one = Api().raw_post(f"shipments/{several[0].pk}/arrange/", {}, key="one", match='"99"')
    assert (one.status_code, one.json()["code"]) == (412, "changed_meanwhile")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"shipments": []},
        {"shipments": [{"shipment": 1}] * 101},
        {"shipments": [{"shipment": 1, "preference": "teleport"}]},
        {"shipments": [{"shipment": 1, "lines": []}]},
        {"shipments": [{"shipment": 1, "shape": "round"}]},
    ],
)
def test_call_that_is_wrong_arranges_nothing(parcels: Parcels, body: object) -> None:
    Api().post("shipments/arrange/", body, status=400)
    assert not Arrangement.objects.exists()


def test_same_call_again_is_answered_alike_and_changes_nothing(
    parcels: Parcels, several: list[Shipment]
) -> None:
    api = Api()
    body = {"shipments": [{"shipment": each.pk} for each in several]}
    first = api.post("shipments/arrange/", body, status=200, key="once")
    assert api.post("shipments/arrange/", body, status=200, key="once") == first
    assert Arrangement.objects.count() == 3
    again = api.post("shipments/arrange/", body, status=200)["results"]
    assert {one["code"] for one in again} == {"arranged_already"}


def test_account_that_tells_nothing_is_left_out(parcels: Parcels, several: list[Shipment]) -> None:
    ChannelAccount.objects.update(confirms_shipments=False)
    assert [fit.account for fit in sort_out(shipments=several)] == [None] * 3
