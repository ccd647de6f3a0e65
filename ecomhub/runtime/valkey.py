"""An own Valkey (or Redis) server in the run directory."""

from __future__ import annotations

import os
from pathlib import Path

import redis

from ecomhub.runtime.binaries import ValkeyBinary
from ecomhub.runtime.processes import Program


def url(*, port: int, password: str) -> str:
    """The address of our own server."""
    return f"redis://:{password}@127.0.0.1:{port}/0"


def program(*, binary: ValkeyBinary, folder: Path, port: int, password: str, durable: bool) -> Program:
    """How to run the server on 127.0.0.1: it evicts nothing and, if durable, appends every write."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = (
        "bind 127.0.0.1",
        f"port {port}",
        f'dir "{folder}"',
        f"appendonly {'yes' if durable else 'no'}",
        'save ""',
        "maxmemory-policy noeviction",
        f"requirepass {password}",
    )
    client = redis.Redis.from_url(url(port=port, password=password), socket_timeout=2)

    def ready() -> bool:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()

    return Program(
        name="valkey",
        argv=(str(binary.path), "-"),
        stdin="\n".join(settings).encode() + b"\n",  # by stdin: a password in argv is everybody's to read
        ready=ready,
        env=dict(os.environ),
        cwd=folder,
    )
