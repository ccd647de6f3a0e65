"""The channel pages: connecting an account over real HTTP, switching it on, pairing, failed imports."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from channels import accounts
from channels.models import ChannelAccount, FailedImport, Listing, Pull, Shop
from ecomhub import clock
from ecomhub.access import Role
from ecomhub.models import User
from tests.browser import filled
from tests.browser.filled import Company
from tests.browser.looking import log_in, logged_in, look_over, person, statements
from tests.channels.making import run_stream
from tests.sandbox_fixture import Sandbox

pytestmark = pytest.mark.django_db(transaction=True)


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


@pytest.fixture
def market(sandbox: Sandbox, settings: Settings) -> Sandbox:
    """The invented market, offered by the connect form; it lives now."""
    settings.ECOMHUB_SANDBOX_URL = sandbox.url
    sandbox.reset(at=clock.now(), history_days=1)
    return sandbox


def _fill_credentials(page: Page, market: Sandbox, *, secret: str = "") -> None:
    sheet = market.credentials("empty")
    page.get_by_label("What you call it").fill("Second shop")
    page.get_by_label("Where it lives").select_option(label="The invented market of this demo")
    page.get_by_label("Seller ID").fill(sheet["seller_id"])
    page.get_by_label("Client ID").fill(sheet["client_id"])
    page.get_by_label("Client secret").fill(secret or sheet["client_secret"])
    page.get_by_label("Refresh token").fill(sheet["refresh_token"])


def test_bare_lists_cost_six_statements_at_most_whatever_their_size() -> None:
    client = logged_in(person())
    company = filled.fill(orders=2)
    few = statements(client, "/channels/listings/")
    shop = company.shops["US"]
    Listing.objects.bulk_create(
        Listing(shop=shop, external_id=f"MORE-{number}", title="A lamp") for number in range(60)
    )
    assert statements(client, "/channels/listings/") == few <= 6
    assert statements(client, "/channels/listings/?view=unmapped") <= 6
    assert statements(client, "/channels/failed/") <= 6


def test_a_viewer_sees_no_forbidden_button_and_is_refused_by_every_door(company: Company) -> None:
    client = logged_in(person(username="lin", role=Role.VIEWER))
    account = company.account
    listing, shop = Listing.objects.filter(is_mapped=False).latest("pk"), company.shops["US"]
    for path in (
        "/channels/",
        "/channels/listings/",
        "/channels/listings/?view=unmapped",
        "/channels/failed/",
    ):
        html = client.get(path).content.decode()
        for forbidden in (
            "/sync/",
            "/switches/",
            "/add/",
            "/pair/",
            "/retry/",
            "/shops/",
            "/pause/",
        ):
            assert forbidden not in html, (path, forbidden)
    own = ("switches", "switch-on", "switch-off", "release-brake", "reconnect", "pause", "resume", "sync")
    doors = [f"{account.pk}/{name}/" for name in own]
    doors += [f"listings/{listing.pk}/pair/", "failed/retry/", f"shops/{shop.pk}/", "add/amazon/"]
    for door in doors:
        assert client.post(f"/channels/{door}").status_code == 403, door
    assert client.get(f"/channels/{account.pk}/switches/").status_code == 403


def test_an_account_of_somebody_elses_shops_is_not_there(company: Company) -> None:
    client = logged_in(person(username="lin", role=Role.ADMIN, shop_ids=[]))
    account, failed = company.account, FailedImport.objects.latest("pk")
    assert company.account.name not in client.get("/channels/").content.decode()
    assert client.get(f"/channels/{account.pk}/switches/").status_code == 404
    assert client.post(f"/channels/{account.pk}/pause/").status_code == 404
    assert client.get(f"/channels/failed/{failed.pk}/raw/").status_code == 404
    assert client.get(f"/channels/shops/{company.shops['US'].pk}/").status_code == 404


def test_what_nobody_can_mean_breaks_nothing(company: Company) -> None:
    client = logged_in(person())
    for query in ("after=x", "before=99999999999999999999999", "shop=abc&view=y", "q=%00", "page=-1"):
        assert client.get(f"/channels/listings/?{query}").status_code == 200, query
        assert client.get(f"/channels/failed/?{query}").status_code == 200, query
    assert client.get("/channels/add/none/").status_code == 404
    assert client.post("/channels/failed/retry/", {"ids": "x"}).status_code == 204


def test_a_newcomer_tests_connects_previews_and_switches_an_account_on(
    page: Page, live_server: LiveServer, market: Sandbox, mei: User
) -> None:
    page.goto(f"{live_server.url}/channels/")
    expect(page.get_by_text("No account yet")).to_be_visible()
    page.get_by_role("link", name="Connect an account").click()
    page.get_by_role("link", name="Paste credentials · Amazon").click()
    _fill_credentials(page, market, secret="not the secret")
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("What you call it")).to_have_value("Second shop")
    page.get_by_label("Client secret").fill(market.credentials("empty")["client_secret"])
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_role("status").filter(has_text="The connection works.")).to_be_visible()
    assert not ChannelAccount.objects.exists()  # a test stores nothing
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Second shop is connected.")
    account = ChannelAccount.objects.get()
    card = page.locator(f"#account-{account.pk}")
    expect(card).to_contain_text("Import only")
    expect(card).to_contain_text("calls in hand")

    run_stream(account, "listings", clock.now())
    page.reload()
    card.get_by_role("link", name="Preview and switches").click()
    expect(page.get_by_text("would go to 0")).to_be_visible()
    page.get_by_label("Mark orders as shipped").uncheck()
    page.get_by_role("button", name="Switch the account on").click()
    expect(page.locator("#toasts")).to_contain_text("Second shop is switched on.")
    expect(card).to_contain_text("Pushes stock")
    expect(card).not_to_contain_text("Marks as shipped")
    account.refresh_from_db()
    assert account.switched_on_at is not None
    assert (account.pushes_stock, account.confirms_shipments) == (True, False)


def test_new_credentials_are_proven_before_they_are_kept(
    page: Page, live_server: LiveServer, market: Sandbox, mei: User
) -> None:
    page.goto(f"{live_server.url}/channels/add/amazon/")
    _fill_credentials(page, market)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("is connected")
    account = ChannelAccount.objects.get()
    accounts.pause(account=account, at=clock.now(), reason="Somebody changed the password")
    page.reload()
    expect(page.locator(f"#account-{account.pk}")).to_contain_text("Somebody changed the password")
    page.get_by_role("button", name="More for Second shop").click()
    page.get_by_role("link", name="New credentials").click()
    sheet = market.credentials("empty")
    page.get_by_label("Client ID").fill(sheet["client_id"])
    page.get_by_label("Client secret").fill("wrong")
    page.get_by_label("Refresh token").fill(sheet["refresh_token"])
    page.get_by_role("button", name="Test and connect again").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Client secret").fill(sheet["client_secret"])
    page.get_by_role("button", name="Test and connect again").click()
    expect(page.locator("#toasts")).to_contain_text("Second shop is connected again.")
    account.refresh_from_db()
    assert account.state == "connected"


def test_sync_now_makes_the_streams_due_and_the_page_shows_what_came_of_it(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    soon = Pull.objects.get(account=company.account, stream="listings")
    Pull.objects.filter(pk=soon.pk).update(due_at=clock.real_now().replace(year=2099))
    page.goto(f"{live_server.url}/channels/")
    page.get_by_role("button", name="Sync now").click()
    expect(page.locator("#toasts")).to_contain_text("is read within ten seconds")
    soon.refresh_from_db()
    assert soon.due_at < clock.real_now()
    Pull.objects.filter(pk=soon.pk).update(last_error="The platform was busy")
    expect(page.locator(f"#account-{company.account.pk}-now")).to_contain_text(
        "Tried again soon", timeout=20_000
    )


def test_an_account_is_paused_after_a_question_and_resumed(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/channels/")
    page.get_by_role("button", name="More for Nordlicht Home").click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.locator(f"#account-{company.account.pk}-state")).to_contain_text("Paused")
    page.get_by_role("button", name="More for Nordlicht Home").click()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(f"#account-{company.account.pk}-state")).to_contain_text("Connected")


def test_a_brake_is_shown_and_released_by_a_person_who_looked(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    accounts.engage_brake(account=company.account, reason="412 listings would go to 0", at=company.at)
    page.goto(f"{live_server.url}/channels/")
    expect(page.get_by_role("alert")).to_contain_text("412 listings would go to 0")
    page.get_by_role("link", name="Look at the changes").click()
    page.get_by_role("button", name="Release the brake").click()
    page.get_by_role("button", name="Yes, go on").click()
    expect(page.locator("#toasts")).to_contain_text("The brake is released.")
    company.account.refresh_from_db()
    assert company.account.brake_engaged_at is None


def test_a_failed_import_says_why_shows_what_came_and_is_tried_again(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    FailedImport.objects.update(due_at=clock.real_now().replace(year=2099))
    page.goto(f"{live_server.url}/channels/failed/")
    row = page.locator("[data-row]").filter(has_text="The line names no listing")
    row.get_by_role("button", name="What came").click()
    expect(page.locator("#dialog .raw")).to_contain_text('"quantity": 1')
    page.locator("#dialog").get_by_role("button", name="Close").click()
    row.get_by_role("button", name="Try again").click()
    expect(page.locator("#toasts")).to_contain_text("1 import is tried again.")
    due = dict(FailedImport.objects.values_list("reason", "due_at"))
    assert due["The line names no listing"] < clock.real_now()
    assert due["A total in a currency nobody knows: XQX"] > clock.real_now()
    page.get_by_role("button", name="Try all again").click()
    expect(page.locator("#toasts")).to_contain_text("2 imports are tried again.")


def test_somebody_without_the_right_may_try_again_and_reads_what_came_without_the_buyer(
    company: Company,
) -> None:
    client = logged_in(person(username="lin", role=Role.OPERATIONS))
    failed = FailedImport.objects.latest("pk")
    html = client.get("/channels/failed/").content.decode()
    assert "Try again" in html
    assert "What came" in html
    assert "blacked out" in client.get(f"/channels/failed/{failed.pk}/raw/").content.decode()
    assert client.post("/channels/failed/retry/", {"ids": failed.pk}).status_code == 204


def test_a_shop_is_called_and_ships_as_a_person_says(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    page.goto(f"{live_server.url}/channels/")
    page.get_by_role("button", name="Edit Nordlicht Home JP").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Short name").fill("")
    dialog.locator("form").evaluate("form => { form.noValidate = true; }")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator(".invalid-feedback").first).to_be_visible()
    dialog.get_by_label("Short name").fill("日本店")
    dialog.get_by_label("Mark as shipped").select_option("by_hand")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("日本店").first).to_be_visible()
    assert Shop.objects.get(pk=company.shops["JP"].pk).tells == "by_hand"


def test_channel_pages_look_well_in_every_look(
    page: Page, live_server: LiveServer, company: Company, mei: User
) -> None:
    accounts.engage_brake(account=company.account, reason="412 listings would go to 0", at=company.at)
    look_over(
        page,
        live_server.url,
        "/channels/",
        f"/channels/{company.account.pk}/switches/",
        f"/channels/{company.account.pk}/reconnect/",
        "/channels/add/amazon/",
        "/channels/listings/",
        "/channels/listings/?view=unmapped",
        "/channels/failed/",
    )


def test_the_address_of_a_page_part_is_no_page_for_nobody() -> None:
    assert re.match("/accounts/login/", Client().get("/channels/?part").headers["Location"])
