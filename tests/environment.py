"""The environment of a test run, set before the settings are read: they come from it alone."""

from __future__ import annotations

import atexit
import os
import tempfile
from pathlib import Path

import django

from ecomhub.runtime import i18n, servers
from ecomhub.runtime.passwords import new_keyring

# Each process of a run spread over several has servers of its own, not those its parent planned.
PLANNED = "ECOMHUB_TEST_PLANNED"
for name in os.environ.pop(PLANNED, "").split():
    os.environ.pop(name, None)

RUN_DIR = Path(tempfile.mkdtemp(prefix="ecomhub-test-"))
RUN_DIR.chmod(0o711)  # the database may run as another account

os.environ.update(
    {
        "DJANGO_SETTINGS_MODULE": "ecomhub.settings",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright keeps an event loop in the test's thread
        "ECOMHUB_ENV": "test",
        "ECOMHUB_KEYRING": new_keyring(),
        "ECOMHUB_LOG_LEVEL": "WARNING",
        "ECOMHUB_FILES_DIR": str(RUN_DIR / "files"),
        "ECOMHUB_STATIC_ROOT": str(RUN_DIR / "static"),
    }
)
for name in ("ALLOWED_HOSTS", "CACHE_URL", "ECOMHUB_CLOCK_FILE", "ECOMHUB_ORIGIN", "ECOMHUB_SANDBOX_URL"):
    os.environ.pop(name, None)
(RUN_DIR / "static").mkdir()
PLAN = servers.plan(run_dir=RUN_DIR, durable=False, max_connections=200)
atexit.register(servers.remove, made=PLAN)
os.environ[PLANNED] = " ".join({*PLAN.environment, "DATABASE_OWNER_URL"} - os.environ.keys())
os.environ.update(PLAN.environment)
os.environ.setdefault("DATABASE_OWNER_URL", os.environ["DATABASE_URL"])
i18n.compile_catalogs()
django.setup()
