"""Shops of several companies under one account: their money shares a book, and the close says so."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from channels.models import ChannelAccount, Shop
from channels.settlement_messages import Holder
from ecomhub.models import LegalEntity
from finance.closing import period_checks
from finance.closing.period_checks import Finding, Weight
from finance.models import Book, MoneyAccount
from finance.statements import money_accounts
from tests.browser.looking import logged_in, person
from tests.finance.making import make_book
from tests.orders import factory

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 4, 2, 12, tzinfo=UTC)
MARCH = date(2026, 3, 31)


def named(book: Book) -> Finding:
    """What the checklist says of shops whose money is elsewhere."""
    (found,) = (one for one in period_checks.look(book=book, through=MARCH) if one.key == "companies")
    return found


@pytest.fixture
def other() -> Book:
    """Another company's book."""
    return make_book()


def _second(account: ChannelAccount, company: LegalEntity) -> Shop:
    """Another shop of the account, of a company."""
    return Shop.objects.create(
        account=account, marketplace=f"{factory.US}-2", name="Second", short_name="Second",
        legal_entity=company, country="US", currency="USD",
    )  # fmt: skip


def test_a_shop_of_another_company_is_named_on_the_checklist_of_both(
    account: MoneyAccount, shop: ChannelAccount, other: Book
) -> None:
    assert named(account.book).is_fine
    second = _second(shop, other.legal_entity)
    assert money_accounts.of_channel(channel=shop, at=AT) == account
    words = f"Second ({other}): {account.name} → {account.book}"
    for book in (account.book, other):
        found = named(book)
        assert (found.weight, found.count, found.examples) == (Weight.ACCEPTABLE, 1, [words])
    assert named(make_book()).is_fine
    page = logged_in(person()).get(f"/finance/close/checklist/?book={account.book_id}&through=2026-03-31")
    assert "Second" in page.content.decode()
    second.legal_entity = account.book.legal_entity
    second.save()
    assert named(account.book).is_fine


def test_a_shop_whose_statements_come_as_files_counts_too(shop: ChannelAccount, other: Book) -> None:
    first = shop.shops.get()
    book = Book.objects.get(legal_entity=first.legal_entity)
    money_accounts.create(
        name="By file", holder=Holder.CHANNEL, provider="temu", at=AT, shop=first,
        legal_entity=other.legal_entity,
    )  # fmt: skip
    assert [one.partition(":")[2] for one in named(book).examples] == [f" By file → {other}"]
