"""What a platform's dialect offers the market, and how the market finds the dialects by name."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from random import Random
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol, cast

import channels.platforms
from channels.sandbox.places import Marketplace
from channels.sandbox.sellers import Seller, SellerPlan
from channels.sandbox.wire import Call, Request, Response, Route

if TYPE_CHECKING:
    from channels.sandbox.listings import Listing
    from channels.sandbox.money import MoneyRules
    from channels.sandbox.orders import Order
    from channels.sandbox.pushing import OutgoingPush
    from channels.sandbox.world import World


CARRIERS = (
    ("UPS", "UPS", "Ground"),
    ("DHL", "DHL", "Paket"),
    ("Royal Mail", "Royal Mail", "Tracked 48"),
    ("YunExpress", "YunExpress", "Global Standard"),
    ("4PX", "4PX", "Priority Line"),
    ("Japan Post", "Japan Post", "Yu-Pack"),
)


def new_tracking(chance: Random) -> str:
    """Return a tracking number as postal unions write it."""
    return f"LP{10**8 + int(chance.random() * 9 * 10**8)}CN"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One platform's side of the market: where it sells, who sells there, how it names and answers things.

    ``identify`` returns the calling seller or the refusal to send; ``too_many`` the answer to a caller over
    its rate; ``broken`` the answer to an unreadable request; ``due`` runs the dialect's own due work, named
    ``<platform>.<name>`` in ``World.schedule``. ``push`` turns an event of ``channels.sandbox.pushing`` into
    the platform's own signed message, ``None`` when it says nothing of it. ``carriers`` are (code, name,
    service) of parcels the market itself ships, ``new_tracking`` makes the numbers a platform gives.
    ``paid_order_id`` gives a paid order the number it goes on under, where the platform changes it;
    ``over_daily`` answers a caller over a day's cap (else ``too_many``). ``keeps_goods`` says that the
    platform's own warehouses hold and ship some of the goods; ``listing_name`` what the platform calls a
    listing, where that is not the seller's own code; ``opens_sets`` says that a set is sold as its parts.
    ``money`` is how it charges and pays its sellers.
    """

    platform: str
    title: str
    marketplaces: tuple[Marketplace, ...]
    plans: tuple[SellerPlan, ...]
    new_order_id: Callable[[Random], str]
    new_line_id: Callable[[Random], str]
    new_listing_code: Callable[[Random], str]
    new_network_code: Callable[[Random], str]
    new_credentials: Callable[[Random], Mapping[str, str]]
    buyer_mail: Callable[[Random, Marketplace], str]
    credential_sheet: Callable[["World", Seller, str], dict[str, Any]]
    identify: Callable[[Call], "Seller | Response"]
    too_many: Callable[[Call, Route], Response]
    broken: Callable[[str], Response]
    due: Mapping[str, Callable[["World", str, str, int], None]]
    redact: Callable[[Request], str]
    carriers: tuple[tuple[str, str, str], ...] = CARRIERS
    new_tracking: Callable[[Random], str] = new_tracking
    paid_order_id: "Callable[[Random, Order], str] | None" = None
    over_daily: Callable[[Call, Route], Response] | None = None
    keeps_goods: bool = False
    opens_sets: bool = False
    offers_returns: bool = False
    push: "Callable[[World, Seller, str, Mapping[str, Any]], OutgoingPush | None] | None" = None
    listing_name: "Callable[[World, Listing], str] | None" = None
    money: "MoneyRules | None" = None


class DialectModule(Protocol):
    """The module ``channels.platforms.<platform>.sandbox``."""

    DIALECT: Dialect

    def routes(self, world: "World") -> Sequence[Route]:
        """Return every operation this platform serves."""
        ...


@contextmanager
def _without_the_adapter(package: str, folder: Path) -> Iterator[None]:
    """Let a platform's dialect be imported while the platform's own package stays unread.

    That package is the adapter with the SDK and Django behind it; the other side of the wire must neither
    wait for them nor share their mistakes.
    """
    if package in sys.modules:
        yield
        return
    bare = ModuleType(package)
    bare.__path__ = [str(folder)]
    sys.modules[package] = bare
    try:
        yield
    finally:
        del sys.modules[package]


def find_dialects() -> tuple[DialectModule, ...]:
    """Return every platform's dialect, in the order of their names. A platform may have none."""
    found: list[DialectModule] = []
    for root in channels.platforms.__path__:
        for folder in sorted(Path(root).iterdir()):
            if not (folder / "sandbox.py").exists() and not (folder / "sandbox" / "__init__.py").exists():
                continue
            package = f"channels.platforms.{folder.name}"
            with _without_the_adapter(package, folder):
                found.append(cast(DialectModule, import_module(f"{package}.sandbox")))
    return tuple(found)
