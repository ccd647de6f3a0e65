"""The demo company sets itself up through the commands and imports its users have.

Run as a program (``python -m ecomhub.runtime.company``) with the demo's environment: one process migrates
and then calls every command, so that Django starts once. A step that succeeded is written down and not
repeated at the next start. Progress goes to standard output, one JSON object behind ``@`` per line.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import django
import requests
from django.core.management import call_command
from django.db import connections

from ecomhub import clock
from ecomhub.environment import database
from ecomhub.runtime import launch

OWNER = "demo"
LIVE_SINCE = timedelta(days=60)
SIDE_BY_SIDE = 5


@dataclass(frozen=True, kw_only=True)
class Seller:
    """A seller account the company has on a platform, as the market tells of it."""

    name: str
    platform: str
    title: str

    @property
    def account(self) -> str:
        """What the company calls the account."""
        return f"{self.title} demo"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the steps need to know: where the market is, where files go, and the owner's password."""

    sandbox: str
    folder: Path
    password: str


def run(name: str, *words: str) -> str:
    """Call a management command as a user would type it; returns what it printed."""
    out = io.StringIO()
    call_command(name, *words, stdout=out)
    return out.getvalue()


def tell(**fields: Any) -> None:
    """Report progress to the demo."""
    sys.stdout.write(f"@{json.dumps(fields)}\n")
    sys.stdout.flush()


def wait_for_market(address: str) -> None:
    """Wait until the market answers; it builds its history while the tables are made."""
    while True:
        try:
            requests.get(f"{address}/healthz", timeout=5).raise_for_status()
        except requests.RequestException:
            time.sleep(0.1)  # the supervisor ends us when the market cannot start
        else:
            return


def own_sellers(setting: Setting) -> tuple[Seller, ...]:
    """The first seller of every platform the market serves; one who waits is left to the newcomer."""
    answer = requests.get(f"{setting.sandbox}/seller-center/sellers.json", timeout=60)
    answer.raise_for_status()
    found: dict[str, Seller] = {}
    for each in answer.json()["sellers"]:
        if not each["waits"]:
            seller = Seller(name=each["name"], platform=each["platform"], title=each["title"])
            found.setdefault(seller.platform, seller)
    return tuple(found.values())


def download(*, setting: Setting, seller: Seller, path: str) -> Path:
    """Save one file of the seller centre, as a seller would from its pages."""
    address = f"{setting.sandbox}/seller-center/{path}"
    answer = requests.get(address, params={"seller": seller.name}, timeout=60)
    answer.raise_for_status()
    target = setting.folder / f"{seller.name}-{Path(path).name}"
    target.write_bytes(answer.content)
    return target


def known_accounts() -> dict[str, dict[str, Any]]:
    """Every connected account by its name, as the command shows it."""
    return {each["account"]: each for each in json.loads(run("channel_status", "--json"))["accounts"]}


def create_owner(setting: Setting) -> None:
    """The person who owns the company."""
    os.environ["ECOMHUB_PASSWORD"] = setting.password
    try:
        run("createuser", OWNER, "--role", "owner", "--if-missing")
    finally:
        del os.environ["ECOMHUB_PASSWORD"]


def import_goods(setting: Setting, seller: Seller) -> None:
    """The product list the company brings from its old system, what lies in its warehouses and its cost."""
    run("import_sheet", "skus", str(download(setting=setting, seller=seller, path="sheets/skus.csv")))
    sheet = download(setting=setting, seller=seller, path="sheets/opening-stock.csv")
    run("import_sheet", "stock", str(sheet), "--create-warehouses")


def add_account(setting: Setting, seller: Seller) -> None:
    """One platform's account, import-only until its preview was seen."""
    try:
        if seller.account in known_accounts():
            return
        credentials = download(setting=setting, seller=seller, path="credentials.json")
        credentials.chmod(0o600)
        since = (clock.now() - LIVE_SINCE).isoformat()
        sheet = ("--credentials", str(credentials), "--live-since", since)
        run("channel_add", "--platform", seller.platform, "--name", seller.account, *sheet)
    finally:
        connections.close_all()


def read_listings(seller: Seller) -> None:
    """What an account sells; the marketplace's own pace sets how long that takes."""
    try:
        run("sync", "--account", seller.account, "--stream", "listings", "--wait")
    finally:
        connections.close_all()


