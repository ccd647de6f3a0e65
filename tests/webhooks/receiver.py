"""Somebody else's server on loopback: takes webhooks, proves their signatures, answers as it is told."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """What arrived. ``answers`` are statuses to give in turn, then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def proves(self, secret: str, *, place: int = -1) -> bool:
        """Whether a message is signed with a secret, computed here anew from the specification."""
        sent = self.headers[place]
        signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + self.bodies[place]
        key = base64.b64decode(secret.split("_", 1)[1])
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, "sha256").digest()).decode()
        return wanted in sent["webhook-signature"].split(" ")


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen for the length of a test."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.bodies.append(body)
            receiver.messages.append(json.loads(body))
            receiver.headers.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/webhook-receiver/test"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
