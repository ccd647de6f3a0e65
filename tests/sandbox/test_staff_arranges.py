"""The staff ships what the platform numbers the platform's way: arrange, wait, print, ship."""

import random
import time
from typing import Any

from channels.sandbox import staff
from tests.api.test_staff import hub


def _shipment(number: int, arrangement: dict[str, Any] | None) -> dict[str, Any]:
    line = {"order_line": number, "line_quantity": 1}
    return {
        "id": number, "orders": [number], "warehouse": "SZ-01", "lines": [line], "arrangement": arrangement,
    }  # fmt: skip


def _arranged(**fields: Any) -> dict[str, Any]:
    return {"outcome": "confirmed", "tracking_number": "", "document_at": None, **fields}


def test_what_needs_arranging_is_arranged_and_shipped_once_it_has_its_number() -> None:
    planned = [
        _shipment(1, None),
        _shipment(2, None),
        _shipment(3, _arranged(outcome="sent")),
        _shipment(4, _arranged()),
        _shipment(5, _arranged(tracking_number="LP1CN", document_at="2026-06-01T00:00:00Z")),
        _shipment(6, _arranged(tracking_number="LP2CN")),
        _shipment(7, _arranged(outcome="refused")),
    ]
    answers: list[tuple[int, dict[str, str], dict[str, Any]]] = [
        (200, {}, {"results": planned}),
        (201, {}, {}),  # 1 is a platform where we bring the number
        (409, {}, {"code": "not_arranged"}),
        (200, {}, {"outcome": "intended"}),
        (200, {}, {"label": "of 5"}),
        (201, {}, {}),
        (201, {}, {}),
        (200, {}, {"outcome": "intended"}),
    ]
    with hub(answers) as (url, calls):
        summary = staff.Summary()
        speaking = staff.Hub(url=url, token="t", until=time.monotonic() + 60, summary=summary)
        staff.Staff(hub=speaking, luck=random.Random(1)).ship()
    assert [path.split("?")[0] for path, _ in calls] == [
        f"/api/v1/shipments/{rest}"
        for rest in ("", "", "", "2/arrange/", "5/document/", "", "", "7/arrange/")
    ]
    assert summary.as_dict()["done"] == {"shipped": 3, "arranged": 2, "printed": 1}
    assert summary.as_dict()["refused"] == {}