def pair_listings(setting: Setting, seller: Seller) -> None:
    """Which listing sells which SKU (商品配对)."""
    sheet = download(setting=setting, seller=seller, path="sheets/pairings.csv")
    try:
        run("import_sheet", "pairings", str(sheet))
    finally:
        connections.close_all()


def listen(setting: Setting, sellers: Sequence[Seller]) -> None:
    """Paste our address at the platforms that push but cannot be asked to, as a person would."""
    accounts = known_accounts()
    for seller in sellers:
        account = accounts.get(seller.account, {})
        if account.get("pushes_by_hand") and account["pushes_to"]:
            requests.post(
                f"{setting.sandbox}/seller-center/{seller.name}/pushes",
                data={"address": account["pushes_to"]},
                timeout=60,
            ).raise_for_status()


def go_live(seller: Seller) -> None:
    """Switch an account on for orders placed since its go-live time."""
    since = clock.now() - LIVE_SINCE
    try:
        run("channel_switch_on", seller.account, "--live-since", since.isoformat(), "--yes")
    finally:
        connections.close_all()


Step = Callable[[], None]


def steps(*, setting: Setting, sellers: Sequence[Seller]) -> list[dict[str, Step]]:
    """What the company does, by name. What stands side by side runs side by side.

    The sheets are taken in while the marketplaces list themselves: all accounts sell from one stock, so
    the first one's product list is everybody's.
    """
    groups: list[dict[str, Step]] = [
        {"owner's login": partial(create_owner, setting)},
        {f"{each.title} account": partial(add_account, setting, each) for each in sellers},
    ]
    reading: dict[str, Step] = {f"{each.title} listings": partial(read_listings, each) for each in sellers}
    reading["products and opening stock"] = partial(import_goods, setting, sellers[0])
    groups.append(reading)
    for each in sellers:
        groups.append({f"{each.title} pairing": partial(pair_listings, setting, each)})
    for each in sellers:
        groups.append({f"{each.title} previewed and switched on": partial(go_live, each)})
    return groups


def fresh_token() -> str:
    """An API token for trying the REST interface; the one of the start before is revoked."""
    return str(json.loads(run("api_token", OWNER, "--name", "demo", "--replace", "--json"))["token"])


def migrate() -> bool:
    """Bring the tables up to date as the database's owner, then connect as the application.

    Returns whether the database was empty before.
    """
    settings = connections["default"].settings_dict
    application = {name: settings[name] for name in ("USER", "PASSWORD")}
    owner = database(os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"])
    settings.update({name: owner[name] for name in ("USER", "PASSWORD")})
    empty = not connections["default"].introspection.table_names()
    call_command("migrate", verbosity=0, interactive=False)
    connections.close_all()
    settings.update(application)
    return empty


def set_up(*, setting: Setting, done: Path) -> None:
    """Run every step that has not succeeded before. Raises what a step raised, after its neighbors ended."""
    finished: list[str] = json.loads(done.read_text()) if done.exists() else []

    writing = threading.Lock()

    def perform(name: str, step: Step) -> None:
        started = time.monotonic()
        step()
        with writing:
            finished.append(name)
            done.write_text(json.dumps(finished))
        tell(step=name, seconds=time.monotonic() - started)

    sellers = own_sellers(setting)
    for side_by_side in steps(setting=setting, sellers=sellers):
        left = {name: step for name, step in side_by_side.items() if name not in finished}
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as threads:
            for running in [threads.submit(perform, name, step) for name, step in left.items()]:
                running.result()
    listen(setting, sellers)


def main() -> None:
    """Migrate, set up, and report the login and a fresh token."""
    started = time.monotonic()
    django.setup()
    done = launch.run_dir() / "company.json"
    if migrate():
        done.unlink(missing_ok=True)  # an empty database knows no company, whatever was set up before
    tell(step="tables", seconds=time.monotonic() - started, migrated=True)
    wait_for_market(os.environ["ECOMHUB_SANDBOX_URL"])
    folder = launch.run_dir() / "sheets"
    folder.mkdir(mode=0o700, exist_ok=True)
    setting = Setting(
        sandbox=os.environ["ECOMHUB_SANDBOX_URL"], folder=folder, password=os.environ["ECOMHUB_DEMO_PASSWORD"]
    )
    set_up(setting=setting, done=done)
    tell(login=OWNER, password=setting.password, token=fresh_token())


if __name__ == "__main__":
    main()
