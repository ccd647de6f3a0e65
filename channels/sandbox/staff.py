"""The invented company's staff: approves, ships and counts through the hub's REST API, as any program would.

Speaks HTTP only and imports nothing of the hub. A refusal is part of the day (409, 422: somebody was faster,
a buyer canceled); 429 and 503 are waited out; an answer that never came is asked for again under the same
key, so nothing is done twice.
"""

import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

CARRIERS = (
    ("UPS", "1Z", 16),
    ("USPS", "9400", 18),
    ("DHL", "JD", 18),
    ("Royal Mail", "RM", 11),
    ("DPD", "0150", 10),
    ("Yun Express", "YT", 16),
    ("4PX", "4PX", 13),
    ("SF Express", "SF", 12),
)
REASONS = ("counted again", "found behind the shelf", "damaged in the warehouse", "wrong label corrected")
PAGE = 100
TRIES = 6
CALL_SECONDS = 30.0
LONGEST_WAIT = 30.0
PAUSE = 2.0
PARTLY = 0.06
LOW_STOCK = 5
RECEIVED = 60
NOT_ARRANGED = "not_arranged"
ARRANGED_AGAIN = frozenset({"refused", "withdrawn"})
_TRANSIENT = frozenset({409, 429, 500, 502, 503, 504})


class Unwelcome(Exception):
    """The hub does not let the staff in at all; the text says why."""


@dataclass(slots=True)
class Summary:
    """What the staff did: acts by name, refusals by code, calls that never came through."""

    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    waited: int = 0
    lost: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "done": dict(self.done),
            "refused": dict(self.refused),
            "waited": self.waited,
            "lost": self.lost,
        }

    def __str__(self) -> str:
        acts = ", ".join(f"{name} {count}" for name, count in sorted(self.done.items())) or "nothing to do"
        refusals = ", ".join(f"{code} {count}" for code, count in sorted(self.refused.items())) or "none"
        return f"staff: {acts}; refused: {refusals}; waited {self.waited}×, lost {self.lost}"


