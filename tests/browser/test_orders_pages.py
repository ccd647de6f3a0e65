"""The order pages as people work with them: finding, holding many, one order, its buyer, its parcels."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from ecomhub.access import Role
from ecomhub.models import Event, User
from inventory.models import StockLevel
from logistics.models import Shipment
from orders.models import Order
from tests.browser import filled
from tests.browser.filled import Company
from tests.browser.looking import log_in, logged_in, look_over, person, sideways, statements

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company() -> Company:
    """A company with more orders than a page shows."""
    return filled.fill()


@pytest.fixture
def mei(page: Page, live_server: LiveServer) -> User:
    """Mei, the owner, logged in."""
    user = person(theme=User.Theme.LIGHT)
    log_in(page=page, address=live_server.url, user=user)
    return user


def _row(page: Page, order: Order) -> Locator:
    return page.locator(f"#order-{order.pk}")


def _numbers(page: Page) -> list[str]:
    return page.locator("#orders-rows a[data-open]").all_inner_texts()


def test_a_bare_list_costs_six_statements_whatever_its_size() -> None:
    client = logged_in(person())
    company = filled.fill(orders=2)
    few = statements(client, "/orders/")
    filled.take(company, *[filled.order(company, 200 + number) for number in range(60)])
    assert statements(client, "/orders/") == few <= 6
    assert statements(client, "/orders/?tab=label") <= 6


def test_the_question_for_news_costs_two_statements_and_answers_nothing_when_there_is_none(
    company: Company,
) -> None:
    client = logged_in(person())
    found = re.search(r'hx-get="(/orders/live/[^"]+)"', client.get("/orders/").content.decode())
    assert found
    url = found[1].replace("&amp;", "&")
    assert client.get(url).status_code == 204
    filled.arrive(company, 120)
    answer = client.get(url)
    assert answer.status_code == 200
    assert "1 new order" in answer.content.decode()


def test_a_viewer_sees_no_forbidden_button_and_is_refused_by_every_door(company: Company) -> None:
    client = logged_in(person(username="lin", role=Role.VIEWER))
    order = company.orders["review"]
    html = client.get("/orders/").content.decode()
    assert "data-select" not in html
    assert "data-bulk " not in html
    html = client.get(f"/orders/{order.pk}/").content.decode()
    assert f"/orders/{order.pk}/act/" not in html
    assert f"/orders/{order.pk}/hold/" not in html
    assert f"/orders/{order.pk}/buyer/" not in html
    for path in ("hold/", "release/", "decline/", "buyer/"):
        assert client.post(f"/orders/{order.pk}/{path}").status_code == 403
    for action in ("hold", "approve", "ignore", "release"):
        assert client.post(f"/orders/bulk/{action}/", {"ids": order.pk}).status_code == 403
    refused = client.post(f"/orders/{order.pk}/act/approve/")
    assert "Your role does not include this" in refused.headers["HX-Trigger"]
    shipment = Shipment.objects.filter(state="planned").first()
    assert shipment is not None
    assert client.post(f"/shipments/{shipment.pk}/dispatch/").status_code == 403
    assert company.again("review").status == "review"
    assert not Event.objects.filter(kind="buyer_shown").exists()


def test_an_order_of_a_shop_that_is_not_mine_is_not_there(company: Company) -> None:
    client = logged_in(person(username="lin", role=Role.OPERATIONS, shop_ids=[company.shops["JP"].pk]))
    html = client.get("/orders/").content.decode()
    assert company.orders["review"].external_id in html
    assert company.orders["plain"].external_id not in html
    assert client.get(f"/orders/{company.orders['plain'].pk}/").status_code == 404
    assert client.post(f"/orders/{company.orders['plain'].pk}/hold/").status_code == 404


def test_what_nobody_can_mean_narrows_nothing_and_breaks_nothing(company: Company) -> None:
    client = logged_in(person())
    for query in (
        "after=nonsense",
        "before=99999999999999999999.1_1",
        "after=1.5_999999999999999999999999",
        "shop=abc&warehouse=-1&status=none&issue=no&hold=x",
        "placed_from=2026-13-45",
        "tab=unknown",
        "q=%00",
        "country=%F0%9F%8D%93x",
    ):
        assert client.get(f"/orders/?{query}").status_code == 200, query
        assert client.get(f"/orders/live/?{query}&at=1e999").status_code in (200, 204), query


def test_tabs_count_and_filters_narrow_without_a_reload(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/orders/")
    tabs = page.get_by_role("navigation", name="Order views")
    expect(tabs.get_by_role("link", name="Exceptions 2")).to_be_visible()
    tabs.get_by_role("link", name="Exceptions 2").click()
    expect(page).to_have_url(re.compile("tab=exceptions"))
    expect(page.locator("#orders-rows [data-row]")).to_have_count(2)
    expect(_row(page, company.orders["short"])).to_contain_text("Shortage")
    expect(_row(page, company.orders["unmapped"])).to_contain_text("Not paired")
    page.get_by_role("navigation", name="Order views").get_by_role("link", name="All").click()
    expect(page.locator("#orders-rows [data-row]")).to_have_count(50)

    page.get_by_label("Shop").select_option(label="Nordlicht Home JP")
    expect(page).to_have_url(re.compile("shop="))
    expect(_row(page, company.orders["plain"])).to_have_count(0)
    expect(_row(page, company.orders["review"])).to_be_visible()
    page.get_by_label("Status", exact=True).select_option("review")
    expect(page).to_have_url(re.compile("status=review"))
    expect(_row(page, company.orders["review"])).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    page.wait_for_load_state()
    expect(page).to_have_url(re.compile("/orders/$|tab=all$"))

    page.get_by_label("Country").fill("ua")
    page.get_by_label("Country").blur()
    expect(page).to_have_url(re.compile("country=ua"))
    assert set(page.locator("#orders-rows .country").all_inner_texts()) == {"UA"}
    page.get_by_role("link", name="Clear").click()
    page.wait_for_load_state()

    page.get_by_label("SKU", exact=True).fill("pen-brass")
    page.get_by_label("SKU", exact=True).blur()
    expect(page.locator("#orders-rows [data-row]")).to_have_count(1)
    expect(_row(page, company.orders["plain"])).to_be_visible()
    page.get_by_role("link", name="Clear").click()
    page.wait_for_load_state()

    page.get_by_label("Warehouse").select_option(label="LA")
    expect(page).to_have_url(re.compile("warehouse="))
    expect(_row(page, company.orders["plain"])).to_be_visible()
    assert "SZ" not in page.locator("#orders-rows").inner_text()
    page.get_by_role("link", name="Clear").click()
    page.wait_for_load_state()

    late = (company.at + timedelta(days=40)).strftime("%Y-%m-%d")
    page.get_by_label("Ordered from").fill(late)
    expect(page.get_by_text("No order matches")).to_be_visible()
    page.get_by_role("link", name="Clear the filters").click()
    page.wait_for_load_state()
    expect(page.locator("#orders-rows [data-row]")).to_have_count(50)

    page.get_by_role("button", name="More").click()
    page.get_by_label("Hold", exact=True).select_option("manual")
    expect(page).to_have_url(re.compile("hold=manual"))
    expect(page.locator("#orders-rows [data-row]")).to_have_count(1)
    expect(_row(page, company.orders["held"])).to_contain_text("Held")
    expect(page.get_by_role("button", name="More · 1")).to_be_visible()


def test_search_finds_by_number_sku_title_tracking_and_buyer(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    plain, left = company.orders["plain"], company.orders["left"]
    for text, order in (
        (plain.external_id[4:], plain),
        ("brass ballpoint", plain),
        ("1Z999AA10123456784", left),
        ("Grace", plain),
    ):
        page.goto(f"{live_server.url}/orders/")
        page.keyboard.press("/")
        page.keyboard.type(text)
        expect(page).to_have_url(re.compile("q="))
        expect(_row(page, order)).to_be_visible()


def test_pages_lead_on_and_back_through_every_order_once(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/orders/")
    first = _numbers(page)
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("after="))
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    second = _numbers(page)
    assert sorted(first + second) == sorted(Order.objects.values_list("external_id", flat=True))
    page.get_by_role("link", name="Previous").click()
    expect(page).to_have_url(re.compile("before="))
    expect(page.locator("#orders-rows a[data-open]").first).to_have_text(first[0])
    assert _numbers(page) == first


def test_at_least_eighteen_orders_are_in_view_on_a_desktop(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/orders/")
    seen = page.evaluate(
        """() => {
            const box = document.querySelector('.sheet-scroll').getBoundingClientRect();
            return [...document.querySelectorAll('[data-row]')]
                .map((row) => row.getBoundingClientRect())
                .filter((row) => row.top >= box.top && row.bottom <= box.bottom).length;
        }"""
    )
    assert seen >= 18
    wide = "(box) => box.scrollWidth - box.clientWidth"
    assert page.locator(".sheet-scroll").evaluate(wide) == 0
    expect(page.get_by_role("link", name="Next")).to_be_in_viewport()


def test_an_order_that_arrives_is_shown_without_a_reload(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/orders/")
    page.evaluate("window.stayed = true")
    new = filled.arrive(company, 150)
    expect(_row(page, new)).to_be_visible(timeout=20_000)
    assert page.evaluate("window.stayed") is True


def test_news_wait_behind_their_bar_while_somebody_chooses_rows(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/orders/")
    row = page.locator(f"#order-{company.orders['plain'].pk}")
    row.locator("[data-select]").check()
    new = filled.arrive(company, 150)
    bar = page.get_by_role("button", name="1 new order")
    expect(bar).to_be_visible(timeout=20_000)
    expect(_row(page, new)).to_have_count(0)
    bar.click()
    expect(_row(page, new)).to_be_visible()
    expect(row.locator("[data-select]")).to_be_checked()


def test_a_row_that_changed_in_place_is_redrawn_where_it_stands(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/orders/")
    order = company.orders["plain"]
    row = page.locator(f"#order-{order.pk}")
    expect(row).to_contain_text("Ready to print")
    client = Client()
    client.force_login(mei, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"/orders/{order.pk}/act/label/").status_code == 204
    expect(row).to_contain_text("Ready to ship", timeout=20_000)


def test_many_orders_are_held_after_a_preview_that_names_those_it_does_not_fit(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/orders/")
    for name in ("plain", "review", "shipped"):
        page.locator(f"#order-{company.orders[name].pk} [data-select]").check()
    bar = page.get_by_role("region", name="Selected rows")
    expect(bar).to_contain_text("3 selected")
    bar.get_by_role("button", name="Hold", exact=True).click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("2 orders will change.")
    expect(dialog).to_contain_text(company.orders["shipped"].external_id)
    assert company.again("plain").hold_reason == ""
    dialog.get_by_role("button", name="Hold", exact=True).click()
    expect(page.locator(f"#order-{company.orders['plain'].pk}")).to_contain_text("Held")
    assert company.again("plain").hold_reason == company.again("review").hold_reason == "manual"
    assert company.again("shipped").hold_reason == ""


def test_an_order_is_approved_held_released_and_canceled_by_its_buttons(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    order = company.orders["review"]
    page.goto(f"{live_server.url}/orders/{order.pk}/")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ready to print")
    page.get_by_role("button", name="Hold", exact=True).click()
    expect(page.get_by_role("button", name="Release the hold")).to_be_visible()
    assert company.again("review").hold_reason == "manual"
    expect(page.get_by_role("button", name="Mark as printed")).to_have_count(0)
    page.get_by_role("button", name="Release the hold").click()
    expect(page.get_by_role("button", name="Mark as printed")).to_be_visible()
    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("dialog", name="Please confirm").get_by_role("button", name="Cancel").click()
    assert company.again("review").status == "label"
    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Canceled")
    assert company.again("review").status == "canceled"
    expect(page.locator(".story")).to_contain_text("Closed here")


def test_an_act_that_came_too_late_says_why_and_changes_nothing(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    order = company.orders["review"]
    page.goto(f"{live_server.url}/orders/{order.pk}/")
    Order.objects.filter(pk=order.pk).update(hold_reason="manual")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#toasts")).to_contain_text("Release the hold first.")
    assert company.again("review").status == "review"


def test_a_request_to_cancel_is_declined_and_the_order_goes_on(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/orders/{company.orders['asks'].pk}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Asks to cancel")
    page.get_by_role("button", name="Decline the cancel request").click()
    expect(page.locator(".story")).to_contain_text("Cancel request declined")
    assert not company.again("asks").cancel_requested


def test_a_buyer_is_masked_until_asked_for_and_each_look_is_written_down(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    order = company.orders["plain"]
    page.goto(f"{live_server.url}/orders/{order.pk}/")
    assert "O’Neill" not in page.content()
    page.locator("#buyer").locator("..").get_by_role("button", name="Show").click()
    expect(page.locator("#buyer")).to_contain_text("Grace O’Neill")
    expect(page.locator("#buyer")).to_contain_text("221 Harbor View Rd")
    shown = Event.objects.get(object_kind="order", object_id=order.pk, kind="buyer_shown")
    assert shown.actor == mei.actor().name
    assert "Grace" not in str(shown.data)


def test_a_shipment_leaves_in_part_and_then_the_rest(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    order = company.orders["plain"]
    page.goto(f"{live_server.url}/orders/{order.pk}/")
    panel = page.locator("#panel-shipments")
    units = panel.get_by_label("Bedside lamp")
    expect(units).to_have_value("3")
    units.fill("2")
    panel.get_by_role("button", name="Goods have left").click()
    expect(panel.get_by_label("Carrier").first).to_be_focused()  # the browser asks for what is missing
    panel.get_by_label("Carrier").first.fill("UPS")
    panel.get_by_label("Tracking number").first.fill("1Z0000000000000017")
    panel.get_by_role("button", name="Goods have left").click()
    expect(page.locator("#toasts")).to_contain_text("has left")
    expect(panel).to_contain_text("Dispatched")
    expect(panel).to_contain_text("1Z0000000000000017")
    lamp = order.lines.get(external_id="50000000000001")
    assert lamp.quantity_shipped == 2
    assert company.again("plain").status == "label"
    rest = panel.get_by_label("Bedside lamp")
    expect(rest).to_have_value("1")
    form = panel.locator("form").filter(has=page.get_by_label("Bedside lamp"))
    form.get_by_label("Carrier").fill("UPS")
    panel.get_by_role("button", name="Goods have left").click()
    expect(panel.get_by_role("alert")).to_contain_text("Enter the tracking number")
    assert company.again("plain").status == "label"
    expect(form.get_by_label("Carrier")).to_have_value("UPS")
    form.get_by_label("Tracking number").fill("1Z0000000000000025")
    panel.get_by_role("button", name="Goods have left").click()
    expect(panel.get_by_role("button", name="Goods have left")).to_have_count(0)
    assert company.again("plain").status == "shipped"
    level = StockLevel.objects.get(sku=company.skus["LAMP-WOOD-01"], warehouse=company.warehouses["LA"])
    assert level.on_hand == 57
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Shipped")


def test_exceptions_lead_to_what_solves_them(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/orders/{company.orders['unmapped'].pk}/")
    page.get_by_role("link", name="Pair the listing").click()
    expect(page.locator("#listings-rows")).to_contain_text("MUG-ENAMEL-RED")
    page.goto(f"{live_server.url}/orders/{company.orders['short'].pk}/")
    page.get_by_role("link", name="Receive stock").click()
    expect(page.locator("#products-rows")).to_contain_text("BAG-CANVAS-S")


def test_home_counts_what_waits_and_each_tile_leads_to_its_list(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(live_server.url + "/")
    expect(page.locator("#panel-freshness")).to_contain_text("Nordlicht Home US")
    for name, query in (("Exceptions", "tab=exceptions"), ("Ready to print", "tab=label")):
        tile = page.locator(".tile").filter(has=page.get_by_text(name, exact=True))
        count = int(tile.locator(".tile-value").inner_text())
        assert count == Order.objects.filter(**_meaning(query)).count()
        tile.click()
        expect(page).to_have_url(re.compile(query))
        expect(page.locator("#orders-rows [data-row]")).to_have_count(min(count, 50))
        page.go_back()


def _meaning(query: str) -> dict[str, object]:
    return {"issue_count__gt": 0} if "exceptions" in query else {"status": "label"}


def test_order_pages_look_well_in_every_look(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    numbers = {name: company.orders[name].pk for name in ("plain", "left", "unmapped", "fba")}
    details = [f"/orders/{pk}/" for pk in numbers.values()]
    look_over(
        page,
        live_server.url,
        "/",
        "/orders/",
        "/orders/?tab=exceptions",
        "/orders/?q=nothing-at-all",
        "/shipments/",
        "/shipments/?view=dispatched",
        *details,
    )


def test_the_filters_of_a_phone_fold_away(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/orders/")
    expect(page.get_by_label("Shop", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    expect(page.get_by_label("Shop", exact=True)).to_be_visible()
    expect(page.get_by_label("Platform")).to_be_visible()
    assert sideways(page) == 0
