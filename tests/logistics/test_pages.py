"""Shipping in the browser: the fragment of the order page, and the list."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from ecomhub import discovery
from ecomhub.access import Role
from logistics.models import Confirmation, Shipment
from orders.models import Order, OrderLine
from tests.api.calling import make_person
from tests.logistics.making import LATER, line, make_goods, planned_one, ready, send, telling
from tests.orders.factory import make_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Client:
    """A person of operations."""
    return client_of(Role.OPERATIONS)


def client_of(role: Role, **limits: object) -> Client:
    """A browser of somebody with a role."""
    browser = Client(headers={"HX-Request": "true"})
    browser.force_login(make_person(role, **limits))
    return browser


def form(shipment: Shipment, **changes: str) -> dict[str, str]:
    """The ship form as the browser sends it: all units, with UPS."""
    sent = {"carrier": "UPS", "tracking_number": "1Z9", "service": ""}
    for each in shipment.lines.all():
        sent[f"units-{each.line_id}"] = str(each.line_quantity)
    return {f"s{shipment.pk}-{name}": value for name, value in (sent | changes).items()}


def panel(client: Client, order: Order) -> str:
    """The fragment of an order's page."""
    answer = client.get(reverse("logistics:order-panel", args=[order.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_panel_shows_the_planned_shipment_with_its_form(client: Client) -> None:
    order, shipment = planned_one(make_goods({"mug": 9}), line("mug", 2))
    html = panel(client, order)
    assert shipment.number in html
    assert f'name="s{shipment.pk}-carrier"' in html
    assert "Planned" in html


def test_order_without_a_shipment_says_what_comes(client: Client) -> None:
    assert "Nothing is planned yet" in panel(client, ready(make_goods({"mug": 0})))


def test_goods_leave_from_the_order_page(client: Client) -> None:
    order, shipment = planned_one(make_goods({"mug": 9}, account=telling()), line("mug", 2))
    answer = client.post(reverse("logistics:dispatch", args=[shipment.pk]), form(shipment))
    assert answer.headers["HX-Refresh"] == "true"
    html = panel(client, order)
    assert "Dispatched" in html
    assert "To be sent" in html
    shipment.refresh_from_db()
    assert (shipment.state, shipment.tracking_number) == ("dispatched", "1Z9")
    order.refresh_from_db()
    assert order.status == "shipped"


def test_part_leaves_from_the_order_page(client: Client) -> None:
    order, shipment = planned_one(make_goods({"mug": 9}, account=telling()), line("mug", 3))
    pk = OrderLine.objects.get(order=order).pk
    client.post(reverse("logistics:dispatch", args=[shipment.pk]), form(shipment, **{f"units-{pk}": "1"}))
    assert OrderLine.objects.get().quantity_shipped == 1
    assert Shipment.objects.filter(state="planned").count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"carrier": ""}, "This field is required"),
        ({"tracking_number": ""}, "Enter the tracking number"),
        ({"units": "9"}, "less than or equal to 3"),
        ({"units": "0"}, "Say how many units"),
    ],
)
def test_wrong_form_comes_back_with_what_was_typed(
    client: Client, changes: dict[str, str], words: str
) -> None:
    order, shipment = planned_one(make_goods({"mug": 9}, account=telling()), line("mug", 3))
    pk = OrderLine.objects.get(order=order).pk
    sent = {f"units-{pk}" if name == "units" else name: value for name, value in changes.items()}
    answer = client.post(
        reverse("logistics:dispatch", args=[shipment.pk]), form(shipment, service="Slow", **sent)
    )
    html = answer.content.decode()
    assert answer.status_code == 200
    assert words in html
    assert 'value="Slow"' in html
    shipment.refresh_from_db()
    assert shipment.state == "planned"


def test_number_can_be_noted_before_the_goods_leave(client: Client) -> None:
    _order, shipment = planned_one(make_goods({"mug": 9}))
    client.post(reverse("logistics:dispatch", args=[shipment.pk]), form(shipment) | {"note": "1"})
    shipment.refresh_from_db()
    assert (shipment.state, shipment.carrier, shipment.tracking_number) == ("planned", "UPS", "1Z9")