class Hub:
    """The hub's REST API, patiently."""

    def __init__(self, *, url: str, token: str, until: float, summary: Summary) -> None:
        self.base = f"{url.rstrip('/')}/api/v1/"
        self.until = until
        self.summary = summary
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token {token}"
        self.session.trust_env = False

    @property
    def is_over(self) -> bool:
        """Say whether the working time has ended."""
        return time.monotonic() >= self.until

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Read something; an empty page when it never came through."""
        answer = self._call("GET", path, params=query)
        return answer.json() if answer is not None and answer.status_code == 200 else {"results": []}

    def rows(self, path: str, *, pages: int = 3, **query: Any) -> Iterator[dict[str, Any]]:
        """Read a list, some pages of it."""
        cursor = ""
        for _page in range(pages):
            page = self.get(path, page_size=PAGE, **query, **({"cursor": cursor} if cursor else {}))
            yield from page["results"]
            cursor = page.get("next_cursor") or ""
            if not cursor:
                return

    def post(self, path: str, body: dict[str, Any], *, act: str) -> bool:
        """Do something once, however often it has to be asked; counts how it went."""
        return self.ask(path, body, act=act) == ""

    def ask(self, path: str, body: dict[str, Any], *, act: str, expected: str = "") -> str:
        """Do something once; returns "" when it is done, else the refusal's code or ``lost``.

        A refusal that is ``expected`` is an answer and not counted as a refusal.
        """
        answer = self._call("POST", path, json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
        if answer is None:
            return "lost"
        if answer.status_code < 300:
            self.summary.done[act] += 1
            return ""
        code = _code(answer)
        if code != expected:
            self.summary.refused[code] += 1
        return code

    def fetch(self, path: str, *, act: str) -> bool:
        """Fetch a file; counts it when it is there."""
        answer = self._call("GET", path)
        fetched = answer is not None and answer.status_code == 200 and bool(answer.content)
        self.summary.done[act] += fetched
        return fetched

    def _call(self, method: str, path: str, **options: Any) -> requests.Response | None:
        answer: requests.Response | None = None
        for attempt in range(TRIES):
            try:
                answer = self.session.request(method, self.base + path, timeout=CALL_SECONDS, **options)
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code in (401, 403):
                raise Unwelcome(f"The hub answered {answer.status_code}: {_detail(answer)}")
            if answer is not None and not _again(answer):
                return answer
            if self.is_over:
                break
            self.summary.waited += 1
            time.sleep(min(_wait(answer, attempt), max(0.0, self.until - time.monotonic())))
        if answer is None or answer.status_code >= 500:
            self.summary.lost += 1
        return answer


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _code(answer: requests.Response) -> str:
    return str(_json(answer).get("code", answer.status_code))


def _detail(answer: requests.Response) -> str:
    return str(_json(answer).get("detail", answer.reason))


def _again(answer: requests.Response) -> bool:
    """Say whether the same call may go through later: a 409 only while its first try is in flight."""
    if answer.status_code == 409:
        return "Retry-After" in answer.headers
    return answer.status_code in _TRANSIENT


def _wait(answer: requests.Response | None, attempt: int) -> float:
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    seconds = float(asked) if asked.isdigit() else 0.5 * 2.0**attempt
    return min(seconds, LONGEST_WAIT)


@dataclass(slots=True)
class Staff:
    """Some people with a hub and some luck."""

    hub: Hub
    luck: random.Random

    def approve(self) -> None:
        """Approve what waits for review; decline nothing, cancel what the buyer wants canceled."""
        for order in self.hub.rows("orders/", status="review", hold="false", pages=1):
            if self.hub.is_over:
                return
            self.hub.post(f"orders/{order['id']}/actions/", {"action": "approve"}, act="approved")
        for order in self.hub.rows(
            "orders/", status=["process", "label", "ship"], cancel_requested="true", pages=1
        ):
            if self.hub.is_over:
                return
            wish = "close" if self.luck.random() < 0.8 else "decline_cancel"
            self.hub.post(f"orders/{order['id']}/actions/", {"action": wish}, act=wish)

    def ship(self) -> None:
        """Ship what is planned, now and then only a part of it."""
        for shipment in self.hub.rows("shipments/", state="planned"):
            if self.hub.is_over:
                return
            if len(shipment["orders"]) != 1 or not shipment["lines"]:
                continue
            arrangement = shipment.get("arrangement")
            if arrangement is None:
                self._ship_with_own_number(shipment)
            elif arrangement["tracking_number"]:
                self._ship_as_arranged(shipment)
            elif arrangement["outcome"] in ARRANGED_AGAIN:
                self._arrange(shipment)

    def _ship_with_own_number(self, shipment: dict[str, Any]) -> None:
        carrier, number = self._carrier_and_number()
        body = {
            "order": shipment["orders"][0],
            "warehouse": shipment["warehouse"],
            "carrier": carrier,
            "service": self.luck.choice(("Standard", "Express")),
            "tracking_number": number,
        }
        part = self._part(shipment)
        if part:
            body["lines"] = part
        act = "shipped partly" if part else "shipped"
        if self.hub.ask("shipments/", body, act=act, expected=NOT_ARRANGED) == NOT_ARRANGED:
            self._arrange(shipment)

    def _carrier_and_number(self) -> tuple[str, str]:
        carrier, start, digits = self.luck.choice(CARRIERS)
        return carrier, start + "".join(self.luck.choices("0123456789", k=digits))

    def _arrange(self, shipment: dict[str, Any]) -> None:
        """Let the platform take the parcel its own way: it gives carrier, number and label.

        A way that was refused may be one on which the seller brings the number.
        """
        refused = (shipment.get("arrangement") or {}).get("outcome") == "refused"
        body = {"tracking_number": self._carrier_and_number()[1]} if refused else {}
        self.hub.post(f"shipments/{shipment['id']}/arrange/", body, act="arranged")

    def _ship_as_arranged(self, shipment: dict[str, Any]) -> None:
        if shipment["arrangement"]["document_at"]:
            self.hub.fetch(f"shipments/{shipment['id']}/document/", act="printed")
        body = {"order": shipment["orders"][0], "warehouse": shipment["warehouse"]}
        self.hub.post("shipments/", body, act="shipped")

    def _part(self, shipment: dict[str, Any]) -> list[dict[str, int]]:
        units: dict[int, int] = {}
        for line in shipment["lines"]:
            held = units.get(line["order_line"], line["line_quantity"])
            units[line["order_line"]] = min(held, line["line_quantity"])
        if sum(units.values()) < 2 or min(units.values()) < 1 or self.luck.random() >= PARTLY:
            return []
        line = self.luck.choice(sorted(units))
        most = units[line] - 1 if len(units) == 1 else units[line]
        return [{"order_line": line, "quantity": self.luck.randint(1, most)}]

    def count(self) -> None:
        """Correct a shelf or two, and receive what is running out."""
        levels = list(self.hub.rows("stock/levels/", pages=5))
        for level in self.luck.sample(levels, min(2, len(levels))):
            delta = self.luck.choice((-1, 1, 2))
            if level["available"] + delta < 0 or not level["is_sellable"]:
                continue
            body = {"sku": level["sku"], "warehouse": level["warehouse"], "delta": delta}
            body["reason"] = self.luck.choice(REASONS)
            self.hub.post("stock/adjustments/", body, act="adjusted")
        low = [level for level in levels if level["available"] < LOW_STOCK and level["is_sellable"]]
        for level in low[:10]:
            if self.hub.is_over:
                return
            body = {"sku": level["sku"], "warehouse": level["warehouse"], "quantity": RECEIVED}
            cost = f"{self.luck.randint(150, 1900) / 100:.2f}"
            self.hub.post("stock/receipts/", {**body, "unit_cost": cost, "currency": "CNY"}, act="received")


def work(*, url: str, token: str, seconds: float, seed: int = 7, pause: float = PAUSE) -> Summary:
    """Work for so many seconds and return what was done. Raises ``Unwelcome`` when the token is not good."""
    summary = Summary()
    hub = Hub(url=url, token=token, until=time.monotonic() + seconds, summary=summary)
    staff = Staff(hub=hub, luck=random.Random(seed))  # noqa: S311
    rounds = 0
    while not hub.is_over:
        staff.approve()
        staff.ship()
        if rounds % 5 == 0:
            staff.count()
        rounds += 1
        time.sleep(min(pause, max(0.0, hub.until - time.monotonic())))
    return summary
