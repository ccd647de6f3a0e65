"""The commands of each process, the same ones in the demo and in the container files."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import redis

from ecomhub.runtime.launch import CHECKOUT
from ecomhub.runtime.processes import Program

WEB_THREADS = 8
WORKER_PROCESSES = 2


def web_command(*, host: str, port: int) -> tuple[str, ...]:
    """The web server: one process, eight request threads."""
    return (
        *("granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", "1", "--blocking-threads", str(WEB_THREADS), "--respawn-failed-workers"),
        # A worker told to stop while it still loads the application would be waited for for ever.
        *("--workers-kill-timeout", "5", "--no-ws", "ecomhub.wsgi:application"),
    )


def worker_command() -> tuple[str, ...]:
    """The Celery worker."""
    return (
        *("celery", "-A", "ecomhub", "worker", "--loglevel", "INFO", "--concurrency", str(WORKER_PROCESSES)),
        *("--without-gossip", "--without-mingle"),
    )


def beat_command(*, schedule: Path) -> tuple[str, ...]:
    """Celery's clockwork; ``schedule`` is the file where it keeps its own last runs."""
    return ("celery", "-A", "ecomhub", "beat", "--loglevel", "INFO", "--pidfile", "", "-s", str(schedule))


def module(*command: str) -> tuple[str, ...]:
    """A command of an installed package, run by this interpreter (scripts may not be on PATH)."""
    return (sys.executable, "-m", *command)


def answers(url: str) -> Callable[[], bool]:
    """A readiness check: the address answers 200."""

    def ready() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own process
                return bool(response.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    return ready


def listens_to_commands(broker: str) -> Callable[[], bool]:
    """A readiness check: a worker has subscribed to the broker's control channel."""
    client = redis.Redis.from_url(broker, socket_timeout=2)

    def ready() -> bool:
        try:
            return int(client.pubsub_numpat()) > 0
        except (redis.ConnectionError, redis.TimeoutError):
            return False

    return ready


def web(*, environment: Mapping[str, str], port: int) -> Program:
    """The web process of a demo."""
    return Program(
        name="web",
        argv=module(*web_command(host="127.0.0.1", port=port)),
        ready=answers(f"http://127.0.0.1:{port}/healthz"),
        env=os.environ | environment,
        cwd=CHECKOUT,
    )


def worker(*, environment: Mapping[str, str]) -> Program:
    """The worker process of a demo."""
    return Program(
        name="worker",
        argv=module(*worker_command()),
        ready=listens_to_commands(environment["REDIS_URL"]),
        env=os.environ | environment,
        cwd=CHECKOUT,
        grace=15.0,
    )


def beat(*, environment: Mapping[str, str], run_dir: Path) -> Program:
    """The beat process of a demo."""
    return Program(
        name="beat",
        argv=module(*beat_command(schedule=run_dir / "beat-schedule")),
        ready=lambda: True,
        env=os.environ | environment,
        cwd=CHECKOUT,
    )


def sandbox(*, environment: Mapping[str, str], run_dir: Path, port: int, seed: int) -> Program:
    """The invented market the demo company sells on."""
    return Program(
        name="sandbox",
        argv=module(
            *("channels.sandbox", "--host", "127.0.0.1", "--port", str(port)),
            *("--seed", str(seed), "--dir", str(run_dir / "sandbox")),
        ),
        ready=answers(f"http://127.0.0.1:{port}/healthz"),
        env=os.environ | environment,
        cwd=CHECKOUT,
    )
