"""The change feeds over a real dump and restore: a client goes on with the cursor of the lost cluster.

pg_dump and pg_restore carry the database into another cluster, whose transaction numbers begin far below the
ones the client's cursor knows.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.db import connection, connections
from psycopg2.extensions import cursor as Cursor

from ecomhub.runtime import postgres, roles
from ecomhub.runtime.processes import Child, free_port
from inventory.models import StockLevel
from orders.models import Order
from tests.api.calling import Api
from tests.api.test_feed import FEEDS, follow, touch
from tests.inventory.making import stock
from tests.logistics.making import line, make_goods, planned_one, ready, send, telling

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "administrator"
RESTORED = "ecomhub"
TEST_ONLY = "pristine"
FAR = 5000
"""How many transactions the first cluster is ahead of the second."""


@pytest.fixture
def dump() -> Iterator[Path]:
    """Where the dump is kept; the database's account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="ecomhub-restored-"))
    folder.chmod(0o711)
    yield folder / "company.dump"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def restored(dump: Path) -> Iterator[str]:
    """Another cluster with the three logins and no company; its administrator's address."""
    place = postgres.choose_place(run_dir=dump.parent)
    postgres.prepare_cluster(place=place, admin_password=PASSWORD)
    port = free_port()
    program = postgres.program(
        place=place, port=port, admin_password=PASSWORD, durable=False, max_connections=20
    )
    child = Child(program=program, log_dir=dump.parent / "logs")
    try:
        child.wait_ready()
        server = postgres.admin_url(port=port, password=PASSWORD, database="postgres")
        owner, app = login("DATABASE_OWNER_URL"), login("DATABASE_URL")
        report = roles.Login(name=roles.role_names()[2], password=PASSWORD)
        logins = roles.Logins(owner=owner, app=app, report=report)
        roles.bootstrap(admin=server, logins=logins, database=RESTORED)
        yield postgres.admin_url(port=port, password=PASSWORD, database=RESTORED)
    finally:
        child.stop()
        shutil.rmtree(place.root, ignore_errors=True)


def login(variable: str) -> roles.Login:
    parts = urlsplit(os.environ[variable])
    return roles.Login(name=unquote(parts.username or ""), password=unquote(parts.password or ""))


def run(place: postgres.Place, program: str, *arguments: str) -> None:
    """Run one of Postgres' own client programs."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    done = subprocess.run(
        (str(place.binaries.bin / program), *arguments),
        capture_output=True,
        text=True,
        check=False,
        env=clean,
    )
    assert done.returncode == 0, done.stderr


def take_dump(dump: Path) -> None:
    """Dump the company as its owner."""
    database = str(connections["default"].settings_dict["NAME"])
    address = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{database}").geturl()
    wanted = ("--format=custom", f"--exclude-schema={TEST_ONLY}", f"--file={dump}", f"--dbname={address}")
    run(postgres.choose_place(run_dir=dump.parent), "pg_dump", *wanted)


def restore(dump: Path, address: str) -> None:
    """Restore the company as the administrator, everything or nothing."""
    wanted = ("--single-transaction", "--exit-on-error", f"--dbname={address}", str(dump))
    run(postgres.choose_place(run_dir=dump.parent), "pg_restore", *wanted)


@contextmanager
def living_in(address: str) -> Iterator[None]:
    """Let the application live in another cluster for a while."""
    default, parts = connections["default"], urlsplit(address)
    before = dict(default.settings_dict)
    default.close()
    default.settings_dict.update(
        {"HOST": parts.hostname, "PORT": str(parts.port), "NAME": parts.path.removeprefix("/")}
    )
    try:
        yield
    finally:
        default.close()
        default.settings_dict.update(before)


def identifier() -> str:
    """The name of the cluster the application lives in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
        return str(cursor.fetchone()[0])


def stamps() -> dict[int, tuple[int, int]]:
    """The epoch and transaction of every order's last write."""
    rows = Order.objects.values_list("pk", "change_epoch", "change_xid")
    return {pk: (epoch, int(xid)) for pk, epoch, xid in rows}


def grow_old(owner: Cursor) -> None:
    """Let the cluster spend transaction numbers, as years of business do."""
    for _number in range(FAR):
        owner.execute("SELECT pg_current_xact_id()")


def test_clients_of_the_lost_cluster_miss_nothing_in_the_restored_one(
    owner: Cursor, dump: Path, restored: str
) -> None:
    grow_old(owner)
    goods = make_goods({"mug": 500}, account=telling())
    orders = [ready(goods).pk for _ in range(5)]
    _order, shipment = planned_one(goods, line("mug", 2))
    orders.append(_order.pk)
    api = Api()
    kept = {path: follow(api, path)[1] for path in FEEDS}
    half_way = api.get(FEEDS[0], page_size=2)
    read = [row["id"] for row in half_way["results"]]
    first_life, numbers, epoch = identifier(), stamps(), half_way["epoch"]
    take_dump(dump)
    touch(orders[0])  # after the dump: this write is lost, and a client has seen it
    ahead = follow(api, FEEDS[0], kept[FEEDS[0]])
    assert ahead[0] == [orders[0]]
    restore(dump, restored)
    with living_in(restored):
        assert identifier() != first_life
        assert stamps() == numbers, "rows come over as they were"
        touch(orders[3], orders[1])
        send(shipment)
        stock(goods.skus["mug"], goods.warehouse, 7)
        newest = stamps()
        wrote = {orders[3], orders[1], orders[5]}
        assert {newest[pk][0] for pk in wrote} == {epoch + 1}
        assert max(newest[pk][1] for pk in wrote) < min(xid for _epoch, xid in numbers.values()), (
            "the negative control: by number alone all of these lie behind every client"
        )
        found: dict[str, list[int]] = {}
        for path, cursor in {**kept, FEEDS[0]: ahead[1]}.items():
            found[path], at_end = follow(api, path, cursor, size=1)
            assert follow(api, path, at_end)[0] == [], "and nothing comes twice"
        assert sorted(found[FEEDS[0]]) == sorted(wrote)
        assert found[FEEDS[0]][:2] == [orders[3], orders[1]]
        assert found[FEEDS[1]] == [shipment.pk]
        assert found[FEEDS[2]] == [StockLevel.objects.get().pk]
        behind, _cursor = follow(api, FEEDS[0], half_way["next_cursor"], size=1)
        unread = [pk for pk in orders if pk not in read]
        assert set(unread) | wrote == set(behind), "what was unread before the loss is handed out whole"
        whole: Any = api.get(FEEDS[0], page_size=200)
        assert whole["epoch"] == epoch + 1
        assert sorted(row["id"] for row in whole["results"]) == sorted(orders)


def test_first_reader_of_the_restored_company_begins_its_epoch(
    owner: Cursor, dump: Path, restored: str
) -> None:
    order = ready(make_goods({"mug": 50})).pk
    api = Api()
    _found, cursor = follow(api, FEEDS[0])
    before = api.get(FEEDS[0])["epoch"]
    take_dump(dump)
    restore(dump, restored)
    with living_in(restored):
        assert api.get(FEEDS[0])["epoch"] == before + 1
        assert api.get(FEEDS[0])["epoch"] == before + 1, "once"
        touch(order)
        assert follow(api, FEEDS[0], cursor)[0] == [order]
