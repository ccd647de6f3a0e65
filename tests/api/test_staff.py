"""The sandbox's staff works through the REST API like any program."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django.live_server_helper import LiveServer

from channels.sandbox import staff
from logistics.laws import LAWS
from logistics.models import Shipment
from logistics.planning import plan
from orders.models import Order
from tests.api.calling import Api
from tests.inventory.making import make_sku, stock
from tests.logistics.making import AT, line, make_goods, ready, telling
from tests.orders.factory import incoming, taken


@pytest.mark.django_db(transaction=True)
def test_staff_approves_ships_counts_and_receives(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff, "PARTLY", 0.5)
    goods = make_goods({"mug": 90}, account=telling())
    waiting = make_goods({"plate": 9}, account=telling(auto_approve=False))
    orders = [ready(goods, line("mug", 3)) for _ in range(6)]
    review = taken(waiting.account, incoming(0, line("plate")))
    plan(order_ids=[order.pk for order in orders], at=AT)
    stock(make_sku("rare"), goods.warehouse, 1)
    summary = staff.work(url=live_server.url, token=Api().token, seconds=6, seed=3, pause=0.2)
    assert summary.done["shipped"] >= 1
    assert summary.done["shipped partly"] >= 1
    assert summary.done["approved"] == 1
    assert summary.done["received"] >= 1
    assert summary.lost == 0
    review.refresh_from_db()
    assert review.status != "review"
    assert Order.objects.filter(status="shipped").exists()
    assert Shipment.objects.filter(state="dispatched").exclude(tracking_number="").exists()
    for law in LAWS:
        with connection.cursor() as cursor:
            cursor.execute(law.violations)
            assert cursor.fetchall() == [], law.id


@contextmanager
def hub(
    answers: list[tuple[int, dict[str, str], dict[str, Any]]],
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A hub that gives these answers in turn, then empty pages; notes path and key of each call."""
    calls: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            calls.append((self.path, self.headers.get("Idempotency-Key", "")))
            status, headers, body = answers.pop(0) if answers else (200, {}, {"results": []})
            if status == 0:
                self.connection.close()
                return
            text = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = answer

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_call_without_an_answer_is_asked_again_under_the_same_key() -> None:
    soon = {"Retry-After": "0"}
    answers: list[tuple[int, dict[str, str], dict[str, Any]]] = [
        (0, {}, {}),
        (503, soon, {"code": "busy"}),
        (429, soon, {"code": "throttled"}),
        (409, soon, {"code": "idempotency_key_in_flight"}),
        (201, {}, {"id": 1}),
    ]
    with hub(answers) as (url, calls):
        summary = staff.Summary()
        speaking = staff.Hub(url=url, token="t", until=time.monotonic() + 60, summary=summary)
        assert speaking.post("shipments/", {"order": 1}, act="shipped")
    assert len(calls) == 5
    assert len({key for _path, key in calls}) == 1
    assert (summary.done["shipped"], summary.waited, summary.lost) == (1, 4, 0)


def test_refusal_is_counted_and_not_repeated() -> None:
    with hub([(409, {}, {"code": "workable"}), (422, {}, {"code": "no_lines"})]) as (url, calls):
        summary = staff.Summary()
        speaking = staff.Hub(url=url, token="t", until=time.monotonic() + 60, summary=summary)
        assert not speaking.post("shipments/", {"order": 1}, act="shipped")
        assert not speaking.post("shipments/", {"order": 2}, act="shipped")
    assert len(calls) == 2
    assert summary.refused == {"workable": 1, "no_lines": 1}
    assert "workable 1" in str(summary)


def test_bad_token_ends_the_day_with_words(capsys: pytest.CaptureFixture[str]) -> None:
    with (
        hub([(401, {}, {"detail": "Invalid token."})]) as (url, _calls),
        pytest.raises(Exception, match="Invalid token"),
    ):
        call_command("sandbox", "staff", "--token", "t", "--url", url, "--for", "5")


def test_summary_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    with hub([]) as (url, _calls):
        call_command("sandbox", "staff", "--token", "t", "--url", url, "--for", "0.5", "--json")
    assert json.loads(capsys.readouterr().out) == {"done": {}, "refused": {}, "waited": 0, "lost": 0}
