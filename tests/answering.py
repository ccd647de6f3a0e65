"""A loopback server that answers exactly what a test wants, however wrong that is."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


@dataclass(frozen=True)
class Reply:
    """One answer, byte for byte. ``length`` is what it declares, its own by default, none for ``None``."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = -1
    drip_seconds: float = 0.0
    hangs_up: bool = False


@dataclass(frozen=True)
class Received:
    """One request as it came, its target undecoded."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Answering:
    """The server: answers every request with the next reply, the last one again and again."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._replies: list[Reply] = [Reply()]
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def says(self, *replies: Reply) -> None:
        """Answer these in turn from now on."""
        self._replies = list(replies)
        self.received.clear()

    def next_reply(self) -> Reply:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: Answering

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hung up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        owner = cast(_Server, self.server).owner
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        owner.received.append(Received(self.command, self.path, headers, body))
        reply = owner.next_reply()
        if reply.hangs_up:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(reply.status)
        if reply.content_type:
            self.send_header("Content-Type", reply.content_type)
        if reply.length is not None:
            self.send_header("Content-Length", str(len(reply.body) if reply.length < 0 else reply.length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._write(reply)

    def _write(self, reply: Reply) -> None:
        if not reply.drip_seconds:
            self.wfile.write(reply.body)
            return
        for place in range(len(reply.body)):
            self.wfile.write(reply.body[place : place + 1])
            self.wfile.flush()
            time.sleep(reply.drip_seconds)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[Answering]:
    """Run the server for the length of a block."""
    server = Answering()
    try:
        yield server
    finally:
        server.close()
