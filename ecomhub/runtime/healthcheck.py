"""Health checks of the containers: exit code 0 when the process of this container does its work.

python -m ecomhub.runtime.healthcheck web 8000
python -m ecomhub.runtime.healthcheck worker
python -m ecomhub.runtime.healthcheck beat /tmp/beat-schedule
"""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.request
from pathlib import Path

from celery import Celery

# Beat writes its schedule file every three minutes.
BEAT_SILENCE = 600


def web_answers(*, port: int) -> bool:
    """Whether /healthz answers 200 under the first host name the hub answers to."""
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip() or "127.0.0.1"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": host.lstrip(".")})
    try:
        with urllib.request.urlopen(request, timeout=4) as response:  # noqa: S310 - our own process
            return bool(response.status == 200)
    except OSError:
        return False


def worker_answers() -> bool:
    """Whether the worker of this machine answers a ping through the broker."""
    application = Celery(broker=os.environ["REDIS_URL"])
    name = f"celery@{socket.gethostname()}"
    return bool(application.control.ping(destination=[name], timeout=10, limit=1))


def beat_works(*, schedule: Path) -> bool:
    """Whether beat wrote down its schedule lately."""
    files = schedule.parent.glob(f"{schedule.name}*")
    return any(time.time() - path.stat().st_mtime < BEAT_SILENCE for path in files)


def main(arguments: list[str]) -> int:
    """Run the check that is named; 0 when it passes, 2 when it is not known."""
    match arguments:
        case ["web", port]:
            return 0 if web_answers(port=int(port)) else 1
        case ["worker"]:
            return 0 if worker_answers() else 1
        case ["beat", schedule]:
            return 0 if beat_works(schedule=Path(schedule)) else 1
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
