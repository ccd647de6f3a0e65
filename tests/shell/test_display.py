"""How values read: amounts never lose a part, spans are short, instants name their day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from ecomhub.money import Money
from ecomhub.shell import display

AT = datetime(2026, 11, 22, 9, 7, 5, tzinfo=UTC)


def _shown(source: str, **values: object) -> str:
    return Template("{% load ui %}" + source).render(Context(values))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234.5", "EUR", "1,234.50"),
        ("1234.5000", "EUR", "1,234.50"),
        ("98000", "JPY", "98,000"),
        ("7.25", "KWD", "7.250"),
        ("0.0035", "USD", "0.0035"),
        ("-12.3456", "USD", "-12.3456"),
        ("1E+3", "USD", "1,000.00"),
        ("0", "JPY", "0"),
    ],
)
def test_an_amount_has_its_currencys_decimals_and_hides_none_it_has(
    amount: str, currency: str, text: str
) -> None:
    assert display.amount_text(Decimal(amount), currency) == text


def test_money_shows_its_currency_and_nothing_is_a_dash() -> None:
    assert "9.90" in _shown("{% money value %}", value=Money(Decimal("9.9"), "USD"))
    assert "USD" in _shown("{% money value %}", value=Money(Decimal("9.9"), "USD"))
    assert "–" in _shown("{% money value %}", value=None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3 * 3600 + 5, "3 h"),
        (3 * 3600 + 12 * 60, "3 h 12 min"),
        (2 * 86400 + 12 * 60, "2 d"),
        (86400 + 4 * 3600 + 59, "1 d 4 h"),
    ],
)
def test_a_span_has_at_most_two_units(seconds: int, text: str) -> None:
    assert display.span_text(seconds) == text


def test_a_countdown_says_left_now_or_late() -> None:
    def text(**until: int) -> str:
        return display.countdown_text(due=AT + timedelta(**until), at=AT)

    assert text(hours=5, minutes=12) == "5 h 12 min left"
    assert text(seconds=-20) == "due now"
    assert text(hours=-3) == "3 h late"
    soon = timedelta(hours=12)
    assert display.countdown_state(due=AT - timedelta(seconds=1), at=AT, soon=soon) == "late"
    assert display.countdown_state(due=AT + soon, at=AT, soon=soon) == "soon"
    assert display.countdown_state(due=AT + 2 * soon, at=AT, soon=soon) == "calm"


def test_an_instant_is_told_in_the_readers_zone_and_language() -> None:
    with timezone.override(ZoneInfo("Asia/Shanghai")):
        assert display.instant_text(instant=AT, at=AT) == "Nov 22, 17:07"
        assert display.instant_text(instant=AT - timedelta(days=400), at=AT) == "Oct 18, 2025, 17:07"
        with translation.override("zh-hans"):
            assert display.instant_text(instant=AT, at=AT) == "11月22日 17:07"
    shown = _shown("{% instant value %}", value=AT)
    assert 'datetime="2026-11-22T09:07:05Z"' in shown
    assert 'title="2026-11-22 09:07:05 UTC"' in shown


def test_a_change_carries_its_sign() -> None:
    assert display.number_text(12345, signed=True) == "+12,345"
    assert display.number_text(-3, signed=True) == "-3"
    assert display.number_text(0, signed=True) == "0"


def test_what_people_wrote_is_never_markup() -> None:
    nasty = '"><script>x</script>'
    for source in (
        "{% status_badge v %}",
        "{% copy v v %}",
        "{% flag v %}",
        "{% monogram v %}",
        "{% country v %}",
    ):
        assert "<script>" not in _shown(source, v=nasty).lower()
