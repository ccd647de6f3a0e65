"""Amounts never float, never mix, and keep their currency's decimals."""

from decimal import Context, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecomhub.money import (
    CurrencyMismatch,
    Money,
    NotMoney,
    allocated,
    converted,
    decimal_text,
    exponent,
    parse_amount,
    rounded,
    zero,
)

_FORMERLY_WHOLE = ("AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER")
"""Shown without decimals by CLDR; ISO 4217 gives them two."""


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [
        *[("JPY", 0), ("EUR", 2), ("KWD", 3), ("CLP", 0), ("TND", 3), ("CLF", 4), ("UYW", 4), ("XAU", 2)],
        *[(code, 2) for code in _FORMERLY_WHOLE],
        *[("IQD", 3), ("DEM", 2), ("ITL", 0), ("HRK", 2)],
    ],
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


def test_rounding_goes_away_from_zero_in_the_currencys_own_decimals() -> None:
    assert Money(Decimal("2.665"), "EUR").rounded().amount == Decimal("2.67")
    assert Money(Decimal("-2.665"), "EUR").rounded().amount == Decimal("-2.67")
    assert Money(Decimal("2.5"), "JPY").rounded().amount == Decimal("3")
    assert Money(Decimal("0.0005"), "KWD").rounded().amount == Decimal("0.001")


def test_a_threads_own_precision_does_not_decide_about_money() -> None:
    with localcontext(Context(prec=6, rounding="ROUND_DOWN")):
        assert rounded(Decimal("123456789.995"), "EUR") == Decimal("123456790.00")
        assert converted(Decimal("123456789.00"), "CNY", multiply=Decimal("7.123456")) == Decimal(
            "879439004.34"
        )


def test_a_conversion_by_an_inverse_rate_is_rounded_once() -> None:
    assert converted(Decimal(1), "CNY", multiply=Decimal(100), divide=Decimal("61.5")) == Decimal("1.63")


@given(
    total=st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    weights=st.lists(st.decimals(min_value=0, max_value=10**6, places=4), min_size=1, max_size=12).filter(
        any
    ),
)
def test_shares_add_up_and_are_within_a_unit_of_fair(total: Decimal, weights: list[Decimal]) -> None:
    parts = allocated(total, weights, "EUR")
    assert sum(parts) == total
    whole = sum(Fraction(weight) for weight in weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part) - Fraction(total) * Fraction(weight) / whole) < Fraction(1, 100)
        assert part * total >= 0
        assert weight or not part


def test_what_is_left_goes_to_the_largest_remainders() -> None:
    assert allocated(Decimal("10.00"), [Decimal(1)] * 3, "EUR") == [
        Decimal("3.34"),
        Decimal("3.33"),
        Decimal("3.33"),
    ]
    assert allocated(Decimal(-5), [Decimal(1), Decimal(3)], "JPY") == [Decimal(-1), Decimal(-4)]
    assert allocated(Decimal(0), [Decimal(1), Decimal(3)], "JPY") == [Decimal(0), Decimal(0)]


@pytest.mark.parametrize("weights", [[], [Decimal(0)], [Decimal(2), Decimal(-1)]])
def test_shares_without_weights_are_refused(weights: list[Decimal]) -> None:
    with pytest.raises(NotMoney):
        allocated(Decimal(1), weights, "EUR")


def test_half_a_cent_cannot_be_shared_out() -> None:
    with pytest.raises(NotMoney):
        allocated(Decimal("1.005"), [Decimal(1)], "EUR")


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
