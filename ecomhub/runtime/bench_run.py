"""Run a bench against servers of its own, durable ones: a figure without fsync would flatter us."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ecomhub.runtime import passwords, servers
from ecomhub.runtime.launch import CHECKOUT
from ecomhub.runtime.processes import StartFailed


def run(*, name: str, options: Sequence[str]) -> int:
    """Migrate an empty database and run ``manage.py bench NAME`` on it; the exit code of the program."""
    run_dir = Path(tempfile.mkdtemp(prefix="ecomhub-bench-"))
    run_dir.chmod(0o711)
    try:
        return _run(run_dir=run_dir, name=name, options=options)
    except StartFailed as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(run_dir, ignore_errors=True)


def _run(*, run_dir: Path, name: str, options: Sequence[str]) -> int:
    made = servers.plan(run_dir=run_dir, max_connections=100)
    for remark in made.remarks:
        print(remark, file=sys.stderr)
    environment = os.environ | made.environment
    environment |= {
        "ECOMHUB_ENV": "test",
        "ECOMHUB_KEYRING": passwords.new_keyring(),
        "ECOMHUB_FILES_DIR": str(run_dir / "files"),
    }
    running = servers.start(made=made)
    try:
        servers.bootstrap_roles(made=made)
        for words in (("migrate", "--verbosity", "0"), ("bench", name, *options)):
            code = subprocess.run(
                (sys.executable, "manage.py", *words), cwd=CHECKOUT, env=environment, check=False
            ).returncode
            if code != 0:
                return code
    finally:
        running.stop()
        servers.remove(made=made)
    return 0
