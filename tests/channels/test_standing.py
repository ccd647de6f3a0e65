"""How listings stand: the cause of a difference, as the database sees it too, and what limits would do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from channels import accounts, changes, controls, effects, listings, offer_words, queries, standing
from channels.differing import differing
from channels.forms import ShopForm
from channels.listing_forms import OfferForm
from channels.models import ChannelAccount, Listing, Publication, Shop
from channels.standing import Standing
from ecomhub import work
from ecomhub.access import SYSTEM, Role
from tests.api.calling import Api, make_person
from tests.channels.bazaar import bazaar, connect, listing
from tests.channels.making import push, sell
from tests.inventory.making import make_sku, make_warehouse
from tests.platforms_fake.sandbox import Market
from tests.sandbox_fixture import START

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def market(settings: Settings) -> Iterator[Market]:
    with bazaar(settings) as opened:
        yield opened


@pytest.fixture
def live(transactional_db: None, market: Market) -> ChannelAccount:
    """An account with three American listings, paired with 20, 7 and 0 units."""
    account = connect(market)
    place = make_warehouse()
    for code, quantity in (("A-1", 20), ("A-2", 7), ("A-3", 0)):
        one = listing(account, code)
        sku, _place = sell(one, quantity, warehouse=place)
        listings.pair(listing=one, components=[(sku.pk, 1)], at=START)
    return account


def stands(account: ChannelAccount, code: str = "A-1") -> Standing:
    rows = queries.for_list(Listing.objects.filter(shop__account=account, external_id=code))
    return standing.standings(listings=list(rows))[0]


def offer(account: ChannelAccount, code: str = "A-1", **changed: int | bool | None) -> None:
    limits = {"buffer": None, "cap": None, "percentage": None, "is_paused": False, **changed}
    controls.set_offer(listing=listing(account, code), at=START, actor="mei", **limits)  # type: ignore[arg-type]


def test_cause_of_a_difference_is_named_until_there_is_none(live: ChannelAccount, market: Market) -> None:
    assert (stands(live).why, stands(live).wanted, stands(live).shown) == ("waiting", 20, 10)
    assert push(live).pushed == 3
    now = stands(live)
    assert (now.why, now.shown, now.limits) == ("", 20, [])
    assert now.said_at == START


@pytest.mark.parametrize("why", ["import_only", "stopped", "brake", "refused", "put_off", "on_its_way"])
def test_each_hindrance_has_its_words(live: ChannelAccount, why: str) -> None:
    row = Publication.objects.get(listing=listing(live, "A-1"))
    late = work.ClockTimestamp() + timedelta(minutes=5)
    rows = Publication.objects.filter(pk=row.pk)
    match why:
        case "import_only":
            accounts.switch_off(account=live, at=START)
        case "stopped":
            accounts.pause(account=live, at=START, reason="The password was changed")
        case "brake":
            accounts.engage_brake(account=live, reason="37 listings would go to 0", at=START)
        case "refused":
            rows.update(errors=1, last_error="Too many.", due_at=late)
        case "put_off":
            rows.update(last_error="Our share of the rate is used up", due_at=late)
        case "on_its_way":
            rows.update(batch=live.batches.create())
    now = stands(live)
    assert now.why == why
    assert now.detail
    words = {"stopped": "The password", "brake": "37 listings", "refused": "Too many", "put_off": "the rate"}
    assert words.get(why, "") in now.detail
    if why in ("refused", "put_off"):
        assert "4 min" in now.detail


def test_limits_say_why_less_is_offered_than_the_stock_allows(live: ChannelAccount) -> None:
    offer(live, buffer=4, percentage=50, cap=6)
    now = stands(live)
    assert (now.possible, now.wanted) == (20, 6)
    assert now.limits == ["4 kept back", "50 % offered", "at most 6"]
    offer(live, is_paused=True)
    assert stands(live).wanted == 0
    assert stands(live).limits == ["paused: 0 is offered"]


def test_cap_of_a_shop_holds_for_listings_without_one(live: ChannelAccount, market: Market) -> None:
    """It is seen before it is stored, said in words, sent to the platform and shown by the API."""
    push(live)
    shop = Shop.objects.get(account=live, marketplace="FB-US")
    offer(live, "A-2", cap=7)
    told = effects.of_shop(shop=shop, buffer=0, percentage=100, cap=6, is_paused=False)
    assert (told.down, told.to_zero, told.examples) == (1, 0, (("A-1", 20, 6),))
    data = {name: value for name, value in ShopForm(instance=shop).initial.items() if value is not None}
    form = ShopForm({**data, "cap": "6"}, instance=shop)
    assert form.is_valid(), form.errors
    controls.change_shop(shop=form.save(commit=False), at=START)
    assert (stands(live).wanted, stands(live).why, stands(live).limits) == (6, "waiting", ["at most 6"])
    assert stands(live, "A-2").wanted == 7
    one = effects.of_listing(
        listing=listing(live, "A-1"), buffer=None, cap=None, percentage=None, is_paused=False
    )
    assert one is not None
    assert one.after == 6
    push(live)
    assert stands(live).shown == 6
    assert Api().get(f"shops/{shop.pk}/")["cap"] == 6


def test_history_of_a_listing_tells_what_it_sold(live: ChannelAccount, client: Client) -> None:
    one = listing(live, "A-1")
    bundle = [(make_sku(code).pk, units) for code, units in (("MUG-BLUE", 1), ("PLATE", 2))]
    listings.pair(listing=one, components=bundle, at=START + timedelta(hours=1), actor="mei")
    controls.set_offer(
        listing=one, buffer=3, cap=None, percentage=None, is_paused=False, at=START + timedelta(hours=2)
    )
    listings.pair(listing=one, components=[], at=START + timedelta(hours=3), actor="mei")
    client.force_login(make_person())
    page = client.get(reverse("channels:listing", args=[one.pk])).content.decode()
    story = page[page.index("history-title") :]
    places = [
        story.index(words)
        for words in ("Pairing undone", "Units kept back: – → 3", "1 × MUG-BLUE + 2 × PLATE")
    ]
    assert places == sorted(places)


def test_api_says_what_an_account_can_do_and_does(live: ChannelAccount) -> None:
    shown = Api().get(f"accounts/{live.pk}/")
    assert (shown["pushes_stock"], shown["pushes_prices"]) == (True, True)
    assert {"push_stock", "push_price", "confirm_shipment"} <= set(shown["capabilities"])


def test_database_finds_the_same_differences_as_the_rule(live: ChannelAccount, market: Market) -> None:
    shop = Shop.objects.get(account=live, marketplace="FB-US")

    def both() -> tuple[set[str], set[str]]:
        mapped = queries.for_list(Listing.objects.filter(shop__account=live, is_mapped=True))
        ruled = {
            one.listing.external_id for one in standing.standings(listings=list(mapped)) if _differs(one)
        }
        return ruled, set(differing().values_list("listing__external_id", flat=True))

    seen = []
    for change in (
        lambda: None,
        lambda: push(live),
        lambda: offer(live, buffer=4, percentage=33, cap=6),
        lambda: push(live),
        lambda: offer(live, "A-2", buffer=100),
        lambda: controls.change_shop(shop=_with(shop, buffer=3, percentage=70), at=START),
        lambda: push(live),
        lambda: controls.change_shop(shop=_with(shop, cap=2), at=START),
        lambda: offer(live, "A-2", cap=5),
        lambda: push(live),
        lambda: controls.change_shop(shop=_with(shop, is_paused=True), at=START),
        lambda: Listing.objects.filter(external_id="A-3").update(
            remote_quantity=None, remote_at=START + timedelta(hours=1)
        ),
    ):
        change()
        ruled, asked = both()
        assert ruled == asked
        seen.append(frozenset(ruled))
    assert len(set(seen)) >= 4  # the states really differ


def _differs(one: Standing) -> bool:
    return one.shown is None or one.shown != one.wanted


def _with(shop: Shop, **changed: int | bool) -> Shop:
    for name, value in changed.items():
        setattr(shop, name, value)
    return shop


def test_effect_of_limits_is_told_before_anything_changes(live: ChannelAccount, market: Market) -> None:
    push(live)
    found = effects.of_listing(
        listing=listing(live, "A-1"), buffer=5, cap=None, percentage=50, is_paused=False
    )
    assert found is not None
    assert (found.shown, found.before, found.after, found.possible) == (20, 20, 7, 20)
    shop = Shop.objects.get(account=live, marketplace="FB-US")
    effect = effects.of_shop(shop=shop, buffer=8, percentage=100, cap=None, is_paused=False)
    assert (effect.listings, effect.to_zero, effect.down, effect.up, effect.same) == (3, 1, 1, 0, 1)
    assert effect.examples[0] == ("A-2", 7, 0)
    assert (stands(live).wanted, stands(live, "A-2").wanted) == (20, 7)
    assert push(live).due == 0


def test_listings_are_paused_and_resumed_together_and_it_is_written_down(live: ChannelAccount) -> None:
    ids = [listing(live, code).pk for code in ("A-1", "A-2")]
    assert controls.pause_many(listing_ids=ids, is_paused=True, at=START, actor="mei") == 2
    assert controls.pause_many(listing_ids=ids, is_paused=True, at=START, actor="mei") == 0
    assert stands(live).wanted == 0
    newest = changes.history(listing_id=ids[0])[0]
    assert (newest.kind, newest.actor, newest.note) == ("offer_set", "mei", "is_paused off → on")
    assert controls.pause_many(listing_ids=ids, is_paused=False, at=START, actor="mei") == 2


def test_history_of_an_offer_is_in_the_readers_language_older_rows_too(
    live: ChannelAccount, client: Client
) -> None:
    one = listing(live, "A-1")
    controls.set_offer(
        listing=one, buffer=1500, cap=None, percentage=None, is_paused=True, at=START, actor="mei"
    )
    old = changes.Change(one.pk, "offer_set", START, actor="mei", note="cap 7 → –, is_paused on → off")
    strange = changes.Change(one.pk, "offer_set", START, actor="mei", note="asked by <phone>, size 3 → 4")
    changes.note(changes=[old, strange])
    ann = make_person(Role.OWNER)
    client.force_login(ann)
    where = reverse("channels:listing", args=[one.pk])
    page = client.get(where).content.decode()
    assert "Units kept back: – → 1,500; Stop offering stock: no → yes" in page
    assert "At most: 7 → –; Stop offering stock: yes → no" in page
    assert "asked by &lt;phone&gt;, size 3 → 4" in page
    ann.language = "zh-hans"
    ann.save()
    page = client.get(where).content.decode()
    for words in ("预留件数", "暂停库存同步", "上限"):
        assert words in page
    for code in ("is_paused", "buffer ", "off →"):
        assert code not in page


def test_names_in_the_history_are_those_of_the_forms() -> None:
    for form in (OfferForm(), ShopForm()):
        labels = {name: str(field.label) for name, field in form.fields.items()}
        assert {name: labels[name] for name in offer_words.LABELS} == {
            name: str(label) for name, label in offer_words.LABELS.items()
        }


def test_views_of_the_listings_hold_what_they_say(live: ChannelAccount, market: Market) -> None:
    push(live)
    offer(live, "A-2", is_paused=True)
    Publication.objects.filter(listing=listing(live, "A-3")).update(errors=1, last_error="no")

    def codes(view: str, **more: str) -> set[str]:
        rows = queries.listings(actor=SYSTEM, view=view, **more)  # type: ignore[arg-type]
        return set(rows.values_list("external_id", flat=True))

    assert codes("unmapped") == {"J-1"}
    assert codes("paused") == {"A-2"}
    assert codes("refused") == {"A-3"}
    assert codes("differs") == {"A-2"}
    assert codes("all", platform="fake") == {"A-1", "A-2", "A-3", "J-1"}
    assert codes("all", platform="amazon") == set()
    sku = listing(live, "A-1").components.get().sku
    assert codes("all", text=sku.code.lower()) == {"A-1"}
    counts = queries.listing_counts(actor=SYSTEM)
    assert (counts.every, counts.unmapped, counts.refused, counts.paused) == (4, 1, 1, 1)
