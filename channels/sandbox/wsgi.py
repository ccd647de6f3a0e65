"""The market for any WSGI server: ``ECOMHUB_SANDBOX_DIR``, ``ECOMHUB_SANDBOX_SEED`` in the environment."""

import os
from pathlib import Path

from channels.sandbox.app import make_market

_directory = os.environ.get("ECOMHUB_SANDBOX_DIR", "")

application = make_market(
    directory=Path(_directory) if _directory else None,
    seed=int(os.environ.get("ECOMHUB_SANDBOX_SEED", "7")),
)
