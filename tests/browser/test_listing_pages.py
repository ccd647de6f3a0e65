"""The listing pages: pairing queue, what is shown and why, limits with their effect, prices, sheets."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from channels import controls, pricing
from channels import registry as known_platforms
from channels.adapter import Capability
from channels.models import Listing, PricePublication, Publication, Shop
from channels.pairing_sheet import check
from channels.sheets import PAIRING_COLUMNS
from ecomhub.access import Role
from ecomhub.models import User
from ecomhub.sheets import Job, read_table
from tests.browser import filled
from tests.browser.filled import Company
from tests.browser.looking import log_in, logged_in, look_over, person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def priced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Amazon takes prices too, as far as these pages can tell."""
    amazon = known_platforms.platform("amazon")
    able = replace(amazon, capabilities=amazon.capabilities | {Capability.PUSH_PRICE})
    monkeypatch.setattr(pricing, "platform", lambda key: able)


@pytest.fixture
def company() -> Company:
    """A company with few orders."""
    return filled.fill(orders=4)


@pytest.fixture
def mei(page: Page, live_server: LiveServer) -> User:
    """Mei, the owner, logged in."""
    user = person(theme=User.Theme.LIGHT)
    log_in(page=page, address=live_server.url, user=user)
    return user


def _listing(code: str, country: str = "US") -> Listing:
    return Listing.objects.get(external_id=code, shop__country=country)


