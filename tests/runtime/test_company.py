"""The demo's company goes on setting itself up when its database went away for a while."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import OperationalError

from ecomhub.runtime import company


def failing(times: int, error: Exception) -> tuple[Callable[[], None], list[int]]:
    """A step that fails so many times, and its starts."""
    starts: list[int] = []

    def step() -> None:
        starts.append(len(starts))
        if len(starts) <= times:
            raise error

    return step, starts


def test_step_is_begun_again_when_the_database_went_away() -> None:
    step, starts = failing(2, OperationalError("server closed the connection"))
    company.insist(step, pause_s=0)
    assert len(starts) == 3


def test_database_that_stays_away_ends_the_step() -> None:
    step, starts = failing(99, OperationalError("connection refused"))
    with pytest.raises(OperationalError):
        company.insist(step, pause_s=0)
    assert len(starts) == company.STARTS_OF_A_STEP


def test_any_other_error_ends_the_step_at_once() -> None:
    step, starts = failing(1, ValueError("a fault of ours"))
    with pytest.raises(ValueError, match="ours"):
        company.insist(step, pause_s=0)
    assert len(starts) == 1
