"""``python -m channels.sandbox``: serve the market on one address until told to stop."""

import argparse
import signal
import socket
import sys
from datetime import datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from channels.sandbox.app import make_market


class Server(ThreadingMixIn, WSGIServer):
    """A thread per connection."""

    daemon_threads = True
    request_queue_size = 128


class Handler(WSGIRequestHandler):
    """Speaks quietly and can hang up without an answer."""

    def get_environ(self) -> dict[str, Any]:
        """Add the way to hang up."""
        environ: dict[str, Any] = dict(super().get_environ())
        environ["sandbox.hang_up"] = self._hang_up
        return environ

    def _hang_up(self) -> None:
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def address_string(self) -> str:
        """Return the caller's address without asking a name server."""
        return str(self.client_address[0])

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: every call is on the seller center."""


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m channels.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8090, help="port to listen on; 0 takes a free one")
    parser.add_argument("--seed", type=int, default=7, help="what the invented market grows from")
    parser.add_argument("--dir", type=Path, default=None, help="where the market is kept; none: in memory")
    parser.add_argument("--orders-per-day", type=float, default=None, help="trade of the busy seller")
    parser.add_argument("--history-days", type=int, default=90, help="how long it lived before its birth")
    parser.add_argument("--at", type=datetime.fromisoformat, default=None, help="stand at this instant")
    parser.add_argument("--speed", type=float, default=0.0, help="how fast to run from --at")
    return parser.parse_args(arguments)


def stop(signum: int, frame: object) -> None:
    """Leave on a signal."""
    raise SystemExit(0)


def main(arguments: list[str]) -> int:
    """Serve until a signal comes."""
    options = read_arguments(arguments)
    try:
        server = Server((options.host, options.port), Handler)
    except OSError as error:
        sys.stderr.write(f"The sandbox cannot listen on {options.host}:{options.port}: {error}\n")
        return 1
    signal.signal(signal.SIGTERM, stop)
    market = make_market(
        directory=options.dir, seed=options.seed, live_per_day=options.orders_per_day,
        at=options.at, speed=options.speed,
        history_days=options.history_days,
    )  # fmt: skip
    server.set_app(market)
    sys.stdout.write(f"sandbox listening on http://{options.host}:{server.server_port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
