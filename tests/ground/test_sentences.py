"""Our own sentences are kept as what they say and worded for whoever reads; others' words stay."""

from __future__ import annotations

import json

import pytest
from django.utils import translation

from ecomhub.sentences import kept, shown

KNOWN = "%(zeroed)d of %(selling)d selling listings would go to 0."


def test_sentence_is_worded_in_the_readers_language() -> None:
    stored = kept(KNOWN, zeroed=7, selling=9)
    with translation.override("en"):
        english = shown(stored)
        assert english == "7 of 9 selling listings would go to 0."
    with translation.override("zh-hans"):
        chinese = shown(stored)
        assert chinese != english
        assert "7" in chinese
        assert "9" in chinese


def test_value_that_is_a_sentence_is_worded_too() -> None:
    stored = kept("%(name)s: %(why)s", name="S-1", why=kept("Nothing failed"))
    with translation.override("en"):
        assert shown(stored) == "S-1: Nothing failed"
    with translation.override("zh-hans"):
        assert "没有失败记录" in shown(stored)


def test_sentence_without_values_may_stand_as_it_is() -> None:
    with translation.override("zh-hans"):
        assert shown("Nothing failed") == "没有失败记录"


@pytest.mark.parametrize(
    "words",
    ["", "refresh token revoked", "{", '{"says":', '{"says":"x","with":3}', '{"says":"%(a)s","with":{}}'],
)
def test_other_words_are_shown_as_they_came(words: str) -> None:
    assert shown(words) == words


def test_sentence_reworded_since_is_still_shown() -> None:
    with translation.override("zh-hans"):
        assert shown(kept("An old %(thing)s nobody says any more.", thing="wording")) == (
            "An old wording nobody says any more."
        )


def test_long_values_are_cut_and_the_sentence_stays_readable() -> None:
    stored = kept("It said: %(words)s. Connect the account again.", words='错"\n' * 400)
    assert len(stored) <= 300
    json.loads(stored)
    assert shown(stored).startswith('It said: 错"\n')
    assert shown(stored).endswith("Connect the account again.")
    with pytest.raises(ValueError, match="cannot be kept"):
        kept("x" * 300)
