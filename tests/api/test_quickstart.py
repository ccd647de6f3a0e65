"""The quick starts in both languages work as they stand, from an empty folder against a running hub."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from inventory.models import StockMovement
from orders.models import Order
from tests.api.calling import Api
from tests.api.standing_in import tools
from tests.logistics.making import make_goods, planned_one, ready, send, telling

pytestmark = pytest.mark.django_db(transaction=True)

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("api-quickstart.md", "api-quickstart.zh-CN.md")


def blocks(page: str, language: str) -> list[str]:
    """The code of one kind on a page."""
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def run(*words: str, folder: Path, hub: LiveServer, token: str, first: str = "") -> str:
    """What a program prints that knows the hub and the token and nothing else."""
    path = os.pathsep.join(part for part in (first, os.environ["PATH"]) if part)
    known = {"HUB": hub.url, "TOKEN": token, "PATH": path, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        words, cwd=folder, env=known, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_every_step_with_curl_works(page: str, tmp_path: Path, live_server: LiveServer) -> None:
    there = tools(tmp_path / "bin")
    ready(make_goods({"mug": 9}))
    token = Api().token
    steps = blocks(page, "curl")
    assert len(steps) == 4
    for step in steps:
        assert "{" in run("sh", "-euc", step, folder=tmp_path, hub=live_server, token=token, first=there)
    assert StockMovement.objects.filter(kind="adjust", note="found one more").count() == 1


@pytest.mark.parametrize("page", PAGES)
def test_the_loop_in_python_follows_every_order(page: str, tmp_path: Path, live_server: LiveServer) -> None:
    goods = make_goods({"mug": 50}, account=telling())
    orders = [ready(goods) for _ in range(3)]
    _order, shipment = planned_one(goods)
    send(shipment)
    token = Api().token
    [program] = blocks(page, "python")
    (tmp_path / "follow.py").write_text(program, encoding="utf-8")
    first = run(sys.executable, "follow.py", folder=tmp_path, hub=live_server, token=token)
    assert "4 orders" in first
    assert "1 shipped" in first
    Order.objects.filter(pk=orders[1].pk).update(note="again")
    second = run(sys.executable, "follow.py", folder=tmp_path, hub=live_server, token=token)
    assert [line.split()[0] for line in second.splitlines()] == [orders[1].external_id, "1"]


def test_both_languages_show_the_same_program() -> None:
    for language in ("curl", "sh"):
        assert blocks(PAGES[0], language) == blocks(PAGES[1], language)
    plain = [re.sub(r"#.*|\"\"\".*\"\"\"", "", blocks(page, "python")[0]) for page in PAGES]
    assert plain[0] == plain[1]
