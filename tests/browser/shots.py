"""Pictures of every page, to be looked at by a person: light and dark, desktop and phone, both languages.

``python -m tests.browser.shots OUT_DIR`` photographs a running hub, such as the demo. The environment says
which: ``ECOMHUB_SHOTS_URL`` (default ``http://127.0.0.1:8000``), ``ECOMHUB_SHOTS_LOGIN`` (``demo``) and
``ECOMHUB_SHOTS_PASSWORD``. ``ECOMHUB_SHOTS_PAGES`` names some pages (``orders,order``) and
``ECOMHUB_SHOTS_LOOKS`` some looks (``desktop-dark-en,phone-light-zh``); without them it is all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Error, Page, ViewportSize, sync_playwright

from tests.browser_fixtures import ARGUMENTS, find_chromium

SCREENS: dict[str, ViewportSize] = {
    "desktop": {"width": 1440, "height": 900},
    "phone": {"width": 390, "height": 844},
}
THEMES = ("light", "dark")
LONGEST = 1800
"""So many pixels of a long page are shown."""
LANGUAGES = {"en": "en", "zh": "zh-hans"}


@dataclass(frozen=True, slots=True)
class Shot:
    """One page: where it begins, and what is pressed to get from there to what is photographed."""

    name: str
    path: str
    press: Sequence[str] = ()


SHOTS = (
    Shot("home", "/"),
    Shot("orders", "/orders/"),
    Shot("orders-chosen", "/orders/", ["[data-rows] tr:nth-child(2) [data-select]"]),
    Shot(
        "orders-bulk",
        "/orders/",
        ["[data-rows] tr:nth-child(2) [data-select]", "[data-bulk] button >> nth=1"],
    ),
    Shot("orders-exceptions", "/orders/?tab=exceptions"),
    Shot("order", "/orders/?tab=label", ["a[data-open] >> nth=0"]),
    Shot("order-shipped", "/orders/?tab=shipped", ["a[data-open] >> nth=0"]),
    Shot("order-exception", "/orders/?tab=exceptions", ["a[data-open] >> nth=0"]),
    Shot("shipments", "/shipments/"),
    Shot("shipments-sent", "/shipments/?view=dispatched"),
    Shot("products", "/stock/"),
    Shot("product", "/stock/", ["a[data-open] >> nth=0"]),
    Shot("product-new", "/stock/new/"),
    Shot("product-receive", "/stock/", ["a[data-open] >> nth=0", ".bar-acts button >> nth=0"]),
    Shot("product-adjust", "/stock/", ["a[data-open] >> nth=0", ".bar-acts button >> nth=1"]),
    Shot("journal", "/stock/journal/"),
    Shot("warehouses", "/stock/warehouses/"),
    Shot("warehouse", "/stock/warehouses/", [".cell-acts button >> nth=0"]),
    Shot("imports", "/stock/imports/"),
    Shot("import", "/stock/imports/", ["a[data-open] >> nth=0"]),
    Shot("channels", "/channels/"),
    Shot("channel-more", "/channels/", ["summary >> nth=0"]),
    Shot("channel-add", "/channels/add/amazon/"),
    Shot("channel-switches", "/channels/", [".card-header a[href*=switches] >> nth=0"]),
    Shot("listings", "/channels/listings/"),
    Shot("listings-unmapped", "/channels/listings/?view=unmapped"),
    Shot("pair", "/channels/listings/?view=unmapped", [".cell-acts button >> nth=0"]),
    Shot("failed", "/channels/failed/"),
    Shot("failed-raw", "/channels/failed/", ["[data-rows] summary >> nth=0", "[data-rows] a >> nth=0"]),
    Shot("settlements", "/finance/"),
    Shot("settlement", "/finance/?state=posted", ["a[data-open] >> nth=0"]),
    Shot("money-import", "/finance/import/"),
    Shot("suspense", "/finance/suspense/"),
    Shot("exceptions", "/finance/exceptions/"),
    Shot("reconcile", "/finance/reconcile/"),
    Shot("ledger", "/finance/ledger/"),
    Shot("rates", "/finance/rates/"),
    Shot("close", "/finance/close/"),
    Shot("exports", "/finance/exports/"),
    Shot("not-found", "/orders/999999999/"),
)


def photograph(
    *,
    browser: Browser,
    address: str,
    out: Path,
    cookies: Path,
    names: Sequence[str] = (),
    looks: Sequence[str] = (),
) -> Iterator[Path]:
    """Write one picture per page, screen, theme and language; yields each. ``cookies`` is a kept session."""
    out.mkdir(parents=True, exist_ok=True)
    chosen = [shot for shot in SHOTS if not names or shot.name in names]
    for screen, theme, (short, language) in product(SCREENS, THEMES, LANGUAGES.items()):
        if looks and f"{screen}-{theme}-{short}" not in looks:
            continue
        context = browser.new_context(viewport=SCREENS[screen], storage_state=cookies)
        context.set_default_timeout(10_000)
        page = context.new_page()
        prefer(page=page, address=address, theme=theme, language=language)
        for shot in chosen:
            path = out / f"{shot.name}-{screen}-{theme}-{short}.png"
            if _reach(page, address + shot.path, shot.press):
                tall = min(int(page.evaluate("document.documentElement.scrollHeight")), LONGEST)
                wide = SCREENS[screen]["width"]
                page.screenshot(
                    path=path,
                    full_page=True,
                    clip={"x": 0, "y": 0, "width": wide, "height": max(tall, SCREENS[screen]["height"])},
                )
                yield path
        context.close()


def _reach(page: Page, address: str, press: Sequence[str]) -> bool:
    """Go to a page and press what leads on; a list without rows leads nowhere."""
    page.goto(address)
    for selector in press:
        if not page.locator(selector).count():
            return False
        page.locator(selector).first.click()
        page.wait_for_timeout(400)
    try:
        page.wait_for_load_state("networkidle", timeout=4000)
    except Error:
        pass  # a page that keeps asking for news is never idle
    return True


def prefer(*, page: Page, address: str, theme: str, language: str) -> None:
    """Choose theme and language as the page's own buttons do."""
    page.goto(address + "/")
    token = page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    headers = {"X-CSRFToken": token, "Referer": address + "/"}
    wanted: dict[str, dict[str, str | float | bool]] = {
        "preferences": {"theme": theme},
        "language": {"language": language},
    }
    for path, form in wanted.items():
        answer = page.request.post(f"{address}/shell/{path}", form=form, headers=headers)
        if not answer.ok:
            raise SystemExit(f"{path} could not be chosen: {answer.status}")