def test_refused_confirmation_is_put_right_and_told_again(client: Client) -> None:
    order, shipment = planned_one(make_goods({"mug": 9}, account=telling()))
    send(shipment)
    Confirmation.objects.update(
        outcome="refused", state="quarantined", reason="carrierName is required", sent_at=LATER
    )
    html = panel(client, order)
    assert "carrierName is required" in html
    assert "Mark as shipped now" in html
    client.post(
        reverse("logistics:tracking", args=[shipment.pk]), {"carrier": "DHL", "tracking_number": "JD1"}
    )
    told = Confirmation.objects.get()
    assert (told.outcome, told.state) == ("intended", "waiting")
    shipment.refresh_from_db()
    assert shipment.carrier == "DHL"


def test_told_by_hand(client: Client) -> None:
    _order, shipment = planned_one(make_goods({"mug": 9}, account=telling()))
    send(shipment)
    Confirmation.objects.update(state="paused")
    client.post(reverse("logistics:tell", args=[Confirmation.objects.get().pk]))
    assert Confirmation.objects.get().state == "waiting"


def test_list_shows_each_view_and_finds_by_number(client: Client) -> None:
    goods = make_goods({"mug": 99}, account=telling())
    _order, waiting = planned_one(goods)
    sent_order, leaving = planned_one(goods)
    gone = send(leaving)
    where = reverse("logistics:list")

    def shown(**query: str) -> set[str]:
        html = client.get(where, query).content.decode()
        return {each.number for each in (waiting, gone) if each.number in html}

    assert shown() == {waiting.number}
    assert shown(view="dispatched") == {gone.number}
    assert shown(view="all") == {waiting.number, gone.number}
    assert shown(view="stopped") == set()
    assert shown(view="all", q=gone.tracking_number) == {gone.number}
    assert shown(view="all", q=sent_order.external_id) == {gone.number}
    assert shown(view="all", q="nothing like it") == set()
    assert shown(view="all", warehouse=str(goods.warehouse.pk)) == {waiting.number, gone.number}
    Confirmation.objects.update(outcome="refused", state="quarantined")
    assert shown(view="stopped") == {gone.number}


def test_list_pages_forth_and_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logistics.queries.PAGE_SIZE", 2)
    goods = make_goods({"mug": 99})
    numbers = [planned_one(goods)[1].number for _ in range(5)][::-1]
    address = reverse("logistics:list")
    pages: list[list[str]] = []
    while address:
        answer = client.get(address)
        pages.append([each.number for each in answer.context["shipments"]])
        pager = answer.context["pager"]
        address = pager.next_url
    assert pages == [numbers[:2], numbers[2:4], numbers[4:]]
    back = client.get(pager.previous_url)
    assert [each.number for each in back.context["shipments"]] == pages[1]
    assert client.get(reverse("logistics:list"), {"after": "nonsense"}).status_code == 200


def test_viewer_sees_and_cannot_ship() -> None:
    order, shipment = planned_one(make_goods({"mug": 9}))
    viewer = client_of(Role.VIEWER)
    assert "-carrier" not in panel(viewer, order)
    assert viewer.post(reverse("logistics:dispatch", args=[shipment.pk]), form(shipment)).status_code == 403


def test_shipment_of_another_shop_does_not_exist() -> None:
    goods, other = make_goods({"mug": 9}), make_goods({"mug": 9}, account=make_account())
    order, shipment = planned_one(goods)
    stranger = client_of(Role.OPERATIONS, shop_ids=[other.shop.pk])
    assert stranger.get(reverse("logistics:order-panel", args=[order.pk])).status_code == 404
    assert stranger.post(reverse("logistics:dispatch", args=[shipment.pk]), form(shipment)).status_code == 404
    assert shipment.number not in stranger.get(reverse("logistics:list")).content.decode()


def test_home_counts_what_waits_and_what_was_refused() -> None:
    goods = make_goods({"mug": 9}, account=telling())
    planned_one(goods)
    _order, shipment = planned_one(goods)
    send(shipment)
    Confirmation.objects.update(outcome="refused", state="quarantined")
    actor = make_person(Role.VIEWER).actor()
    values = {tile.key: tile.load(actor) for tile in discovery.tiles() if tile.key.startswith("logistics.")}
    assert (values["logistics.planned"].value, values["logistics.stopped"].value) == (1, 1)
    assert values["logistics.stopped"].tone == "danger"
