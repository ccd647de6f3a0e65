"""A plain caller of the sandbox: what it sends and gets is checked against the official models."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

from tests.sandbox import contracts
from tests.sandbox_fixture import Sandbox

EVERYTHING = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT"
ORDERS = "/orders/2026-01-01/orders"


@dataclass
class Caller:
    """Calls as one seller's application."""

    sandbox: Sandbox
    seller: str = "busy"
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self.account = self.sandbox.credentials(self.seller)
        self.token = self.token or self.sandbox.access_token(self.seller)

    def send(
        self, method: str, path: str, *, json: Any = None, timeout: float = 30, **query: Any
    ) -> requests.Response:
        """Send one request with the access token; nothing is checked."""
        return requests.request(
            method,
            self.sandbox.url + quote(path, safe="/%"),
            params={key: str(value) for key, value in query.items()},
            json=json,
            headers={"x-amz-access-token": self.token},
            timeout=timeout,
        )

    def checked(self, method: str, path: str, *, json: Any = None, status: int = 200, **query: Any) -> Any:
        """Send one request, expect its status, and check the answer against the official model."""
        answer = self.send(method, path, json=json, **query)
        assert answer.status_code == status, (answer.status_code, answer.text[:500])
        body = answer.json() if answer.content else None
        if body is not None:
            contracts.check_answer(method=method, path=path, status=status, body=body)
        return body

    def refused(self, method: str, path: str, *, status: int = 400, json: Any = None, **query: Any) -> str:
        """Send one request that must be refused; return the error's message."""
        body = self.checked(method, path, json=json, status=status, **query)
        return str(body["errors"][0]["message"])

    def search(self, **query: Any) -> Any:
        """Call searchOrders with every data set."""
        return self.checked("GET", ORDERS, **{"includedData": EVERYTHING, **query})

    def every_page(self, **query: Any) -> list[Any]:
        """Return all orders of a window, page after page."""
        found: list[Any] = []
        token: str | None = None
        while True:
            more = {"paginationToken": token} if token else {}
            page = self.search(**query, **more)
            found += page["orders"]
            token = page.get("pagination", {}).get("nextToken")
            if token is None:
                return found

    def listings_path(self, code: str = "") -> str:
        """Return the path of the seller's listings, or of one, with its code percent-encoded."""
        base = f"/listings/2021-08-01/items/{self.account['seller_id']}"
        return f"{base}/{quote(code, safe='')}" if code else base


def ids(orders: list[Any]) -> list[str]:
    """Return the order numbers."""
    return [order["orderId"] for order in orders]
