"""Amounts never float, never mix, and keep their currency's decimals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomhub.money import CurrencyMismatch, Money, NotMoney, decimal_text, exponent, parse_amount, zero


@pytest.mark.parametrize(
    ("currency", "decimals"), [("JPY", 0), ("EUR", 2), ("KWD", 3), ("CLP", 0), ("TND", 3)]
)
def test_decimals_follow_iso_4217(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(NotMoney, match="XXQ"):
        Money(Decimal(1), "XXQ")


def test_two_currencies_do_not_add() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


@pytest.mark.parametrize("text", [1.5, "1,5", "", "NaN", "Infinity", None, "12.3.4"])
def test_what_is_no_amount_is_refused(text: object) -> None:
    with pytest.raises(NotMoney):
        parse_amount(text)  # type: ignore[arg-type]


def test_rounding_goes_to_even_in_the_currencys_own_decimals() -> None:
    assert Money(Decimal("2.675"), "EUR").rounded().amount == Decimal("2.68")
    assert Money(Decimal("2.5"), "JPY").rounded().amount == Decimal("2")


def test_text_for_clients_keeps_every_decimal_and_never_an_exponent() -> None:
    assert decimal_text(Decimal("10.0000"), "EUR") == "10.00"
    assert decimal_text(Decimal("1000.0000"), "JPY") == "1000"
    assert decimal_text(Decimal("1.2345"), "USD") == "1.2345"


@given(st.lists(st.decimals(min_value=-(10**6), max_value=10**6, places=4), max_size=20))
def test_a_sum_does_not_depend_on_its_order(amounts: list[Decimal]) -> None:
    there, back = zero("EUR"), zero("EUR")
    for amount in amounts:
        there = there + Money(amount, "EUR")
    for amount in reversed(amounts):
        back = back + Money(amount, "EUR")
    assert there == back