def log_in(*, context: BrowserContext, address: str, login: str, password: str, kept: Path) -> None:
    """Log in by the form and keep the session in a file."""
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill(password)
    page.locator("form [type=submit]").last.click()
    page.wait_for_url(f"{address}/")
    context.storage_state(path=kept)


def _words(name: str) -> list[str]:
    return [word for word in os.environ.get(name, "").split(",") if word]


def main(arguments: Sequence[str]) -> int:
    """Photograph a running hub."""
    if len(arguments) != 1:
        sys.stderr.write("python -m tests.browser.shots OUT_DIR\n")
        return 2
    out = Path(arguments[0])
    out.mkdir(parents=True, exist_ok=True)
    address = os.environ.get("ECOMHUB_SHOTS_URL", "http://127.0.0.1:8000").rstrip("/")
    names, looks = _words("ECOMHUB_SHOTS_PAGES"), _words("ECOMHUB_SHOTS_LOOKS")
    kept = out / "session.json"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        log_in(
            context=browser.new_context(),
            address=address,
            login=os.environ.get("ECOMHUB_SHOTS_LOGIN", "demo"),
            password=os.environ.get("ECOMHUB_SHOTS_PASSWORD", ""),
            kept=kept,
        )
        for path in photograph(
            browser=browser, address=address, out=out, cookies=kept, names=names, looks=looks
        ):
            sys.stdout.write(f"{path}\n")
        browser.close()
    kept.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
