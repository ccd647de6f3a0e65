"""The sandbox as tests use it: one real process on a loopback port, reborn for every test that asks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).resolve().parent.parent
START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox. Every answer comes over HTTP; nothing is shared but the address."""

    url: str

    def _post(self, path: str, data: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.url}/_control/{path}", json=data, timeout=60)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def _get(self, path: str, **query: object) -> Any:
        answer = requests.get(
            f"{self.url}/{path}", params={key: str(value) for key, value in query.items()}, timeout=60
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reset(
        self,
        *,
        seed: int = 7,
        at: datetime = START,
        speed: float = 0.0,
        history_days: int = 2,
        apply_seconds: int = 0,
        orders_per_day: dict[str, float] | None = None,
        rate_limits: bool = False,
    ) -> None:
        """Give birth to a new market: its clock stands at ``at``, it has lived ``history_days``.

        Accepted quantities and feeds take ``apply_seconds`` of the market's time; rates are off unless
        wanted.
        """
        self._post(
            "reset",
            {
                "seed": seed,
                "at": at.isoformat(),
                "speed": speed,
                "history_days": history_days,
                "apply_seconds": apply_seconds,
                "orders_per_day": orders_per_day or {},
                "rate_limits": rate_limits,
            },
        )

    def set_clock(self, at: datetime, *, speed: float = 0.0) -> None:
        """Move the market's clock; everything due by then happens. It never goes back."""
        self._post("clock", {"at": at.isoformat(), "speed": speed})

    def now(self) -> datetime:
        """Return the market's instant."""
        return datetime.fromisoformat(self._get("_control/status")["now"])

    def credentials(self, seller: str = "busy") -> dict[str, Any]:
        """Return what a person would copy from the seller center to connect this seller."""
        found = self._get("seller-center/credentials.json", seller=seller)
        assert isinstance(found, dict)
        return found

    def sheet(self, name: str, seller: str = "busy") -> str:
        """Return a sheet: ``skus``, ``opening-stock`` or ``pairings``."""
        answer = requests.get(
            f"{self.url}/seller-center/sheets/{name}.csv", params={"seller": seller}, timeout=60
        )
        assert answer.status_code == 200, answer.text
        return answer.content.decode("utf-8-sig")

    def access_token(self, seller: str = "busy") -> str:
        """Return an access token, fetched the way an application fetches it."""
        given = self.credentials(seller)
        form = {"grant_type": "refresh_token"}
        form |= {name: given[name] for name in ("refresh_token", "client_id", "client_secret")}
        answer = requests.post(f"{self.url}/auth/o2/token", data=form, timeout=30)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def fault(
        self, kind: str, *, seller: str = "", operation: str = "", count: int | None = 1, **settings: object
    ) -> None:
        """Switch a fault on for the next ``count`` calls, or until switched off with ``None``."""
        self._post(
            "fault",
            {
                "kind": kind,
                "seller": seller,
                "operation": operation,
                "count": count,
                "settings": settings,
            },
        )

    def faults_off(self) -> None:
        """Switch every fault off."""
        self._post("fault", {"off": True})

    def limits(self, *, on: bool) -> None:
        """Switch the published rates on or off; the buckets are full afterwards."""
        self._post("limits", {"on": on})

    def state(self, seller: str = "", limit: int = 500) -> dict[str, Any]:
        """Return the market's own view: orders (newest first), listings, counted calls, faults."""
        found = self._get("_control/state", seller=seller, limit=limit)
        assert isinstance(found, dict)
        return found

    def calls(self, *, operation: str = "", seller: str = "", limit: int = 200) -> list[dict[str, Any]]:
        """Return the recorded requests, newest first: method, path, query, body, status, fault."""
        found = self._get("_control/calls", operation=operation, seller=seller, limit=limit)
        return list(found["calls"])

    def place_order(self, **wanted: object) -> dict[str, Any]:
        """Place one order; see ``channels.sandbox.orders_on_demand`` for the keys. Amounts: minor units."""
        return dict(self._post("orders", wanted))

    def act(self, order_id: str, action: str, **data: object) -> dict[str, Any]:
        """Let something happen to an order.

        One of pay, fail_payment, buyer_cancel, ask_cancel, accept_cancel, decline_cancel, cancel,
        ship_elsewhere, platform_ship, number, collect, deliver, ask_return, settle_return, refund,
        erase_buyer, heal.
        """
        return dict(self._post(f"orders/{order_id}/{action}", data))

    def order(self, order_id: str) -> dict[str, Any]:
        """Return one order as the market sees it."""
        return dict(self._get(f"_control/orders/{order_id}"))

    def listing(self, code: str, *, seller: str = "busy", marketplace: str = "") -> dict[str, Any]:
        """Return a listing as the market sees it."""
        found = self._get("_control/listings", seller=seller, code=code, marketplace=marketplace)
        return dict(found["listings"][0])

    def sellers(self) -> list[dict[str, Any]]:
        """Return every seller of the market: name, platform, title, seller_id, waits, pushes."""
        return list(self._get("seller-center/sellers.json")["sellers"])

    def subscribe(self, address: str, *, seller: str, topic: str = "") -> None:
        """Send a seller's pushes to an address on this machine; an empty one ends it."""
        self._post("subscribe", {"seller": seller, "address": address, "topic": topic})

    def pushes(self, *, seller: str = "", event: str = "") -> list[dict[str, Any]]:
        """Return the pushes, newest first: event, url, headers, body, fault, tries, status, answer."""
        return list(self._get("_control/pushes", seller=seller, event=event)["pushes"])

    def push_shares(self, **shares: float) -> None:
        """Let this share of all pushes go wrong by themselves: ``push_late=0.5``; after a reset none does."""
        self._post("pushes", dict(shares))

    def tell(self, event: str, *, seller: str, **data: object) -> bool:
        """Tell a seller's application of an event; whether its platform has anything to say about it."""
        return bool(self._post("tell", {"event": event, "seller": seller, "data": data})["told"])

    def withdraw(self, seller: str) -> None:
        """Let a seller take the authorization back."""
        self._post("withdraw", {"seller": seller})

    def set_quantity(
        self, code: str, quantity: int, *, seller: str = "busy", marketplace: str | None = None
    ) -> None:
        """Change a quantity on the platform's own pages, behind the hub's back."""
        self._post(
            "listing",
            {"seller": seller, "code": code, "quantity": quantity, "marketplace": marketplace},
        )


def start_sandbox(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start a sandbox on a free port; return the process and its address."""
    environment = {name: value for name, value in os.environ.items() if name != "ECOMHUB_CLOCK_FILE"}
    process = subprocess.Popen(
        [sys.executable, "-m", "channels.sandbox", "--port", "0", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("sandbox listening on "), line
    return process, line.rsplit(" ", 1)[1].strip()


def stop_sandbox(process: subprocess.Popen[str]) -> None:
    """Stop a sandbox and wait for its end."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    """One sandbox for the whole run."""
    process, url = start_sandbox("--at", START.isoformat(), "--history-days", "0")
    yield Sandbox(url)
    stop_sandbox(process)


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """A market born for this test: clock at ``START``, two days old, quantities applied at once, no rates."""
    sandbox_process.faults_off()
    sandbox_process.reset()
    return sandbox_process
