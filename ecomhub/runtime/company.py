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
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import django
import requests
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connections

from ecomhub import clock
from ecomhub.environment import database
from ecomhub.runtime import launch

OWNER = "demo"
LIVE_SINCE = timedelta(days=60)
SIDE_BY_SIDE = 5
STARTS_OF_A_STEP = 10


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


def open_book(setting: Setting, seller: Seller) -> None:
    """The company's book, by the central parity of each month's first day, and that parity (中间价)."""
    begins = f"{(clock.now() - timedelta(days=400)).year}-01-01"
    try:
        sheet = download(setting=setting, seller=seller, path="sheets/central-parity.csv")
        run("import_rates", str(sheet), "--source", "pboc")
        run("book_open", "--opens-on", begins, "--rate-source", "pboc", "--rate-policy", "month_first")
    finally:
        connections.close_all()


def import_fees(setting: Setting, seller: Seller) -> None:
    """What the platform says it charges: what an order is expected to bring is reckoned by it."""
    run("tariff_import", str(download(setting=setting, seller=seller, path="sheets/tariff.csv")))


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


def import_bank(setting: Setting, seller: Seller) -> None:
    """The company's bank accounts, and what arrived there since they were opened.

    The hub may still be reading what platforms paid out; it finds the receipts of what it reads later.
    """
    since = (clock.now() - LIVE_SINCE).date().isoformat()
    known = json.loads(download(setting=setting, seller=seller, path="bank.json").read_text())
    bank = known["bank"]
    for currency in (each["currency"] for each in known["accounts"]):
        name = f"{bank} {currency}"
        facts = ("--holder", "bank", "--provider", bank, "--currency", currency, "--zone", "UTC")
        run("money_account_add", name, *facts, "--live-on", since, "--if-missing")
        path = f"{seller.name}/bank/{currency}.xml"
        sheet = download(setting=setting, seller=seller, path=path)
        run("import_settlement", "--account", name, str(sheet))


Step = Callable[[], None]


def first_steps(*, setting: Setting, sellers: Sequence[Seller]) -> list[dict[str, Step]]:
    """What comes before everything else, by name; what stands side by side runs side by side."""
    return [
        {
            "owner's login": partial(create_owner, setting),
            "book and its rates": partial(open_book, setting, sellers[0]),
        },
        {f"{each.title} account": partial(add_account, setting, each) for each in sellers},
    ]


def goods_step(*, setting: Setting, seller: Seller) -> dict[str, Step]:
    """The sheets of products and stock: all accounts sell from one stock, so they are everybody's."""
    return {"products and opening stock": partial(import_goods, setting, seller)}


def listings_step(seller: Seller) -> dict[str, Step]:
    """One marketplace lists itself, which needs no sheet."""
    return {f"{seller.title} listings": partial(read_listings, seller)}


def live_steps(*, setting: Setting, seller: Seller) -> dict[str, Step]:
    """What one account needs after its listings and the products are there, one after the other."""
    return {
        f"{seller.title} pairing": partial(pair_listings, setting, seller),
        f"{seller.title} previewed and switched on": partial(go_live, seller),
        f"{seller.title} published fees": partial(import_fees, setting, seller),
    }


def bank_step(*, setting: Setting, seller: Seller) -> dict[str, Step]:
    """What has time until the company works; sellers of one company share its bank."""
    return {"bank accounts and their statements": partial(import_bank, setting, seller)}


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


def insist(step: Step, *, pause_s: float = 2.0) -> None:
    """Run a step again when the database went away under it: the supervisor starts it anew.

    Every step may be cut off anywhere and begun once more, as after a kill of the whole demo.
    """
    for left in reversed(range(STARTS_OF_A_STEP)):
        try:
            step()
        except (InterfaceError, OperationalError):
            connections.close_all()
            if not left:
                raise
            time.sleep(pause_s)
        else:
            return


class Progress:
    """Runs steps by name, each once over all starts of the demo, and says what each took."""

    def __init__(self, *, done: Path) -> None:
        self._done = done
        self._finished: list[str] = json.loads(done.read_text()) if done.exists() else []
        self._writing = threading.Lock()

    def run(self, group: Mapping[str, Step]) -> None:
        """Run the steps of a group that have not succeeded before, one after the other."""
        for name, step in group.items():
            if name in self._finished:
                continue
            started = time.monotonic()
            insist(step)
            with self._writing:
                self._finished.append(name)
                self._done.write_text(json.dumps(self._finished))
            tell(step=name, seconds=time.monotonic() - started)


def set_up(*, setting: Setting, done: Path, ready: Callable[[], None]) -> None:
    """Run every step that has not succeeded before; ``ready`` is called once the first account is live.

    The sheets are taken in while the marketplaces list themselves, and each account goes live as soon as
    its listings are there; the bank comes last. Raises what a step raised, after its neighbors ended.
    """
    sellers, progress = own_sellers(setting), Progress(done=done)
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as threads:
        for group in first_steps(setting=setting, sellers=sellers):
            each_alone = [threads.submit(progress.run, {name: step}) for name, step in group.items()]
            for running in each_alone:
                running.result()
        goods = threads.submit(progress.run, goods_step(setting=setting, seller=sellers[0]))
        reading = {threads.submit(progress.run, listings_step(each)): each for each in sellers}
        goods.result()
        for place, listed in enumerate(as_completed(reading)):
            listed.result()
            progress.run(live_steps(setting=setting, seller=reading[listed]))
            if place == 0:
                ready()
    listen(setting, sellers)
    tell(live=True)
    progress.run(bank_step(setting=setting, seller=sellers[0]))


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

    def ready() -> None:
        tell(login=OWNER, password=setting.password, token=fresh_token())

    set_up(setting=setting, done=done, ready=ready)


if __name__ == "__main__":
    main()
