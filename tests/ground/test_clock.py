"""The application clock: one file, one speed, never later than the present."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ecomhub import clock
from ecomhub.clock import Anchor

REAL = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_fast_clock_runs_as_many_times_faster() -> None:
    anchor = Anchor(real=REAL, app=REAL - timedelta(days=90), speed=60)
    assert anchor.at(REAL + timedelta(seconds=10)) == REAL - timedelta(days=90) + timedelta(minutes=10)


def test_it_stops_at_the_present_and_drops_to_real_speed() -> None:
    anchor = Anchor(real=REAL, app=REAL - timedelta(minutes=1), speed=60)
    later = REAL + timedelta(minutes=5)
    assert anchor.at(later) == later
    assert anchor.speed_at(later) == 1.0
    assert anchor.speed_at(REAL) == 60


def test_without_a_file_the_time_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECOMHUB_CLOCK_FILE", raising=False)
    assert abs(clock.now() - clock.real_now()) < timedelta(seconds=5)
    assert clock.speed() == 1.0


def test_a_changed_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clock.json"
    monkeypatch.setenv("ECOMHUB_CLOCK_FILE", str(path))
    real = clock.real_now()
    clock.write_anchor(path=path, anchor=Anchor(real=real, app=real - timedelta(days=90), speed=60))
    assert real - clock.now() > timedelta(days=89)
    clock.write_anchor(path=path, anchor=Anchor(real=real, app=real - timedelta(days=10), speed=60))
    assert timedelta(days=9) < real - clock.now() < timedelta(days=11)


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    path.write_text('{"real": "2026-01-01T00:00:00+00:00"')
    with pytest.raises(ValueError, match="not a clock file"):
        clock.read_anchor(path)