def test_a_suggestion_is_accepted_by_one_press(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/channels/listings/")
    page.get_by_role("link", name="Not paired 2").click()
    expect(page.locator("#listings-rows [data-row]")).to_have_count(2)
    lamp = Listing.objects.get(external_id="LAMP-WOOD-01-NEW")
    page.locator(f"#listing-{lamp.pk}").get_by_role("button", name="LAMP-WOOD-01").first.click()
    expect(page.locator("#toasts")).to_contain_text("LAMP-WOOD-01-NEW sells LAMP-WOOD-01.")
    expect(
        page.locator(f"#listing-{lamp.pk}").get_by_role("link", name="LAMP-WOOD-01", exact=True)
    ).to_be_visible()
    assert list(lamp.components.values_list("sku__code", "quantity")) == [("LAMP-WOOD-01", 1)]


def test_selected_suggestions_are_accepted_together_and_a_likeness_is_left_to_a_person(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    sure = Listing.objects.create(
        shop=company.shops["US"], external_id="pen-brass", title="A pen that sells itself"
    )
    page.goto(f"{live_server.url}/channels/listings/?view=unmapped")
    page.get_by_label("Select all listings of this page").check()
    page.get_by_role("button", name="Accept the suggestions").click()
    dialog = page.locator("#dialog")
    expect(dialog.locator("input[name=pair]")).to_have_count(3)
    expect(dialog.locator("input[name=pair]:checked")).to_have_count(1)
    dialog.get_by_role("button", name="Pair the checked").click()
    expect(page.locator("#toasts")).to_contain_text("1 listing is paired.")
    expect(page.locator("#listings-rows [data-row]")).to_have_count(2)
    assert list(sure.components.values_list("sku__code", flat=True)) == ["PEN-BRASS"]


def test_a_bundle_is_put_together_row_by_row(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    mug = Listing.objects.get(external_id="MUG-ENAMEL-RED")
    page.goto(f"{live_server.url}/channels/listings/?view=unmapped")
    page.get_by_role("button", name="Pair MUG-ENAMEL-RED").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("SKU 1").fill("NO-SUCH-SKU")
    dialog.get_by_role("button", name="Pair", exact=True).click()
    expect(dialog).to_contain_text("There is no SKU NO-SUCH-SKU")
    dialog.get_by_label("SKU 1").fill("")
    dialog.get_by_label("SKU 1").press_sequentially("MUG-ENAMEL-W")
    expect(dialog.locator("#sku-options option")).to_have_count(1)
    dialog.get_by_label("SKU 1").fill("MUG-ENAMEL-WH")
    dialog.get_by_role("button", name="One more SKU").click()
    dialog.get_by_label("SKU 2").fill("BAG-CANVAS-S")
    dialog.get_by_label("Units").nth(1).fill("2")
    dialog.get_by_role("button", name="Pair", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("MUG-ENAMEL-RED is paired.")
    assert set(mug.components.values_list("sku__code", "quantity")) == {
        ("MUG-ENAMEL-WH", 1),
        ("BAG-CANVAS-S", 2),
    }


def test_listings_are_found_by_text_sku_shop_platform_and_account(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    rows = page.locator("#listings-rows [data-row]")
    page.goto(f"{live_server.url}/channels/listings/")
    search = page.get_by_label("Listing, title, SKU or product number")
    search.fill("kite")
    expect(rows).to_have_count(3)
    page.get_by_label("Shop", exact=True).select_option(label="Nordlicht Home DE")
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Clear").first.click()
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="Next").click()
    expect(rows).to_have_count(2)
    page.goto(f"{live_server.url}/channels/listings/?q=MUG-ENAMEL-WH")
    expect(page.locator("[data-row]").filter(has_text="MUG-PAIR")).not_to_have_count(0)
    page.get_by_label("Account").select_option(label="Nordlicht Home")
    expect(page.locator("[data-row]").filter(has_text="MUG-PAIR")).not_to_have_count(0)
    page.goto(f"{live_server.url}/channels/listings/?q=nothing-like-it")
    expect(page.get_by_text("No listing matches")).to_be_visible()


def test_what_differs_and_what_was_refused_stand_in_their_own_views_with_the_cause(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    lamp = _listing("LAMP-WOOD-01")
    Publication.objects.filter(listing=lamp).update(errors=2, last_error="Above the limit of this category.")
    page.goto(f"{live_server.url}/channels/listings/")
    page.get_by_role("link", name="Refused 1").click()
    expect(page.locator("#listings-rows [data-row]")).to_have_count(1)
    page.get_by_role("link", name="LAMP-WOOD-01").first.click()
    expect(page.get_by_text("The platform refused: Above the limit of this category.")).to_be_visible()
    page.get_by_role("button", name="Push again").click()
    expect(page.locator("#toasts")).to_contain_text("goes out next")
    assert Publication.objects.get(listing=lamp).errors == 0
    page.goto(f"{live_server.url}/channels/listings/?view=differs")
    expect(page.locator("#listings-rows [data-row]").first).to_be_visible()
    expect(page.locator("[data-row]").filter(has_text="Same")).to_have_count(0)


def test_limits_show_their_effect_before_they_are_saved(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    pen = _listing("PEN-BRASS")
    page.goto(f"{live_server.url}/channels/listings/{pen.pk}/")
    page.get_by_role("button", name="Stock offered").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("At most").fill("7")
    expect(dialog.locator("#effect")).to_contain_text("It would show 7.")
    assert _listing("PEN-BRASS").cap is None
    dialog.get_by_label("Stop offering stock").check()
    expect(dialog.locator("#effect")).to_contain_text("It would show 0.")
    dialog.get_by_label("Stop offering stock").uncheck()
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Saved.")
    assert _listing("PEN-BRASS").cap == 7
    expect(page.get_by_text("Less than the stock allows: at most 7.")).to_be_visible()
    expect(page.locator(".story")).to_contain_text("At most: – → 7")


def test_limits_of_a_shop_say_how_many_listings_they_move(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/channels/")
    page.get_by_role("button", name="Edit Nordlicht Home JP").click()
    dialog = page.locator("#dialog")
    expect(dialog.locator("#effect")).to_contain_text("0 would go to 0, 0 down, 0 up")
    dialog.get_by_label("Stop offering stock").check()
    expect(dialog.locator("#effect")).not_to_contain_text("0 would go to 0")
    assert not Shop.objects.get(pk=company.shops["JP"].pk).is_paused


def test_selected_listings_are_paused_and_resumed_together(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/channels/listings/?q=kite")
    expect(page.locator("#listings-rows [data-row]")).to_have_count(3)
    page.get_by_label("Select all listings of this page").check()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.locator("#toasts")).to_contain_text("3 listings are paused.")
    assert Listing.objects.filter(is_paused=True).count() == 3
    page.get_by_label("Select all listings of this page").check()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#toasts")).to_contain_text("3 listings go on.")
    assert not Listing.objects.filter(is_paused=True).exists()


def test_a_price_is_set_in_the_shops_currency_and_a_slip_is_asked_about(
    page: Page, live_server: LiveServer, company: Company, mei: User, priced: None
) -> None:
    pen = _listing("PEN-BRASS")
    page.goto(f"{live_server.url}/channels/listings/{pen.pk}/")
    page.get_by_role("button", name="Set the price").click()
    dialog = page.locator("#dialog")
    for wrong, words in (("ten", "Write an amount"), ("1.999", "2 decimals"), ("0", "above zero")):
        dialog.get_by_label("New price").fill(wrong)
        dialog.get_by_role("button", name="Set the price").click()
        expect(dialog).to_contain_text(words)
    dialog.get_by_label("New price").fill("2499")
    dialog.get_by_role("button", name="Set the price").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Is the decimal point right?")
    assert not PricePublication.objects.exists()
    dialog.get_by_label("New price").fill("25,90")
    dialog.get_by_role("button", name="Set the price").click()
    expect(page.locator("#toasts")).to_contain_text("PEN-BRASS: 25.90 USD goes out next.")
    assert PricePublication.objects.get().wanted_price == Decimal("25.90")
    expect(page.locator("#price-title").locator("xpath=../..")).to_contain_text("25.90")
    expect(page.locator(".story")).to_contain_text("Price set")


def test_a_platform_without_prices_offers_no_button(company: Company) -> None:
    client = logged_in(person())
    pen = _listing("PEN-BRASS")
    html = client.get(f"/channels/listings/{pen.pk}/").content.decode()
    if not pricing.offered(account=company.account):
        assert "Set the price" not in html
        assert "set them there" in html


def test_the_sheet_of_what_listings_sell_comes_back_without_a_change(company: Company) -> None:
    client = logged_in(person())
    data = client.get("/channels/listings/pairings.csv").content
    table = read_table(data=data, columns=PAIRING_COLUMNS)
    found = check(rows=table.rows, job=Job(at=company.at, actor="mei", digest="d" * 64))
    outcomes = {finding.outcome.value for finding in found if "MUG-ENAMEL-RED" not in finding.subject}
    assert outcomes <= {"unchanged", "refused"}
    assert sum(finding.outcome == "unchanged" for finding in found) >= 48
    assert b"MUG-ENAMEL-RED" in client.get("/channels/listings/pairings.csv?view=unmapped").content


def test_a_viewer_looks_and_changes_nothing(company: Company) -> None:
    client = logged_in(person(username="lin", role=Role.VIEWER))
    pen, lost = _listing("PEN-BRASS"), Listing.objects.filter(is_mapped=False).latest("pk")
    for path in ("", "?view=unmapped", f"{pen.pk}/", f"{lost.pk}/"):
        answer = client.get(f"/channels/listings/{path}")
        assert answer.status_code == 200
        html = answer.content.decode()
        for forbidden in ("/accept/", "/pair/", "/offer/", "/price/", "/again/", "-selected/", "data-select"):
            assert forbidden not in html, (path, forbidden)
    doors = [f"{pen.pk}/{name}/" for name in ("pair", "accept", "offer", "price", "again")]
    for door in [*doors, "accept/", "pause-selected/"]:
        assert client.post(f"/channels/listings/{door}").status_code == 403, door
    assert client.get(f"/channels/listings/{pen.pk}/offer/effect/").status_code == 403


def test_a_listing_of_a_shop_one_may_not_see_is_not_there(company: Company) -> None:
    client = logged_in(person(username="lin", role=Role.OPERATIONS, shop_ids=[company.shops["DE"].pk]))
    mine, other = _listing("PEN-BRASS", "DE"), _listing("PEN-BRASS", "US")
    assert client.get(f"/channels/listings/{mine.pk}/").status_code == 200
    assert client.get(f"/channels/listings/{other.pk}/").status_code == 404
    assert client.post(f"/channels/listings/{other.pk}/price/", {"price": "3"}).status_code == 404
    client.post("/channels/listings/pause-selected/", {"ids": [mine.pk, other.pk]})
    assert list(Listing.objects.filter(is_paused=True)) == [mine]


def test_listing_pages_look_well_in_every_look(
    page: Page, live_server: LiveServer, company: Company, mei: User, priced: None
) -> None:
    pen, lost = _listing("PEN-BRASS"), Listing.objects.filter(is_mapped=False).latest("pk")
    controls.set_offer(
        listing=pen, buffer=5, cap=9, percentage=50, is_paused=False, at=company.at, actor="mei"
    )
    pricing.set_price(listing=pen, price=Decimal("27.00"), at=company.at, actor="mei")
    look_over(
        page,
        live_server.url,
        "/channels/listings/",
        "/channels/listings/?view=unmapped",
        "/channels/listings/?view=paused",
        f"/channels/listings/{pen.pk}/",
        f"/channels/listings/{lost.pk}/",
    )


def test_no_column_of_the_listings_is_scrolled_off_on_a_small_desktop(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{live_server.url}/channels/listings/")
    wide = page.locator(".sheet-scroll").evaluate("one => one.scrollWidth - one.clientWidth")
    assert wide <= 0
