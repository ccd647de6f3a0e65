"""The environment a process starts with: given, or adopted from the demo of this checkout."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from ecomhub.runtime.passwords import write_private

CHECKOUT = Path(__file__).resolve().parent.parent.parent
FILE = "environment.json"


def run_dir() -> Path:
    """Where a demo keeps its servers' data, logs and secrets: ECOMHUB_RUN_DIR, or .run in the checkout."""
    return Path(os.environ.get("ECOMHUB_RUN_DIR") or CHECKOUT / ".run").resolve()


def publish(*, environment: Mapping[str, str]) -> None:
    """Write down how other processes of this checkout reach the running demo."""
    write_private(
        path=run_dir() / FILE,
        text=json.dumps(dict(environment), indent=1, sort_keys=True),
    )


def withdraw() -> None:
    """Forget the demo's environment once it has stopped."""
    (run_dir() / FILE).unlink(missing_ok=True)


def adopt_demo() -> None:
    """Take over the running demo's environment, unless this process was given a database of its own."""
    path = run_dir() / FILE
    if not os.environ.get("DATABASE_URL") and path.exists():
        os.environ.update(json.loads(path.read_text()))


def adopt_owner() -> None:
    """Connect as the database's owner, who alone may migrate."""
    if owner := os.environ.get("DATABASE_OWNER_URL"):
        os.environ["DATABASE_URL"] = owner
