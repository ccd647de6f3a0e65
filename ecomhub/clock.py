"""The application clock: one idea of "now" shared by web, worker, beat and sandbox.

Production has no clock file and runs at the real time. A demo writes a small JSON file
``{"real": iso, "app": iso, "speed": 60.0}`` meaning: at the real instant ``real`` the application
stood at ``app`` and moves ``speed`` times as fast, until it reaches the present and stays there.
Leases and due times never use this clock; they use the database's.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the application clock stood at one real instant, and how fast it runs from there."""

    real: datetime
    app: datetime
    speed: float

    def at(self, real: datetime) -> datetime:
        """Return the application's instant for a real one; never later than the real one."""
        elapsed = (real - self.real).total_seconds()
        return min(self.app + timedelta(seconds=elapsed * self.speed), real)

    def speed_at(self, real: datetime) -> float:
        """Return the speed in force: 1.0 once the application has reached the present."""
        return 1.0 if self.at(real) >= real else self.speed


_cached: tuple[str, int, Anchor] | None = None


def real_now() -> datetime:
    """Return the machine's own UTC time."""
    return datetime.now(tz=UTC)


def read_anchor(path: Path) -> Anchor:
    """Read an anchor from its file. Raises ``ValueError`` when the file is not a clock."""
    try:
        data = json.loads(path.read_text())
        return Anchor(
            real=datetime.fromisoformat(data["real"]),
            app=datetime.fromisoformat(data["app"]),
            speed=float(data["speed"]),
        )
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a clock file") from error


def write_anchor(*, path: Path, anchor: Anchor) -> None:
    """Write an anchor so that a reader sees either the old file or the new one, never half of it."""
    text = json.dumps(
        {
            "real": anchor.real.isoformat(),
            "app": anchor.app.isoformat(),
            "speed": anchor.speed,
        }
    )
    half = path.with_name(f"{path.name}.{os.getpid()}")
    half.write_text(text)
    half.replace(path)


def _anchor() -> Anchor | None:
    global _cached
    name = os.environ.get("ECOMHUB_CLOCK_FILE", "")
    if not name:
        return None
    changed = Path(name).stat().st_mtime_ns
    if _cached is None or _cached[:2] != (name, changed):
        _cached = (name, changed, read_anchor(Path(name)))
    return _cached[2]


def now() -> datetime:
    """Return the application's current instant, aware and in UTC."""
    anchor = _anchor()
    real = real_now()
    return real if anchor is None else anchor.at(real)


def speed() -> float:
    """Return how many application seconds pass in one real second."""
    anchor = _anchor()
    return 1.0 if anchor is None else anchor.speed_at(real_now())
